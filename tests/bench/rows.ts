/** The table: what is measured on which server, how deep, and what is wanted of it (docs: tests/bench/README.md). */
import { type Goal, goal } from "./goals.ts"
import type { Kind } from "./servers/start.ts"
import { sizes, type Workload } from "./spec.ts"
import type { Metric } from "./statistics.ts"

export interface Row {
  readonly id: string
  readonly server: Kind
  readonly workload: Workload
  readonly depth: number
  readonly goals: ReadonlyArray<Goal>
  /** What is printed of it. */
  readonly metrics: ReadonlyArray<Metric>
  /** The client that the others are compared with. */
  readonly baseline: string
  readonly relation: "ratio" | "difference"
  /** Part of `--quick`. */
  readonly quick: boolean
  /** Who takes part, of those that have the workload. */
  readonly only?: ReadonlyArray<string>
  /** How long a cell takes at the least, in ms, whatever is asked for. */
  readonly cellMillis?: number
  /** How long to warm up, in ms, where the usual is not enough. */
  readonly warmMillis?: number
  /** The same for clients whose code is compiled while it runs: slow operations run it seldom. Less with `--quick`. */
  readonly compileMillis?: number
  /** At most so many, where a round takes very long. */
  readonly rounds?: number
  readonly note?: string
}

type More = Partial<Omit<Row, "id" | "server" | "workload" | "depth" | "goals">>

const row = (
  server: Kind,
  workload: Workload,
  depth: number,
  goals: ReadonlyArray<ReadonlyArray<Goal>>,
  more: More = {}
): Row => ({
  id: `${server}/${workload}/${depth}`,
  server,
  workload,
  depth,
  goals: goals.flat(),
  metrics: depth === 1 ? ["cpu", "ops", "p50"] : ["cpu", "ops"],
  baseline: "nzc",
  relation: "ratio",
  quick: false,
  ...more
})

const { aim, must } = goal
const quick = { quick: true }
/** Against a canned server the goals name these; the other languages are in the two rows of getData. */
const few = { only: ["effect", "core", "driver", "socket", "nzc", "go"] }
const oursAlone = { only: ["effect"] }

const cannedRate = [must("ops", 25, "nzc"), must("ops", 6, "go"), aim("ops", 40, "nzc")]
const cpu = (worst: number, wanted: number) => [must("cpu", worst, "nzc"), aim("cpu", wanted, "nzc")]
const leastCpu = [must("cpu", 1, "best peer")]
const rate = [must("ops", 1, "best peer"), aim("ops", 1.3, "nzc")]
const connecting = [must("p50", 1.1, "nzc"), aim("p50", 0.9, "nzc")]
/**
 * A real server answers some 15,000 requests a second: in half a second of them V8 has compiled no client for good, and its
 * compiler takes the server's time. Measured at 256 outstanding, CPU of getData after 500 and 3,000 ms: ours 21 and 12 us,
 * node-zookeeper-client's 54 and 26.
 */
const compiled: More = { compileMillis: 5000 }
/** A connection or a change runs much code once. Measured, CPU of connect + close after 2 and 10 s: ours 520 and 300 us. */
const compiledLate: More = { compileMillis: 10_000 }
const recipe: More = { baseline: "kazoo", warmMillis: 1500 }

export const rows: ReadonlyArray<Row> = [
  row("canned", "getData", 1, [[must("p50", 0.75, "nzc"), aim("p50", 0.5, "nzc")]], quick),
  row("canned", "getData", 16, [], few),
  row("canned", "getData", 256, [cannedRate, [must("cpu", 4, "core"), aim("cpu", 2.5, "core")]], quick),
  row("canned", "getData", 1024, [], few),
  row("canned", "setData", 256, [cannedRate], { ...few, quick: true }),
  row("canned", "exists", 256, [cannedRate], { ...few, quick: true }),
  row("canned", "createDelete", 256, [], few),
  row("canned", "children", 256, [], few),
  row("canned", "getData100K", 256, [], few),
  row("canned", "multi", 256, [], few),
  row(
    "canned",
    "watchEvents",
    sizes.watches,
    [[must("ops", 30, "nzc"), must("ops", 8, "go"), aim("ops", 60, "nzc")]],
    quick
  ),
  row("canned", "watches", 1, [], { metrics: ["cpu", "ops"] }),
  row("canned", "watches", sizes.manyWatches, [], { metrics: ["cpu", "ops", "heap", "rss"], cellMillis: 8000 }),
  row("canned", "connectClose", 1, [connecting], compiledLate),
  row("mute", "outstanding", 10_000, [[must("heap", 1100, "nothing"), must("rss", 0.5, "nzc")]], {
    metrics: ["heap", "rss"],
    quick: true
  }),
  row("mute", "idle", 1, [[must("rss", 22 * 2 ** 20, "bare")]], {
    metrics: ["rss", "heap"],
    baseline: "bare",
    relation: "difference"
  }),
  row("real", "getData", 1, [cpu(0.65, 0.4), leastCpu, [must("p50", 1, "best peer"), aim("p50", 0.75, "nzc")], rate], {
    ...compiled,
    ...quick
  }),
  row("real", "getData", 16, [cpu(0.65, 0.4), leastCpu, rate], compiled),
  row("real", "getData", 256, [cpu(0.35, 0.2), leastCpu, rate], { ...compiled, ...quick }),
  row("real", "getData", 1024, [cpu(0.35, 0.2), leastCpu, rate], compiled),
  row("real", "setData", 1, [cpu(0.65, 0.4), leastCpu, rate], compiled),
  row("real", "setData", 256, [cpu(0.65, 0.4), leastCpu, rate], compiled),
  row("real", "exists", 256, [cpu(0.35, 0.2), leastCpu, rate], compiled),
  row("real", "createDelete", 1, [cpu(0.6, 0.4), leastCpu, rate], compiledLate),
  row("real", "createDelete", 256, [cpu(0.6, 0.4), leastCpu, rate], { ...compiled, ...quick }),
  row("real", "children", 1, [cpu(0.65, 0.3), leastCpu, rate], compiled),
  row("real", "children", 256, [cpu(0.4, 0.3), leastCpu, rate], compiled),
  row("real", "getData100K", 1, [[must("cpu", 0.65, "nzc")], leastCpu, rate], compiled),
  row("real", "getData100K", 256, [[must("cpu", 0.45, "nzc")], leastCpu, rate], compiled),
  row("real", "multi", 1, [cpu(0.5, 0.26), leastCpu, [must("ops", 1.3, "nzc")], rate], compiled),
  row("real", "multi", 256, [cpu(0.5, 0.26), leastCpu, [must("ops", 1.8, "nzc")], rate], { ...compiled, ...quick }),
  row("real", "stateStream", sizes.watches, [cpu(0.5, 0.3)], { ...compiledLate, ...quick }),
  row("real", "stateStreamBusy", sizes.watches, [cpu(0.5, 0.3)], compiledLate),
  row("real", "connectClose", 1, [connecting], { ...compiledLate, ...quick }),
  row("test", "getData", 1, [], { only: ["effect", "nzc"] }),
  row("test", "getData", 256, [], { only: ["effect", "nzc"] }),
  row("test", "setData", 256, [], { only: ["effect", "nzc"] }),
  row("test", "createDelete", 256, [], { only: ["effect", "nzc"] }),
  row("test", "connectClose", 1, [], { only: ["effect", "nzc"] }),
  row("none", "startTcp", 1, [[aim("p50", 50_000, "nothing")]], {
    ...oursAlone,
    metrics: ["p50"],
    note: "TestServer over TCP, to the first answered request"
  }),
  row("none", "startMemory", 1, [[aim("p50", 5000, "nothing")]], {
    ...oursAlone,
    metrics: ["p50"],
    note: "TestServer in memory, to the first answered request"
  }),
  row("real", "lock", 1, [], { ...recipe, note: "acquire and release, nobody in the way" }),
  row("real", "contended", 1, [], { ...recipe, metrics: ["cpu", "ops"], note: "handovers with one waiting" }),
  row("real", "contended", 10, [], { ...recipe, note: "handovers with 10 waiting" }),
  row("real", "contended", 200, [], { ...recipe, note: "handovers with 200 waiting", cellMillis: 3000 }),
  row("real", "failoverClose", 1, [], {
    ...oursAlone,
    metrics: ["p50"],
    warmMillis: 1500,
    note: "the leader closes its session: until the next one leads"
  }),
  row("real", "failoverExpiry", 1, [], {
    ...oursAlone,
    metrics: ["p50"],
    cellMillis: 8000,
    note: "the leader vanishes: until the next one leads; session timeout 4 s, ticks of 2 s"
  }),
  row("tree", "treeCache", sizes.tree, [], {
    ...recipe,
    metrics: ["fill", "heap", "rss", "cpu", "ops"],
    cellMillis: 30_000,
    rounds: 2,
    note: "TreeCache of 100,000 nodes: filled, then following 2,000 changes a second"
  })
]
