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

/** Operations at a time where there are a great many of them to do once. */
const AT_A_TIME = 256

/** Does `count` operations once. */
export const inTurns = (count: number, issue: Issue): Promise<void> =>
  new Promise((resolve, reject) => {
    let next = 0
    let left = count
    const done = (error?: unknown) => {
      if (error !== undefined && error !== null) return reject(error)
      if (--left === 0) return resolve()
      if (next < count) issue(next++, done)
    }
    while (next < Math.min(AT_A_TIME, count)) issue(next++, done)
  })
