/** Parents that a create makes first: they go with their last child on demand, and may go before the node is there. */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { precede, recordRequests } from "../recipes/support.ts"
import { awaitState } from "../support/awaitState.ts"

describe("a create that makes its parents", () => {
  for (const parents of [true, "container"] as const) {
    it.live(`makes them anew when they are reaped before the node is there: ${parents}`, () =>
      Effect.gen(function* () {
        const { connectString } = yield* TestServer.make()
        const zk = yield* ZooKeeper.make({ connect: connectString })
        // Before the first try there is nothing to remove, and before the second one there is.
        precede(zk, "create", 2, Effect.ignore(zk.delete("/a/b")), "/a/b/c")
        assert.strictEqual(yield* zk.create("/a/b/c", "leaf", { parents }), "/a/b/c")
        assert.strictEqual(yield* zk.getString("/a/b/c"), "leaf")
      })
    )
  }

  it.live("as containers, which the server removes when they are empty again, and nothing else", () =>
    Effect.gen(function* () {
      const { connectString } = yield* TestServer.make({ containerCheckInterval: "20 millis" })
      const zk = yield* ZooKeeper.make({ connect: connectString })
      const acl = [Acl.digest("ann", "secret"), ...Acl.openUnsafe]
      yield* zk.create("/top")
      const requests = recordRequests(zk)
      yield* zk.create("/top/a/b/leaf", "", { parents: "container", acl })
      assert.deepStrictEqual(
        requests.filter((name) => name.startsWith("create")),
        ["create", "createContainer", "createContainer", "create"]
      )
      assert.deepStrictEqual((yield* zk.getAcl("/top/a")).acl, acl)
      yield* zk.delete("/top/a/b/leaf")
      yield* awaitState(zk.children("/top"), (names) => names.length === 0, { describe: "the parents are removed" })
    })
  )

  it.live("ends with NoNode where the chroot is missing", () =>
    Effect.gen(function* () {
      const { connectString } = yield* TestServer.make()
      const zk = yield* ZooKeeper.make({ connect: `${connectString}/none` })
      const requests = recordRequests(zk)
      const error = yield* Effect.flip(zk.create("/a/b", "", { parents: "container" }))
      assert.deepStrictEqual([error.reason._tag, error.path], ["NoNode", "/a"])
      assert.isAtMost(requests.filter((name) => name.startsWith("create")).length, 5)
    })
  )
})
