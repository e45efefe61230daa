/** Operations on their way: one write per turn, limits, interruption, time, and what servers must not do. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { getData, getDataResponse, setData } from "@effect-zookeeper/core/wire/ops/data"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import type { Options } from "../../src/session/Options.ts"
import type { Session } from "../../src/session/Session.ts"
import { MemoryNetwork, settle } from "../support/MemoryNetwork.ts"
import { type Behaviour, GET, PING, reply, requestsOf, server, SET, SYNC, typesOf } from "../support/scripts.ts"
import { encode } from "../wire/support.ts"

const NO_STAT = {
  czxid: 0n,
  mzxid: 0n,
  ctime: 0,
  mtime: 0,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  dataLength: 0,
  numChildren: 0,
  pzxid: 0n
}

const node = (text: string): Uint8Array => encode(getDataResponse, { data: Buffer.from(text), stat: NO_STAT as never })

/** Answers reads with the path that was asked for, so that an answer to the wrong caller shows. */
const echo: NonNullable<Behaviour["answer"]> = ({ body, type }) => (type === GET ? node(body.string()) : undefined)

const make = (network: MemoryNetwork, options: Options = {}) =>
  ZooKeeper.make({ connect: "a:1", release: "detach", sessionTimeout: "60 seconds", ...options }).pipe(network.provide)

const begin = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

const pathsOf = (network: MemoryNetwork, type = GET): ReadonlyArray<string> =>
  requestsOf(network.last)
    .filter((request) => request.type === type)
    .map(({ body }) => body.string())

describe("one turn", () => {
  it.effect("a thousand operations leave in one write, and each gets its own answer", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: echo }))
      const zk = yield* make(network)
      const before = network.last.writes.length
      const paths = Array.from({ length: 1000 }, (_, index) => `/${index}`)
      const answers = yield* Effect.forEach(paths, zk.getString, { concurrency: "unbounded" })
      assert.deepStrictEqual(answers, paths)
      assert.strictEqual(network.last.writes.length - before, 1)
    })
  )

  it.effect("what was asked for while there was no connection leaves in one write, too", () =>
    Effect.gen(function* () {
      let up = true
      const network = new MemoryNetwork(server({ answer: echo, accept: () => (up ? true : { refused: "down" }) }))
      const zk = yield* make(network)
      yield* zk.sync()
      up = false
      network.last.close()
      yield* settle
      const paths = Array.from({ length: 1000 }, (_, index) => `/${index}`)
      const asked = yield* begin(Effect.forEach(paths, zk.getString, { concurrency: "unbounded" }))
      up = true
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* Fiber.join(asked), paths)
      assert.strictEqual(network.last.writes.length, 2)
    })
  )
})

describe("limits", () => {
  it.effect("maxInFlight: more wait, and follow as answers come", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: ({ type }) => (type === GET ? "nothing" : undefined) }))
      const zk = yield* make(network, { maxInFlight: 3 })
      const asked = yield* begin(
        Effect.forEach(["/a", "/b", "/c", "/d", "/e"], zk.getString, { concurrency: "unbounded" })
      )
      yield* settle
      assert.deepStrictEqual(pathsOf(network), ["/a", "/b", "/c"])
      reply(network.last, 1, node("1"))
      yield* settle
      assert.deepStrictEqual(pathsOf(network), ["/a", "/b", "/c", "/d"])
      for (const xid of [2, 3, 4]) reply(network.last, xid, node(`${xid}`))
      yield* settle
      reply(network.last, 5, node("5"))
      assert.deepStrictEqual(yield* Fiber.join(asked), ["1", "2", "3", "4", "5"])
    })
  )

  it.effect("maxQueued: one more is Overloaded, and was not done", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: ({ type }) => (type === GET ? "nothing" : undefined) }))
      const zk = yield* make(network, { maxInFlight: 1, maxQueued: 2 })
      for (const path of ["/a", "/b", "/c"]) yield* begin(zk.get(path))
      const error = yield* Effect.flip(zk.set("/d", "1"))
      assert.strictEqual(error.reason._tag, "Overloaded")
      assert.strictEqual(error.applied, "no")
      yield* settle
      assert.deepStrictEqual(pathsOf(network), ["/a"])
    })
  )

  it.effect("maxRequest: refused before anything is sent, queued or not", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const zk = yield* make(network, { maxRequest: 2000 })
      const error = yield* Effect.flip(zk.set("/a", new Uint8Array(2000)))
      assert.strictEqual(error.reason._tag, "InvalidArgument")
      assert.include(error.message, "2000")
      network.script = server({ accept: () => "mute" })
      network.last.close()
      yield* settle
      assert.strictEqual((yield* Effect.flip(zk.set("/a", new Uint8Array(2000)))).reason._tag, "InvalidArgument")
      assert.notInclude(network.connections.flatMap(typesOf), SET)
    })
  )
})

describe("interruption", () => {
  it.effect("of a queued operation: it is never sent", () =>
    Effect.gen(function* () {
      let up = true
      const network = new MemoryNetwork(server({ answer: echo, accept: () => (up ? true : { refused: "down" }) }))
      const zk = yield* make(network)
      yield* zk.sync()
      up = false
      network.last.close()
      yield* settle
      const gone = yield* begin(zk.get("/gone"))
      const kept = yield* begin(zk.getString("/kept"))
      yield* Fiber.interrupt(gone)
      up = true
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(kept), "/kept")
      assert.deepStrictEqual(pathsOf(network), ["/kept"])
    })
  )

  it.effect("of one in flight: its place is kept, and the next answer goes to the right caller", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: ({ type }) => (type === GET ? "nothing" : undefined) }))
      const zk = yield* make(network)
      const first = yield* begin(zk.getString("/a"))
      const second = yield* begin(zk.getString("/b"))
      yield* settle
      yield* Fiber.interrupt(first)
      reply(network.last, 1, node("for a"))
      reply(network.last, 2, node("for b"))
      assert.strictEqual(yield* Fiber.join(second), "for b")
    })
  )
})

describe("bytes of the caller's", () => {
  it.effect("are read at the call, whether it is sent or queued", () =>
    Effect.gen(function* () {
      let up = true
      const network = new MemoryNetwork(
        server({
          accept: () => (up ? true : { refused: "down" }),
          answer: ({ type }) => (type === SET ? encode(setData.response, NO_STAT as never) : undefined)
        })
      )
      const zk = yield* make(network)
      const sentData = () => {
        const body = requestsOf(network.last).find(({ type }) => type === SET)!.body
        return [...setData.request.decode(body).data!]
      }
      const bytes = new Uint8Array([1, 2, 3])
      const sent = yield* begin(zk.set("/a", bytes))
      bytes.fill(9)
      yield* Fiber.join(sent)
      assert.deepStrictEqual(sentData(), [1, 2, 3])

      up = false
      network.last.close()
      yield* settle
      const more = new Uint8Array([4, 5, 6])
      const queued = yield* begin(zk.set("/a", more))
      more.fill(9)
      up = true
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(queued)
      assert.deepStrictEqual(sentData(), [4, 5, 6])
    })
  )
})

describe("museum 18: operationTimeout", () => {
  it.effect("fails the operation, keeps the connection, and drops the late answer in its place", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(
        server({ answer: ({ type }) => (type === GET || type === SET ? "nothing" : undefined) })
      )
      const zk = yield* make(network, { operationTimeout: "3 seconds" })
      const slow = yield* begin(Effect.flip(zk.set("/slow", "1")))
      yield* settle
      // The server is alive, so silence is not what ends the wait.
      yield* TestClock.adjust("2 seconds")
      const next = yield* begin(zk.getString("/next"))
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(slow)
      assert.strictEqual(error.reason._tag, "Timeout")
      assert.strictEqual(error.applied, "unknown")
      reply(network.last, 1, encode(setData.response, NO_STAT as never))
      reply(network.last, 2, node("next"))
      assert.strictEqual(yield* Fiber.join(next), "next")
      assert.strictEqual(network.sessions.length, 1)
      assert.isTrue(network.last.isOpen)
    })
  )

  it.effect("counts the wait for a connection; what was not sent was not done", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const zk = yield* make(network, { operationTimeout: "3 seconds" })
      network.script = server({ accept: () => ({ refused: "down" }) })
      network.last.close()
      yield* settle
      const waiting = yield* begin(Effect.flip(zk.set("/a", "1")))
      yield* TestClock.adjust("2999 millis")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(waiting)
      assert.strictEqual(error.reason._tag, "Timeout")
      assert.strictEqual(error.applied, "no")
    })
  )

  it.effect("infinity: the session keeps its heartbeat all the same", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const zk = yield* make(network, { operationTimeout: "infinity", sessionTimeout: "6 seconds" })
      for (let second = 0; second < 10; second++) {
        yield* TestClock.adjust("1 second")
        yield* settle
      }
      assert.isTrue(zk.session.connected)
      assert.strictEqual(typesOf(network.last).filter((type) => type === PING).length, 10)
    })
  )
})

describe("museum 12: the xid", () => {
  it.effect("of the first request is 1, and after 2^31 - 1 comes 1 again", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: echo }))
      const zk = yield* make(network)
      assert.strictEqual(yield* zk.getString("/first"), "/first")
      assert.strictEqual(requestsOf(network.last)[0]!.xid, 1)
      // Two thousand million requests later.
      const { conversation } = zk.driver as unknown as {
        readonly conversation: { readonly line: { xid: number; expected: number } }
      }
      const link = conversation.line
      link.xid = 0x7fff_fffe
      link.expected = link.xid
      const paths = ["/a", "/b", "/c", "/d"]
      assert.deepStrictEqual(yield* Effect.forEach(paths, zk.getString, { concurrency: "unbounded" }), paths)
      assert.deepStrictEqual(
        requestsOf(network.last)
          .slice(1)
          .map(({ xid }) => xid),
        [0x7fff_fffe, 0x7fff_ffff, 1, 2]
      )
    })
  )
})

describe("museum 16: an answer", () => {
  // Not -127 (ThrottledOp): that one is safe to repeat, and is.
  const codes = [-125, -118, -119, -122, -126, -999, 1, 0x7fff_ffff]
  for (const code of codes) {
    it.effect(`with code ${code} is an error of its operation, and nothing else`, () =>
      Effect.gen(function* () {
        const network = new MemoryNetwork(
          server({ answer: (request) => (request.type === SET ? code : echo(request, undefined as never)) })
        )
        const zk = yield* make(network)
        const error = yield* Effect.flip(zk.set("/a", "1"))
        assert.strictEqual(error._tag, "ZooKeeperError")
        assert.include(`${error.message} ${JSON.stringify(error.reason)}`, code === -125 ? "uota" : "")
        assert.strictEqual(yield* zk.getString("/b"), "/b")
        assert.strictEqual(network.sessions.length, 1)
      })
    )
  }

  const rubbish: ReadonlyArray<readonly [string, Uint8Array]> = [
    ["an empty body where a node is due", new Uint8Array()],
    ["a body that ends too soon", node("abc").subarray(0, 20)],
    ["a length beyond the frame", Buffer.from("7fffffff00", "hex")],
    ["a negative length", Buffer.from("80000000", "hex")]
  ]
  for (const [what, body] of rubbish) {
    it.effect(`with ${what} breaks the connection, not the program`, () =>
      Effect.gen(function* () {
        let bad = true
        const network = new MemoryNetwork(
          server({ answer: (request, end) => (request.type === GET && bad ? body : echo(request, end)) })
        )
        const zk = yield* make(network, { retry: "1 second" })
        const session: Session = zk.driver
        const told: Array<string> = []
        session.submit({
          operation: getData,
          request: { path: "/a", watch: false },
          succeed: () => told.push("succeed"),
          refuse: () => told.push("refuse"),
          fail: (reason, applied) => told.push(`${reason._tag} ${applied}`)
        })
        yield* settle
        assert.deepStrictEqual(told, ["ProtocolViolation unknown"])
        bad = false
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(yield* zk.getString("/b"), "/b")
        assert.strictEqual(network.sessions.length, 2)
      })
    )
  }

  it.effect("to a question that was never asked, or in the wrong order, breaks the connection", () =>
    Effect.gen(function* () {
      for (const xid of [77, 2, 0, -5]) {
        const network = new MemoryNetwork(server({ answer: ({ type }) => (type === SET ? "nothing" : undefined) }))
        const zk = yield* make(network)
        const writing = yield* begin(Effect.flip(zk.set("/a", "1")))
        yield* settle
        reply(network.last, xid, node(""))
        const error = yield* Fiber.join(writing)
        assert.strictEqual(error.reason._tag, "ProtocolViolation")
        assert.include(error.message, String(xid))
        assert.strictEqual(error.applied, "unknown")
      }
    })
  )

  it.effect("to no question at all breaks the connection, and the session goes on", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: echo }))
      const zk = yield* make(network)
      yield* zk.sync()
      reply(network.last, 9, new Uint8Array())
      yield* settle
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* zk.getString("/a"), "/a")
      assert.strictEqual(network.sessions.length, 2)
      assert.strictEqual(zk.session.epoch, 1)
    })
  )
})

describe("bad arguments of programs without types", () => {
  it.effect("do not spoil what others send", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: echo }))
      const zk = yield* make(network)
      for (const data of [7, { length: "x" }]) {
        const exit = yield* Effect.exit(Effect.suspend(() => zk.set("/a", data as never)))
        assert.strictEqual(exit._tag, "Failure", String(data))
        assert.strictEqual(yield* zk.getString("/b"), "/b")
      }
      assert.strictEqual(network.sessions.length, 1)
    })
  )
})

it.effect("museum 38: sync names its path and is answered by the server it asks, no more", () =>
  Effect.gen(function* () {
    const network = new MemoryNetwork(server())
    const zk = yield* make(network)
    yield* zk.sync("/a")
    const [request] = requestsOf(network.last)
    assert.strictEqual(request!.type, SYNC)
    assert.strictEqual(new JuteReader().reset(network.last.frames[1]!, 8).string(), "/a")
  })
)
