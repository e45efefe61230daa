/** Runs one cell: one client, one row, in a fresh process. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import type { Result, Spec } from "./spec.ts"

export class CellFailed extends Data.TaggedError("CellFailed")<{ readonly message: string }> {}

/** How a client program is started. */
export interface Program {
  readonly command: string
  readonly args: (spec: Spec) => ReadonlyArray<string>
}

export const ours = (profile: string | undefined): Program => ({
  command: process.execPath,
  args: (spec) => [
    "--expose-gc",
    ...(profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-interval=200", `--cpu-prof-dir=${profile}`]),
    `${import.meta.dirname}/clients/${spec.workload === "idle" ? "idle.js" : "main.ts"}`,
    JSON.stringify(spec)
  ]
})

/** Programs in other languages get the fields of the Spec as words. */
export const words = (command: string, ...first: ReadonlyArray<string>): Program => ({
  command,
  args: ({ connect, depth, maxOps, millis, warmMillis, workload }) => [
    ...first,
    workload,
    ...[depth, connect, warmMillis, millis, maxOps].map(String)
  ]
})

/** Beyond what was asked for, a process may take this long to start, to prepare and to end, in ms. */
const grace = (workload: Spec["workload"]): number => {
  // The slowest clients need a minute and more on a busy machine for 100,000 nodes, and half of that for as many watches.
  if (workload === "treeCache") return 150_000
  return workload === "watches" ? 60_000 : 20_000
}

export const run = (program: Program, spec: Spec): Effect.Effect<Result, CellFailed> =>
  Effect.callback((resume) => {
    const timeout = spec.warmMillis + spec.millis + grace(spec.workload)
    const child = execFile(
      program.command,
      program.args(spec),
      { timeout, killSignal: "SIGKILL" },
      (error, stdout, stderr) => {
        const line = stdout.trim().split("\n").at(-1) ?? ""
        if (error === null && line.startsWith("{")) return resume(Effect.succeed(JSON.parse(line) as Result))
        const lines = stderr.trim().split("\n")
        const why = child.killed
          ? `no result in ${timeout} ms`
          : (lines.find((each) => each.includes("rror")) ?? lines.at(-1) ?? line)
        resume(
          Effect.fail(new CellFailed({ message: `${spec.client}, ${spec.workload}, depth ${spec.depth}: ${why}` }))
        )
      }
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })
