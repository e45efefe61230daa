/** Several reads in one request, each with a result of its own. */
import * as Op from "@effect-zookeeper/core/Op"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { onServer, refused, text } from "../clients.ts"
import type { It } from "../Backend.ts"

export const multiRead = (it: It) => {
  describe("multiRead", () => {
    it.effect("reads data and children, and each failure stays with its read", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a", "one")
        yield* zk.create("/a/b")
        const [data, children, missing, none, root] = yield* zk.multiRead(
          Op.get("/a"),
          Op.children("/a"),
          Op.get("/missing"),
          Op.children("/a/b"),
          Op.children("/")
        )
        assert.strictEqual(text(Result.getOrThrow(data).data), "one")
        assert.deepStrictEqual(Result.getOrThrow(data).stat, (yield* zk.get("/a")).stat)
        assert.deepStrictEqual(Result.getOrThrow(children), ["b"])
        assert.deepStrictEqual(Result.getOrThrow(none), [])
        assert.deepStrictEqual(Result.getOrThrow(root), ["a"])
        const error = Result.getOrThrow(Result.flip(missing))
        assert.strictEqual(error.reason._tag, "NoNode")
        assert.strictEqual(error.path, "/missing")
      })
    )

    it.effect("of nothing reads nothing, and bad paths are refused before they are sent", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        assert.deepStrictEqual(yield* zk.multiRead(), [])
        yield* refused(zk.multiRead(Op.get("/"), Op.children("a")), "InvalidArgument")
      })
    )
  })
}
