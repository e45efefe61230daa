/** The command as its users have it: the bundled file, in a process of its own. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { awaitState } from "../support/awaitState.ts"
import { type TimedOut, within } from "../support/realTime.ts"
import * as SharedServers from "../support/SharedServers.ts"

export const bin = fileURLToPath(new URL("../../packages/cli/bin/zk.js", import.meta.url))

export interface Options {
  /** `ZK_…`; those of the test run itself do not count. */
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: Uint8Array | string
}

export interface Result {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
  readonly text: string
}

/** Without the `ZK_…` of the test run itself. */
export const environment = (env: Options["env"]): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ZK_"))),
  NO_COLOR: "1",
  ...env
})

const launch = (args: ReadonlyArray<string>, env: Options["env"]) =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [bin, ...args], { env: environment(env) })),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        // Not "close": a program that it left behind may have the other end of our pipes.
        const exit = once(child, "exit")
        // Ends the program that it runs, too; what cannot be ended so is killed.
        child.kill("SIGTERM")
        const last = setTimeout(() => child.kill("SIGKILL"), 5_000)
        await exit
        clearTimeout(last)
      })
  )

const gather = (child: ChildProcessWithoutNullStreams) => {
  const out: Array<Buffer> = []
  const err: Array<Buffer> = []
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk))
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk))
  return (): Result => {
    const stdout = Buffer.concat(out)
    return { code: child.exitCode, stdout, stderr: Buffer.concat(err).toString(), text: stdout.toString() }
  }
}

/** Runs a command line to its end. */
export const zk = (args: ReadonlyArray<string>, options: Options = {}): Effect.Effect<Result> =>
  Effect.scoped(
    Effect.flatMap(launch(args, options.env), (child) => {
      const result = gather(child)
      // A command that does not read its input may have gone when this arrives.
      child.stdin.on("error", () => {})
      child.stdin.end(options.stdin)
      return Effect.map(
        Effect.promise(() => once(child, "close")),
        result
      )
    })
  )

export interface Running {
  /** What it has written so far. */
  readonly now: Effect.Effect<Result>
  /** Waits until it has written so many lines, and returns all of them. */
  readonly lines: (count: number) => Effect.Effect<ReadonlyArray<string>, unknown>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Closes our end of its standard output. */
  readonly stopReading: Effect.Effect<void>
  /** Closes our end of its standard error. */
  readonly stopReadingErrors: Effect.Effect<void>
  readonly ended: Effect.Effect<Result, TimedOut>
}

/** Starts a command line that goes on. */
export const start = (args: ReadonlyArray<string>, env?: Options["env"]): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.map(launch(args, env), (child) => {
    const result = gather(child)
    const closed = once(child, "close")
    child.stdin.end()
    const now = Effect.sync(result)
    return {
      now,
      lines: (count) =>
        awaitState(now, ({ text }) => text.split("\n").length > count, {
          describe: `zk ${args.join(" ")} writes ${count} lines`
        }).pipe(Effect.map(({ text }) => text.split("\n").slice(0, -1))),
      signal: (signal) => Effect.sync(() => void child.kill(signal)),
      stopReading: Effect.sync(() => void child.stdout.destroy()),
      stopReadingErrors: Effect.sync(() => void child.stderr.destroy()),
      ended: within(
        Effect.map(
          Effect.promise(() => closed),
          result
        ),
        "60 seconds",
        () => `zk ${args.join(" ")} goes on: ${JSON.stringify(result())}`
      )
    }
  })

/** The shared server, seen from below a node of the test's own. */
export const chroot = Effect.gen(function* () {
  const server = yield* SharedServers.single
  const root = `/cli-${crypto.randomUUID()}`
  const { code, stderr } = yield* zk(["-c", server, "create", root])
  if (code !== 0) return yield* Effect.die(new Error(`cannot make ${root}: ${stderr}`))
  return { server, root, connect: `${server}${root}` }
})

/** `zk` below a node of the test's own. */
export const inChroot = Effect.map(
  chroot,
  ({ connect }) =>
    (args: ReadonlyArray<string>, options: Options = {}) =>
      zk(args, { ...options, env: { ZK_CONNECT: connect, ...options.env } })
)
