/**
 * The main job: a session, a small tree, a node followed as a Stream, a transaction, and an election that fails over.
 *
 * Runs against ZK_CONNECT if it is set, else against a server of its own; over the driver that ZK_DRIVER names.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Election from "@effect-zookeeper/recipes/Election"
import * as Console from "effect/Console"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { connectString } from "./server.ts"
import { driver, session } from "./session.ts"

const ROOT = "/effect-zookeeper-example"

/** A node followed as a Stream, while somebody else changes it. */
const follow = Effect.gen(function* () {
  const zk = yield* ZooKeeper.ZooKeeper
  const config = `${ROOT}/config`
  const changes = yield* zk.changes.dataScoped(config)
  const follower = yield* changes.pipe(
    Stream.tap(({ change, node }) =>
      Console.log(`  ${change}: ${Option.match(node, { onNone: () => "(no node)", onSome: ZooKeeper.text })}`)
    ),
    Stream.takeUntil(({ change }) => change === "deleted"),
    Stream.runDrain,
    Effect.forkChild({ startImmediately: true })
  )
  yield* zk.create(config, "colour=red")
  yield* zk.set(config, "colour=green")
  yield* zk.delete(config)
  yield* Fiber.join(follower)
})

/** All or nothing, with a result for each operation. */
const transact = Effect.gen(function* () {
  const zk = yield* ZooKeeper.ZooKeeper
  const [path, stat] = yield* zk.transact(
    Op.create(`${ROOT}/account`, "100"),
    Op.set(`${ROOT}/account`, "70", { version: 0 }),
    Op.check(ROOT, "any")
  )
  yield* Console.log(`  created ${path} and set it to version ${stat.version} in one transaction`)
  const error = yield* Effect.flip(zk.transact(Op.set(`${ROOT}/account`, "0", { version: 7 }), Op.delete(ROOT)))
  yield* Console.log(`  refused: ${error.message}`)
})

class Workers extends Election.Service<Workers>()("example/Workers", { path: `${ROOT}/election` }) {}

/** A candidate with a session of its own, as in a process of its own. */
const candidate = (name: string, connect: string, onLead: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const workers = yield* Workers
    return yield* workers.whileLeader((leader) =>
      Effect.gen(function* () {
        yield* Console.log(`  ${name} leads (token ${leader.fencingToken})`)
        yield* onLead
        return yield* Effect.never
      })
    )
  }).pipe(
    Effect.provide(Workers.layer.pipe(Layer.provide(session({ connect, sessionTimeout: "4 seconds" })))),
    Effect.scoped
  )

/** Three candidates; whoever leads is killed, and the next one takes over. */
const elect = Effect.fnUntraced(function* (connect: string) {
  const names = ["Ada", "Blaise", "Grace"]
  const leads = names.map(() => Deferred.makeUnsafe<string>())
  let turn = 0
  const fibers = new Map<string, Fiber.Fiber<unknown, unknown>>()
  for (const name of names) {
    const onLead = Effect.suspend(() => Deferred.succeed(leads[turn++]!, name))
    fibers.set(name, yield* Effect.forkChild(candidate(name, connect, onLead)))
  }
  for (const lead of leads) {
    const leader = yield* Deferred.await(lead)
    yield* Console.log(`  ${leader} is killed`)
    yield* Fiber.interrupt(fibers.get(leader)!)
  }
})

const program = Effect.gen(function* () {
  const connect = yield* connectString
  yield* Effect.gen(function* () {
    const zk = yield* ZooKeeper.ZooKeeper
    yield* Console.log(
      `Connected to ${zk.session.server}, session 0x${zk.session.id.toString(16)}, ${yield* driver} driver`
    )
    yield* zk.ensurePath(ROOT)
    yield* Console.log("Following a node:")
    yield* Effect.scoped(follow)
    yield* Console.log("A transaction:")
    yield* transact
    yield* Console.log("An election among three:")
    yield* elect(connect)
    yield* zk.delete(ROOT, { recursive: true })
  }).pipe(Effect.provide(session({ connect })))
  yield* Console.log("Closed.")
})

program.pipe(Effect.scoped, NodeRuntime.runMain)
