/** Runs a program of this folder on the built packages, as a process that a test can kill. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { type TimedOut, within } from "../../support/realTime.ts"

/** A program that ended before it said anything. */
export class ProgramFailed extends Data.TaggedError("ProgramFailed")<{ readonly message: string }> {}

export interface Program {
  /** Its first line of output, read as JSON. */
  readonly line: unknown
  /** SIGKILL; returns when the process is gone. */
  readonly kill: Effect.Effect<void>
}

/** Returns with the first line that the program prints. */
export const run = Effect.fnUntraced(function* (
  name: string,
  ...args: ReadonlyArray<string>
): Effect.fn.Return<Program, ProgramFailed | TimedOut, Scope.Scope> {
  const file = new URL(`./${name}.ts`, import.meta.url).pathname
  let printed = ""
  let complaints = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "pipe"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()))
  const line = Effect.callback<string, ProgramFailed>((resume) => {
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString()
      const end = printed.indexOf("\n")
      if (end !== -1) resume(Effect.succeed(printed.slice(0, end)))
    })
    child.once("exit", (code) =>
      resume(
        Effect.fail(
          new ProgramFailed({ message: `${name} ended with ${code}: ${complaints} (was the project built?)` })
        )
      )
    )
  })
  const first = yield* within(line, "30 seconds", () => `${name} printed no line: ${printed}${complaints}`)
  const kill = Effect.andThen(
    Effect.sync(() => void child.kill("SIGKILL")),
    Effect.promise(() => exited)
  )
  return { line: JSON.parse(first), kill }
})
