/** Transactions: all operations or none, and a result for each. */
import * as Op from "@effect-zookeeper/core/Op"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { call, has, onServer, refused } from "../clients.ts"
import type { It } from "../Backend.ts"

export const transact = (it: It) => {
  describe("a transaction", () => {
    it.effect("creates in every mode, and gives the paths below the chroot", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const results = yield* zk.transact(
          Op.create("/p", "data"),
          Op.create("/p/e", "", { mode: "ephemeral" }),
          Op.create("/p/ps-", "", { mode: "persistentSequential" }),
          Op.create("/p/es-", "", { mode: "ephemeralSequential" }),
          Op.create("/p/c", "", { mode: "container" }),
          Op.create("/p/t", "", { mode: "ttl", ttl: "1 hour" }),
          Op.create("/p/ts-", "", { mode: "ttlSequential", ttl: "1 hour" })
        )
        assert.deepStrictEqual(results, [
          "/p",
          "/p/e",
          "/p/ps-0000000001",
          "/p/es-0000000002",
          "/p/c",
          "/p/t",
          "/p/ts-0000000005"
        ])
        const nodes = yield* Effect.forEach(results, (path) => zk.get(path))
        assert.strictEqual(new Set(nodes.map(({ stat }) => stat.czxid)).size, 1)
        assert.deepStrictEqual(
          nodes.map(({ stat }) => stat.ephemeralOwner !== 0n),
          [false, true, false, true, false, false, false]
        )
      })
    )

    it.effect("sees what its earlier operations did", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const [, , stat, , again] = yield* zk.transact(
          Op.create("/a"),
          Op.check("/a", 0),
          Op.set("/a", "1", { version: 0 }),
          Op.delete("/a", { version: 1 }),
          Op.create("/a", "2")
        )
        assert.strictEqual(stat.version, 1)
        assert.strictEqual(again, "/a")
        assert.strictEqual(yield* zk.getString("/a"), "2")
      })
    )

    it.effect("does nothing when one operation fails, and says which and why", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a/b", "", { parents: true })
        yield* zk.create("/e", "", { mode: "ephemeral" })
        const failures = [
          [Op.create("/a"), "NodeExists"],
          [Op.create("/none/x"), "NoNode"],
          [Op.create("/e/x"), "NoChildrenForEphemerals"],
          [Op.create("/x", "", { acl: [{ perms: 31, scheme: "nobody", id: "" }] }), "InvalidAcl"],
          [Op.set("/none", ""), "NoNode"],
          [Op.set("/a", "", { version: 7 }), "BadVersion"],
          [Op.delete("/none"), "NoNode"],
          [Op.delete("/a"), "NotEmpty"],
          [Op.delete("/a/b", { version: 7 }), "BadVersion"],
          [Op.check("/none", "any"), "NoNode"],
          [Op.check("/a", 7), "BadVersion"]
        ] as const
        for (const [op, name] of failures) {
          for (const index of [0, 1, 2]) {
            const ops: Array<Op.Op<unknown>> = [Op.create("/new"), Op.set("/a", "changed"), Op.delete("/a/b")]
            ops.splice(index, 0, op)
            const { message, reason } = yield* refused(zk.transact(...ops), "TransactionFailed")
            if (reason._tag !== "TransactionFailed") return
            // A failed operation after `/a/b` is gone may fail for another reason: those stand before it here.
            assert.strictEqual(reason.index, index, message)
            assert.strictEqual(reason.name, name, message)
            assert.strictEqual(reason.path, op.path)
            assert.strictEqual(reason.operation, op._tag)
          }
        }
        assert.deepStrictEqual(yield* zk.exists("/new"), Option.none())
        assert.strictEqual((yield* zk.get("/a")).stat.version, 0)
        assert.isTrue(Option.isSome(yield* zk.exists("/a/b")))
      })
    )

    it.effect("names the operation that is refused before anything is sent", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        for (const bad of [
          Op.create("b"),
          Op.create("/b", "", { mode: "ttl" }),
          Op.create("/b", "", { ttl: 5 }),
          Op.create("/b", "", { acl: [] }),
          Op.set("/b/", ""),
          Op.set("/b", "", { version: -1 }),
          Op.delete("/b", { version: 1.5 }),
          // As an int it would be -1, which means any.
          Op.set("/b", "", { version: 2 ** 32 - 1 }),
          Op.check("/b", -1)
        ]) {
          const error = yield* refused(zk.transact(Op.create("/a"), bad), "InvalidArgument")
          assert.include(error.message, "operation 1")
        }
        const large = Op.set("/a", new Uint8Array(1_048_575))
        yield* refused(zk.transact(Op.create("/a"), large), "InvalidArgument")
        assert.deepStrictEqual(yield* zk.children("/"), [])
      })
    )

    it.effect("of nothing does nothing", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        assert.deepStrictEqual(yield* zk.transact(), [])
      })
    )

    it.effect("of a thousand operations is one change", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/p")
        const paths = yield* zk.transact(...Array.from({ length: 1000 }, (_, i) => Op.create(`/p/${i}`)))
        assert.strictEqual(paths.length, 1000)
        const [first, last] = yield* Effect.all([zk.get("/p/0"), zk.get("/p/999")])
        assert.strictEqual(first.stat.czxid, last.stat.czxid)
      })
    )

    it.effect("takes create2 as well, on the wire; whether a Stat comes back is the server's affair", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const path = `${zk.session.root}/a`
        const acl = [{ perms: 31, scheme: "world", id: "anyone" }]
        const [result] = yield* call(zk, multi, [{ _tag: "create2", path, data: null, acl, flags: 0 }])
        assert.include(["create", "create2"], result?._tag)
        if (yield* has(zk, 9)) assert.strictEqual(result?._tag, "create2")
        assert.isTrue(Option.isSome(yield* zk.exists("/a")))
      })
    )
  })
}
