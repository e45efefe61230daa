/** Runs the rows: in each round every client of a row once, one after the other in turn, so that noise hits all alike. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import * as cell from "./cell.ts"
import { onOneCore } from "./cores.ts"
import type { Options } from "./options.ts"
import type { Measured } from "./report.ts"
import type { Row } from "./rows.ts"
import type { ServerFor } from "./servers/start.ts"
import type { Result, Spec, Workload } from "./spec.ts"

/** A client program, or why there is none. */
export type Client = { readonly name: string; readonly workloads: ReadonlyArray<Workload> } & (
  | { readonly program: cell.Program }
  | { readonly missing: string }
)

const MAX_OPS = 3_000_000

const takesPart = (client: Client, row: Row): boolean =>
  client.workloads.includes(row.workload) && (row.only?.includes(client.name) ?? true)

/** Clients whose code is compiled before they start, or never. */
const COMPILED: ReadonlySet<string> = new Set(["c", "go", "kazoo"])
/** Of the time for compiling that a run of minutes has to make do with. */
const QUICK_PART = 0.4

/** Starting a process and connecting takes about this long, in ms. */
const START = 400

/**
 * The JIT of Java and Node needs this long, whatever is measured; longer where one operation waits for the other, since
 * code is compiled when it ran often enough. Measured at depth 1 against the canned server, us of CPU for each of the first
 * 2,000 operations, of the next 2,000 and of those up to 8,000: ours 59, 33, 29; nzc 98, 57, 49.
 */
const warm = (client: string, row: Row, { millis, quick }: Pick<Options, "millis" | "quick">): number => {
  if (row.warmMillis !== undefined) return row.warmMillis
  const least = Math.max(300, millis * 0.9)
  if (COMPILED.has(client)) return least
  return row.compileMillis === undefined
    ? least * (row.depth === 1 ? 4 : 1)
    : row.compileMillis * (quick ? QUICK_PART : 1)
}

const specOf = (client: string, row: Row, connect: string, options: Pick<Options, "millis" | "quick">): Spec => ({
  client,
  workload: row.workload,
  depth: row.depth,
  connect,
  warmMillis: warm(client, row, options),
  millis: options.millis,
  maxOps: MAX_OPS
})

/** How often a row is measured in a run of so many rounds. */
const roundsOf = (row: Row, rounds: number): number => Math.min(rounds, row.rounds ?? rounds)

/** How long a row takes, in ms, as far as can be told before. */
export const estimate = (
  row: Row,
  clients: ReadonlyArray<Client>,
  options: Pick<Options, "millis" | "quick">,
  rounds: number
): number =>
  clients
    .filter((client) => "program" in client && takesPart(client, row))
    .map(({ name }) => Math.max(row.cellMillis ?? 0, START + options.millis + warm(name, row, options)))
    .reduce((sum, millis) => sum + millis * roundsOf(row, rounds), 0)

/** Somebody has to change the nodes that are followed. */
const writing = (connect: string, workload: Workload): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [`${import.meta.dirname}/clients/writer.ts`, connect, workload], { stdio: "inherit" })
      ),
      (child) => Effect.sync(() => child.kill())
    )
  )

/** Who is first in one round is last in the next: what the cell before left behind hits each in its turn. */
const inOrder = (clients: ReadonlyArray<Client>, round: number): ReadonlyArray<Client> => {
  const first = round % clients.length
  return [...clients.slice(first), ...clients.slice(0, first)]
}

/** One operation after the other, each with its answer; events come on their own. */
const takesTurns = ({ depth, workload }: Spec): boolean => depth === 1 && workload !== "watches"

const followed: ReadonlySet<Workload> = new Set(["stateStream", "stateStreamBusy", "treeCache"])

const runCell = (program: cell.Program, spec: Spec) => {
  const run = takesTurns(spec) ? onOneCore(cell.run(program, spec)) : cell.run(program, spec)
  return followed.has(spec.workload) ? Effect.scoped(Effect.andThen(writing(spec.connect, spec.workload), run)) : run
}

export const measure = Effect.fnUntraced(function* (
  row: Row,
  clients: ReadonlyArray<Client>,
  options: Pick<Options, "millis" | "quick"> & { readonly rounds: number },
  serverFor: ServerFor
): Effect.fn.Return<Measured, unknown> {
  const connect = yield* serverFor(row.server)
  const cells: Record<string, Array<Result | undefined>> = {}
  const missing: Record<string, string> = {}
  const present = clients.filter((client) => takesPart(client, row))
  for (let round = 0; round < roundsOf(row, options.rounds); round++) {
    for (const client of inOrder(present, round)) {
      if ("missing" in client) {
        missing[client.name] = client.missing
        continue
      }
      const results = (cells[client.name] ??= [])
      results.push(
        yield* Effect.match(runCell(client.program, specOf(client.name, row, connect, options)), {
          onFailure: ({ message }) => void (missing[`${client.name}!`] = message),
          onSuccess: (result) => result
        })
      )
    }
  }
  return { row, cells, missing }
})
