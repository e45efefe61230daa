/** Keeps `depth` operations outstanding, each repeated by a fiber of its own. */
import * as Effect from "effect/Effect"
import type { Result, Spec } from "../spec.ts"
import { Meter } from "./Meter.ts"

export const workers = (count: number, run: (worker: number) => Effect.Effect<void, unknown>) =>
  Effect.forEach(
    Array.from({ length: count }, (_, worker) => worker),
    run,
    { concurrency: "unbounded", discard: true }
  )

export const loops = (
  spec: Spec,
  one: (worker: number) => Effect.Effect<unknown, unknown>,
  count = spec.depth
): Effect.Effect<Result, unknown> =>
  Effect.suspend(() => {
    const meter = new Meter(spec)
    const loop = (worker: number) =>
      Effect.gen(function* () {
        while (meter.goesOn) {
          yield* one(worker)
          meter.done()
        }
      })
    return Effect.map(workers(count, loop), () => meter.measured)
  })
