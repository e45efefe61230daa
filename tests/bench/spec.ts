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
  "watches",
  "stateStream",
  "stateStreamBusy",
  "connectClose",
  "outstanding",
  "idle",
  "lock",
  "contended",
  "failoverClose",
  "failoverExpiry",
  "treeCache",
  "startTcp",
  "startMemory"
] as const
export type Workload = (typeof workloads)[number]

export interface Spec {
  readonly client: string
  readonly workload: Workload
  /** Operations outstanding at any time; for events the number of nodes; who waits behind the holder of a lock. */
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
  /** Live heap and resident memory: of each request, watch or cached node; of the whole process for `idle`. */
  readonly heapBytes?: number
  readonly rssBytes?: number
  /** Elapsed time for each node that a cache read at first. */
  readonly fillMicros?: number
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
  own: (worker: number) => `/bench/own/${worker}`,
  /** The canned server holds the events of these back until somebody asks whether their parent exists. */
  manyWatched: "/bench/many",
  many: (index: number) => `/bench/many/${index}`,
  lock: "/bench/lock",
  election: "/bench/election",
  tree: "/bench/tree",
  inTree: (index: number) =>
    `/bench/tree/${Math.floor(index / sizes.treeFolder)}/${String(index % sizes.treeFolder).padStart(3, "0")}`,
  /** There while somebody follows the tree. */
  following: "/bench/following"
}

export const sizes = {
  data: 100,
  big: 100 * 1024,
  children: 1000,
  multi: 10,
  watches: 256,
  manyWatches: 100_000,
  /** 100 folders of 999 nodes: with the folders 100,000 nodes, which is what a TreeCache holds by default. */
  treeFolders: 100,
  treeFolder: 999,
  tree: 100_000
}

/** The shortest session that a server with ticks of 2 s grants, in ms. */
export const SHORTEST_SESSION = 4000

export const childName = (index: number): string => `child-${String(index).padStart(10, "0")}`
