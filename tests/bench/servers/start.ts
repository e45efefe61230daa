/** The servers of a run: canned ones for what a client is capable of, a real one for what an application gets. */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { fourLetterWord } from "../../support/zookeeper/fourLetterWord.ts"
import * as RealServer from "../../support/zookeeper/RealServer.ts"
import { fill, fillTree } from "./fill.ts"
import { warm } from "./warm.ts"

/** `test` is our TestServer, `tree` the real server with 100,000 nodes more, `none` for cells that start their own. */
export const kinds = ["canned", "mute", "real", "test", "tree", "none"] as const
export type Kind = (typeof kinds)[number]

export type ServerFor = (kind: Kind) => Effect.Effect<string, unknown>

/** A program that prints its port and ends with its standard input. */
const separate = (program: string, ...args: ReadonlyArray<string>): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly child: ReturnType<typeof spawn>; readonly port: string }>((resume) => {
        const child = spawn(process.execPath, [`${import.meta.dirname}/${program}`, ...args], {
          stdio: ["pipe", "pipe", "inherit"]
        })
        child.stdout.once("data", (text: Buffer) => resume(Effect.succeed({ child, port: text.toString().trim() })))
      }),
      ({ child }) => Effect.sync(() => child.kill())
    ),
    ({ port }) => `127.0.0.1:${port}`
  )

/** The nodes of the rows, on a server that has been at work. */
const prepare = (connect: string): Effect.Effect<void, unknown> =>
  Effect.andThen(Effect.scoped(fill(connect)), warm(connect))

/** A server as it runs in production but for the disk: the JIT at full, and data in memory where there is a tmpfs. */
const real = Effect.gen(function* () {
  if (process.env["TMPDIR"] === undefined && fs.existsSync("/dev/shm")) process.env["TMPDIR"] = "/dev/shm"
  const { connectString } = yield* RealServer.make({
    tickTime: 2000,
    config: { preAllocSize: 1024, snapCount: 10_000_000 },
    jvm: ["-Xmx768m", "-XX:TieredStopAtLevel=4"]
  })
  yield* prepare(connectString)
  return connectString
})

/** `host:port` of a fresh server. */
export const start = (kind: Kind): Effect.Effect<string, unknown, Scope.Scope> => {
  switch (kind) {
    case "real":
      return real
    case "tree":
      return Effect.tap(real, (connect) => Effect.scoped(fillTree(connect)))
    case "test":
      return Effect.tap(separate("testServer.ts"), prepare)
    case "none":
      return Effect.succeed("")
    default:
      return separate("canned.ts", kind)
  }
}

/** Starts each kind when it is first asked for; they live as long as the scope. */
export const shared: Effect.Effect<ServerFor, never, Scope.Scope> = Effect.map(Effect.scope, (scope) => {
  const running = new Map<Kind, string>()
  const serverFor = (kind: Kind): Effect.Effect<string, unknown> => {
    const address = running.get(kind)
    if (address !== undefined) return Effect.succeed(address)
    // The tree stands on the server that is there already.
    const started =
      kind === "tree"
        ? Effect.tap(serverFor("real"), (connect) => Effect.scoped(fillTree(connect)))
        : Effect.provideService(start(kind), Scope.Scope, scope)
    return Effect.tap(started, (address) => Effect.sync(() => running.set(kind, address)))
  }
  return serverFor
})

/** The version that a server tells. */
export const version = (connect: string): Effect.Effect<string> =>
  Effect.match(fourLetterWord(Number(connect.split(":")[1]), "srvr"), {
    onFailure: () => "of an unknown version",
    onSuccess: (answer) => /^Zookeeper version: ([0-9.]+)/.exec(answer)?.[1] ?? "of an unknown version"
  })
