/** The lease: work under a session ends before anybody can see the session end. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Proxy from "../support/Proxy.ts"
import { awaitState } from "../support/awaitState.ts"
import { awaitConnected, connectStringOf, onSingle, recordStates } from "./clients.ts"
import { recordExistence } from "./existence.ts"

const proxied = Effect.fnUntraced(function* (timeout: `${number} seconds`) {
  const other = yield* onSingle({ sessionTimeout: "60 seconds" })
  const proxy = yield* Proxy.make({ port: Number(other.session.hosts[0]!.split(":")[1]) })
  const connect = `${proxy.connectString}${other.session.root}`
  const zk = yield* ZooKeeper.make({ connect, sessionTimeout: timeout, releaseTimeout: "100 millis" })
  return { zk, other, proxy }
})

describe("the lease", () => {
  it.live(
    "is over before others see the ephemeral go, when the network is lost without a word",
    () =>
      Effect.gen(function* () {
        const { other, proxy, zk } = yield* proxied("2 seconds")
        for (let round = 1; round <= 3; round++) {
          const order: Array<string> = []
          const node = yield* zk.create(`/holder-${round}`, "", { mode: "ephemeral" })
          yield* recordExistence(other, node, (change) => order.push(change))
          const work = yield* Effect.forkScoped(
            Effect.onExit(zk.whileSession(Effect.never), (exit) =>
              Effect.sync(() => order.push(Exit.isFailure(exit) ? "lost" : "done"))
            )
          )
          yield* awaitState(
            Effect.sync(() => order.length),
            (length) => length === 1,
            { describe: "the node is watched" }
          )
          const { epoch } = zk.session
          yield* proxy.stall
          yield* awaitState(
            Effect.sync(() => [...order]),
            (all) => all.includes("deleted"),
            { describe: "the other client sees the node go" }
          )
          assert.deepStrictEqual(order, ["initial", "lost", "deleted"])
          const why = yield* Effect.flip(Fiber.join(work))
          assert.isTrue(why._tag === "LeaseLost" && why.why === "deadline", String(why))
          yield* proxy.flow
          yield* awaitConnected(zk, epoch + 1)
        }
      }),
    60_000
  )

  it.live("is renewed for as long as work goes on, and a reconnect in time does not end it", () =>
    Effect.gen(function* () {
      const { proxy, zk } = yield* proxied("6 seconds")
      const before = zk.session.deadline
      const work = yield* Effect.forkScoped(zk.whileSession(Effect.never))
      yield* awaitState(
        Effect.sync(() => zk.session.deadline - before),
        (gained) => gained > 1000,
        { describe: "the deadline moves" }
      )
      const states = yield* recordStates(zk)
      yield* proxy.cut
      yield* awaitState(
        Effect.sync(() => [...states.seen]),
        ({ length }) => length >= 3,
        { describe: "the connection is lost and found" }
      )
      assert.deepStrictEqual(states.seen, ["Connected", "Suspended", "Connected"])
      const after = zk.session.deadline
      yield* awaitState(
        Effect.sync(() => zk.session.deadline - after),
        (gained) => gained > 1000,
        { describe: "the deadline moves again" }
      )
      assert.isUndefined(work.pollUnsafe())
      assert.strictEqual(zk.session.epoch, 1)
    })
  )

  it.live("of the connection ends with the connection", () =>
    Effect.gen(function* () {
      const { proxy, zk } = yield* proxied("30 seconds")
      const work = yield* Effect.forkScoped(Effect.flip(zk.whileConnected(Effect.never)), { startImmediately: true })
      yield* zk.sync()
      assert.isUndefined(work.pollUnsafe())
      yield* proxy.cut
      const lost = yield* Fiber.join(work)
      assert.strictEqual(lost.why, "disconnected")
      yield* awaitConnected(zk)
      assert.strictEqual(yield* zk.whileConnected(Effect.succeed(1)), 1)
      assert.strictEqual(yield* zk.whileSession(Effect.succeed(2)), 2)
      assert.isAbove(zk.session.deadline, Date.now())
      assert.include(connectStringOf(zk), `:${proxy.port}`)
    })
  )
})
