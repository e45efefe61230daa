/** The ring of requests in flight, against a plain array. */
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { InFlight } from "../../src/session/InFlight.ts"
import { type TestCall, testCall } from "./calls.ts"

const count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 }))
const step = Schema.Union([
  Schema.TaggedStruct("push", { count }),
  Schema.TaggedStruct("flush", {}),
  Schema.TaggedStruct("shift", { count }),
  Schema.TaggedStruct("overdue", {
    age: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 }))
  })
])

interface Entry {
  readonly call: TestCall
  /** Undefined until it was written. */
  at: number | undefined
  given: boolean
}

/** The same in the simplest way. */
class Model {
  readonly entries: Array<Entry> = []
  lastSentAt = -Infinity

  overdue(before: number): Array<TestCall> {
    const late = this.entries.filter(({ at, given }) => !given && at !== undefined && at <= before)
    for (const entry of late) entry.given = true
    return late.map(({ call }) => call)
  }

  get waitingSince(): number | undefined {
    return this.entries[0]?.at
  }
}

describe("InFlight", () => {
  it.prop(
    "does what an array does",
    [Schema.Array(step)],
    ([steps]) => {
      const inFlight = new InFlight()
      const model = new Model()
      let id = 0
      let now = 0
      /** Calls that overdue looked at leave the sweep even when they were answered meanwhile. */
      let sweptTo = -Infinity
      for (const step of steps) {
        now++
        switch (step._tag) {
          case "push":
            for (let i = 0; i < step.count; i++) {
              const call = testCall(id++)
              inFlight.push(call)
              model.entries.push({ call, at: undefined, given: false })
            }
            break
          case "flush":
            inFlight.flushed(now)
            for (const entry of model.entries) entry.at ??= now
            break
          case "shift":
            for (let i = 0; i < step.count; i++) {
              // Only what was written can be answered.
              if (model.entries[0]?.at === undefined) break
              const entry = model.entries.shift()!
              assert.strictEqual(inFlight.peek(), entry.given ? undefined : entry.call)
              assert.strictEqual(inFlight.shift(), entry.given ? undefined : entry.call)
              assert.strictEqual(inFlight.answeredSentAt(), entry.at)
            }
            break
          case "overdue": {
            const given: Array<TestCall> = []
            inFlight.overdue(now - step.age, (call) => given.push(call as TestCall))
            sweptTo = Math.max(sweptTo, now - step.age)
            assert.deepStrictEqual(
              given.map(({ id }) => id),
              model.overdue(now - step.age).map(({ id }) => id)
            )
          }
        }
        assert.strictEqual(inFlight.size, model.entries.length)
        assert.strictEqual(inFlight.waitingSince(), model.waitingSince)
        const unswept = model.entries.find(({ at }) => at !== undefined && at > sweptTo)
        assert.strictEqual(inFlight.nextSweep(), unswept?.at)
      }
      const drained: Array<readonly [number, boolean]> = []
      inFlight.drain((call, written) => drained.push([(call as TestCall).id, written]))
      assert.deepStrictEqual(
        drained,
        model.entries.filter(({ given }) => !given).map(({ at, call }) => [call.id, at !== undefined])
      )
      assert.strictEqual(inFlight.size, 0)
    },
    { arbitrary: { runs: 300 } }
  )

  it("keeps no trace of what was answered, though nobody asks when it was sent", () => {
    const inFlight = new InFlight()
    // Reads confirm nothing, so `answeredSentAt` is never called for them.
    for (let i = 0; i < 100_000; i++) {
      inFlight.push(testCall(i))
      inFlight.flushed(i)
      if (i >= 10) inFlight.shift()
    }
    const { marks } = inFlight as unknown as { readonly marks: ReadonlyArray<unknown> }
    assert.isBelow(marks.length, 1000)
  })
})
