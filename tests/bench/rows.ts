/** The table: what is measured on which server, how deep, and what is wanted of it (docs: tests/bench/README.md). */
import type { Kind } from "./servers/start.ts"
import { sizes, type Workload } from "./spec.ts"

/** A limit on ours, as a ratio to node-zookeeper-client's in the same round. */
export interface Goal {
  readonly of: Metric
  readonly must: number
  readonly aim: number
}

/** `heap` and `rss` are bytes for each request. */
export type Metric = "ops" | "cpu" | "p50" | "heap" | "rss"

/** Of these more is better. */
export const isRate = (metric: Metric): boolean => metric === "ops"

export interface Row {
  readonly id: string
  readonly server: Kind
  readonly workload: Workload
  readonly depth: number
  readonly goals: ReadonlyArray<Goal>
  /** Part of `--quick`. */
  readonly quick: boolean
  /** Clients in other languages have this workload. */
  readonly peers: boolean
}

const row = (
  server: Kind,
  workload: Workload,
  depth: number,
  goals: ReadonlyArray<Goal>,
  more: { readonly quick?: boolean; readonly peers?: boolean } = {}
): Row => ({
  id: `${server}/${workload}/${depth}`,
  server,
  workload,
  depth,
  goals,
  quick: more.quick ?? false,
  peers: more.peers ?? true
})

const quick = { quick: true }
const noPeers = { peers: false }
const ops = (must: number, aim: number): Goal => ({ of: "ops", must, aim })
const cpu = (must: number, aim: number): Goal => ({ of: "cpu", must, aim })
const p50 = (must: number, aim: number): Goal => ({ of: "p50", must, aim })

export const rows: ReadonlyArray<Row> = [
  row("canned", "getData", 1, [p50(0.75, 0.5)], quick),
  row("canned", "getData", 16, []),
  row("canned", "getData", 256, [ops(25, 40)], quick),
  row("canned", "getData", 1024, []),
  row("canned", "setData", 256, [ops(25, 40)], quick),
  row("canned", "exists", 256, [ops(25, 40)], quick),
  row("canned", "createDelete", 256, []),
  row("canned", "children", 1, []),
  row("canned", "children", 256, []),
  row("canned", "getData100K", 1, []),
  row("canned", "getData100K", 256, []),
  row("canned", "multi", 256, []),
  row("canned", "watchEvents", sizes.watches, [ops(30, 60)], { quick: true, peers: false }),
  row("canned", "connectClose", 1, [p50(1.1, 0.9)], noPeers),
  row("mute", "outstanding", 10_000, [{ of: "rss", must: 0.5, aim: 0.5 }], { quick: true, peers: false }),
  row("mute", "idle", 1, [], noPeers),
  row("real", "getData", 1, [cpu(0.65, 0.4), p50(1, 0.75), ops(1, 1.3)], quick),
  row("real", "getData", 16, [cpu(0.65, 0.4), ops(1, 1.3)]),
  row("real", "getData", 256, [cpu(0.35, 0.2), ops(1, 1.3)], quick),
  row("real", "getData", 1024, [cpu(0.35, 0.2), ops(1, 1.3)]),
  row("real", "setData", 1, [cpu(0.65, 0.4), ops(1, 1.3)]),
  row("real", "setData", 256, [cpu(0.65, 0.4), ops(1, 1.3)]),
  row("real", "exists", 256, [cpu(0.35, 0.2), ops(1, 1.3)]),
  row("real", "createDelete", 1, [cpu(0.6, 0.4), ops(1, 1.3)]),
  row("real", "createDelete", 256, [cpu(0.6, 0.4), ops(1, 1.3)], quick),
  row("real", "children", 1, [cpu(0.65, 0.3)]),
  row("real", "children", 256, [cpu(0.4, 0.3)], quick),
  row("real", "getData100K", 1, [cpu(0.65, 0.65)]),
  row("real", "getData100K", 256, [cpu(0.45, 0.45)], quick),
  row("real", "multi", 1, [cpu(0.5, 0.26), ops(1.3, 1.3)]),
  row("real", "multi", 256, [cpu(0.5, 0.26), ops(1.8, 1.8)], quick),
  row("real", "stateStream", sizes.watches, [cpu(0.5, 0.3)], { quick: true, peers: false }),
  row("real", "connectClose", 1, [p50(1.1, 0.9)], { quick: true, peers: false })
]

/** Time per operation must stay flat: ours alone, against itself at the depth where it is best. */
export const growthDepths: ReadonlyArray<number> = [1, 4, 16, 64, 256, 1024, 4096, 10_000]
