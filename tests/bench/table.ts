/** Runs the rows: in each round every client of a row once, one after the other, so that noise hits all alike. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import * as cell from "./cell.ts"
import type { Options } from "./options.ts"
import type { Measured } from "./report.ts"
import type { Row } from "./rows.ts"
import * as servers from "./servers/start.ts"
import type { Result, Spec } from "./spec.ts"

/** A client program, or why there is none. */
export type Client = { readonly name: string; readonly skips?: ReadonlyArray<Spec["workload"]> } & (
  | { readonly program: cell.Program }
  | { readonly missing: string }
)

const inOtherLanguages = new Set<string>(["native", "java", "c", "go", "kazoo"])
const MAX_OPS = 3_000_000

const takesPart = (client: string, row: Row): boolean => {
  if (client === "bare") return row.workload === "idle"
  if (inOtherLanguages.has(client)) return row.peers
  return client !== "core" || !["stateStream", "connectClose"].includes(row.workload)
}

/** Somebody has to change the nodes whose states are followed. */
const writing = (connect: string): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [`${import.meta.dirname}/clients/writer.ts`, connect], { stdio: "inherit" })
      ),
      (child) => Effect.sync(() => child.kill())
    )
  )

const runCell = (client: Client & { readonly program: cell.Program }, row: Row, connect: string, options: Options) => {
  const spec: Spec = {
    client: client.name,
    workload: row.workload,
    depth: row.depth,
    connect,
    // The JIT of Java and Node needs this long, whatever is measured.
    warmMillis: Math.max(400, options.millis / 2),
    millis: options.millis,
    maxOps: MAX_OPS
  }
  const run = cell.run(client.program, spec)
  return row.workload === "stateStream" ? Effect.scoped(Effect.andThen(writing(connect), run)) : run
}

export const measure = Effect.fnUntraced(function* (
  row: Row,
  clients: ReadonlyArray<Client>,
  options: Options,
  serverFor: (kind: servers.Kind) => Effect.Effect<string, unknown>
): Effect.fn.Return<Measured, unknown> {
  const connect = yield* serverFor(row.server)
  const cells: Record<string, Array<Result | undefined>> = {}
  const missing: Record<string, string> = {}
  for (let round = 0; round < options.rounds; round++) {
    for (const client of clients) {
      if (!takesPart(client.name, row) || client.skips?.includes(row.workload)) continue
      if ("missing" in client) {
        missing[client.name] = client.missing
        continue
      }
      const results = (cells[client.name] ??= [])
      results.push(
        yield* Effect.match(runCell(client, row, connect, options), {
          onFailure: ({ message }) => void (missing[`${client.name}!`] = message),
          onSuccess: (result) => result
        })
      )
    }
  }
  return { row, cells, missing }
})
