/** The clients that run in Node and the workloads that each has: `clients/<name>.ts`, and `clients/idle.js` for `idle`. */
import { type Workload, workloads } from "./spec.ts"

const operations = [
  "getData",
  "getData100K",
  "setData",
  "exists",
  "createDelete",
  "children",
  "multi"
] as const satisfies ReadonlyArray<Workload>

/** A new client: its file, and its line here. */
export const nodeClients: Readonly<Record<string, ReadonlyArray<Workload>>> = {
  effect: workloads,
  driver: [...operations, "stateStream", "stateStreamBusy", "connectClose", "outstanding", "idle"],
  core: [...operations, "watchEvents", "outstanding"],
  nzc: [
    ...operations,
    "watchEvents",
    "watches",
    "stateStream",
    "stateStreamBusy",
    "connectClose",
    "outstanding",
    "idle"
  ],
  socket: ["getData"],
  bare: ["idle"],
  imports: ["idle"]
}
