/** One wake-up at a time, by the Clock. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { Alarm } from "../../src/session/Alarm.ts"
import { Elapsed } from "../../src/session/Elapsed.ts"

const make = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const elapsed = new Elapsed(clock)
  const rung: Array<number> = []
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const alarm: Alarm = new Alarm(clock, elapsed, fork, () => void rung.push(elapsed.now()))
  return { alarm, rung }
})

describe("Alarm", () => {
  it.effect("rings once, at its time", () =>
    Effect.gen(function* () {
      const { alarm, rung } = yield* make
      alarm.set(100)
      yield* TestClock.adjust("99 millis")
      assert.deepStrictEqual(rung, [])
      yield* TestClock.adjust("1 millis")
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(rung, [100])
    })
  )

  it.effect("an earlier time replaces a later one, a later one does not", () =>
    Effect.gen(function* () {
      const { alarm, rung } = yield* make
      alarm.set(100)
      alarm.set(200)
      alarm.set(50)
      alarm.set(Infinity)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(rung, [50])
    })
  )

  it.effect("can be set again when it has rung; rings a moment later for a time that has passed", () =>
    Effect.gen(function* () {
      const { alarm, rung } = yield* make
      alarm.set(10)
      yield* TestClock.adjust("10 millis")
      alarm.set(3)
      yield* TestClock.adjust("1 millis")
      alarm.set(11.2)
      yield* TestClock.adjust("10 millis")
      assert.deepStrictEqual(rung, [10, 11, 12])
    })
  )

  it.effect("is silent when it is cancelled", () =>
    Effect.gen(function* () {
      const { alarm, rung } = yield* make
      alarm.set(10)
      alarm.cancel()
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(rung, [])
    })
  )
})
