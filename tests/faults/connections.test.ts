/** What networks and servers do to connections, over real TCP: other clients' bugs by their numbers in docs/museum.md. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { awaitElement, awaitState } from "../support/awaitState.ts"
import { within } from "../support/realTime.ts"
import { acceptSession, receiveRequest, reply } from "../support/script.ts"
import * as ScriptedServer from "../support/ScriptedServer.ts"

const SESSION = 0x1000_0000_0001n
const PING = 11

/** Nothing to be proven takes longer than a few of these; a busy machine may. */
const TIMEOUT = "3 seconds"

const make = (connect: string, options: Parameters<typeof ZooKeeper.make>[0] = {}) =>
  ZooKeeper.make({
    connect,
    sessionTimeout: TIMEOUT,
    shuffleHosts: false,
    release: "detach",
    reconnect: Schedule.spaced("50 millis"),
    ...options
  }).pipe(Effect.provideService(References.MinimumLogLevel, "Error"))

const bounded = <A, E, R>(effect: Effect.Effect<A, E, R>, what: string) => within(effect, "20 seconds", () => what)

/** The first connection, answered; what comes after is the test's. */
const connected = Effect.fnUntraced(function* (
  server: ScriptedServer.ScriptedServer,
  options: Parameters<typeof ZooKeeper.make>[0] = {},
  connect = server.connectString
) {
  const opening = yield* Effect.forkChild(make(connect, options), { startImmediately: true })
  const peer = yield* server.accept
  yield* acceptSession(peer)
  return { peer, zk: yield* Fiber.join(opening) }
})

describe("museum 1: half a frame, then the end", () => {
  it.live("of an answer: the next connection begins with nothing of it", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const { peer, zk } = yield* connected(server)
      const reading = yield* Effect.forkChild(zk.exists("/a"), { startImmediately: true })
      yield* receiveRequest(peer)
      const cut = Buffer.alloc(30, 0x7f)
      cut.writeInt32BE(200)
      yield* peer.send(cut)
      yield* peer.close
      const next = yield* server.accept
      const request = yield* acceptSession(next)
      assert.strictEqual(request.sessionId, SESSION)
      // A read is repeated.
      const again = yield* receiveRequest(next)
      yield* reply(next, { xid: again.xid, err: -101 })
      assert.strictEqual((yield* bounded(Fiber.join(reading), "the answer on the second connection"))._tag, "None")
    })
  )

  it.live("of the answer to the handshake: the next connection begins with nothing of it", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const opening = yield* Effect.forkChild(make(server.connectString), { startImmediately: true })
      const peer = yield* server.accept
      yield* peer.receiveFrame
      yield* peer.send(Buffer.from("00000025000000", "hex"))
      yield* peer.reset
      yield* acceptSession(yield* server.accept)
      const zk = yield* bounded(Fiber.join(opening), "a session on the second connection")
      assert.strictEqual(zk.session.id, SESSION)
    })
  )
})

it.live("museum 2: a server that falls silent is left, the operation told, and the session resumed", () =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make
    const { peer, zk } = yield* connected(server)
    const writing = yield* Effect.forkChild(Effect.flip(zk.set("/a", "1")), { startImmediately: true })
    const error = yield* bounded(Fiber.join(writing), "the end of an operation that nobody answers")
    assert.strictEqual(error.reason._tag, "ConnectionLost")
    assert.strictEqual(error.applied, "unknown")
    yield* peer.closed
    const request = yield* acceptSession(yield* server.accept)
    assert.strictEqual(request.sessionId, SESSION)
  })
)

it.live("museum 3: a server that accepts and never answers the handshake is left for the next one", () =>
  Effect.gen(function* () {
    const [mute, good] = [yield* ScriptedServer.make, yield* ScriptedServer.make]
    const opening = yield* Effect.forkChild(make(`${mute.connectString},${good.connectString}`), {
      startImmediately: true
    })
    const silent = yield* mute.accept
    yield* acceptSession(yield* good.accept)
    const zk = yield* bounded(Fiber.join(opening), "a session on the second server")
    assert.strictEqual(zk.session.server, good.connectString)
    yield* silent.closed
  })
)

it.live("museum 3: when no server answers, connectTimeout ends it and says so of each", () =>
  Effect.gen(function* () {
    const [first, second] = [yield* ScriptedServer.make, yield* ScriptedServer.make]
    const failing = make(`${first.connectString},${second.connectString}`, { connectTimeout: "3 seconds" })
    const error = yield* bounded(Effect.flip(failing), "the end of connecting")
    if (error.reason._tag !== "ConnectFailed") return assert.fail(error.message)
    assert.deepStrictEqual(error.reason.attempts, [
      { host: first.connectString, cause: "no answer to the handshake" },
      { host: second.connectString, cause: "no answer to the handshake" }
    ])
    for (const { sockets } of [first, second]) {
      yield* awaitState(
        Effect.sync(() => sockets.size),
        (open) => open === 0,
        { describe: "no connection is left" }
      )
    }
    return undefined
  })
)

it.live("museum 4: watch events that stream in do not stop the pings", () =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make
    const { peer } = yield* connected(server)
    const event = Buffer.from("ffffffffffffffffffffffff000000000000000300000003000000022f61", "hex")
    const stream = yield* Effect.forkChild(Effect.repeat(peer.sendFrame(event), Schedule.spaced("100 millis")))
    // With a timeout of 3 s they come every 500 ms.
    for (let pings = 0; pings < 4; pings++) {
      const request = yield* receiveRequest(peer)
      assert.strictEqual(request.type, PING)
      yield* reply(peer, { xid: -2 })
    }
    yield* Fiber.interrupt(stream)
    assert.strictEqual(server.accepted(), 1)
  })
)

it.live(
  "museum 5, 6: when everything is gone the session is given up, and a new one opened when something is back",
  () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const { peer, zk } = yield* connected(server)
      const seen = yield* Effect.forkChild(
        awaitElement(zk.session.states, ({ _tag }) => _tag === "Expired", { describe: "the session expires" }),
        { startImmediately: true }
      )
      yield* server.refuse
      yield* peer.reset
      assert.deepStrictEqual(
        (yield* Fiber.join(seen)).map(({ _tag }) => _tag),
        ["Connected", "Suspended", "Expired"]
      )
      yield* server.listen
      const request = yield* acceptSession(yield* server.accept, { sessionId: 0x77n })
      assert.strictEqual(request.sessionId, 0n)
      yield* awaitState(
        Effect.sync(() => zk.session.id),
        (id) => id === 0x77n,
        { describe: "the next session" }
      )
      assert.strictEqual(zk.session.epoch, 2)
    })
)

it.live("museum 7: another session in the answer to a resume is an expiry", () =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make
    const { peer, zk } = yield* connected(server)
    const seen = yield* Effect.forkChild(
      awaitElement(zk.session.states, ({ _tag }) => _tag === "Expired", { describe: "the session expires" }),
      { startImmediately: true }
    )
    yield* peer.close
    const request = yield* acceptSession(yield* server.accept, { sessionId: 0xbadn })
    assert.strictEqual(request.sessionId, SESSION)
    yield* Fiber.join(seen)
    const fresh = yield* acceptSession(yield* server.accept, { sessionId: 0x77n })
    assert.strictEqual(fresh.sessionId, 0n)
  })
)

describe("museum 10: names", () => {
  it.live("one that cannot be looked up stops no other", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      // RFC 6761: never resolves.
      const { zk } = yield* connected(server, {}, `zk.invalid:2181,${server.connectString}`)
      assert.strictEqual(zk.session.server, server.connectString)
    })
  )
})

describe("museum 15: close", () => {
  const scoped = Effect.fnUntraced(function* (server: ScriptedServer.ScriptedServer) {
    const scope = yield* Scope.make()
    const opening = yield* Effect.forkChild(
      Scope.provide(make(server.connectString, { release: "close", releaseTimeout: "1 second" }), scope),
      { startImmediately: true }
    )
    const peer = yield* server.accept
    yield* acceptSession(peer)
    return { peer, zk: yield* Fiber.join(opening), close: Scope.close(scope, Exit.void) }
  })
  const noSocket = (server: ScriptedServer.ScriptedServer) =>
    awaitState(
      Effect.sync(() => server.sockets.size),
      (open) => open === 0,
      { describe: "no connection is left" }
    )

  it.live("of a session sends closeSession and waits for the answer", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const { close, peer, zk } = yield* scoped(server)
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      const request = yield* receiveRequest(peer)
      assert.strictEqual(request.type, -11)
      assert.isUndefined(closing.pollUnsafe())
      yield* reply(peer, { xid: request.xid })
      yield* bounded(Fiber.join(closing), "the end of closing")
      yield* noSocket(server)
      assert.strictEqual((yield* Effect.flip(zk.get("/a"))).reason._tag, "Closed")
    })
  )

  it.live("of a session whose server is mute ends all the same", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const { close } = yield* scoped(server)
      yield* bounded(close, "the end of closing")
      yield* noSocket(server)
    })
  )

  it.live("while the server is down ends, and no connection follows when it is back", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const { close, peer, zk } = yield* scoped(server)
      yield* server.refuse
      yield* peer.reset
      yield* awaitState(
        Effect.sync(() => zk.session.state._tag),
        (tag) => tag === "Suspended",
        { describe: "the loss is noticed" }
      )
      yield* bounded(close, "the end of closing")
      yield* close
      const before = server.accepted()
      yield* server.listen
      const other = yield* Effect.forkChild(make(server.connectString), { startImmediately: true })
      yield* server.accept
      yield* Fiber.interrupt(other)
      // Only the other session came.
      assert.strictEqual(server.accepted(), before + 1)
      yield* noSocket(server)
    })
  )

  it.live("before there is a session leaves nothing", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const opening = yield* Effect.forkChild(make(server.connectString), { startImmediately: true })
      const peer = yield* server.accept
      yield* peer.receiveFrame
      yield* bounded(Fiber.interrupt(opening), "the end of connecting")
      yield* peer.closed
      yield* noSocket(server)
    })
  )
})
