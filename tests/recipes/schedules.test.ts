/**
 * One holder at a time, through hundreds of random schedules of faults on an in-process cluster with a virtual clock: what
 * the holders saw is recorded and judged. `SCHEDULE=lock:17` runs one of them. And counters, whose sums are: `counter:17`,
 * and double barriers, whose members must not wait for ever: `rounds:17`.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as counting from "./counting/schedule.ts"
import type { Tally } from "./counting/tally.ts"
import { type RecipeName, recipes } from "./mutualExclusion/recipes.ts"
import * as schedule from "./mutualExclusion/schedule.ts"
import * as rounds from "./rounds/schedule.ts"

/** More for those that decide more; 500 and more in all. */
const counts: Readonly<Record<RecipeName, number>> = {
  lock: 250,
  election: 150,
  writeLock: 100,
  multiLock: 50,
  partitioner: 50,
  twoLeaders: 25,
  semaphore: 25,
  item: 100
}

const isName = (name: string | undefined): name is RecipeName => name !== undefined && Object.hasOwn(recipes, name)

const [only, seed] = (process.env["SCHEDULE"] ?? "").split(":")

if (only === "" || only === "counter") {
  const seeds = only === "" ? [...Array(100).keys()] : [Number(seed)]
  it.effect(
    `counter: what is counted through ${seeds.length} schedules is counted once`,
    () =>
      Effect.gen(function* () {
        const outcomes = yield* Effect.forEach(seeds, (seed) => counting.run(seed))
        const tallies = outcomes.map(({ tally }) => tally)
        const sum = (of: (tally: Tally) => number) => tallies.reduce((total, each) => total + of(each), 0)
        // It was worth looking.
        assert.isAbove(
          sum(({ done }) => done.length),
          100 * seeds.length
        )
        if (seeds.length >= 100)
          assert.isAbove(
            sum(({ unknown }) => unknown.length),
            0
          )
      }),
    600_000
  )
}

if (only === "" || only === "rounds") {
  const seeds = only === "" ? [...Array(100).keys()] : [Number(seed)]
  it.effect(
    `double barrier: its members meet again after ${seeds.length} schedules, and nothing stays behind`,
    () =>
      Effect.gen(function* () {
        const outcomes = yield* Effect.forEach(seeds, (seed) => rounds.run(seed))
        // It was worth looking.
        assert.isAbove(
          outcomes.reduce((sum, { begun }) => sum + begun, 0),
          20 * seeds.length
        )
      }),
    600_000
  )
}

for (const [name, count] of Object.entries(counts)) {
  if (!isName(name) || only === "counter" || only === "rounds" || (isName(only) && only !== name)) continue
  const seeds = isName(only) ? [Number(seed)] : [...Array(count).keys()]
  it.effect(
    `${name}: its holders come one after the other through ${seeds.length} schedules, and nothing stays behind`,
    () =>
      Effect.gen(function* () {
        const outcomes = yield* Effect.forEach(seeds, (seed) => schedule.run(name, seed))
        const sum = (of: (outcome: schedule.Outcome) => number) => outcomes.reduce((total, each) => total + of(each), 0)
        // It was worth looking.
        assert.isAbove(
          sum(({ judged }) => judged),
          5 * seeds.length
        )
        if (seeds.length >= 100)
          assert.isAbove(
            sum(({ refused }) => refused),
            0
          )
      }),
    600_000
  )
}
