/** Servers that speak something else: each ends in a typed error or a new connection, never in a crash. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { Peer } from "../support/Peer.ts"
import { within } from "../support/realTime.ts"
import { acceptSession, receiveRequest, reply } from "../support/script.ts"
import * as ScriptedServer from "../support/ScriptedServer.ts"

const make = (connect: string, options: Parameters<typeof ZooKeeper.make>[0] = {}) =>
  ZooKeeper.make({
    connect,
    sessionTimeout: "6 seconds",
    release: "detach",
    reconnect: Schedule.spaced("20 millis"),
    ...options
  }).pipe(Effect.provideService(References.MinimumLogLevel, "Error"))

const bounded = <A, E, R>(effect: Effect.Effect<A, E, R>, what: string) => within(effect, "20 seconds", () => what)

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex")

/** What comes instead of an answer, and what of it the message must name. */
const rubbish: ReadonlyArray<readonly [name: string, bytes: Uint8Array, ...named: ReadonlyArray<string>]> = [
  ["a frame above the limit", hex("7fffffff"), "2147483647", "16777216"],
  ["a negative length", hex("ffffff00 00"), "-256"],
  ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), "HTTP/1.1 400 Bad Request"],
  ["an SSH banner", Buffer.from("SSH-2.0-OpenSSH_9.2\r\n"), "SSH-2.0-OpenSSH_9.2"],
  ["a TLS alert", hex("15 0303 0002 0246"), "TLS"],
  ["an empty frame", hex("00000000")],
  ["a frame of three bytes", hex("00000003 000000")]
]

/** The one attempt to open a session, its handshake read and not answered. */
const attempted = Effect.fnUntraced(function* (server: ScriptedServer.ScriptedServer) {
  const opening = yield* Effect.forkChild(Effect.flip(make(server.connectString, { reconnect: Schedule.recurs(0) })), {
    startImmediately: true
  })
  const peer = yield* server.accept
  yield* peer.receiveFrame
  return { opening, peer }
})

describe("instead of an answer to the handshake", () => {
  for (const [name, bytes, ...named] of rubbish) {
    it.live(`${name}: the attempt fails with what was seen`, () =>
      Effect.gen(function* () {
        const server = yield* ScriptedServer.make
        const { opening, peer } = yield* attempted(server)
        yield* peer.send(bytes)
        const error = yield* bounded(Fiber.join(opening), "the end of the attempt")
        assert.strictEqual(error.reason._tag, "ConnectFailed")
        for (const text of named) assert.include(error.message, text)
        yield* peer.closed
      })
    )
  }

  it.live("a bare header with a code: the attempt fails with the code", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const { opening, peer } = yield* attempted(server)
      yield* reply(peer, { xid: 0, err: -4 })
      const error = yield* bounded(Fiber.join(opening), "the end of the attempt")
      assert.include(error.message, "-4")
    })
  )

  it.live("two answers: the second one is none, and nothing in it is taken for a transaction", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const opening = yield* Effect.forkChild(make(server.connectString), { startImmediately: true })
      const peer = yield* server.accept
      const answer = hex("00000025 00000000 00001770 0000000000000077 00000010 00000000000000000000000000000000 00")
      yield* peer.send(Buffer.concat([answer, answer]))
      const request = yield* acceptSession(yield* server.accept)
      assert.strictEqual(request.lastZxidSeen, 0n)
      yield* bounded(Fiber.join(opening), "a session on the second connection")
    })
  )
})

/** A session whose first operation is answered by `answer`; the next connection behaves. */
const answered = Effect.fnUntraced(function* (answer: (peer: Peer, xid: number) => Effect.Effect<void, unknown>) {
  const server = yield* ScriptedServer.make
  const opening = yield* Effect.forkChild(make(server.connectString), { startImmediately: true })
  const peer = yield* server.accept
  yield* acceptSession(peer)
  const zk = yield* Fiber.join(opening)
  const writing = yield* Effect.forkChild(Effect.flip(zk.set("/a", "1")), { startImmediately: true })
  const { xid } = yield* receiveRequest(peer)
  yield* answer(peer, xid)
  return { server, peer, zk, error: yield* bounded(Fiber.join(writing), "the end of the operation") }
})

const goesOn = Effect.fnUntraced(function* (server: ScriptedServer.ScriptedServer, zk: ZooKeeper.ZooKeeper) {
  const reading = yield* Effect.forkChild(zk.exists("/b"), { startImmediately: true })
  const next = yield* server.accept
  const request = yield* acceptSession(next)
  assert.notStrictEqual(request.sessionId, 0n)
  const { xid } = yield* receiveRequest(next)
  yield* reply(next, { xid, err: -101 })
  assert.strictEqual((yield* bounded(Fiber.join(reading), "an answer on the next connection"))._tag, "None")
})

describe("instead of an answer to an operation", () => {
  for (const [name, bytes, ...named] of rubbish) {
    it.live(`${name}: the operation fails with what was seen, and the session goes on`, () =>
      Effect.gen(function* () {
        const { error, peer, server, zk } = yield* answered((peer) => peer.send(bytes))
        assert.strictEqual(error.reason._tag, "ProtocolViolation")
        assert.strictEqual(error.applied, "unknown")
        for (const text of named) assert.include(error.message, text)
        yield* peer.closed
        yield* goesOn(server, zk)
      })
    )
  }

  it.live("the answer to another request: the operation fails with both numbers, and the session goes on", () =>
    Effect.gen(function* () {
      const { error, server, zk } = yield* answered((peer, xid) => reply(peer, { xid: xid + 41, zxid: 0n }))
      assert.strictEqual(error.reason._tag, "ProtocolViolation")
      assert.include(error.message, "42")
      yield* goesOn(server, zk)
    })
  )

  it.live("museum 16: an answer without its body: the operation fails, and the session goes on", () =>
    Effect.gen(function* () {
      const { error, server, zk } = yield* answered((peer, xid) => reply(peer, { xid, zxid: 0n }))
      assert.strictEqual(error.reason._tag, "ProtocolViolation")
      yield* goesOn(server, zk)
    })
  )

  it.live("museum 16: an unknown code is an error with that code, on a connection that stays", () =>
    Effect.gen(function* () {
      const { error, peer, server, zk } = yield* answered((peer, xid) => reply(peer, { xid, err: -4711 }))
      assert.deepInclude(error.reason, { _tag: "UnknownCode", code: -4711 })
      assert.strictEqual(error.applied, "no")
      const reading = yield* Effect.forkChild(zk.exists("/b"), { startImmediately: true })
      const { xid } = yield* receiveRequest(peer)
      yield* reply(peer, { xid, err: -101 })
      yield* bounded(Fiber.join(reading), "the next answer")
      assert.strictEqual(server.accepted(), 1)
    })
  )
})

describe("random bytes", () => {
  const message = Schema.Struct({ bytes: Schema.Uint8Array, framed: Schema.Boolean })
  const script = Schema.Struct({ shakesHands: Schema.Boolean, messages: Schema.Array(message) })

  it.live.prop(
    "end in a typed error or an answer, whenever they come",
    [script],
    ([{ messages, shakesHands }]) =>
      Effect.gen(function* () {
        const server = yield* ScriptedServer.make
        const client = yield* make(server.connectString, { reconnect: Schedule.recurs(0) }).pipe(
          Effect.flatMap((zk) => zk.exists("/a")),
          Effect.scoped,
          Effect.exit,
          Effect.forkChild({ startImmediately: true })
        )
        const peer = yield* server.accept
        if (shakesHands) {
          yield* acceptSession(peer)
          yield* receiveRequest(peer)
        } else yield* peer.receiveFrame
        yield* server.refuse
        for (const { bytes, framed } of messages) {
          // The client may have had enough.
          yield* Effect.ignore(framed ? peer.sendFrame(bytes) : peer.send(bytes))
        }
        yield* peer.close
        const exit = yield* bounded(Fiber.join(client), "the end of the client")
        if (exit._tag === "Success") return
        for (const reason of exit.cause.reasons) {
          assert.strictEqual(reason._tag, "Fail", String(exit.cause))
          if (reason._tag === "Fail") assert.strictEqual(reason.error._tag, "ZooKeeperError")
        }
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 100 } }
  )
})
