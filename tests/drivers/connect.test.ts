/** Opening and closing a session over node-zookeeper-client where nothing goes as it should. */
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { awaitState } from "../support/awaitState.ts"
import { within } from "../support/realTime.ts"
import { acceptSession } from "../support/script.ts"
import * as ScriptedServer from "../support/ScriptedServer.ts"
import * as SharedServers from "../support/SharedServers.ts"
import { keepAnswering } from "./answering.ts"
import { applicationClient } from "./drivers.ts"
import nzc from "./nzc.ts"

const bounded = <A, E, R>(effect: Effect.Effect<A, E, R>) => within(effect, "15 seconds", () => "it did not end")

const noSockets = (server: ScriptedServer.ScriptedServer) =>
  awaitState(
    Effect.sync(() => server.sockets.size),
    (size) => size === 0,
    { describe: "no connection is left" }
  )

describe("opening", () => {
  it.live("fails with every host and why", () =>
    Effect.gen(function* () {
      const mute = yield* ScriptedServer.make
      const closed = yield* ScriptedServer.make
      yield* closed.refuse
      const connect = `${mute.connectString},${closed.connectString}`
      const options = { connect, sessionTimeout: 900, connectTimeout: "2 seconds" as const, shuffleHosts: false }
      const error = yield* bounded(Effect.flip(NodeZookeeperClient.make(options)))
      assert.strictEqual(error.reason._tag, "ConnectFailed")
      assert.include(error.message, `${mute.connectString}: no answer to the handshake`)
      assert.include(error.message, `${closed.connectString}: connect ECONNREFUSED`)
      assert.isAbove(mute.accepted(), 1)
      yield* noSockets(mute)
    })
  )

  it.live("goes on to the next host when one accepts and says nothing (museum 3)", () =>
    Effect.gen(function* () {
      const mute = yield* ScriptedServer.make
      const connect = `${mute.connectString},${yield* SharedServers.single}`
      const zk = yield* bounded(NodeZookeeperClient.make({ connect, sessionTimeout: 3000, shuffleHosts: false }))
      assert.strictEqual(zk.session.server, zk.session.hosts[1])
    })
  )

  it.live("that is interrupted leaves nothing behind, connected or not (museum 15)", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const opening = yield* Effect.forkChild(
        Effect.scoped(NodeZookeeperClient.make({ connect: server.connectString, releaseTimeout: "100 millis" })),
        { startImmediately: true }
      )
      yield* bounded(Fiber.interrupt(opening))
      const again = yield* Effect.forkChild(
        Effect.scoped(NodeZookeeperClient.make({ connect: server.connectString, releaseTimeout: "100 millis" }))
      )
      yield* server.accept
      yield* bounded(Fiber.interrupt(again))
      yield* noSockets(server)
    })
  )

  it.live("refuses what the library cannot do, at once", () =>
    Effect.gen(function* () {
      for (const options of [{ readOnly: true }, { tls: {} }, { confirm: "sync" }, { sasl: {} }]) {
        const error = yield* Effect.flip(NodeZookeeperClient.make(options as NodeZookeeperClient.Options))
        assert.strictEqual(error.reason._tag, "Unsupported")
        assert.include(error.message, Object.keys(options)[0]!)
        assert.include(error.message, "native driver")
      }
      const error = yield* Effect.flip(NodeZookeeperClient.make({ connect: "a:99999" }))
      assert.strictEqual(error.reason._tag, "InvalidArgument")
    })
  )

  it.live("refuses what the library refuses, before it is sent", () =>
    Effect.gen(function* () {
      const connect = yield* SharedServers.single
      const zk = yield* NodeZookeeperClient.make({ connect, maxRequest: 4_000_000 })
      const large = yield* Effect.flip(zk.create("/large", new Uint8Array(1_048_577)))
      const nameless = yield* Effect.flip(zk.create("/zookeeper/", "", { mode: "persistentSequential" }))
      for (const error of [large, nameless]) {
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.strictEqual(error.applied, "no")
        assert.include(error.message, "node-zookeeper-client refuses")
      }
      for (const [operation, effect] of [
        ["sync", zk.sync()],
        ["create2", zk.create2("/x")],
        ["createContainer", zk.create("/x", "", { mode: "container" })],
        ["createTTL", zk.create("/x", "", { mode: "ttl", ttl: "1 minute" })],
        ["createContainer", zk.transact(Op.create("/x", "", { mode: "container" }))],
        ["multiRead", zk.multiRead(Op.get("/"))],
        ["getEphemerals", zk.getEphemerals()],
        ["getAllChildrenNumber", zk.allChildrenNumber("/")],
        ["whoAmI", zk.whoAmI],
        ["reconfig", zk.reconfig({ members: ["server.1=a:1:2;3"] })]
      ] as const) {
        const error = yield* Effect.flip<unknown, ZooKeeperError, never>(effect)
        assert.strictEqual(error.reason._tag, "Unsupported")
        assert.strictEqual(error.applied, "no")
        assert.include(error.message, `node-zookeeper-client has no ${operation}; the native driver`)
        assert.isDefined(zk.driver.unsupported(operation))
      }
      const watching = yield* Effect.flip(Stream.runDrain(zk.watch("/")))
      assert.strictEqual(watching.reason._tag, "Unsupported")
      assert.include(watching.message, "node-zookeeper-client has no addWatch; the native driver")
      yield* zk.get("/")
    })
  )

  it.live("takes its options from the Config", () =>
    Effect.gen(function* () {
      const connect = yield* SharedServers.single
      const layer = NodeZookeeperClient.layerConfig({ connect: Config.String("ZK_CONNECT") }).pipe(
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ZK_CONNECT: connect })))
      )
      const hosts = yield* Effect.provide(
        Effect.map(ZooKeeper.ZooKeeper, (zk) => zk.session.hosts),
        layer
      )
      assert.deepStrictEqual(hosts, [connect])
    })
  )
})

describe("closing", () => {
  it.live("while the server is down ends soon, and nobody calls again (museum 15)", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const scope = yield* Scope.make()
      const options = { connect: server.connectString, releaseTimeout: "300 millis" as const }
      const opening = yield* Effect.forkChild(Scope.provide(NodeZookeeperClient.make(options), scope))
      const peer = yield* server.accept
      yield* acceptSession(peer)
      const zk = yield* bounded(Fiber.join(opening))
      yield* server.refuse
      yield* peer.reset
      yield* awaitState(
        Effect.sync(() => zk.session.state),
        ({ _tag }) => _tag === "Suspended",
        { describe: "the connection is gone" }
      )
      yield* bounded(Scope.close(scope, Exit.void))
      assert.strictEqual(zk.session.state._tag, "Closed")
      yield* server.listen
      const accepted = server.accepted()
      // A connection that was on its way would be there before this one.
      yield* Effect.flip(
        NodeZookeeperClient.make({ connect: server.connectString, sessionTimeout: 300, connectTimeout: "100 millis" })
      )
      assert.strictEqual(server.accepted(), accepted + 1)
    })
  )

  it.live("can leave the session alive, to be resumed", () =>
    Effect.gen(function* () {
      const connect = yield* SharedServers.single
      const { id, node, password } = yield* Effect.scoped(
        Effect.gen(function* () {
          const zk = yield* NodeZookeeperClient.make({ connect, release: "detach" })
          const node = yield* zk.create("/detached-", "", { mode: "ephemeralSequential" })
          return { id: zk.session.id, password: zk.session.password, node }
        })
      )
      const zk = yield* NodeZookeeperClient.make({ connect, resume: { id, password } })
      assert.strictEqual(zk.session.id, id)
      assert.strictEqual((yield* zk.get(node)).stat.ephemeralOwner, id)
    })
  )
})

describe("an adopted client", () => {
  const call = (client: Effect.Success<ReturnType<typeof applicationClient>>) =>
    Effect.callback<unknown, Error>((resume) =>
      client.exists("/", (error, stat) => resume(error === null ? Effect.succeed(stat) : Effect.fail(error)))
    )

  it.live("shares its session, and lives on", () =>
    Effect.gen(function* () {
      const client = yield* applicationClient(yield* SharedServers.single)
      const id = yield* Effect.scoped(
        Effect.gen(function* () {
          const zk = yield* NodeZookeeperClient.makeFrom(client)
          assert.strictEqual(zk.session.id, client.getSessionId().readBigInt64BE())
          yield* call(client)
          assert.strictEqual((yield* Effect.flip(zk.restart)).reason._tag, "Unsupported")
          return zk.session.id
        })
      )
      assert.isNotNull(yield* call(client))
      // It can be adopted again, connected as it is.
      const zk = yield* NodeZookeeperClient.makeFrom(client)
      assert.strictEqual(zk.session.id, id)
      yield* zk.get("/")
    })
  )

  it.live("is waited for, and missed when nobody connects it", () =>
    Effect.gen(function* () {
      const client = nzc.createClient(yield* SharedServers.single)
      const error = yield* bounded(Effect.flip(NodeZookeeperClient.makeFrom(client, { connectTimeout: "500 millis" })))
      assert.strictEqual(error.reason._tag, "ConnectFailed")
      assert.include(error.message, "call connect()")
      assert.strictEqual(client.getState(), nzc.createClient("127.0.0.1").getState())
    })
  )

  it.live("that the application closes closes the session", () =>
    Effect.gen(function* () {
      const client = yield* applicationClient(yield* SharedServers.single)
      const zk = yield* NodeZookeeperClient.makeFrom(client)
      client.close()
      yield* awaitState(
        Effect.sync(() => zk.session.state),
        ({ _tag }) => _tag === "Closed",
        { describe: "the session is closed" }
      )
      assert.strictEqual((yield* Effect.flip(zk.get("/"))).reason._tag, "Closed")
      assert.strictEqual((yield* Effect.flip(NodeZookeeperClient.makeFrom(client))).reason._tag, "Closed")
    })
  )

  it.live("is guarded in the application's own calls too (museum 16)", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const client = yield* applicationClient(server.connectString)
      const peer = yield* server.accept
      yield* acceptSession(peer)
      const opening = yield* Effect.forkChild(NodeZookeeperClient.makeFrom(client))
      const answering = yield* Effect.forkChild(Effect.exit(keepAnswering(peer)))
      yield* bounded(Fiber.join(opening))
      yield* Fiber.interrupt(answering)
      const own = yield* Effect.forkChild(Effect.flip(call(client)), { startImmediately: true })
      const frame = yield* peer.receiveFrame
      const header = Buffer.alloc(16)
      header.writeInt32BE(frame.readInt32BE(0))
      header.writeInt32BE(-125, 12)
      yield* peer.sendFrame(header)
      assert.propertyVal(yield* bounded(Fiber.join(own)), "code", -125)
    })
  )

  it.live("gets no more watches than fit into the request that registers them again (museum 19)", () =>
    Effect.gen(function* () {
      const client = yield* applicationClient(yield* SharedServers.single)
      const zk = yield* NodeZookeeperClient.makeFrom(client, { maxRequest: 2048 })
      const error = yield* Effect.flip(
        Effect.forEach(Array.from({ length: 100 }), (_, index) => zk.once.exists(`/no-such-node-${index}`), {
          discard: true
        })
      )
      assert.strictEqual(error.reason._tag, "Unsupported")
      assert.include(error.message, "so many watches")
      // 7/8 of 2,048 bytes, 32 of them fixed; each path takes its length and 4.
      assert.strictEqual(error.path, "/no-such-node-88")
      assert.isTrue(Option.isNone(yield* zk.exists("/no-such-node")))
    })
  )

  it.live("must be one", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(NodeZookeeperClient.makeFrom({} as NodeZookeeperClient.AdoptableClient))
      assert.strictEqual(error.reason._tag, "Unsupported")
    })
  )
})
