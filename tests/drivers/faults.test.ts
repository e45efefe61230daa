/**
 * The faults of node-zookeeper-client (docs/museum.md) that are fenced: each ends in a typed error or a new
 * connection, in bounded time, and never in an uncaught exception, which would fail this file.
 */
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import type { SessionState } from "@effect-zookeeper/core/SessionState"
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { watcherEvent } from "@effect-zookeeper/core/wire/event"
import { replyHeader } from "@effect-zookeeper/core/wire/header"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { awaitState } from "../support/awaitState.ts"
import { encode, acceptSession, receiveRequest, reply } from "../support/script.ts"
import * as ScriptedServer from "../support/ScriptedServer.ts"
import { within } from "../support/realTime.ts"
import { keepAnswering, nextRequest } from "./answering.ts"
import { adopted, applicationClient, type Options, own } from "./drivers.ts"

/** Both ways to have a client; the timeout is granted by the script. */
const ways = [
  { name: "a client of its own", open: own },
  { name: "an application's client", open: adopted }
]

const TIMEOUT = 1200

const bounded = <A, E, R>(effect: Effect.Effect<A, E, R>) => within(effect, "15 seconds", () => "it did not end")

/** A session on a scripted server, with the connection that it is on. */
const connected = Effect.fnUntraced(function* (
  open: (typeof ways)[number]["open"],
  timeOut: number = TIMEOUT,
  options?: Options
) {
  const server = yield* ScriptedServer.make
  const opening = yield* Effect.forkChild(
    open(server.connectString, { sessionTimeout: timeOut, releaseTimeout: "200 millis", ...options })
  )
  const peer = yield* server.accept
  yield* acceptSession(peer, { timeOut })
  const answering = yield* Effect.forkChild(Effect.exit(keepAnswering(peer)))
  const zk = yield* bounded(Fiber.join(opening))
  yield* Fiber.interrupt(answering)
  return { server, peer, zk }
})

const flipped = <A>(effect: Effect.Effect<A, ZooKeeperError>) =>
  Effect.forkChild(Effect.flip(effect), { startImmediately: true })

const awaitTag = (zk: ZooKeeper, tag: SessionState["_tag"]) =>
  awaitState(
    Effect.sync(() => zk.session.state),
    ({ _tag }) => _tag === tag,
    { describe: `the session is ${tag}` }
  )

const replyBytes = (xid: number, err: number): Buffer => encode(replyHeader, { xid, zxid: 1n, err })

const frame = (body: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

for (const { name, open } of ways) {
  describe(`with ${name}`, () => {
    it.live("a server that falls silent is noticed (museum 2)", () =>
      Effect.gen(function* () {
        const { server, zk } = yield* connected(open)
        const error = yield* bounded(Effect.flip(zk.set("/a", "x")))
        assert.strictEqual(error.reason._tag, "ConnectionLost")
        assert.strictEqual(error.applied, "unknown")
        assert.include(error.message, "nothing heard")
        // It tries again, also where nothing is outstanding but its own heartbeat.
        yield* server.accept
      })
    )

    it.live("a session that nobody hears of expires, and what waits was not done (museum 5, 17)", () =>
      Effect.gen(function* () {
        const { peer, server, zk } = yield* connected(open)
        yield* server.refuse
        yield* peer.reset
        yield* awaitTag(zk, "Suspended")
        const waiting = yield* flipped(zk.set("/a", "x"))
        const error = yield* bounded(Fiber.join(waiting))
        assert.strictEqual(error.reason._tag, "SessionExpired")
        assert.strictEqual(error.applied, "no")
      })
    )

    it.live("a connection that breaks in mid-frame leaves nothing to the next (museum 1)", () =>
      Effect.gen(function* () {
        const { peer, server, zk } = yield* connected(open, 10_000)
        const reading = yield* Effect.forkChild(zk.getString("/a"), { startImmediately: true })
        yield* nextRequest(peer)
        const half = Buffer.alloc(34)
        half.writeInt32BE(200)
        yield* peer.send(half)
        yield* peer.reset
        const next = yield* server.accept
        yield* acceptSession(next, { timeOut: 10_000 })
        const { xid } = yield* nextRequest(next)
        const stat = Buffer.alloc(68)
        yield* reply(next, { xid }, Buffer.concat([Buffer.from([0, 0, 0, 2]), Buffer.from("ok"), stat]))
        assert.strictEqual(yield* bounded(Fiber.join(reading)), "ok")
      })
    )

    it.live("codes that the library does not know are errors, not the end of the process (museum 16)", () =>
      Effect.gen(function* () {
        const { peer, server, zk } = yield* connected(open, 10_000)
        for (const [code, tag] of [
          [-125, "QuotaExceeded"],
          [-119, "NotReadOnly"],
          [-999, "UnknownCode"]
        ] as const) {
          const failing = yield* flipped(zk.set("/a", "x"))
          const { xid } = yield* nextRequest(peer)
          yield* reply(peer, { xid, err: code })
          const error = yield* bounded(Fiber.join(failing))
          assert.strictEqual(error.reason._tag, tag)
          assert.strictEqual(error.applied, "no")
        }
        assert.strictEqual(server.accepted(), 1)
      })
    )

    it.live("so are those of one operation of a transaction", () =>
      Effect.gen(function* () {
        const { peer, zk } = yield* connected(open, 10_000)
        const failing = yield* flipped(zk.transact({ _tag: "set", path: "/a", data: "x", version: undefined }))
        const { type, xid } = yield* receiveRequest(peer)
        assert.strictEqual(type, multi.code)
        yield* reply(peer, { xid }, encode(multi.response, [{ _tag: "error", err: -125 }]))
        assert.strictEqual((yield* bounded(Fiber.join(failing))).reason._tag, "QuotaExceeded")
      })
    )

    for (const [what, body] of [
      ["an answer that is too short", Buffer.from("0000000200000000000000010000000000000009", "hex")],
      ["a frame of negative length", Buffer.from("fffffffc", "hex")],
      ["rubbish", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")]
    ] as const) {
      it.live(`${what} ends the connection`, () =>
        Effect.gen(function* () {
          const { peer, server, zk } = yield* connected(open, 10_000)
          const failing = yield* flipped(zk.set("/a", "x"))
          const { xid } = yield* nextRequest(peer)
          const short = Buffer.concat([Buffer.from([0, 0, 0, 20]), Buffer.alloc(20)])
          short.writeInt32BE(xid, 4)
          yield* peer.send(what.includes("short") ? short : body)
          const error = yield* bounded(Fiber.join(failing))
          assert.strictEqual(error.reason._tag, "ProtocolViolation")
          assert.strictEqual(error.applied, "unknown")
          yield* server.accept
        })
      )
    }

    it.live("an answer that cannot be read fails its own operation; the others lost their connection", () =>
      Effect.gen(function* () {
        const { peer, zk } = yield* connected(open, 10_000)
        const failing = yield* Effect.forEach(["/a", "/b", "/c"], (path) => flipped(zk.set(path, "x")))
        for (let count = 0; count < 3; count++) yield* nextRequest(peer)
        yield* peer.send(Buffer.from("fffffffc", "hex"))
        const [first, ...others] = yield* bounded(Effect.forEach(failing, Fiber.join))
        assert.strictEqual(first!.reason._tag, "ProtocolViolation")
        for (const { applied, reason } of others) {
          assert.deepStrictEqual([reason._tag, applied], ["ConnectionLost", "unknown"])
          assert.include(reason.message, first!.reason.message)
        }
      })
    )

    it.live("one whose operation was given up fails no other in its place", () =>
      Effect.gen(function* () {
        const { peer, zk } = yield* connected(open, 10_000, { operationTimeout: "1 second" })
        const late = yield* flipped(zk.set("/a", "x"))
        yield* nextRequest(peer)
        assert.strictEqual((yield* bounded(Fiber.join(late))).reason._tag, "Timeout")
        const failing = yield* flipped(zk.set("/b", "x"))
        yield* nextRequest(peer)
        yield* peer.send(Buffer.from("fffffffc", "hex"))
        assert.strictEqual((yield* bounded(Fiber.join(failing))).reason._tag, "ConnectionLost")
      })
    )

    it.live("an answer to nobody, and an event of an unknown type, do no harm", () =>
      Effect.gen(function* () {
        const { peer, server, zk } = yield* connected(open, 10_000)
        yield* reply(peer, { xid: -1 }, encode(watcherEvent, { type: -1, state: 0, path: "" }))
        const writing = yield* Effect.forkChild(zk.delete("/a"), { startImmediately: true })
        const { xid } = yield* nextRequest(peer)
        yield* reply(peer, { xid })
        yield* bounded(Fiber.join(writing))
        assert.strictEqual(server.accepted(), 1)
        yield* reply(peer, { xid: 77_777 })
        yield* server.accept
      })
    )

    it.live("its own silence ends with a heartbeat, whatever comes in (museum 4)", () =>
      Effect.gen(function* () {
        const { peer } = yield* connected(open)
        const events = yield* Effect.forkChild(
          Effect.forever(
            Effect.andThen(
              reply(peer, { xid: -1, zxid: -1n }, encode(watcherEvent, { type: 3, state: 3, path: "/x" })),
              Effect.sleep("20 millis")
            )
          )
        )
        const seen: Array<number> = []
        const answering = yield* Effect.forkChild(Effect.exit(keepAnswering(peer, seen)))
        yield* awaitState(
          Effect.sync(() => seen.length),
          (count) => count >= 5,
          { describe: "five heartbeats" }
        )
        yield* Fiber.interruptAll([events, answering])
      })
    )

    it.live("the leader is asked while something is held, and the lease ends in time", () =>
      Effect.gen(function* () {
        const { peer, zk } = yield* connected(open)
        const seen: Array<number> = []
        const answering = yield* Effect.forkChild(Effect.exit(keepAnswering(peer, seen)))
        const held = yield* Effect.forkChild(Effect.exit(zk.whileSession(Effect.never)))
        yield* awaitState(
          Effect.sync(() => seen.filter((type) => type === multi.code).length),
          (count) => count >= 3,
          { describe: "three confirmations" }
        )
        yield* Fiber.interrupt(answering)
        const { deadline } = zk.session
        assert.strictEqual((yield* bounded(Fiber.join(held)))._tag, "Failure")
        assert.isBelow(Date.now(), deadline + TIMEOUT)
      })
    )

    it.live("an operation that alone is not answered ends in time, and its late answer is nobody's", () =>
      Effect.gen(function* () {
        const { peer, server, zk } = yield* connected(open, 10_000, { operationTimeout: "200 millis" })
        const failing = yield* flipped(zk.set("/a", "x"))
        const late = yield* nextRequest(peer)
        const error = yield* bounded(Fiber.join(failing))
        assert.strictEqual(error.reason._tag, "Timeout")
        assert.strictEqual(error.applied, "unknown")
        const next = yield* Effect.forkChild(zk.delete("/a"), { startImmediately: true })
        const { xid } = yield* nextRequest(peer)
        yield* reply(peer, { xid: late.xid, err: -101 })
        yield* reply(peer, { xid })
        yield* bounded(Fiber.join(next))
        assert.strictEqual(server.accepted(), 1)
      })
    )

    it.live("another session in answer to a resume is the end of this one (museum 7)", () =>
      Effect.gen(function* () {
        const { peer, server, zk } = yield* connected(open)
        const told: Array<SessionState["_tag"]> = []
        zk.driver.onState((state) => told.push(state._tag))
        yield* peer.reset
        const next = yield* server.accept
        yield* acceptSession(next, { timeOut: TIMEOUT, sessionId: 0xbadn })
        yield* Effect.forkChild(Effect.exit(keepAnswering(next)))
        yield* awaitState(
          Effect.sync(() => told.includes("Expired")),
          (expired) => expired,
          { describe: "the session has expired" }
        )
      })
    )

    it.live("events are delivered while a fault is on its way", () =>
      Effect.gen(function* () {
        const { peer, zk } = yield* connected(open, 10_000)
        const seen: Array<WatchEvent> = []
        zk.driver.onEvent((event) => seen.push(event))
        const answered = Effect.callback<void>((resume) => {
          zk.driver.submit<{ readonly path: string; readonly watch: boolean }, unknown>({
            operation: getData as never,
            request: { path: "/x", watch: true },
            succeed: () => resume(Effect.void),
            refuse: () => resume(Effect.void),
            fail: () => resume(Effect.void)
          })
        })
        const arming = yield* Effect.forkChild(answered, { startImmediately: true })
        const { xid } = yield* nextRequest(peer)
        yield* reply(peer, { xid }, Buffer.concat([Buffer.from([0, 0, 0, 0]), Buffer.alloc(68)]))
        yield* Fiber.join(arming)
        const failing = yield* flipped(zk.set("/x", "y"))
        const request = yield* nextRequest(peer)
        // All in one chunk: a code that the library throws on must not take the event behind it along.
        const event = encode(watcherEvent, { type: 3, state: 3, path: "/x" })
        yield* peer.send(
          Buffer.concat([frame(replyBytes(request.xid, -125)), frame(Buffer.concat([replyBytes(-1, 0), event]))])
        )
        yield* Fiber.join(failing)
        yield* awaitState(
          Effect.sync(() => seen.length),
          (count) => count === 1,
          { describe: "the event came" }
        )
      })
    )
  })
}

it.live("an answer to the application that cannot be read is the fault of no operation here", () =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make
    const client = yield* applicationClient(server.connectString)
    const peer = yield* server.accept
    yield* acceptSession(peer)
    const opening = yield* Effect.forkChild(NodeZookeeperClient.makeFrom(client))
    const answering = yield* Effect.forkChild(Effect.exit(keepAnswering(peer)))
    const zk = yield* bounded(Fiber.join(opening))
    yield* Fiber.interrupt(answering)
    client.create("/own", Buffer.from("x"), () => {})
    yield* nextRequest(peer)
    const failing = yield* flipped(zk.set("/a", "x"))
    yield* nextRequest(peer)
    yield* peer.send(Buffer.from("fffffffc", "hex"))
    const error = yield* bounded(Fiber.join(failing))
    assert.deepStrictEqual([error.reason._tag, error.applied], ["ConnectionLost", "unknown"])
  })
)
