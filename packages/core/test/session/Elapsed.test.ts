/** The session's own time, on clocks that are set back, stand still and tick coarsely. */
import { assert, describe, it } from "@effect/vitest"
import type * as Clock from "effect/Clock"
import * as Schema from "effect/Schema"
import { Elapsed } from "../../src/session/Elapsed.ts"

/** Two hands in ms; the wall clock shows whole ms, as Date.now does. */
class Hands {
  monotonic = 5000
  wall = 1_700_000_000_000

  pass(millis: number): void {
    this.monotonic += millis
    this.wall += millis
  }

  get clock(): Clock.Clock {
    return {
      monotonicTimeNanosUnsafe: () => BigInt(Math.round(this.monotonic * 1_000_000)),
      currentTimeMillisUnsafe: () => Math.floor(this.wall)
    } as Clock.Clock
  }
}

const make = () => {
  const hands = new Hands()
  return { hands, elapsed: new Elapsed(hands.clock) }
}

const near = (actual: number, expected: number, tolerance: number) =>
  assert.isAtMost(Math.abs(actual - expected), tolerance, `${actual} is not about ${expected}`)

describe("Elapsed", () => {
  it("runs as fast as the clock, however often it is read", () => {
    for (const step of [0.01, 0.1, 0.3, 0.7, 1, 1.4, 50]) {
      const { elapsed, hands } = make()
      for (let passed = 0; passed < 2000; passed += step) {
        hands.pass(step)
        elapsed.now()
      }
      near(elapsed.now(), 2000, 60)
    }
  })

  it("counts the time in which the machine was suspended: only the wall clock went on", () => {
    const { elapsed, hands } = make()
    hands.pass(1000)
    elapsed.now()
    hands.wall += 60_000
    near(elapsed.now(), 61_000, 3)
    hands.pass(1000)
    near(elapsed.now(), 62_000, 3)
  })

  it("goes on while the wall clock is set back", () => {
    const { elapsed, hands } = make()
    hands.pass(1000)
    elapsed.now()
    hands.wall -= 3_600_000
    near(elapsed.now(), 1000, 3)
    hands.pass(1000)
    near(elapsed.now(), 2000, 3)
  })

  it("counts a suspension after the wall clock was set back, by much or by little", () => {
    for (const back of [3_600_000, 300]) {
      const { elapsed, hands } = make()
      hands.pass(1000)
      elapsed.now()
      hands.wall -= back
      hands.pass(500)
      elapsed.now()
      hands.wall += 60_000
      near(elapsed.now(), 61_500, 3)
    }
  })

  const change = Schema.Struct({
    pass: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100_000 })),
    suspend: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100_000 })),
    set: Schema.Int.check(Schema.isBetween({ minimum: -100_000, maximum: 0 }))
  })

  it.prop(
    "never goes back, and is never behind what passed by more than a few ms",
    [Schema.Array(change)],
    ([changes]) => {
      const { elapsed, hands } = make()
      let truth = 0
      let last = 0
      for (const { pass, set, suspend } of changes) {
        hands.pass(pass / 10)
        truth += pass / 10
        elapsed.now()
        hands.wall += set
        elapsed.now()
        hands.wall += suspend
        truth += suspend
        const now = elapsed.now()
        assert.isAtLeast(now, last)
        assert.isAtLeast(now, truth - 3 * (1 + changes.length))
        last = now
      }
      near(elapsed.now(), truth, 3 * (1 + changes.length))
    }
  )

  it("tells a moment in the wall clock's time", () => {
    const { elapsed, hands } = make()
    hands.pass(1000)
    const now = elapsed.now()
    near(elapsed.toWall(now + 500), hands.wall + 500, 3)
    assert.strictEqual(elapsed.toWall(-Infinity), -Infinity)
  })
})
