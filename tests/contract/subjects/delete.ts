/** Deleting one node, or a whole tree. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { beside, onServer, refused } from "../clients.ts"
import type { It } from "../Backend.ts"

export const deletion = (it: It) => {
  describe("a delete", () => {
    it.effect("compares the version, 0 included", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a")
        yield* zk.set("/a", "1")
        yield* refused(zk.delete("/a", { version: 0 }), "BadVersion")
        yield* refused(zk.delete("/a", { version: 2 }), "BadVersion")
        yield* zk.delete("/a", { version: 1 })
        yield* zk.create("/a")
        yield* zk.delete("/a", { version: 0 })
        yield* zk.create("/a")
        yield* zk.delete("/a")
        assert.deepStrictEqual(yield* zk.exists("/a"), Option.none())
      })
    )

    it.effect("refuses versions that would mean any, and paths that are none", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a")
        for (const version of [-1, 0.5, Number.NaN, 2 ** 31, -(2 ** 31) - 1]) {
          yield* refused(zk.delete("/a", { version }), "InvalidArgument")
          yield* refused(zk.set("/a", "", { version }), "InvalidArgument")
          yield* refused(
            zk.setAcl("/a", [{ perms: 31, scheme: "world", id: "anyone" }], { version }),
            "InvalidArgument"
          )
        }
        // Versions wrap, so these are some, and not the node's.
        for (const version of [1, 2 ** 31 - 1, -(2 ** 31), -2]) {
          yield* refused(zk.delete("/a", { version }), "BadVersion")
          yield* refused(zk.set("/a", "", { version }), "BadVersion")
        }
        yield* refused(zk.delete("a"), "InvalidArgument")
        assert.isTrue(Option.isSome(yield* zk.exists("/a")))
      })
    )
  })

  describe("a recursive delete", () => {
    it.effect("takes everything below with it, and nothing beside it", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a/b/c/d", "", { parents: true })
        yield* zk.create("/a/b/e", "", { mode: "ephemeral" })
        yield* zk.create("/ab")
        yield* Effect.forEach(Array.from({ length: 500 }), (_, i) => zk.create(`/a/b/c/${i}`), {
          concurrency: "unbounded"
        })
        yield* zk.delete("/a", { recursive: true })
        assert.deepStrictEqual(yield* zk.children("/"), ["ab"])
        yield* refused(zk.delete("/a", { recursive: true }), "NoNode")
      })
    )

    it.effect("compares the version of the top node, and deletes nothing when it does not fit", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a/b", "", { parents: true })
        yield* zk.set("/a", "1")
        yield* refused(zk.delete("/a", { recursive: true, version: 0 }), "BadVersion")
        assert.deepStrictEqual(yield* zk.children("/a"), ["b"])
        yield* zk.delete("/a", { recursive: true, version: 1 })
        assert.deepStrictEqual(yield* zk.exists("/a"), Option.none())
      })
    )

    it.effect("ends although others delete and create in the same tree", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const other = yield* beside(zk)
        for (let round = 0; round < 5; round++) {
          yield* zk.ensurePath("/a")
          yield* Effect.forEach(Array.from({ length: 50 }), (_, i) => zk.create(`/a/${i}`), {
            concurrency: "unbounded"
          })
          yield* Effect.all(
            [
              zk.delete("/a", { recursive: true }),
              Effect.forEach(Array.from({ length: 50 }), (_, i) => Effect.ignore(other.delete(`/a/${i}`)), {
                concurrency: "unbounded"
              }),
              Effect.forEach(Array.from({ length: 20 }), (_, i) => Effect.ignore(other.create(`/a/late-${i}`)), {
                concurrency: "unbounded"
              })
            ],
            { concurrency: "unbounded" }
          )
          yield* other.sync()
          assert.deepStrictEqual(yield* other.exists("/a"), Option.none())
        }
      })
    )

    it.effect("never takes the root", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a")
        yield* refused(zk.delete("/", { recursive: true }), "InvalidArgument")
        assert.deepStrictEqual(yield* zk.children("/"), ["a"])
      })
    )
  })
}
