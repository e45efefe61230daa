import { Transport } from "@effect-zookeeper/core/Transport"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { complete } from "../src/shell/complete.ts"

const verbs = ["get", "group", "ls"]

const session = Effect.gen(function* () {
  const server = yield* TestServer.make()
  const zk = yield* Effect.provideService(ZooKeeper.make(), Transport, server.transport)
  for (const path of ["/app/a b", "/app/ab", "/app/b", "/apple"]) yield* zk.create(path, "", { parents: true })
  return zk
})

describe("completion", () => {
  it.live("puts in verbs and the names of nodes, and nothing where neither stands", () =>
    Effect.gen(function* () {
      const zk = yield* session
      const after = (line: string) => complete(zk, verbs, line)
      assert.deepStrictEqual(yield* after(""), [["get ", "group ", "ls "], ""])
      assert.deepStrictEqual(yield* after("g"), [["get ", "group "], "g"])
      assert.deepStrictEqual(yield* after("ls /"), [["/app", "/apple", "/zookeeper"], "/"])
      assert.deepStrictEqual(yield* after("ls /app"), [["/app", "/apple"], "/app"])
      assert.deepStrictEqual(yield* after("ls -R /app/"), [["/app/a\\ b", "/app/ab", "/app/b"], "/app/"])
      assert.deepStrictEqual(yield* after("get /app/a\\ "), [["/app/a\\ b"], "/app/a\\ "])
      assert.deepStrictEqual(yield* after("ls /none/"), [[], "/none/"])
      assert.deepStrictEqual(yield* after("ls //"), [[], "//"])
      assert.deepStrictEqual(yield* after("ls -"), [[], "-"])
    })
  )
})
