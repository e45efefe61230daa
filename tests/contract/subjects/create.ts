/** Making nodes in every mode, and what is refused before it is sent. */
import * as Path from "@effect-zookeeper/core/Path"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { beside, bytes, onServer, refused, text } from "../clients.ts"
import type { It } from "../Backend.ts"

const EPHEMERAL = ["ephemeral", "ephemeralSequential"] as const
const MODES = ["persistent", "persistentSequential", "container", "ttl", "ttlSequential", ...EPHEMERAL] as const

export const create = (it: It) => {
  describe("a create", () => {
    for (const mode of MODES) {
      it.effect(`in mode ${mode}, with the path alone and with the Stat`, () =>
        Effect.gen(function* () {
          const zk = yield* onServer()
          const options = { mode, ...(mode.startsWith("ttl") ? { ttl: "1 hour" as const } : {}) }
          const named = (name: string, counter: number) =>
            `/${name}${mode.endsWith("Sequential") ? `${counter}`.padStart(10, "0") : ""}`
          const path = yield* zk.create("/one-", "data", options)
          assert.strictEqual(path, named("one-", 0))
          const created = yield* zk.create2("/two-", "data", options)
          assert.strictEqual(created.path, named("two-", 1))
          for (const node of [path, created.path]) {
            const { data, stat } = yield* zk.get(node)
            assert.strictEqual(text(data), "data")
            assert.strictEqual(stat.ephemeralOwner, EPHEMERAL.includes(mode as never) ? zk.session.id : 0n)
          }
          assert.deepStrictEqual(created.stat, (yield* zk.get(created.path)).stat)
        })
      )
    }

    it.effect("has no data unless given, and keeps bytes as they are", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/none")
        assert.strictEqual((yield* zk.get("/none")).data.length, 0)
        const all = Uint8Array.from({ length: 256 }, (_, i) => i)
        yield* zk.create("/all", all)
        assert.deepStrictEqual((yield* zk.get("/all")).data, all)
        yield* zk.create("/text", "zoë ☃ 🦓")
        assert.strictEqual(yield* zk.getString("/text"), "zoë ☃ 🦓")
      })
    )

    it.effect("reads the caller's bytes at the call, not later", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const data = bytes("before")
        const fiber = yield* Effect.forkChild(zk.create("/a", data), { startImmediately: true })
        data.fill(0)
        yield* Fiber.join(fiber)
        assert.strictEqual(yield* zk.getString("/a"), "before")
      })
    )

    it.effect("counts every child for its sequence, also below a name that ends with a slash", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/p")
        yield* zk.create("/p/a")
        yield* zk.delete("/p/a")
        assert.strictEqual(yield* zk.create("/p/s", "", { mode: "persistentSequential" }), "/p/s0000000001")
        assert.strictEqual(yield* zk.create("/p/", "", { mode: "persistentSequential" }), "/p/0000000002")
        // Directly below the chroot the counter must not end up beside it.
        const top = yield* zk.create("/", "", { mode: "ephemeralSequential" })
        assert.match(top, /^\/\d{10}$/)
        assert.isTrue((yield* zk.children("/")).includes(Path.name(top)))
      })
    )

    it.effect("makes missing parents when asked to, with its ACL", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const acl = [{ perms: 31, scheme: "ip", id: "127.0.0.1" }]
        yield* zk.create("/a/b/c", "leaf", { parents: true, mode: "ephemeral", acl })
        assert.strictEqual(yield* zk.getString("/a/b/c"), "leaf")
        for (const path of ["/a", "/a/b", "/a/b/c"]) assert.deepStrictEqual((yield* zk.getAcl(path)).acl, acl)
        assert.strictEqual((yield* zk.get("/a/b")).stat.ephemeralOwner, 0n)
        yield* zk.create("/a/b/d", "", { parents: true })
        yield* refused(zk.create("/a/b/d", "", { parents: true }), "NodeExists")
        yield* refused(zk.create("/a/b/c/d", "", { parents: true }), "NoChildrenForEphemerals")
      })
    )

    it.effect("protected has an id in its name, in every mode", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/p")
        const name = /^\/p\/_c_[0-9a-f-]{36}-n-(\d{10})?$/
        for (const mode of MODES) {
          const ttl = mode.startsWith("ttl") ? { ttl: "1 hour" as const } : {}
          const path = yield* zk.create("/p/n-", mode, { mode, protected: true, ...ttl })
          assert.match(path, name)
          assert.strictEqual(yield* zk.getString(path), mode)
        }
        const deep = yield* zk.create("/q/r/n-", "", { mode: "ephemeralSequential", protected: true, parents: true })
        assert.match(deep, /^\/q\/r\/_c_/)
        assert.strictEqual((yield* zk.children("/p")).length, MODES.length)
      })
    )

    it.effect("of an ephemeral lives as long as its session, as others see it", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* Effect.scoped(
          Effect.gen(function* () {
            const other = yield* beside(zk)
            yield* other.create("/e", "", { mode: "ephemeral" })
            assert.strictEqual((yield* zk.get("/e")).stat.ephemeralOwner, other.session.id)
          })
        )
        assert.deepStrictEqual(yield* zk.exists("/e"), Option.none())
      })
    )
  })

  describe("a create is refused before it is sent", () => {
    const cases: ReadonlyArray<readonly [why: string, path: string, options?: object]> = [
      ["a relative path", "a"],
      ["an empty path", ""],
      ["a slash at the end", "/a/"],
      ["an empty element", "/a//b"],
      ["a dot element", "/a/./b"],
      ["two dots", "/a/../b"],
      ["a NUL", "/a\0"],
      ["a control character", "/a\u001f"],
      ["DEL", "/a\u007f"],
      ["a surrogate pair", "/🦓"],
      ["U+F8FF", "/\uf8ff"],
      ["U+FFF0", "/\ufff0"],
      ["an empty ACL", "/a", { acl: [] }],
      ["a ttl without its mode", "/a", { ttl: "1 second" }],
      ["a ttl with mode container", "/a", { mode: "container", ttl: "1 second" }],
      ["the mode ttl without a ttl", "/a", { mode: "ttl" }],
      ["a ttl of 0", "/a", { mode: "ttl", ttl: 0 }],
      ["a negative ttl", "/a", { mode: "ttl", ttl: -1 }],
      ["a ttl above 2^40 - 1", "/a", { mode: "ttl", ttl: 2 ** 40 }],
      ["an endless ttl", "/a", { mode: "ttl", ttl: "infinity" }],
      ["a mode that is none", "/a", { mode: "eternal" }]
    ]
    for (const [why, path, options] of cases) {
      it.effect(why, () =>
        Effect.gen(function* () {
          const zk = yield* onServer()
          yield* refused(zk.create(path, "", options), "InvalidArgument")
          yield* refused(zk.create2(path, "", options), "InvalidArgument")
          assert.deepStrictEqual(yield* zk.children("/"), [])
        })
      )
    }

    it.effect("and what the server refuses as well: its rules for paths are ours", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        for (const name of [".hidden", "..dots", "a b", "é", "\uffef", "☃", "%2F", "a:b"]) {
          assert.strictEqual(yield* zk.create(`/${name}`), `/${name}`)
        }
      })
    )
  })
}
