/** A node that is written or else created, while it comes and goes. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { precede, recordRequests } from "../recipes/support.ts"

const setUp = Effect.gen(function* () {
  const { connectString: connect } = yield* TestServer.make()
  const zk = yield* ZooKeeper.make({ connect })
  return { requests: recordRequests(zk), zk }
})

describe("a node that is set or created", () => {
  it.live("is set when it came in between, and stays what it is", () =>
    Effect.gen(function* () {
      const { requests, zk } = yield* setUp
      precede(zk, "create2", 1, zk.create("/a", "theirs", { mode: "ephemeral" }))
      const stat = yield* zk.set("/a", "ours", { orCreate: true })
      assert.deepStrictEqual([stat.version, stat.ephemeralOwner], [1, zk.session.id])
      assert.strictEqual(yield* zk.getString("/a"), "ours")
      assert.deepStrictEqual(requests.slice(0, 4), ["setData", "create", "create2", "setData"])
    })
  )

  it.live("is created when it went in between, or came and went", () =>
    Effect.gen(function* () {
      const { requests, zk } = yield* setUp
      yield* zk.create("/a")
      precede(zk, "setData", 2, Effect.ignore(zk.delete("/a")))
      precede(zk, "create2", 1, zk.create("/a"))
      assert.strictEqual((yield* zk.set("/a", "ours", { orCreate: true })).version, 0)
      assert.strictEqual(yield* zk.getString("/a"), "ours")
      assert.strictEqual(requests.filter((name) => name === "create2").length, 2)
    })
  )

  it.live("is given up when that goes on for ever", () =>
    Effect.gen(function* () {
      const { requests, zk } = yield* setUp
      precede(zk, "create2", 1000, Effect.ignore(zk.create("/a")))
      precede(zk, "setData", 1000, Effect.ignore(zk.delete("/a")))
      const { reason } = yield* Effect.flip(zk.set("/a", "ours", { orCreate: true }))
      assert.strictEqual(reason._tag, "NodeExists")
      assert.strictEqual(requests.filter((name) => name === "setData").length, 11)
    })
  )
})
