/** What a chroot hides, in requests and in what comes back. */
import * as Op from "@effect-zookeeper/core/Op"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { onServer, refused } from "../clients.ts"
import { Backend, type It } from "../Backend.ts"

export const chroot = (it: It) => {
  describe("a chroot", () => {
    it.effect("stands in front of every path, and in no result", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const { root, server } = zk.session
        const plain = yield* (yield* Backend).open({ connect: server! })
        assert.strictEqual(plain.session.root, "/")
        assert.strictEqual(yield* zk.create("/a"), "/a")
        assert.strictEqual((yield* zk.create2("/a/b")).path, "/a/b")
        assert.strictEqual(yield* zk.create("/a/s-", "", { mode: "ephemeralSequential" }), "/a/s-0000000001")
        assert.deepStrictEqual(yield* zk.transact(Op.create("/a/t")), ["/a/t"])
        assert.deepStrictEqual([...(yield* plain.children(`${root}/a`))].sort(), ["b", "s-0000000001", "t"])
        assert.deepStrictEqual(yield* zk.children("/"), ["a"])
        yield* zk.set("/", "of the root")
        assert.strictEqual(yield* plain.getString(root), "of the root")
        assert.strictEqual(yield* zk.getString("/"), "of the root")
        yield* zk.sync("/")
        yield* zk.sync("/a")
        assert.deepStrictEqual(yield* zk.exists("/zookeeper"), Option.none())
        const error = yield* refused(zk.get("/none"), "NoNode")
        assert.strictEqual(error.path, "/none")
      })
    )

    it.effect("is stripped from ephemerals, and those beside it are not shown", () =>
      Effect.gen(function* () {
        const { connect, open } = yield* Backend
        const name = randomUUID()
        const outside = Effect.gen(function* () {
          const zk = yield* open({ connect, release: "detach" })
          yield* zk.ensurePath(`/${name}`)
          yield* zk.create(`/${name}/in`, "", { mode: "ephemeral" })
          yield* zk.create(`/${name}-beside`, "", { mode: "ephemeral" })
          assert.sameMembers([...(yield* zk.getEphemerals())], [`/${name}/in`, `/${name}-beside`])
          assert.sameMembers([...(yield* zk.getEphemerals(`/${name}/`))], [`/${name}/in`])
          return { id: zk.session.id, password: zk.session.password }
        })
        const { id, password } = yield* Effect.scoped(outside)
        const inner = yield* open({ connect: `${connect}/${name}`, resume: { id, password } })
        assert.strictEqual(inner.session.id, id)
        assert.deepStrictEqual(yield* inner.getEphemerals(), ["/in"])
        assert.deepStrictEqual(yield* inner.getEphemerals("/in"), ["/in"])
        assert.deepStrictEqual(yield* inner.getEphemerals("/none"), [])
      })
    )

    it.effect("whose node is missing is reported, until it is made", () =>
      Effect.gen(function* () {
        const { connect, open } = yield* Backend
        const zk = yield* open({ connect: `${connect}/${randomUUID()}/deep/root` })
        yield* refused(zk.create("/a"), "NoNode")
        assert.deepStrictEqual(yield* zk.exists("/"), Option.none())
        yield* zk.ensureRoot
        yield* zk.ensureRoot
        assert.strictEqual(yield* zk.create("/a"), "/a")
      })
    )

    it.effect("is followed by a namespace, which no result shows either", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/app")
        const app = zk.namespace("/app")
        assert.strictEqual(yield* app.create("/a"), "/a")
        assert.deepStrictEqual(yield* app.transact(Op.create("/a/t")), ["/a/t"])
        assert.deepStrictEqual(yield* app.children("/"), ["a"])
        assert.deepStrictEqual(yield* zk.children("/app/a"), ["t"])
        const { next } = yield* app.once.exists("/later")
        yield* zk.create("/app/later")
        const { path, type } = yield* next
        assert.deepStrictEqual([type, path], ["NodeCreated", "/later"])
      })
    )

    it.effect("is never in front of the configuration", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const { stat } = yield* zk.config
        const followed = Option.getOrThrow(yield* Stream.runHead(zk.changes.config()))
        assert.deepStrictEqual(Option.getOrThrow(followed.node).stat, stat)
        assert.strictEqual(stat.czxid, 0n)
      })
    )

    it.effect("is made by paths that need their parents too", () =>
      Effect.gen(function* () {
        const { connect, open } = yield* Backend
        const zk = yield* open({ connect: `${connect}/${randomUUID()}` })
        yield* zk.ensureRoot
        yield* zk.ensurePath("/")
        yield* zk.ensurePath("/a/b/c")
        assert.deepStrictEqual(yield* zk.children("/a/b"), ["c"])
        yield* zk.delete("/a", { recursive: true })
        assert.deepStrictEqual(yield* zk.children("/"), [])
      })
    )
  })
}
