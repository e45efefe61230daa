/** The real session against these servers, with a virtual clock: what a test of an application looks like. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as EventRecorder from "../src/EventRecorder.ts"
import * as Faults from "../src/Faults.ts"
import * as TestCluster from "../src/TestCluster.ts"
import * as TestServer from "../src/TestServer.ts"

describe("a real session in memory", () => {
  it.effect("an answer lost after the commit leaves it open whether the write was done", () =>
    Effect.gen(function* () {
      const { faults } = yield* TestServer.TestServer
      const zk = yield* ZooKeeper.make()
      yield* zk.create("/a", "1")
      yield* faults.inject(Faults.dropAfterCommit())
      const write = yield* Effect.forkChild(Effect.exit(zk.set("/a", "2")), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      strictEqual(Exit.isFailure(yield* Fiber.join(write)), true)
      strictEqual(yield* zk.getString("/a"), "2")
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )

  it.effect("an idle session lives for an hour, an abandoned one does not", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.TestServer
      const zk = yield* ZooKeeper.make()
      yield* zk.create("/e", "", { mode: "ephemeral" })
      yield* TestClock.adjust("1 hour")
      strictEqual((yield* server.sessions).length, 1)
      strictEqual(yield* zk.getString("/e"), "")
      yield* server.freeze
      yield* TestClock.adjust("1 minute")
      yield* server.resume
      assertTrue(!(yield* server.nodes).has("/e"))
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )

  it.effect("follows a node through the death of the leader", () =>
    Effect.gen(function* () {
      const cluster = yield* TestCluster.TestCluster
      const zk = yield* ZooKeeper.make({ connect: cluster.connectString })
      const changes = yield* EventRecorder.make(zk.changes.data("/a"))
      yield* zk.create("/a", "1")
      const leader = (yield* cluster.leader)!
      yield* leader.kill
      yield* TestClock.adjust("10 seconds")
      yield* zk.set("/a", "2")
      yield* TestClock.adjust("1 second")
      yield* changes.expectPaths(() => "/a")
      strictEqual((yield* changes.events).at(-1)?.change, "changed")
    }).pipe(Effect.scoped, Effect.provide(TestCluster.layerMemory()))
  )

  it.effect("the same script gives the same states at the same times, a hundred times", () =>
    Effect.gen(function* () {
      const script = Effect.gen(function* () {
        yield* TestClock.setTime(0)
        const server = yield* TestServer.TestServer
        const zk = yield* ZooKeeper.make({ sessionTimeout: "4 seconds" })
        const trace: Array<string> = []
        const clock = Effect.clockWith((each) => Effect.succeed(each.currentTimeMillisUnsafe()))
        yield* Effect.forkScoped(
          Stream.runForEach(zk.session.states, (state) =>
            Effect.map(clock, (now) => trace.push(`${now} ${state._tag}`))
          ),
          { startImmediately: true }
        )
        yield* TestClock.adjust("3 seconds")
        yield* server.freeze
        yield* TestClock.adjust("3 seconds")
        yield* server.resume
        yield* TestClock.adjust("3 seconds")
        yield* server.stop
        yield* TestClock.adjust("10 seconds")
        yield* server.start
        yield* server.expireSession(zk.session.id)
        yield* TestClock.adjust("30 seconds")
        return trace
      }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory(), { local: true }), Random.withSeed("jitter"))
      const first = yield* script
      assertTrue(first.length > 4, first.join(", "))
      for (let i = 1; i < 100; i++) deepStrictEqual(yield* script, first)
    })
  )
})
