/** Keeps `depth` operations outstanding on a client of callbacks: each answer sends the next request. */
import type { Result, Spec } from "../spec.ts"
import { Meter } from "./Meter.ts"

/** Starts one operation of a worker; `done` is told of its end, with an error if it failed. */
export type Issue = (worker: number, done: (error?: unknown) => void) => void

export const closedLoop = (spec: Spec, issue: Issue): Promise<Result> =>
  new Promise((resolve, reject) => {
    const meter = new Meter(spec)
    let working = spec.depth
    for (let worker = 0; worker < spec.depth; worker++) {
      const done = (error?: unknown) => {
        if (error !== undefined && error !== null) return reject(error)
        meter.done()
        if (meter.goesOn) return issue(worker, done)
        if (--working === 0) resolve(meter.measured)
      }
      issue(worker, done)
    }
  })
