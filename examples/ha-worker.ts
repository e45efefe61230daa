/**
 * One process of ha-workers.ts: `node examples/ha-worker.ts worker NAME` or `... server NAME`, with ZK_CONNECT and, for a
 * server, SESSION_FILE set.
 *
 * A worker is a candidate and works while it is one of two masters. It shuts its work down when it can no longer be sure
 * of its session, and the process ends with a failure when the session is over. A server is in a list for as long as its
 * session lives, and a restarted one takes up the session that it saved.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as SessionStore from "@effect-zookeeper/core/SessionStore"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Masters, SESSION_TIMEOUT, Servers } from "./ha.ts"

const [kind, name = "nobody"] = process.argv.slice(2)

const work = Effect.gen(function* () {
  yield* Console.log("works as a master")
  return yield* Effect.never
}).pipe(Effect.onInterrupt(() => Console.log("shuts its work down")))

const worker = Effect.gen(function* () {
  const masters = yield* Masters
  const roles = yield* Effect.forkChild(Stream.runForEach(masters.roles, (role) => Console.log(`is ${role}`)))
  return yield* Effect.ensuring(
    masters.whileLeader(() => work),
    Fiber.interrupt(roles)
  )
}).pipe(Effect.provide(Masters.layerConfig({ data: Config.succeed(name) })))

const server = Effect.gen(function* () {
  const servers = yield* Servers
  yield* servers.join(name)
  yield* Console.log(`is in the list, session 0x${(yield* ZooKeeper.ZooKeeper).session.id.toString(16)}`)
  return yield* Effect.never
}).pipe(Effect.scoped, Effect.provide(Servers.layer))

const session = Layer.unwrap(
  Effect.gen(function* () {
    const connect = yield* Config.String("ZK_CONNECT")
    const options = { connect, sessionTimeout: SESSION_TIMEOUT[kind === "server" ? "server" : "worker"] } as const
    // A server whose session is gone gets a new one; a worker is not to go on as if nothing had happened.
    return kind === "server"
      ? ZooKeeper.layer({ ...options, sessionStore: SessionStore.file(yield* Config.String("SESSION_FILE")) })
      : ZooKeeper.layer({ ...options, onExpired: "fail" })
  })
)

const program = Effect.provide(kind === "server" ? server : worker, session).pipe(
  Effect.tapError((error) => Console.log(`ends: ${error.message}`))
)

NodeRuntime.runMain(program, { disableErrorReporting: true })
