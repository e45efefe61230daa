/** What one cell of the table measures, and what it brings: the contract between the harness and every client program. */

export const workloads = [
  "getData",
  "getData100K",
  "setData",
  "exists",
  "createDelete",
  "children",
  "multi",
  "watchEvents",
  "stateStream",
  "connectClose",
  "outstanding",
  "idle"
] as const
export type Workload = (typeof workloads)[number]

export interface Spec {
  readonly client: string
  readonly workload: Workload
  /** Operations outstanding at any time; for events the number of nodes. */
  readonly depth: number
  /** `host:port`. */
  readonly connect: string
  readonly warmMillis: number
  readonly millis: number
  /** The measurement ends after this many operations at the latest. */
  readonly maxOps: number
}

/** What the measured part of one process cost. */
export interface Result {
  readonly ops: number
  /** Elapsed. */
  readonly micros: number
  /** User and system time of the whole process. */
  readonly cpuMicros: number
  /** Latencies in us, for depth 1 only. */
  readonly p50?: number
  readonly p99?: number
  /** For `outstanding`: live heap and resident memory that each request took. */
  readonly heapBytes?: number
  readonly rssBytes?: number
}

/** The nodes that every server holds. */
export const paths = {
  root: "/bench",
  data: "/bench/data",
  /** The canned server tells it from the others by its length. */
  big: "/bench/big",
  children: "/bench/children",
  multi: (index: number) => `/bench/multi/${index}`,
  watch: (index: number) => `/bench/watch/${index}`,
  own: (worker: number) => `/bench/own/${worker}`
}

export const sizes = { data: 100, big: 100 * 1024, children: 1000, multi: 10, watches: 256 }
export const childName = (index: number): string => `child-${String(index).padStart(10, "0")}`
