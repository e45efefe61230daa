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
    // No generator: each closure's has a hidden class of its own, and thousands of those are too many for V8's caches.
    const loop = (worker: number) =>
      Effect.whileLoop({ while: () => meter.goesOn, body: () => one(worker), step: () => meter.done() })
    return Effect.map(workers(count, loop), () => meter.measured)
  })
