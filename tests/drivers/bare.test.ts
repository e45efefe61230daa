/**
 * What node-zookeeper-client itself does where faults.test.ts and limits.test.ts show what it does under ours: the reasons
 * that the README gives for the native driver. Numbers are those of docs/museum.md.
 */
import { auth } from "@effect-zookeeper/core/wire/ops/auth"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { ping } from "@effect-zookeeper/core/wire/ops/session"
import { setWatches } from "@effect-zookeeper/core/wire/ops/watches"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import * as path from "node:path"
import { awaitState } from "../support/awaitState.ts"
import type { Peer } from "../support/Peer.ts"
import { acceptSession, receiveRequest, reply } from "../support/script.ts"
import * as ScriptedServer from "../support/ScriptedServer.ts"
import { applicationClient, native } from "./drivers.ts"
import nzc, { type Client } from "./nzc.ts"

const ROOT = path.join(import.meta.dirname, "../..")
const CLOSED = -2

const awaitClient = (client: Client, is: (client: Client) => boolean, describe: string) =>
  awaitState(
    Effect.sync(() => is(client)),
    (done) => done,
    { describe }
  )

const isConnected = (client: Client): boolean => client.getState() === nzc.State.SYNC_CONNECTED

/** Its next connection, with what `begin` makes of it. On a busy machine it may give one up before it has said anything. */
const next = <A, E>(server: ScriptedServer.ScriptedServer, begin: (peer: Peer) => Effect.Effect<A, E>) =>
  Effect.retry(
    Effect.flatMap(server.accept, (peer) => Effect.as(begin(peer), peer)),
    { times: 5 }
  )

/** A client on a scripted server, with the connection that it is on. The session's timeout is what the server grants. */
const connected = Effect.fnUntraced(function* (timeOut: number, retries = 0) {
  const server = yield* ScriptedServer.make
  const client = yield* applicationClient(server.connectString, { retries })
  const peer = yield* server.accept
  yield* acceptSession(peer, { timeOut })
  yield* awaitClient(client, isConnected, "the client is connected")
  return { client, peer, server }
})

it.live("a connection that breaks in mid-frame is the last one (1)", () =>
  Effect.gen(function* () {
    const { client, peer, server } = yield* connected(10_000)
    const half = Buffer.alloc(34)
    half.writeInt32BE(200)
    yield* peer.send(half)
    yield* awaitClient(client, ({ connectionManager }) => connectionManager.pendingBuffer !== null, "half is read")
    yield* peer.reset
    yield* acceptSession(yield* server.accept)
    // The answer to the handshake is taken for the other half.
    const length = ({ connectionManager }: Client) => connectionManager.pendingBuffer?.length ?? 0
    yield* awaitClient(client, (client) => length(client) > half.length, "the answer is read")
    assert.isFalse(isConnected(client))
  })
)

it.live("a server that falls silent is not noticed (2)", () =>
  Effect.gen(function* () {
    const { client, peer } = yield* connected(300)
    let called = false
    client.exists("/", () => (called = true))
    assert.strictEqual((yield* receiveRequest(peer)).type, exists.code)
    // Its pings are 100 ms apart: three times the session's timeout.
    for (let pings = 0; pings < 9; pings++) assert.strictEqual((yield* receiveRequest(peer)).type, ping.code)
    assert.isTrue(isConnected(client))
    assert.isFalse(called)
  })
)

it.live("a server that accepts and says nothing is waited for, whatever other hosts there are (3)", () =>
  Effect.gen(function* () {
    const mute = yield* ScriptedServer.make
    const client = yield* applicationClient(`${mute.connectString},${mute.connectString}`, { sessionTimeout: 300 })
    yield* next(mute, (peer) => peer.receiveFrame)
    const accepted = mute.accepted()
    // Ours has gone through such hosts again and again when it gives up.
    const other = yield* ScriptedServer.make
    yield* Effect.flip(native(other.connectString, { sessionTimeout: 300, connectTimeout: "3 seconds" }))
    assert.isAbove(other.accepted(), 1)
    assert.strictEqual(mute.accepted(), accepted)
    assert.isFalse(isConnected(client))
  })
)

it.live("a session that nobody hears of does not expire (5)", () =>
  Effect.gen(function* () {
    const { client, peer, server } = yield* connected(300)
    let expired = false
    client.on("expired", () => (expired = true))
    yield* peer.reset
    const since = Date.now()
    while (Date.now() < since + 4 * 300) yield* Effect.flatMap(server.accept, (peer) => peer.reset)
    assert.isFalse(expired)
    assert.strictEqual(client.getState(), nzc.State.DISCONNECTED)
  })
)

it.live("another session in answer to a resume passes for the old one (7)", () =>
  Effect.gen(function* () {
    const { client, peer, server } = yield* connected(10_000)
    let expired = false
    client.on("expired", () => (expired = true))
    yield* peer.reset
    yield* acceptSession(yield* server.accept, { sessionId: 0xbadn })
    yield* awaitClient(
      client,
      (client) => client.getSessionId().readBigInt64BE() === 0xbadn,
      "it has the other session"
    )
    yield* awaitClient(client, isConnected, "it is connected")
    assert.isFalse(expired)
  })
)

it.live("the numbers of requests grow until they cannot be written (12)", () =>
  Effect.gen(function* () {
    const { client } = yield* connected(10_000)
    client.connectionManager.xid = 2 ** 31
    assert.throws(() => client.exists("/", () => {}), /out of range/)
  })
)

it.live("what waits is sent before the login (13)", () =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make
    const client = yield* applicationClient(server.connectString)
    client.addAuthInfo("digest", Buffer.from("bob:secret"))
    client.exists("/", () => {})
    const peer = yield* server.accept
    yield* acceptSession(peer)
    const types = [(yield* receiveRequest(peer)).type, (yield* receiveRequest(peer)).type]
    assert.deepStrictEqual(types, [exists.code, auth.code])
  })
)

it("closing before it is connected throws (15)", () => {
  assert.throws(() => nzc.createClient("127.0.0.1:1").close(), TypeError)
})

it.live("a code that it does not know ends the process (16)", () =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make
    const program = `
      const client = require("node-zookeeper-client").createClient("${server.connectString}")
      client.once("connected", () => client.exists("/", () => console.log("called back")))
      client.connect()`
    const ended = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const child = execFile(process.execPath, ["-e", program], { cwd: ROOT })
        let said = ""
        child.stdout?.on("data", (text) => (said += text))
        child.stderr?.on("data", (text) => (said += text))
        return {
          child,
          ended: new Promise<string>((resolve) => child.once("close", (code) => resolve(`${code} ${said}`)))
        }
      }),
      ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const peer = yield* server.accept
    yield* acceptSession(peer)
    const { xid } = yield* receiveRequest(peer)
    yield* reply(peer, { xid, err: -125 })
    const said = yield* Effect.promise(() => ended.ended)
    assert.match(said, /^1 .*Unknown code: -125/s)
    assert.notInclude(said, "called back")
  })
)

it.live("what waits when the session expires is never called back (17)", () =>
  Effect.gen(function* () {
    const { client, peer, server } = yield* connected(10_000)
    yield* peer.reset
    yield* awaitClient(client, (client) => !isConnected(client), "the connection is gone")
    let called = false
    client.exists("/", () => (called = true))
    const last = yield* server.accept
    yield* acceptSession(last, { timeOut: 0 })
    yield* last.close
    yield* awaitClient(client, ({ connectionManager }) => connectionManager.state === CLOSED, "it has ended")
    assert.isFalse(called)
  })
)

it.live("its watches are set again in one request, larger than any server accepts (19)", () =>
  Effect.gen(function* () {
    const { client, peer, server } = yield* connected(10_000)
    for (let index = 0; index < 20_000; index++) {
      client.connectionManager.registerExistenceWatcher(
        `/a-path-of-some-fifty-characters-as-they-are/${index}`,
        () => {}
      )
    }
    yield* peer.reset
    const again = yield* server.accept
    yield* acceptSession(again)
    const frame = yield* again.receiveFrame
    assert.strictEqual(frame.readInt32BE(4), setWatches.code)
    assert.isAbove(frame.length, 1_048_575)
  })
)

it.live("with `retries` a write whose answer was lost is sent once more (32)", () =>
  Effect.gen(function* () {
    const { client, peer, server } = yield* connected(300, 1)
    client.create("/n-", Buffer.from("x"), () => {})
    assert.strictEqual((yield* receiveRequest(peer)).type, create.code)
    yield* peer.reset
    const again = yield* next(server, acceptSession)
    let { type } = yield* receiveRequest(again)
    while (type === ping.code) type = (yield* receiveRequest(again)).type
    assert.strictEqual(type, create.code)
  })
)

it.live("version 0 in a transaction is any version (33)", () =>
  Effect.gen(function* () {
    const { connectString } = yield* TestServer.make()
    const zk = yield* ZooKeeper.make({ connect: connectString })
    yield* zk.create("/a", "old")
    yield* zk.set("/a", "newer")
    const client = yield* applicationClient(connectString)
    const transaction = client.transaction()
    transaction.setData("/a", Buffer.from("lost"), 0)
    yield* Effect.callback<void, Error>((resume) =>
      transaction.commit((error) => resume(error ? Effect.fail(error) : Effect.void))
    )
    assert.strictEqual(yield* zk.getString("/a"), "lost")
  })
)

it("the address of a host with IPv6 is cut at its first colon", () => {
  const [server] = nzc.createClient("[::1]:2181").connectionManager.servers
  assert.notStrictEqual(server!.host, "::1")
})
