/** When a session tries again, by the Clock: the user's Schedules and the defaults. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/testing/TestClock"
import type { Options } from "../../src/session/Options.ts"
import { MemoryNetwork, settle } from "../support/MemoryNetwork.ts"
import { EXISTS, GET, hangUpOn, requestsOf, server, SET } from "../support/scripts.ts"

const refusing = () => new MemoryNetwork(server({ accept: () => ({ refused: "ECONNREFUSED" }) }))

const pass = (millis: number, step = 50) =>
  Effect.gen(function* () {
    for (let passed = 0; passed < millis; passed += step) {
      yield* TestClock.adjust(step)
      yield* settle
    }
  })

/** When passes over the hosts began. */
const passesOf = (network: MemoryNetwork, hosts: number): ReadonlyArray<number> =>
  network.attempts.filter((_, index) => index % hosts === 0).map(({ at }) => at)

describe("reconnect", () => {
  it.effect("a Schedule decides how often and when all hosts are tried, and then the reasons of all are told", () =>
    Effect.gen(function* () {
      const network = refusing()
      const opened = yield* ZooKeeper.make({
        connect: "a:1,b:2",
        shuffleHosts: false,
        connectTimeout: "infinity",
        reconnect: Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 3 }))
      }).pipe(network.provide, Effect.flip, Effect.forkChild({ startImmediately: true }))
      yield* pass(4000)
      const error = yield* Fiber.join(opened)
      assert.deepStrictEqual(
        network.attempts.map(({ at, host }) => [host, at]),
        [0, 1000, 2000, 3000].flatMap((at) => [
          ["a:1", at],
          ["b:2", at]
        ])
      )
      if (error.reason._tag !== "ConnectFailed") return assert.fail(error.message)
      assert.deepStrictEqual(error.reason.attempts, [
        { host: "a:1", cause: "ECONNREFUSED" },
        { host: "b:2", cause: "ECONNREFUSED" }
      ])
      return undefined
    })
  )

  it.effect("a Schedule begins anew after a connection that was of use", () =>
    Effect.gen(function* () {
      const refused = { refused: "ECONNREFUSED" }
      let up = true
      const network = new MemoryNetwork(server({ accept: () => (up ? true : refused) }))
      const zk = yield* ZooKeeper.make({
        connect: "a:1",
        sessionTimeout: "60 seconds",
        release: "detach",
        reconnect: Schedule.exponential("100 millis")
      }).pipe(network.provide)
      for (const _ of [1, 2]) {
        yield* zk.sync()
        up = false
        const from = network.attempts.length
        const now = network.attempts.at(-1)!.at
        network.last.close()
        yield* pass(1600)
        // Before each pause the hosts are also asked whether they were wiped.
        const times = [...new Set(network.attempts.slice(from).map(({ at }) => at))]
        const gaps = times.slice(1).map((at, index) => at - times[index]!)
        assert.deepStrictEqual(gaps.slice(0, 4), [100, 200, 400, 800], `since ${now}`)
        up = true
        yield* pass(5000)
        assert.isTrue(zk.session.connected)
      }
    })
  )

  it.effect("a Duration is a limit on how long to go on", () =>
    Effect.gen(function* () {
      const network = refusing()
      const opened = yield* ZooKeeper.make({ connect: "a:1", connectTimeout: "infinity", reconnect: "3 seconds" }).pipe(
        network.provide,
        Effect.flip,
        Effect.forkChild({ startImmediately: true })
      )
      yield* pass(20_000, 200)
      assert.strictEqual((yield* Fiber.join(opened)).reason._tag, "ConnectFailed")
      assert.isAtLeast(network.attempts.length, 3)
      assert.isBelow(network.attempts.at(-1)!.at, 6000)
    })
  )

  it.effect("museum 9: the default waits after each pass, longer and longer, at most about 5 s, spread by chance", () =>
    Effect.gen(function* () {
      const gapsOf = Effect.gen(function* () {
        const network = refusing()
        yield* ZooKeeper.make({ connect: "a:1,b:2,c:3", connectTimeout: "infinity" }).pipe(
          network.provide,
          Effect.forkScoped
        )
        yield* pass(60_000, 20)
        const passes = passesOf(network, 3)
        return passes.slice(1).map((at, index) => at - passes[index]!)
      })
      const [first, second] = [yield* gapsOf, yield* gapsOf]
      for (const gaps of [first, second]) {
        assert.isAtLeast(gaps[0]!, 80)
        assert.isAtMost(Math.max(...gaps), 6020)
        assert.isAtLeast(Math.max(...gaps), 3980)
        assert.isBelow(gaps.length, 30)
      }
      assert.notDeepEqual(first, second)
    }).pipe(Effect.scoped)
  )

  it.effect("museum 9: servers that accept everybody and hang up at once are not stormed", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server())
      yield* ZooKeeper.make({ connect: "a:1,b:2", release: "detach" }).pipe(network.provide)
      // From now on each session is served, and each connection broken before anything is answered.
      const usual = network.script
      network.script = {
        ...usual,
        onFrame: (frame, end) => {
          const first = end.frames.length === 1
          usual.onFrame(frame, end)
          if (first) queueMicrotask(() => end.close())
        }
      }
      network.last.close()
      yield* pass(30_000)
      assert.isBelow(network.attempts.length, 60)
    })
  )

  it.effect("museum 5: without connectTimeout a first session is tried for ever", () =>
    Effect.gen(function* () {
      const network = refusing()
      const opened = yield* ZooKeeper.make({ connect: "a:1", connectTimeout: "infinity" }).pipe(
        network.provide,
        Effect.forkScoped
      )
      yield* pass(3_600_000, 2500)
      assert.isUndefined(opened.pollUnsafe())
      const { length } = network.attempts
      assert.isAbove(length, 500)
      network.script = server()
      yield* pass(10_000, 500)
      assert.isDefined(opened.pollUnsafe())
    }).pipe(Effect.scoped)
  )
})

describe("retry", () => {
  const make = (network: MemoryNetwork, retry: Options["retry"]) =>
    ZooKeeper.make({ connect: "a:1,b:2", release: "detach", retry, reconnect: Schedule.spaced("10 millis") }).pipe(
      network.provide
    )
  const sent = (network: MemoryNetwork, type: number) =>
    network.connections.flatMap((end) =>
      requestsOf(end)
        .filter((request) => request.type === type)
        .map(() => end)
    )

  it.effect("a Schedule decides how often a read is sent again, and how long after its connection broke", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: hangUpOn(GET) }))
      const zk = yield* make(network, Schedule.spaced("2 seconds").pipe(Schedule.upTo({ times: 3 })))
      yield* zk.sync()
      const reading = yield* zk.get("/a").pipe(Effect.flip, Effect.forkChild({ startImmediately: true }))
      yield* pass(1950)
      assert.strictEqual(sent(network, GET).length, 1)
      yield* pass(50)
      assert.strictEqual(sent(network, GET).length, 2)
      yield* pass(8000)
      assert.strictEqual(sent(network, GET).length, 4)
      const error = yield* Fiber.join(reading)
      assert.strictEqual(error.reason._tag, "ConnectionLost")
      assert.strictEqual(error.applied, "no")
    })
  )

  it.effect("a read succeeds when a later attempt does", () =>
    Effect.gen(function* () {
      let left = 2
      const network = new MemoryNetwork(
        server({
          answer: (request, end) => (request.type === EXISTS && left-- > 0 ? hangUpOn(EXISTS)(request, end) : undefined)
        })
      )
      const zk = yield* make(network, Schedule.spaced("1 second"))
      yield* zk.sync()
      const reading = yield* zk.exists("/a").pipe(Effect.forkChild({ startImmediately: true }))
      yield* pass(5000)
      assert.strictEqual((yield* Fiber.join(reading))._tag, "None")
    })
  )

  it.effect("a write that may have been done is never sent again", () =>
    Effect.gen(function* () {
      const network = new MemoryNetwork(server({ answer: hangUpOn(SET) }))
      const zk = yield* make(network, Schedule.spaced("10 millis"))
      yield* zk.sync()
      const writing = yield* zk.set("/a", "1").pipe(Effect.flip, Effect.forkChild({ startImmediately: true }))
      yield* pass(5000)
      const error = yield* Fiber.join(writing)
      assert.strictEqual(error.reason._tag, "ConnectionLost")
      assert.strictEqual(error.applied, "unknown")
      assert.strictEqual(sent(network, SET).length, 1)
    })
  )
})
