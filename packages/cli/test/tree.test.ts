import { Transport } from "@effect-zookeeper/core/Transport"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pathsThere, write } from "../src/input/tree.ts"

const node = (path: string) => ({ path, data: new TextEncoder().encode("ours"), acl: undefined })

describe("nodes of a document", () => {
  it.live("do not replace what somebody else has made since it was looked for", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const zk = yield* Effect.provideService(ZooKeeper.make(), Transport, server.transport)
      yield* zk.create("/old", "theirs")
      const nodes = [node("/new"), node("/old")]
      const there = yield* pathsThere(zk, nodes)
      assert.deepStrictEqual([...there], ["/old"])
      yield* zk.create("/new", "theirs")
      const { path, reason } = yield* Effect.flip(write(zk, nodes, there))
      assert.deepStrictEqual([path, reason._tag], ["/new", "NodeExists"])
      assert.strictEqual(ZooKeeper.text(yield* zk.get("/new")), "theirs")
      yield* zk.delete("/new")
      yield* write(zk, nodes, there)
      for (const { path } of nodes) assert.strictEqual(ZooKeeper.text(yield* zk.get(path)), "ours")
    })
  )
})
