/** The next connection is heard of, whether there is one at the moment or not. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Faults from "@effect-zookeeper/testing/Faults"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { awaitState } from "../../../tests/support/awaitState.ts"
import { reconnected } from "../src/internal/onReconnect.ts"

const setUp = Effect.gen(function* () {
  const { connectString, faults } = yield* TestServer.make()
  const zk = yield* ZooKeeper.make({ connect: connectString, reconnect: "20 millis" })
  const offline = Effect.andThen(
    faults.inject(Faults.refuse, Faults.reset),
    awaitState(
      Effect.sync(() => zk.session.state._tag),
      (tag) => tag === "Suspended",
      { describe: "suspended" }
    )
  )
  return { faults, offline, zk }
})

describe("who waits for the next connection", () => {
  it.live("is not content with the one that there is", () =>
    Effect.gen(function* () {
      const { faults, offline, zk } = yield* setUp
      const waiting = yield* Effect.forkChild(reconnected(zk), { startImmediately: true })
      yield* offline
      assert.isUndefined(waiting.pollUnsafe())
      yield* faults.clear
      yield* Fiber.join(waiting)
    })
  )

  it.live("is told of the first one when there is none", () =>
    Effect.gen(function* () {
      const { faults, offline, zk } = yield* setUp
      yield* offline
      const waiting = yield* Effect.forkChild(reconnected(zk), { startImmediately: true })
      yield* faults.clear
      yield* Fiber.join(waiting)
    })
  )
})
