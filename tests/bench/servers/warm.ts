/** Brings a server that compiles as it goes to where one in production is, before anything is measured. */
import * as Effect from "effect/Effect"
import * as core from "../clients/core.ts"
import type { Workload } from "../spec.ts"

const workloads: ReadonlyArray<Workload> = [
  "getData",
  "exists",
  "setData",
  "createDelete",
  "children",
  "getData100K",
  "multi"
]

/** What each takes, in ms. Together some 50,000 requests. */
const MILLIS = 800

/** Whatever is asked of the server later. Else the first client of the first row would pay for the compiler. */
export const warm = (connect: string): Effect.Effect<void> =>
  Effect.forEach(
    workloads,
    (workload) =>
      Effect.promise(() =>
        core.run({ client: "core", workload, depth: 16, connect, warmMillis: 0, millis: MILLIS, maxOps: Infinity })
      ),
    { discard: true }
  )
