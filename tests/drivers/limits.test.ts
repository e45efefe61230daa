/** What ours adds to node-zookeeper-client where it knows no limit, or one that it cannot pass (docs/museum.md). */
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { setData } from "@effect-zookeeper/core/wire/ops/data"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { acceptSession, receiveRequest, reply } from "../support/script.ts"
import * as ScriptedServer from "../support/ScriptedServer.ts"
import { keepAnswering, nextRequest } from "./answering.ts"
import { applicationClient } from "./drivers.ts"

const TIMEOUT = 10_000

/** A session over a client of each kind, with the connection that it is on; the adopted one was made with `retries`. */
const ways = [
  {
    name: "a client of its own",
    open: (connect: string, options: NodeZookeeperClient.AdoptOptions) =>
      NodeZookeeperClient.make({ ...options, connect, sessionTimeout: TIMEOUT })
  },
  {
    name: "an application's client",
    open: (connect: string, options: NodeZookeeperClient.AdoptOptions) =>
      Effect.flatMap(applicationClient(connect, { retries: 3 }), (client) =>
        NodeZookeeperClient.makeFrom(client, options)
      )
  }
]

const connected = Effect.fnUntraced(function* (
  open: (typeof ways)[number]["open"],
  options: NodeZookeeperClient.AdoptOptions = {}
) {
  const server = yield* ScriptedServer.make
  const opening = yield* Effect.forkChild(open(server.connectString, { releaseTimeout: "200 millis", ...options }), {
    startImmediately: true
  })
  const peer = yield* server.accept
  yield* acceptSession(peer, { timeOut: TIMEOUT })
  const answering = yield* Effect.forkChild(Effect.exit(keepAnswering(peer)))
  const zk = yield* Fiber.join(opening)
  yield* Fiber.interrupt(answering)
  return { server, peer, zk }
})

for (const { name, open } of ways) {
  describe(`with ${name}`, () => {
    it.live("a write whose answer was lost is not sent again, whatever the client's `retries` are (museum 32)", () =>
      Effect.gen(function* () {
        const { peer, server, zk } = yield* connected(open)
        const failing = yield* Effect.forkChild(Effect.flip(zk.create("/n-")), { startImmediately: true })
        assert.strictEqual((yield* nextRequest(peer)).type, create.code)
        yield* peer.reset
        const error = yield* Fiber.join(failing)
        assert.strictEqual(error.reason._tag, "ConnectionLost")
        assert.strictEqual(error.applied, "unknown")
        const next = yield* server.accept
        yield* acceptSession(next, { timeOut: TIMEOUT })
        yield* Effect.forkChild(Effect.exit(zk.set("/a", "x")), { startImmediately: true })
        assert.strictEqual((yield* nextRequest(next)).type, setData.code)
      })
    )
  })
}

it.live("no more than maxInFlight are sent and unanswered, the application's own calls not counted", () =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make
    const client = yield* applicationClient(server.connectString)
    const peer = yield* server.accept
    yield* acceptSession(peer)
    const opening = yield* Effect.forkChild(NodeZookeeperClient.makeFrom(client, { maxInFlight: 3 }))
    const answering = yield* Effect.forkChild(Effect.exit(keepAnswering(peer)))
    const zk = yield* Fiber.join(opening)
    yield* Fiber.interrupt(answering)
    const writes = yield* Effect.forEach(Array(5).keys(), () =>
      Effect.forkChild(zk.delete("/a"), { startImmediately: true })
    )
    const first = [yield* nextRequest(peer), yield* nextRequest(peer), yield* nextRequest(peer)]
    // Not the fourth: what is sent now comes next.
    client.exists("/own", () => {})
    const own = yield* receiveRequest(peer)
    assert.strictEqual(own.type, exists.code)
    assert.strictEqual(own.body.string(), "/own")
    for (const { xid } of [...first, own]) yield* reply(peer, { xid, err: -101 })
    for (let rest = 0; rest < 2; rest++) yield* reply(peer, { xid: (yield* nextRequest(peer)).xid })
    yield* Effect.forEach(writes, Fiber.await, { discard: true })
  })
)

describe("the numbers of requests", () => {
  it.live("start over before the largest one (museum 12)", () =>
    Effect.gen(function* () {
      const { connectString } = yield* TestServer.make()
      const client = yield* applicationClient(connectString)
      const zk = yield* NodeZookeeperClient.makeFrom(client)
      client.connectionManager.xid = 0x7fff_0000
      for (let index = 0; index < 3; index++) yield* zk.create(`/${index}`)
      assert.sameMembers(
        (yield* zk.children("/")).filter((name) => name !== "zookeeper"),
        ["0", "1", "2"]
      )
      assert.isAbove(client.connectionManager.xid, 0)
      assert.isBelow(client.connectionManager.xid, 100)
    })
  )
})

describe("options that the library has and ours does not", () => {
  it.live("are refused by name: nothing is sent twice, and the pace of reconnecting is a Schedule", () =>
    Effect.gen(function* () {
      for (const options of [{ retries: 3 }, { spinDelay: 1000 }]) {
        const error = yield* Effect.flip(NodeZookeeperClient.make(options as NodeZookeeperClient.Options))
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.include(error.message, Object.keys(options)[0]!)
      }
    })
  )

  it.live("stay as the application wants them for its own calls (museum 32)", () =>
    Effect.gen(function* () {
      const { connectString } = yield* TestServer.make()
      const client = yield* applicationClient(connectString, { retries: 3 })
      const zk = yield* NodeZookeeperClient.makeFrom(client)
      yield* zk.get("/")
      assert.strictEqual(client.options.retries, 3)
      const refused = yield* Effect.flip(
        NodeZookeeperClient.makeFrom(client, { retries: 3 } as NodeZookeeperClient.AdoptOptions)
      )
      assert.strictEqual(refused.reason._tag, "InvalidArgument")
    })
  )
})

describe("hosts", () => {
  it.live("one that cannot be looked up stops no other (museum 10)", () =>
    Effect.gen(function* () {
      const { connectString } = yield* TestServer.make()
      // RFC 6761: never resolves.
      const connect = `zk.invalid:2181,${connectString}`
      const zk = yield* NodeZookeeperClient.make({ connect, shuffleHosts: false })
      assert.strictEqual(zk.session.server, connectString)
      const error = yield* Effect.flip(
        NodeZookeeperClient.make({ connect: "zk.invalid:2181", connectTimeout: "300 millis" })
      )
      assert.strictEqual(error.reason._tag, "ConnectFailed")
      assert.include(error.message, "zk.invalid:2181: ")
    })
  )

  it.live("may be names, and addresses of either kind", () =>
    Effect.gen(function* () {
      const { port } = yield* TestServer.make()
      for (const host of ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]"]) {
        const zk = yield* NodeZookeeperClient.make({ connect: `${host}:${port}` })
        assert.strictEqual(zk.session.server, `${host}:${port}`)
        yield* zk.get("/")
      }
    })
  )
})
