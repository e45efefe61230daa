/** Each fault as a client sees it, on the server itself and on a proxy in front of one. */
import { openUnsafe } from "@effect-zookeeper/core/Acl"
import { Transport } from "@effect-zookeeper/core/Transport"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { setData } from "@effect-zookeeper/core/wire/ops/data"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { ping } from "@effect-zookeeper/core/wire/ops/session"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual, throws } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as ChaosProxy from "../src/ChaosProxy.ts"
import * as Faults from "../src/Faults.ts"
import * as TestServer from "../src/TestServer.ts"
import { connect, open, type RawClient, requestFrame } from "./RawClient.ts"

const node = (path: string) => ({ path, data: Buffer.from("x"), acl: openUnsafe, flags: 0 })
const closed = (client: RawClient) => Effect.map(client.take, (frame) => strictEqual(frame, undefined))
const present = (client: RawClient, path: string) =>
  Effect.map(client.call(exists, { path, watch: false }), ({ err }) => err === 0)

interface Place {
  readonly faults: Faults.Faults
  readonly transport: Transport
  readonly port: number
}

const onTheServer = TestServer.make({ listen: "memory" })

const behindAProxy = Effect.gen(function* () {
  const server = yield* TestServer.make()
  const { faults, port } = yield* ChaosProxy.make({ port: server.port })
  return { faults, port, transport: yield* Transport }
})

const suite = (name: string, place: Effect.Effect<Place, never, Scope.Scope>) =>
  describe(name, () => {
    const test = (what: string, body: (place: Place) => Effect.Effect<void, never, Scope.Scope>) =>
      it.live(what, () => Effect.flatMap(place, body))

    test("a commit that never arrives, and one whose answer never does", ({ faults, port, transport }) =>
      Effect.gen(function* () {
        yield* faults.inject(Faults.dropBeforeCommit(2), Faults.dropAfterCommit(3))
        const first = yield* connect(transport, { port })
        strictEqual((yield* first.call(create, node("/one"))).err, 0)
        first.send(create, node("/two"))
        yield* closed(first)
        const second = yield* connect(transport, { port })
        // Reads do not count.
        deepStrictEqual([yield* present(second, "/one"), yield* present(second, "/two")], [true, false])
        second.send(create, node("/three"))
        yield* closed(second)
        const third = yield* connect(transport, { port })
        strictEqual(yield* present(third, "/three"), true)
        deepStrictEqual(yield* faults.pending, [])
      }))

    test("of two commits that arrive together the first passes", ({ faults, port, transport }) =>
      Effect.gen(function* () {
        yield* faults.inject(Faults.dropBeforeCommit(2))
        const client = yield* connect(transport, { port })
        client.write(Buffer.concat([requestFrame(create, node("/one"), 1), requestFrame(create, node("/two"), 2)]))
        yield* closed(client)
        const other = yield* connect(transport, { port })
        // Behind a proxy the first is still on its way.
        const arrived = Effect.repeat(present(other, "/one"), { until: (isThere) => isThere })
        deepStrictEqual(yield* Effect.timeoutOption(arrived, "10 seconds"), Option.some(true))
        deepStrictEqual([yield* present(other, "/two"), yield* faults.pending], [false, []])
      }))

    test("half a reply", ({ faults, port, transport }) =>
      Effect.gen(function* () {
        const client = yield* connect(transport, { port })
        yield* faults.inject(Faults.cutReply(2))
        strictEqual((yield* client.call(create, node("/x"))).err, 0)
        client.send(exists, { path: "/x", watch: false })
        yield* closed(client)
      }))

    test("another xid, another code, another session", ({ faults, port, transport }) =>
      Effect.gen(function* () {
        const client = yield* connect(transport, { port })
        yield* faults.inject(Faults.replyXid(77, 1), Faults.replyCode(-999, 2), Faults.sessionId(42n))
        strictEqual((yield* client.call(create, node("/x"))).xid, 77)
        const refused = yield* client.call(exists, { path: "/x", watch: false })
        deepStrictEqual([refused.err, refused.body], [-999, undefined])
        strictEqual(yield* present(client, "/x"), true)
        strictEqual((yield* connect(transport, { port })).session.sessionId, 42n)
      }))

    test("byte by byte is still the same", ({ faults, port, transport }) =>
      Effect.gen(function* () {
        yield* faults.inject(Faults.byteByByte)
        const client = yield* connect(transport, { port })
        strictEqual((yield* client.call(create, node("/x"))).body, "/x")
        strictEqual((yield* client.call(ping, undefined)).err, 0)
      }))

    test("mute: done and not answered, until it is cleared", ({ faults, port, transport }) =>
      Effect.gen(function* () {
        const client = yield* connect(transport, { port })
        yield* faults.inject(Faults.mute)
        client.send(create, node("/x"), 1)
        const other = yield* open(transport, port)
        deepStrictEqual([client.received(), other.received()], [[], []])
        yield* faults.clear
        strictEqual((yield* client.take)?.readInt32BE(0), 1)
        strictEqual(yield* present(client, "/x"), true)
      }))

    test("reset, then refused", ({ faults, port, transport }) =>
      Effect.gen(function* () {
        const client = yield* connect(transport, { port })
        yield* faults.inject(Faults.refuse, Faults.reset)
        yield* closed(client)
        const late = yield* Effect.exit(open(transport, port))
        // Over TCP the connection is accepted first and closed at once.
        if (Exit.isSuccess(late)) yield* closed(late.value)
        yield* faults.clear
        strictEqual((yield* connect(transport, { port })).session.timeOut, 10_000)
      }))
  })

suite("Faults on the server", onTheServer)
suite("Faults on a ChaosProxy", behindAProxy)

describe("Faults behind long frames", () => {
  for (const [name, place] of [
    ["on the server", TestServer.make({ listen: "memory", juteMaxBuffer: 8 << 20 })],
    [
      "on a ChaosProxy",
      Effect.gen(function* () {
        const server = yield* TestServer.make({ juteMaxBuffer: 8 << 20 })
        const { faults, port } = yield* ChaosProxy.make({ port: server.port, juteMaxBuffer: 8 << 20 })
        return { faults, port, transport: yield* Transport }
      })
    ]
  ] as const) {
    it.live(`happen ${name}, as far as it takes such frames`, () =>
      Effect.gen(function* () {
        const { faults, port, transport } = yield* place
        const client = yield* connect(transport, { port })
        yield* faults.inject(Faults.dropBeforeCommit(2))
        strictEqual((yield* client.call(create, { ...node("/long"), data: Buffer.alloc(1_000_000) })).err, 0)
        client.send(setData, { path: "/long", data: Buffer.alloc(2 << 20), version: -1 })
        yield* closed(client)
        deepStrictEqual(yield* faults.pending, [])
      })
    )
  }
})

describe("Faults that cannot happen", () => {
  it("are refused by value", () => {
    for (const [fault, message] of [
      [() => Faults.replyXid(2 ** 31), /^xid is 2147483648: /],
      [() => Faults.replyCode(-(2 ** 31) - 1), /^code is -2147483649: /],
      [() => Faults.replyCode(Number.NaN), /^code is NaN: /],
      [() => Faults.dropBeforeCommit(0), /^nth, which counts from 1, is 0: /],
      [() => Faults.dropAfterCommit(-1), /^nth, .* is -1: /],
      [() => Faults.cutReply(1.5), /^nth, .* is 1.5: /],
      [() => Faults.sessionId(1n, 0), /^nth, .* is 0: /]
    ] as const) {
      throws(fault, (error) => {
        assertTrue(error instanceof RangeError && message.test(error.message), String(error))
        return undefined
      })
    }
    deepStrictEqual(Faults.replyXid(-(2 ** 31)), { _tag: "ReplyXid", nth: 1, xid: -(2 ** 31) })
  })
})

describe("Faults and the clock", () => {
  const xids = (client: RawClient) => client.received().map((frame) => frame.readInt32BE(0))

  it.effect("what was delayed arrives when the delay is cleared", () =>
    Effect.gen(function* () {
      const { faults, transport } = yield* TestServer.make({ listen: "memory" })
      const client = yield* connect(transport)
      yield* faults.inject(Faults.delay("5 seconds"))
      client.send(create, node("/x"), 1)
      yield* TestClock.adjust("100 millis")
      deepStrictEqual(xids(client), [])
      yield* faults.clear
      client.send(exists, { path: "/x", watch: false }, 2)
      yield* TestClock.adjust(0)
      deepStrictEqual(xids(client), [1, 2])
      // Once, and what is delayed anew waits its own time.
      yield* faults.inject(Faults.delay("5 seconds"))
      client.send(exists, { path: "/x", watch: false }, 3)
      yield* TestClock.adjust("4900 millis")
      deepStrictEqual(xids(client), [])
      yield* TestClock.adjust("100 millis")
      deepStrictEqual(xids(client), [3])
    })
  )

  it.effect("mute keeps what was delayed before it, in order", () =>
    Effect.gen(function* () {
      const { faults, transport } = yield* TestServer.make({ listen: "memory" })
      const client = yield* connect(transport)
      yield* faults.inject(Faults.delay("1 second"))
      client.send(create, node("/x"), 1)
      yield* TestClock.adjust("500 millis")
      yield* faults.inject(Faults.mute)
      client.send(exists, { path: "/x", watch: false }, 2)
      yield* TestClock.adjust("5 seconds")
      deepStrictEqual(xids(client), [])
      yield* faults.clear
      yield* TestClock.adjust(0)
      deepStrictEqual(xids(client), [1, 2])
    })
  )

  it.effect("a delay keeps the order and is the clock's", () =>
    Effect.gen(function* () {
      const { faults, transport } = yield* TestServer.make({ listen: "memory" })
      const client = yield* connect(transport)
      yield* faults.inject(Faults.delay("3 seconds"))
      client.send(create, node("/x"), 1)
      client.send(setData, { path: "/x", data: null, version: -1 }, 2)
      yield* TestClock.adjust("1 second")
      yield* faults.inject(Faults.delay("1 second"))
      client.send(exists, { path: "/x", watch: false }, 3)
      yield* TestClock.adjust("1900 millis")
      deepStrictEqual(client.received(), [])
      yield* TestClock.adjust("100 millis")
      deepStrictEqual(
        client.received().map((frame) => frame.readInt32BE(0)),
        [1, 2, 3]
      )
      assertTrue(!client.isClosed())
    })
  )

  it.effect(
    "what is sent after a delay was taken back waits for what was delayed, to the fraction of a millisecond",
    () =>
      Effect.gen(function* () {
        const { faults, transport } = yield* TestServer.make({ listen: "memory" })
        const client = yield* connect(transport)
        client.send(create, node("/x"), 0)
        yield* TestClock.adjust(1)
        for (let round = 1; round < 200; round++) {
          client.received()
          yield* TestClock.adjust(1000 + round / 7)
          yield* faults.inject(Faults.delay(800))
          client.send(exists, { path: "/x", watch: true }, 2 * round)
          yield* TestClock.adjust(200.1)
          yield* faults.inject(Faults.delay(0))
          client.send(setData, { path: "/x", data: null, version: -1 }, 2 * round + 1)
          yield* TestClock.adjust(700)
          deepStrictEqual(
            client.received().map((frame) => frame.readInt32BE(0)),
            [2 * round, -1, 2 * round + 1]
          )
        }
      })
  )
})
