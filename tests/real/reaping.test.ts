/** Nodes that the server removes by itself: containers that were left, and nodes whose time is over. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import { awaitNode, refused } from "./clients.ts"

// The default looks once a minute.
const eager = RealServer.make({ properties: { "znode.container.checkIntervalMs": 100 } })

describe("the server removes", () => {
  it.live("a container after its last child, and keeps one that never had any", () =>
    Effect.gen(function* () {
      const server = yield* eager
      const zk = yield* ZooKeeper.make({ connect: server.connectString })
      yield* zk.create("/used", "", { mode: "container" })
      yield* zk.create("/fresh", "", { mode: "container" })
      yield* zk.create("/used/child")
      yield* zk.delete("/used/child")
      yield* awaitNode(zk, "/used", "gone")
      assert.isTrue(Option.isSome(yield* zk.exists("/fresh")))
    })
  )

  it.live("a node whose ttl is over, once it has no children", () =>
    Effect.gen(function* () {
      const server = yield* eager
      const zk = yield* ZooKeeper.make({ connect: server.connectString })
      yield* zk.create("/long", "", { mode: "ttl", ttl: "1 hour" })
      yield* zk.create("/parent", "", { mode: "ttl", ttl: "1 millis" })
      yield* zk.create("/parent/child", "", { mode: "ephemeral" }).pipe(
        // Reaped before the child came: the machine is busy.
        Effect.catchReason("ZooKeeperError", "NoNode", () =>
          zk.create("/parent/child", "", { mode: "ephemeral", parents: true })
        )
      )
      const short = yield* zk.create("/short-", "", { mode: "ttlSequential", ttl: "1 millis" })
      yield* awaitNode(zk, short, "gone")
      assert.isTrue(Option.isSome(yield* zk.exists("/parent")))
      assert.isTrue(Option.isSome(yield* zk.exists("/long")))
    })
  )

  it.live("no node by its ttl where the extended types are switched off: such a create is refused", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make({ config: { extendedTypesEnabled: false } })
      const zk = yield* ZooKeeper.make({ connect: server.connectString })
      const error = yield* refused(zk.create("/a", "", { mode: "ttl", ttl: "1 second" }), "Unimplemented")
      assert.include(error.message, "switched off")
      assert.isTrue(zk.session.connected)
    })
  )
})
