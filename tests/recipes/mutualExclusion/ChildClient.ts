/** program.ts as a child of a test that stops it and lets it go on. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import * as path from "node:path"
import { type TimedOut, within } from "../../support/realTime.ts"
import type { names } from "./competition.ts"
import type { Testimony } from "./testimony.ts"

export interface ChildClient {
  /** How often it has got something so far. */
  readonly held: () => number
  /** Dies with what it complained of, should it end before it is asked to. */
  readonly crashed: Effect.Effect<never>
  /** SIGSTOP and SIGCONT. */
  readonly stop: Effect.Effect<void>
  readonly go: Effect.Effect<void>
  /** Ends it and asks what it saw. */
  readonly testimonies: Effect.Effect<Readonly<Record<(typeof names)[number], Testimony>>, TimedOut>
}

const root = path.join(import.meta.dirname, "../../..")

export const start = Effect.fnUntraced(function* (
  connect: string,
  name: string,
  seed: number
): Effect.fn.Return<ChildClient, never, Scope.Scope> {
  const program = path.join(import.meta.dirname, "program.ts")
  const args = ["--import", "./examples/sources.ts", program, connect, name, `${seed}`]
  let printed = ""
  let complaints = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, args, { cwd: root, env: { ...process.env, NODE_OPTIONS: "" } })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()))
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()))
  const lines = () => printed.trimEnd().split("\n")
  return {
    held: () => lines().filter((line) => line === "held").length,
    crashed: Effect.andThen(
      Effect.promise(() => ended),
      Effect.suspend(() => Effect.die(new Error(`the child has crashed: ${complaints}`)))
    ),
    stop: Effect.sync(() => void child.kill("SIGSTOP")),
    go: Effect.sync(() => void child.kill("SIGCONT")),
    testimonies: Effect.sync(() => void child.stdin.end()).pipe(
      Effect.andThen(
        within(
          Effect.promise(() => ended),
          "30 seconds",
          () => `the child does not end: ${complaints}`
        )
      ),
      Effect.andThen(
        Effect.suspend(() => {
          const last = lines().at(-1) ?? ""
          return last.startsWith("{")
            ? Effect.succeed(JSON.parse(last))
            : Effect.die(new Error(`the child ended without its testimony: ${complaints}`))
        })
      )
    )
  }
})
