/** Lists of children, long ones too. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { has, onServer, refused } from "../clients.ts"
import type { It } from "../Backend.ts"

const MANY = 10_000

export const children = (it: It) => {
  describe("children", () => {
    it.effect(
      `are all there when there are ${MANY} of them`,
      () =>
        Effect.gen(function* () {
          const zk = yield* onServer({ sessionTimeout: "60 seconds" })
          yield* zk.create("/p")
          yield* Effect.forEach(Array.from({ length: MANY }), (_, i) => zk.create(`/p/child-with-a-longer-name-${i}`), {
            concurrency: "unbounded",
            discard: true
          })
          const names = new Set(yield* zk.children("/p"))
          assert.strictEqual(names.size, MANY)
          for (let i = 0; i < MANY; i++) assert.isTrue(names.has(`child-with-a-longer-name-${i}`))
          const { children, stat } = yield* zk.childrenWithStat("/p")
          assert.strictEqual(stat.numChildren, MANY)
          assert.strictEqual(stat.cversion, MANY)
          assert.strictEqual(new Set(children).size, MANY)
          if (yield* has(zk, 6)) assert.strictEqual(yield* zk.allChildrenNumber("/p"), MANY)
          yield* zk.delete("/p", { recursive: true })
        }),
      60_000
    )

    it.effect("of a leaf are none, of a missing node a failure", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a")
        assert.deepStrictEqual(yield* zk.children("/a"), [])
        const { children, stat } = yield* zk.childrenWithStat("/a")
        assert.deepStrictEqual(children, [])
        assert.strictEqual(stat.numChildren, 0)
        yield* refused(zk.children("/b"), "NoNode")
        yield* refused(zk.childrenWithStat("/b"), "NoNode")
        yield* refused(zk.children("b"), "InvalidArgument")
      })
    )

    it.effect("are counted at every depth", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.ensurePath("/a/b/c")
        yield* zk.create("/a/d")
        yield* zk.create("/ab")
        assert.strictEqual(yield* zk.allChildrenNumber("/a"), 3)
        assert.strictEqual(yield* zk.allChildrenNumber("/a/b/c"), 0)
        assert.strictEqual(yield* zk.allChildrenNumber("/"), 5)
        yield* refused(zk.allChildrenNumber("/none"), "NoNode")
      })
    )
  })
}
