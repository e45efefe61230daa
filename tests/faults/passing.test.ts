/** Failures that pass: what follows a node lives on, and what only happened to be on its way is not told of others' faults. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Faults from "@effect-zookeeper/testing/Faults"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { Options } from "../../packages/core/src/session/Options.ts"
import { awaitState } from "../support/awaitState.ts"
import { record } from "../watches/support.ts"

const setUp = Effect.fnUntraced(function* (options: Options = {}) {
  const server = yield* TestServer.make()
  const connect = { connect: server.connectString, reconnect: Schedule.spaced("20 millis") }
  const zk = yield* ZooKeeper.make({ ...connect, ...options })
  const other = yield* ZooKeeper.make(connect)
  const suspended = awaitState(
    Effect.sync(() => zk.session.state._tag),
    (tag) => tag === "Suspended",
    { describe: "suspended" }
  )
  return { faults: server.faults, other, server, suspended, zk }
})

const dataOf = (node: Option.Option<{ readonly data: Uint8Array }>): string =>
  Option.match(node, { onNone: () => "none", onSome: ({ data }) => Buffer.from(data).toString() })

describe("a stream that begins without a connection", () => {
  it.live("lives on when the session expires before there is one", () =>
    Effect.gen(function* () {
      const { faults, other, server, suspended, zk } = yield* setUp()
      yield* other.create("/a", "1")
      yield* faults.inject(Faults.refuse, Faults.reset)
      yield* suspended
      const state = yield* record(zk.changes.data("/a"))
      const raw = yield* record(zk.watch("/a"))
      yield* server.expireSession(zk.session.id)
      yield* faults.clear
      yield* state.last(({ node }) => dataOf(node) === "1", "the first state")
      assert.strictEqual(zk.session.epoch, 2)
      const events = () => raw.seen.filter(({ _tag }) => _tag === "Event").length
      yield* awaitState(Effect.andThen(other.set("/a", "2"), Effect.sync(events)), (count) => count > 0, {
        describe: "an event of the raw watch"
      })
      yield* state.last(({ node }) => dataOf(node) === "2", "the next state")
    })
  )

  it.live("waits for longer than an operation may", () =>
    Effect.gen(function* () {
      const { faults, suspended, zk } = yield* setUp({ operationTimeout: "100 millis" })
      yield* faults.inject(Faults.refuse, Faults.reset)
      yield* suspended
      const state = yield* record(zk.changes.exists("/a"))
      const error = yield* Effect.flip(zk.exists("/a"))
      // So did the watch, which was asked for before.
      assert.strictEqual(error.reason._tag, "Timeout")
      yield* faults.clear
      yield* state.last(({ change }) => change === "initial", "the first state")
    })
  )
})

it.live("a stream lives on when there is no room for its read", () =>
  Effect.gen(function* () {
    const { faults, other, suspended, zk } = yield* setUp({ maxQueued: 1 })
    const state = yield* record(zk.changes.data("/a"))
    yield* state.last(({ change }) => change === "initial", "the first state")
    yield* faults.inject(Faults.refuse, Faults.reset)
    yield* suspended
    const waiting = yield* Effect.forkChild(zk.exists("/"), { startImmediately: true })
    const late = yield* record(zk.changes.data("/b"))
    const error = yield* Effect.flip(zk.exists("/"))
    assert.strictEqual(error.reason._tag, "Overloaded")
    yield* faults.clear
    yield* Fiber.join(waiting)
    yield* other.create("/a", "1")
    yield* state.last(({ node }) => dataOf(node) === "1", "the change")
    yield* late.last(({ change }) => change === "initial", "the first state of the other")
  })
)

it.live("an answer that is too large is the fault of whoever asked for it, and of nobody else", () =>
  Effect.gen(function* () {
    const { other, zk } = yield* setUp({ maxReply: 2048 })
    yield* other.create("/big", "x".repeat(5000))
    yield* other.create("/small", "1")
    const state = yield* record(zk.changes.data("/small"))
    yield* state.last(({ node }) => dataOf(node) === "1", "the first state")
    const [big, small, there] = yield* Effect.all(
      [Effect.flip(zk.get("/big")), zk.get("/small"), zk.exists("/small")],
      {
        concurrency: "unbounded"
      }
    )
    assert.strictEqual(big.reason._tag, "ProtocolViolation")
    assert.strictEqual(dataOf(Option.some(small)), "1")
    assert.isTrue(Option.isSome(there))
    yield* other.set("/small", "2")
    yield* state.last(({ node }) => dataOf(node) === "2", "the change")
    const failed = yield* Effect.flip(Stream.runHead(zk.changes.data("/big")))
    assert.strictEqual(failed.reason._tag, "ProtocolViolation")
  })
)

it.live("a protected create that never left is not looked for: it ends with its time", () =>
  Effect.gen(function* () {
    const { faults, suspended, zk } = yield* setUp({ operationTimeout: "100 millis" })
    yield* faults.inject(Faults.refuse, Faults.reset)
    yield* suspended
    const error = yield* Effect.flip(zk.create("/a", "", { mode: "ephemeral", protected: true }))
    assert.strictEqual(error.reason._tag, "Timeout")
    assert.strictEqual(error.applied, "no")
    yield* faults.clear
  })
)

it.live("ensurePath goes through a node that may not be read", () =>
  Effect.gen(function* () {
    const { faults, zk } = yield* setUp()
    yield* zk.ensurePath("/secret/app")
    // As 3.8.4 and 3.9.2 answer whoever asks for a node and has no right to read it.
    yield* faults.inject(Faults.replyCode(-102))
    yield* zk.ensurePath("/secret/app/deep")
    assert.isTrue(Option.isSome(yield* zk.exists("/secret/app/deep")))
  })
)

it.live("work is not begun under a lease that ends, nor kept under one that its owner gives up", () =>
  Effect.gen(function* () {
    for (const margin of [0.5, 0.75]) {
      const { faults, server, zk } = yield* setUp({ margin })
      let wasThere = false
      const primary = Effect.map(server.nodes, (nodes) => nodes.has("/primary"))
      const stopped = Effect.map(primary, (isThere) => void (wasThere = isThere))
      const working = zk.whileSession(Effect.onInterrupt(Effect.never, () => stopped))
      const work = yield* Effect.forkChild(Effect.flip(working), { startImmediately: true })
      yield* awaitState(
        Effect.sync(() => zk.session.deadline > Date.now()),
        (held) => held,
        { describe: "the lease" }
      )
      yield* zk.create("/primary", "", { mode: "ephemeral" })
      // The server does what it is asked and does not say so.
      yield* faults.inject(Faults.mute)
      const restarting = yield* Effect.forkChild(Effect.exit(zk.restart), { startImmediately: true })
      const lost = yield* Fiber.join(work)
      assert.strictEqual(lost.why, "expired")
      assert.isTrue(wasThere, "it stops before the server has done it")
      yield* awaitState(primary, (isThere) => !isThere, { describe: "the session is closed" })
      yield* faults.clear
      yield* Fiber.join(restarting)
    }
  })
)
