/**
 * Workers in processes of their own, two of them masters at a time, and all that can happen to them: one is killed, the
 * node of one is deleted by hand, one loses its session; a server comes back in time to keep its place in a list, and too
 * late.
 *
 * Runs against ZK_CONNECT if it is set, else against a server of its own.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { MASTERS, Masters, SERVERS, Servers } from "./ha.ts"
import { connectString } from "./server.ts"

/** A process of ha-worker.ts, whose lines are printed after its name. */
const start = (kind: "worker" | "server", name: string, env: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(
        process.execPath,
        [...process.execArgv, join(import.meta.dirname, "ha-worker.ts"), kind, name],
        {
          env: { ...process.env, ...env },
          stdio: ["ignore", "pipe", "inherit"]
        }
      )
      const ended = new Promise<string>((resolve) =>
        child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`))
      )
      const lines = createInterface(child.stdout)
      const printed = new Set<string>()
      lines.on("line", (line) => {
        printed.add(line)
        process.stdout.write(`  ${name} ${line}\n`)
      })
      return {
        name,
        signal: (signal: NodeJS.Signals) => Effect.sync(() => void child.kill(signal)),
        /** Waits until it has printed this line; others may see earlier than itself what it is. */
        said: (wanted: string) =>
          Effect.callback<void>((resume) => {
            const look = () => {
              if (printed.has(wanted)) resume(Effect.void)
            }
            lines.on("line", look)
            look()
            return Effect.sync(() => void lines.off("line", look))
          }).pipe(Effect.timeout("1 minute")),
        /** Its first line from now on. */
        line: Effect.promise(() => new Promise<string>((resolve) => lines.once("line", resolve))),
        ended: Effect.promise(() => ended)
      }
    }),
    ({ ended, signal }) => Effect.andThen(signal("SIGKILL"), ended)
  )

/** Waits until an observed list satisfies the predicate, and shows it. */
const until = <A, E>(
  stream: Stream.Stream<ReadonlyArray<A>, E>,
  show: (a: A) => string,
  what: string,
  wanted: (all: ReadonlyArray<string>) => boolean
) =>
  stream.pipe(
    Stream.map((all) => all.map(show)),
    Stream.filter(wanted),
    Stream.runHead,
    Effect.timeout("1 minute"),
    Effect.tap((found) =>
      Console.log(`${what}: ${found._tag === "Some" && found.value.length > 0 ? found.value.join(", ") : "nobody"}`)
    ),
    Effect.map((found) => (found._tag === "Some" ? found.value : []))
  )

const story = Effect.fnUntraced(function* (connect: string) {
  const zk = yield* ZooKeeper.ZooKeeper
  const masters = yield* Masters
  const servers = yield* Servers
  const env = { ZK_CONNECT: connect }
  const leading = (wanted: (names: ReadonlyArray<string>) => boolean) =>
    until(masters.observe, ZooKeeper.text, "Masters", wanted)
  const listed = (wanted: (names: ReadonlyArray<string>) => boolean) =>
    until(servers.observe, ({ id }) => id, "Servers", wanted)

  const candidates = (count: number) =>
    zk.changes.children(MASTERS).pipe(
      Stream.filter(({ children }) => Option.isSome(children) && children.value.length === count),
      Stream.runHead,
      Effect.timeout("1 minute")
    )

  yield* Console.log("Four workers, of whom two are masters:")
  const workers: Array<Effect.Success<ReturnType<typeof start>>> = []
  for (const [index, name] of ["Ada", "Blaise", "Grace", "Edsger"].entries()) {
    workers.push(yield* start("worker", name, env))
    yield* candidates(index + 1)
  }
  yield* leading((names) => names.length === 2)
  const named = (name: string) => workers.find((worker) => worker.name === name)!

  yield* Console.log("Ada is killed:")
  yield* named("Ada").signal("SIGKILL")
  const [, second = ""] = yield* leading((names) => names.length === 2 && !names.includes("Ada"))

  yield* Console.log("Blaise's node is deleted by hand:")
  yield* named("Blaise").said("works as a master")
  const [first] = yield* masters.leaders
  yield* zk.delete(first!.node)
  yield* leading((names) => names.length === 2 && !names.includes("Blaise"))

  yield* Console.log(`${second} stands still for longer than its session lives:`)
  const frozen = named(second)
  yield* frozen.said("works as a master")
  yield* frozen.signal("SIGSTOP")
  yield* leading((names) => names.includes("Blaise") && !names.includes(second))
  yield* frozen.signal("SIGCONT")
  yield* Console.log(`${second} ended with ${yield* frozen.ended}`)

  yield* Console.log("A server that saves its session:")
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "ha-workers-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
  const withSession = { ...env, SESSION_FILE: join(folder, "session") }
  const game = yield* start("server", "game", withSession)
  yield* listed((names) => names.includes("game"))
  yield* Console.log("It is killed, and back in time:")
  const place = Effect.map(zk.exists(`${SERVERS}/game`), (stat) => (Option.isSome(stat) ? stat.value.czxid : undefined))
  const before = yield* place
  yield* game.signal("SIGKILL")
  yield* game.ended
  const again = yield* start("server", "game", withSession)
  yield* again.line
  yield* Console.log((yield* place) === before ? "It kept its place." : "It lost its place.")
  yield* Console.log("It is killed, and not back in time:")
  yield* again.signal("SIGKILL")
  yield* again.ended
  yield* listed((names) => !names.includes("game"))
  yield* start("server", "game", withSession)
  yield* listed((names) => names.includes("game"))
  yield* Console.log((yield* place) === before ? "It kept its place." : "It lost its place, and has a new one.")
})

const program = Effect.gen(function* () {
  const connect = yield* connectString
  const session = ZooKeeper.layer({ connect })
  yield* story(connect).pipe(
    Effect.scoped,
    Effect.provide(Layer.provideMerge(Layer.mergeAll(Masters.layer, Servers.layer), session))
  )
  yield* Console.log("Done.")
})

program.pipe(Effect.scoped, NodeRuntime.runMain)
