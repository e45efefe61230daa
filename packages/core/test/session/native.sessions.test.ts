/** A session's life in a network that the test decides: logins, names, expiry, and the end. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { Transport } from "@effect-zookeeper/core/Transport"
import { auth } from "@effect-zookeeper/core/wire/ops/auth"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Options } from "../../src/session/Options.ts"
import type { SaslMechanism } from "../../src/session/Sasl.ts"
import { MemoryNetwork, settle } from "../support/MemoryNetwork.ts"
import { AUTH, CLOSE, EXISTS, PING, requestsOf, SASL, server, SET, SYNC, typesOf } from "../support/scripts.ts"

const make = (network: MemoryNetwork, options: Options = {}) =>
  ZooKeeper.make({
    connect: "a:1",
    release: "detach",
    sessionTimeout: "12 seconds",
    shuffleHosts: false,
    reconnect: Schedule.spaced("100 millis"),
    ...options
  }).pipe(network.provide)

const begin = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

const pass = (millis: number, step = 50) =>
  Effect.gen(function* () {
    for (let passed = 0; passed < millis; passed += step) {
      yield* TestClock.adjust(step)
      yield* settle
    }
  })

const recordStates = Effect.fnUntraced(function* (zk: ZooKeeper.ZooKeeper) {
  const seen: Array<string> = []
  yield* zk.session.states.pipe(
    Stream.runForEach(({ _tag }) => Effect.sync(() => seen.push(_tag))),
    Effect.forkScoped({ startImmediately: true })
  )
  return seen
})

const digest = (user: string) => ({ scheme: "digest", credentials: Redacted.make(`${user}:secret`) })

const loginsOf = (end: MemoryNetwork["last"]): ReadonlyArray<string> =>
  requestsOf(end)
    .filter(({ type }) => type === AUTH)
    .map(({ body }) => Buffer.from(auth.request.decode(body).auth!).toString())

const refused = { refused: "ECONNREFUSED" }

describe("museum 13: logins", () => {
  it.effect("precede everything that waited, on every connection, once each", () =>
    Effect.gen(function* () {
      let up = true
      const network = new MemoryNetwork(server({ accept: () => (up ? true : refused) }))
      const zk = yield* make(network, { auth: [digest("ann"), digest("bob")] })
      yield* zk.sync()
      for (let drop = 0; drop < 30; drop++) {
        up = false
        network.last.close()
        yield* pass(300)
        const waiting = yield* begin(zk.exists("/a"))
        yield* settle
        up = true
        yield* pass(200)
        yield* Fiber.join(waiting)
        assert.deepStrictEqual(typesOf(network.last), [AUTH, AUTH, EXISTS])
      }
      for (const end of network.sessions) assert.deepStrictEqual(loginsOf(end), ["ann:secret", "bob:secret"])
    })
  )

  it.effect("nothing is sent until they are answered", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: ({ type }) => (type === AUTH ? "nothing" : undefined) }))
      const opening = yield* begin(Effect.exit(make(network, { auth: [digest("ann")], connectTimeout: "20 seconds" })))
      yield* settle
      assert.deepStrictEqual(typesOf(network.last), [AUTH])
      yield* pass(20_000, 500)
      const exit = yield* Fiber.join(opening)
      assert.strictEqual(exit._tag, "Failure")
      for (const end of network.sessions) assert.deepStrictEqual(typesOf(end), [AUTH])
    })
  )

  it.effect("one that is added while others are on their way is sent on this connection, too", () =>
    Effect.gen(function* () {
      let answers = true
      const network = new MemoryNetwork(
        server({ answer: ({ type }) => (type === AUTH && !answers ? "nothing" : undefined) })
      )
      const zk = yield* make(network, { auth: [digest("ann")] })
      yield* zk.sync()
      answers = false
      network.last.close()
      yield* settle
      assert.deepStrictEqual(loginsOf(network.last), ["ann:secret"])
      yield* zk.addAuth("digest", Redacted.make("bob:secret"))
      const reading = yield* begin(zk.exists("/a"))
      answers = true
      network.last.sendFrame(Buffer.from("fffffffc000000000000000000000000", "hex"))
      yield* settle
      yield* Fiber.join(reading)
      assert.deepStrictEqual(loginsOf(network.last), ["ann:secret", "bob:secret"])
      assert.deepStrictEqual(typesOf(network.last).slice(-1), [EXISTS])
    })
  )

  it.effect("one that is added later is sent at once, and again on the next connection", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const zk = yield* make(network)
      yield* zk.addAuth("digest", Redacted.make("ann:secret"))
      assert.deepStrictEqual(loginsOf(network.last), ["ann:secret"])
      network.last.close()
      yield* pass(200)
      assert.strictEqual(network.sessions.length, 2)
      assert.deepStrictEqual(loginsOf(network.last), ["ann:secret"])
    })
  )

  it.effect("one that is refused ends the session, and is not tried for ever", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: ({ type }) => (type === AUTH ? -115 : undefined) }))
      const error = yield* Effect.flip(make(network, { auth: [digest("ann")] }))
      assert.strictEqual(error.reason._tag, "AuthFailed")
      yield* pass(10_000, 500)
      assert.strictEqual(network.attempts.length, 1)
    })
  )
})

describe("museum 14: SASL", () => {
  const mechanism = (user: string, starts: Array<string>): SaslMechanism => ({
    name: "TEST",
    start: () => {
      starts.push(user)
      const round = starts.length
      return { initial: Buffer.from(`${user} ${round}`), answer: () => undefined }
    }
  })
  const token = (end: MemoryNetwork["last"]): string => end.frames[1]!.subarray(12).toString()
  const sasl = () =>
    new MemoryNetwork(server({ answer: ({ type }) => (type === SASL ? Buffer.from("00000000", "hex") : undefined) }))

  it.effect("each session logs in as itself, anew on each connection, before anything else", () =>
    Effect.gen(function* () {
      const starts: Array<string> = []
      const [first, second] = [sasl(), sasl()]
      const ann = yield* make(first, { sasl: mechanism("ann", starts) })
      const bob = yield* make(second, { sasl: mechanism("bob", starts) })
      yield* Effect.all([ann.sync(), bob.sync()])
      first.last.close()
      yield* pass(200)
      assert.deepStrictEqual(first.sessions.map(token), ["ann 1", "ann 3"])
      assert.deepStrictEqual(second.sessions.map(token), ["bob 2"])
      assert.deepStrictEqual(typesOf(first.sessions[0]!), [SASL, SYNC])
    })
  )

  it.effect("a mechanism that throws on a server's challenge ends the session with a reason", () =>
    Effect.gen(function* () {
      const network = sasl()
      const opening = yield* begin(
        Effect.flip(
          make(network, {
            sasl: {
              name: "TEST",
              start: () => ({
                initial: new Uint8Array(),
                answer: () => {
                  throw new Error("a challenge that cannot be read")
                }
              })
            }
          })
        )
      )
      yield* pass(1000)
      const error = yield* Fiber.join(opening)
      assert.strictEqual(error.reason._tag, "AuthFailed")
      assert.include(error.message, "a challenge that cannot be read")
    })
  )
})

describe("museum 10: names", () => {
  it.effect("are looked up again for every attempt", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      network.addresses = () => ["10.0.0.1"]
      const zk = yield* make(network, { connect: "zk.example:2181" })
      yield* zk.sync()
      network.addresses = () => ["10.0.0.2"]
      network.last.close()
      yield* pass(200)
      assert.deepStrictEqual(
        network.attempts.map(({ address }) => address),
        ["10.0.0.1", "10.0.0.2"]
      )
      assert.strictEqual(zk.session.epoch, 1)
    })
  )

  it.effect("one that does not exist stops no other, and is named when all fail", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      network.addresses = (host) => (host === "bad" ? "no such name" : [host])
      const zk = yield* make(network, { connect: "bad:1,good:2" })
      assert.strictEqual(zk.session.server, "good:2")
      network.addresses = () => "no such name"
      const error = yield* Effect.flip(make(network, { connect: "bad:1,worse:2", reconnect: Schedule.recurs(0) }))
      assert.include(error.message, "bad:1: no such name")
      assert.include(error.message, "worse:2: no such name")
    })
  )

  it.effect("of several addresses each gets its turn: at once when one refuses, next time when one is silent", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(
        server({ accept: ({ address }) => (address === "::1" ? true : address === "10.0.0.1" ? refused : "mute") })
      )
      network.addresses = () => ["10.0.0.1", "10.0.0.2", "::1"]
      const opening = yield* begin(make(network, { connect: "zk.example:2181" }))
      yield* pass(20_000, 500)
      assert.isDefined(opening.pollUnsafe())
      assert.deepStrictEqual(
        network.attempts.map(({ address }) => address),
        ["10.0.0.1", "10.0.0.2", "10.0.0.2", "::1"]
      )
    })
  )
})

describe("museum 11: on a read-only server", () => {
  it.effect("every host is asked whether it has a quorum, and the one that has gets the session", () =>
    Effect.gen(function* () {
      let quorum = false
      const network = new MemoryNetwork(
        server({
          handshake: (end) => ({ readOnly: end.target.host !== "c" }),
          accept: ({ host }) => (host === "c" && !quorum ? refused : true),
          word: (_, end) => (end.target.host === "c" ? "rw" : "ro")
        })
      )
      const zk = yield* make(network, { connect: "a:1,b:2,c:3", readOnly: true })
      assert.deepStrictEqual(zk.session.state, { _tag: "Connected", readOnly: true })
      yield* pass(5000, 100)
      for (const host of ["a:1", "b:2", "c:3"]) {
        assert.include(
          network.attempts.slice(1).map((attempt) => attempt.host),
          host
        )
      }
      quorum = true
      yield* pass(10_000, 100)
      assert.strictEqual(zk.session.server, "c:3")
      assert.deepStrictEqual(zk.session.state, { _tag: "Connected", readOnly: false })
      assert.strictEqual(zk.session.epoch, 2)
    })
  )
})

describe("other hosts", () => {
  it.effect("are gone on with at once when the present one is not among them, reads and watches included", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: ({ type }) => (type === EXISTS ? "nothing" : undefined) }))
      const zk = yield* make(network, { connect: "a:1,b:1" })
      const { id } = zk.session
      const reading = yield* begin(zk.exists("/a"))
      yield* settle
      network.script = server()
      yield* zk.setHosts("c:1,d:1")
      yield* pass(500)
      assert.isTrue(Option.isNone(yield* Fiber.join(reading)))
      assert.deepStrictEqual([zk.session.server, zk.session.hosts, zk.session.id], ["c:1", ["c:1", "d:1"], id])
      network.last.close()
      yield* pass(500)
      assert.strictEqual(zk.session.server, "d:1")
      const gone = yield* Effect.flip(zk.fourLetterWord("ruok", "a:1"))
      assert.strictEqual(gone.reason._tag, "InvalidArgument")
    })
  )

  it.effect("end a pause", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const zk = yield* make(network, { reconnect: Schedule.spaced("1 hour") })
      network.script = server({ accept: ({ host }) => (host === "b" ? true : refused) })
      network.last.close()
      yield* pass(500)
      assert.strictEqual(zk.session.state._tag, "Suspended")
      yield* zk.setHosts("b:1")
      yield* pass(500)
      assert.strictEqual(zk.session.server, "b:1")
    })
  )

  it.effect("are asked for a quorum by a session without one", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ handshake: () => ({ readOnly: true }), word: () => "ro" }))
      const zk = yield* make(network, { readOnly: true })
      yield* pass(500)
      network.script = server({ word: (_, { target }) => (target.host === "b" ? "rw" : "ro") })
      yield* zk.setHosts("a:1,b:1")
      yield* pass(1000)
      assert.deepStrictEqual([zk.session.state, zk.session.server], [{ _tag: "Connected", readOnly: false }, "b:1"])
    })
  )

  it.effect("are none after the end", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const zk = yield* Effect.scoped(make(network, { release: "close" }))
      assert.strictEqual((yield* Effect.flip(zk.setHosts("b:1"))).reason._tag, "Closed")
    })
  )
})

describe("museum 8: an ensemble that was wiped", () => {
  const srvr = (zxid: string, mode: string) =>
    [
      "Zookeeper version: 3.8.0-abc, built on 2024-12-29 17:54 UTC",
      "Latency min/avg/max: 0/0.0/0",
      "Received: 1",
      "Sent: 0",
      "Connections: 1",
      "Outstanding: 0",
      `Zxid: ${zxid}`,
      `Mode: ${mode}`,
      "Node count: 5",
      ""
    ].join("\n")

  const wiped = (says: (host: string) => string | undefined) => {
    let isWiped = false
    const network = new MemoryNetwork(
      server({ handshake: () => (isWiped ? "close" : {}), word: (_, { target }) => says(target.host) })
    )
    return {
      network,
      wipe: () => {
        isWiped = true
        network.last.close()
      }
    }
  }

  for (const mode of ["standalone", "leader"]) {
    it.effect(`is told by its ${mode}, ends the session, and says what happened`, () =>
      Effect.gen(function* () {
        const { network, wipe } = wiped(() => srvr("0x0", mode))
        const zk = yield* make(network)
        yield* zk.sync()
        const waiting = yield* begin(Effect.flip(Effect.andThen(Effect.sync(wipe), Effect.andThen(settle, zk.sync()))))
        yield* pass(2000)
        const error = yield* Fiber.join(waiting)
        assert.strictEqual(error.reason._tag, "ConnectFailed")
        assert.include(error.message, "wiped or restored")
        assert.strictEqual(zk.session.state._tag, "Closed")
      })
    )
  }

  for (const mode of ["follower", "observer", "read-only"]) {
    it.effect(`is nothing that its ${mode} can tell`, () =>
      Effect.gen(function* () {
        const { network, wipe } = wiped(() => srvr("0x0", mode))
        const zk = yield* make(network)
        yield* zk.sync()
        wipe()
        yield* pass(2000)
        assert.strictEqual(zk.session.state._tag, "Suspended")
      })
    )
  }

  const deposed: Record<string, (host: string) => string | undefined> = {
    "nothing that a leader can tell while it may have been deposed: most hosts are silent": (host) =>
      host === "a" ? srvr("0x0", "leader") : undefined,
    "nothing that a deposed leader can tell: its successor knows more": (host) =>
      host === "c" ? srvr("0x100000001", "leader") : srvr("0x0", host === "a" ? "leader" : "follower")
  }
  for (const [title, says] of Object.entries(deposed)) {
    it.effect(`is ${title}`, () =>
      Effect.gen(function* () {
        const { network, wipe } = wiped(says)
        const zk = yield* make(network, { connect: "a:1,b:1,c:1" })
        yield* zk.sync()
        wipe()
        yield* pass(2000)
        assert.strictEqual(zk.session.state._tag, "Suspended")
      })
    )
  }
})

describe("work under the lease", () => {
  // One check that went well, and the end of the list.
  const checked = Buffer.from("0000000d0000000000ffffffff01ffffffff", "hex")

  it.effect("begins after an outage that was longer than the lease only when the leader was asked after a grace", () =>
    Effect.gen(function* () {
      let up = true
      const network = new MemoryNetwork(
        server({
          accept: () => (up ? true : refused),
          answer: ({ type }) => (type === multi.code ? checked : undefined)
        })
      )
      const zk = yield* make(network)
      up = false
      network.last.close()
      yield* pass(10_000)
      up = true
      let begun = false
      const work = yield* begin(zk.whileSession(Effect.sync(() => (begun = true))))
      yield* pass(900)
      assert.strictEqual(zk.session.state._tag, "Connected")
      assert.isFalse(begun)
      yield* pass(1300)
      yield* Fiber.join(work)
      assert.strictEqual(zk.session.epoch, 1)
    })
  )
})

describe("an expiry", () => {
  it.effect(
    "museum 5, 6: without contact the session counts as expired after 4/3 of its timeout, once, and not before",
    () =>
      Effect.gen(function* () {
        let up = true
        const network = new MemoryNetwork(server({ accept: () => (up ? true : refused) }))
        const zk = yield* make(network)
        const seen = yield* recordStates(zk)
        yield* zk.sync()
        up = false
        network.last.close()
        yield* pass(15_900, 100)
        assert.deepStrictEqual(seen, ["Connected", "Suspended"])
        yield* pass(200, 100)
        assert.deepStrictEqual(seen, ["Connected", "Suspended", "Expired", "Connecting"])
        yield* pass(60_000, 500)
        up = true
        yield* pass(500, 100)
        assert.deepStrictEqual(seen, ["Connected", "Suspended", "Expired", "Connecting", "Connected"])
        assert.strictEqual(zk.session.epoch, 2)
      })
  )

  it.effect("museum 7: a resume that is answered with another session is an expiry", () =>
    Effect.gen(function* () {
      let swap = false
      const network = new MemoryNetwork(server({ handshake: () => (swap ? { sessionId: 0xbadn } : {}) }))
      const zk = yield* make(network)
      const seen = yield* recordStates(zk)
      yield* zk.sync()
      swap = true
      network.last.close()
      yield* settle
      assert.deepStrictEqual(seen, ["Connected", "Suspended", "Expired", "Connecting", "Connected"])
      assert.strictEqual(zk.session.epoch, 2)
    })
  )

  it.effect(
    "museum 17: fails what waits to be sent, with nothing done; what comes later belongs to the next session",
    () =>
      Effect.gen(function* () {
        let up = true
        const network = new MemoryNetwork(server({ accept: () => (up ? true : refused) }))
        const zk = yield* make(network, { operationTimeout: "60 seconds" })
        yield* zk.sync()
        up = false
        network.last.close()
        yield* settle
        const waiting = yield* begin(Effect.flip(zk.set("/a", "1")))
        yield* pass(16_000, 100)
        const error = yield* Fiber.join(waiting)
        assert.strictEqual(error.reason._tag, "SessionExpired")
        assert.strictEqual(error.applied, "no")
        const later = yield* begin(zk.exists("/a"))
        up = true
        yield* pass(500, 100)
        yield* Fiber.join(later)
        assert.notInclude(network.sessions.flatMap(typesOf), SET)
      })
  )

  it.effect("museum 17: with onExpired fail it is the end, and every later operation says so", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const zk = yield* make(network, { onExpired: "fail" })
      const states = yield* begin(Stream.runCollect(Stream.map(zk.session.states, ({ _tag }) => _tag)))
      network.script = server({ handshake: () => ({ timeOut: 0, sessionId: 0n }) })
      network.last.close()
      yield* pass(1000)
      assert.deepStrictEqual([...(yield* Fiber.join(states))], ["Connected", "Suspended", "Expired"])
      for (const _ of [1, 2]) {
        const error = yield* Effect.flip(zk.exists("/a"))
        assert.strictEqual(error.reason._tag, "SessionExpired")
        assert.strictEqual(error.applied, "no")
      }
      assert.strictEqual(zk.session.state._tag, "Expired")
    })
  )
})

describe("museum 2, 3, 4: servers that say nothing", () => {
  it.effect("mute with a request unanswered: dropped after timeout/3, and resumed elsewhere", () =>
    Effect.gen(function* () {
      let mute = false
      const network = new MemoryNetwork(
        server({ answer: (_, end) => (mute && end.target.host === "a" ? "nothing" : undefined) })
      )
      const zk = yield* make(network, { connect: "a:1,b:2" })
      yield* zk.sync()
      mute = true
      const writing = yield* begin(Effect.flip(zk.set("/a", "1")))
      yield* pass(3950)
      assert.isUndefined(writing.pollUnsafe())
      yield* pass(50)
      const error = yield* Fiber.join(writing)
      assert.strictEqual(error.reason._tag, "ConnectionLost")
      assert.strictEqual(error.applied, "unknown")
      assert.strictEqual(zk.session.server, "b:2")
      assert.strictEqual(zk.session.epoch, 1)
    })
  )

  it.effect("no answer to the handshake: the next host is tried", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ handshake: ({ target }) => (target.host === "a" ? "nothing" : {}) }))
      const opening = yield* begin(make(network, { connect: "a:1,b:2" }))
      yield* pass(4000)
      const zk = yield* Fiber.join(opening)
      assert.strictEqual(zk.session.server, "b:2")
      assert.isFalse(network.sessions[0]!.isOpen)
    })
  )

  it.effect("events that stream in do not stop the pings", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      yield* make(network)
      const event = Buffer.from("ffffffffffffffffffffffff000000000000000300000003000000022f61", "hex")
      for (let i = 0; i < 240; i++) {
        network.last.sendFrame(event)
        yield* pass(50)
      }
      assert.strictEqual(network.sessions.length, 1)
      assert.strictEqual(typesOf(network.last).filter((type) => type === PING).length, 6)
    })
  )
})

describe("museum 15: close", () => {
  const inScope = (network: MemoryNetwork, options: Options) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const zk = yield* Scope.provide(make(network, { release: "close", ...options }), scope)
      return { zk, close: Scope.close(scope, Exit.void) }
    })

  const allEnded = (network: MemoryNetwork) => {
    for (const end of network.connections) assert.isFalse(end.isOpen)
  }

  it.effect("asks the server, waits for the answer, and leaves nothing", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const { close, zk } = yield* inScope(network, {})
      yield* close
      assert.deepStrictEqual(typesOf(network.last), [CLOSE])
      allEnded(network)
      yield* close
      assert.strictEqual(zk.session.state._tag, "Closed")
    })
  )

  it.effect("before there is a session: at once", () =>
    Effect.gen(function* () {
      for (const accept of [() => "mute" as const, () => refused, () => true as const]) {
        const network = new MemoryNetwork(server({ accept, handshake: () => "nothing" }))
        const opening = yield* begin(Effect.scoped(make(network, { release: "close" })))
        yield* pass(500)
        yield* Fiber.interrupt(opening)
        const { length } = network.attempts
        yield* pass(60_000, 1000)
        assert.strictEqual(network.attempts.length, length)
        allEnded(network)
      }
    })
  )

  it.effect("while every server is down: within releaseTimeout, and no attempt follows", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const { close, zk } = yield* inScope(network, { releaseTimeout: "2 seconds" })
      network.script = server({ accept: () => refused })
      network.last.close()
      yield* settle
      const closing = yield* begin(close)
      yield* pass(1950)
      assert.isUndefined(closing.pollUnsafe())
      yield* pass(50)
      yield* Fiber.join(closing)
      const { length } = network.attempts
      yield* pass(60_000, 1000)
      assert.strictEqual(network.attempts.length, length)
      allEnded(network)
      assert.strictEqual(zk.session.state._tag, "Closed")
    })
  )

  it.effect("while a watch waits to be registered: within releaseTimeout", () =>
    Effect.gen(function* () {
      let up = true
      const network = new MemoryNetwork(server({ accept: () => (up ? true : refused) }))
      const options: Options = { releaseTimeout: "2 seconds", operationTimeout: "200 millis" }
      const { close, zk } = yield* inScope(network, options)
      up = false
      network.last.close()
      yield* settle
      const following = yield* begin(Effect.exit(Stream.runDrain(zk.changes.data("/a"))))
      yield* pass(500)
      assert.isUndefined(following.pollUnsafe())
      const closing = yield* begin(close)
      yield* pass(2000)
      assert.isDefined(closing.pollUnsafe(), "it ends in time")
      yield* Fiber.join(following)
    })
  )

  it.effect("that is not answered: within releaseTimeout", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: ({ type }) => (type === CLOSE ? "nothing" : undefined) }))
      const { close } = yield* inScope(network, { releaseTimeout: "2 seconds" })
      const closing = yield* begin(close)
      yield* pass(2000)
      yield* Fiber.join(closing)
      allEnded(network)
    })
  )

  it.effect("nothing is sent after closeSession; what is asked then fails as closed, with nothing done", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: ({ type }) => (type === CLOSE ? "nothing" : undefined) }))
      const { close, zk } = yield* inScope(network, { releaseTimeout: "2 seconds" })
      const closing = yield* begin(close)
      yield* pass(100)
      const writing = yield* begin(Effect.flip(zk.set("/a", "1")))
      const restarting = yield* begin(Effect.flip(zk.restart))
      yield* pass(2000)
      yield* Fiber.join(closing)
      for (const error of [yield* Fiber.join(writing), yield* Fiber.join(restarting)]) {
        assert.strictEqual(error.reason._tag, "Closed")
        assert.strictEqual(error.applied, "no")
      }
      assert.deepStrictEqual(typesOf(network.last), [CLOSE])
    })
  )

  it.effect("museum 39: everything that is used after it fails as closed", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const { close, zk } = yield* inScope(network, {})
      yield* close
      const uses: ReadonlyArray<Effect.Effect<unknown, { readonly reason: { readonly _tag: string } }>> = [
        zk.get("/a"),
        zk.set("/a", "1"),
        zk.create("/a"),
        zk.create("/a", "", { protected: true }),
        zk.delete("/a", { recursive: true }),
        zk.ensurePath("/a/b"),
        zk.exists("/a"),
        zk.children("/a"),
        zk.sync(),
        zk.transact(),
        zk.update("/a", () => "1"),
        zk.addAuth("digest", Redacted.make("a:b")),
        zk.restart
      ]
      for (const [index, use] of uses.entries()) {
        const exit = yield* Effect.exit(Effect.flip(use))
        // An empty transaction needs no server.
        if (index === 9) continue
        assert.deepStrictEqual(exit._tag, "Success", `use ${index}: ${String(exit)}`)
        if (exit._tag === "Success") assert.strictEqual(exit.value.reason._tag, "Closed", `use ${index}`)
      }
      const lost = yield* Effect.flip(zk.whileSession(Effect.never))
      assert.deepStrictEqual([lost._tag, lost.why], ["LeaseLost", "expired"])
      assert.strictEqual(network.connections.length, 1)
    })
  )

  it.effect("restart ends the session and opens the next one, with onExpired fail, too", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      const zk = yield* make(network, { onExpired: "fail" })
      const seen = yield* recordStates(zk)
      const { id } = zk.session
      yield* zk.restart
      yield* settle
      assert.deepStrictEqual(seen, ["Connected", "Expired", "Connecting", "Connected"])
      assert.notStrictEqual(zk.session.id, id)
      assert.strictEqual(zk.session.epoch, 2)
      assert.deepStrictEqual(typesOf(network.sessions[0]!), [CLOSE])
      assert.strictEqual(network.connections.length, 2)
    })
  )
})

it.effect("a restart that finds no server ends after operationTimeout, and the next session comes all the same", () =>
  Effect.gen(function* () {
    let isThere = true
    const network = new MemoryNetwork(server({ accept: () => (isThere ? true : refused) }))
    const zk = yield* make(network, { operationTimeout: "5 seconds" })
    isThere = false
    const restarting = yield* begin(Effect.flip(zk.restart))
    yield* pass(4900)
    assert.isUndefined(restarting.pollUnsafe())
    yield* pass(100)
    assert.isDefined(restarting.pollUnsafe(), "it never ends")
    const { applied, operation, reason } = yield* Fiber.join(restarting)
    assert.deepStrictEqual([operation, reason._tag, applied], ["restart", "Timeout", "unknown"])
    isThere = true
    yield* pass(1000)
    assert.deepStrictEqual([zk.session.connected, zk.session.epoch], [true, 2])
  })
)

describe("the lease", () => {
  it.effect("work under it is interrupted before the deadline passes", () =>
    Effect.gen(function* () {
      let leaderless = false
      const network = new MemoryNetwork(
        server({
          // Nor is a session resumed without the leader.
          accept: () => (leaderless ? "mute" : true),
          answer: ({ type }) => (type === SYNC && leaderless ? "nothing" : undefined)
        })
      )
      const zk = yield* make(network)
      yield* zk.sync()
      let interrupted = false
      const working = yield* begin(
        Effect.flip(
          zk.whileSession(Effect.onInterrupt(Effect.never, () => Effect.sync(() => void (interrupted = true))))
        )
      )
      yield* pass(30_000, 500)
      assert.isFalse(interrupted)
      // One to begin with, then one every timeout/6; so there is never a reason to ping.
      assert.deepStrictEqual(typesOf(network.last), new Array(16).fill(SYNC))
      // Pings are answered and the leader is not there: an answered ping proves nothing.
      leaderless = true
      const { deadline } = zk.session
      yield* pass(deadline - (yield* Clock.currentTimeMillis) - 100, 10)
      assert.isFalse(interrupted)
      yield* pass(100, 10)
      assert.isTrue(interrupted)
      const lost = yield* Fiber.join(working)
      assert.strictEqual(lost._tag, "LeaseLost")
    })
  )
})

describe("a transport that throws", () => {
  it.effect("costs its connection, and not the session", () =>
    Effect.gen(function* () {
      let thrown = 0
      const network = new MemoryNetwork(
        server({ answer: ({ type }) => (type === PING && network.sessions.length === 1 ? "nothing" : undefined) })
      )
      const fragile = ({ open }: Transport): Transport => ({
        open: (target, receiver) =>
          Effect.map(open(target, receiver), (connection) => ({
            write: (bytes) => connection.write(bytes),
            destroy: () => {
              connection.destroy()
              if (thrown++ === 0) throw new Error("it cannot be destroyed")
            }
          }))
      })
      const scope = yield* Scope.make()
      const zk = yield* Effect.flatMap(Transport, (transport) =>
        ZooKeeper.make({ connect: "a:1", sessionTimeout: "12 seconds", reconnect: Schedule.spaced("100 millis") }).pipe(
          Effect.provideService(Transport, fragile(transport)),
          Scope.provide(scope)
        )
      ).pipe(network.provide)
      // Nobody answers, so the connection is given up.
      yield* pass(10_000, 250)
      assert.isAtLeast(thrown, 1)
      assert.isTrue(zk.session.connected)
      assert.lengthOf(network.sessions, 2)
      const closing = yield* begin(Scope.close(scope, Exit.void))
      yield* pass(1000)
      assert.isDefined(closing.pollUnsafe(), "it never ends")
      assert.include(typesOf(network.last), CLOSE)
    })
  )
})
