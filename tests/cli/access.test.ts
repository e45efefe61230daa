import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { inChroot } from "./zk.ts"

const alice = { env: { ZK_AUTH: "digest:alice:wonder land" } }

describe("zk acl", () => {
  it.live("prints and replaces the entries", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/a"])
      assert.strictEqual((yield* zk(["acl", "get", "/a"])).text, "world:anyone:cdrwa\n")
      const set = yield* zk(["acl", "set", "/a", "world:anyone:ra,ip:127.0.0.1:cdrwa"])
      assert.deepStrictEqual([set.code, set.text, set.stderr], [0, "", ""])
      assert.strictEqual((yield* zk(["acl", "get", "/a"])).text, "world:anyone:ra\nip:127.0.0.1:cdrwa\n")
      const { acl, path, stat } = JSON.parse((yield* zk(["acl", "get", "/a", "-o", "json"])).text)
      assert.deepStrictEqual([path, stat.aversion], ["/a", 1])
      assert.deepStrictEqual(acl[0], { scheme: "world", id: "anyone", perms: "ra" })
      const wrong = yield* zk(["acl", "set", "/a", "world:anyone:r", "--version", "0"])
      assert.strictEqual(wrong.code, 4)
      const unknown = yield* zk(["acl", "set", "/a", "nobody:knows:r"])
      assert.strictEqual(unknown.code, 8)
    })
  )

  it.live("replaces those of everything below, too; --version is that of the node itself", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      for (const path of ["/a", "/a/b", "/a/b/c", "/ab"]) yield* zk(["create", path])
      const other = yield* zk(["acl", "set", "-R", "--version", "3", "/a", "world:anyone:ra"])
      assert.deepStrictEqual([other.code, (yield* zk(["acl", "get", "/a/b"])).text], [4, "world:anyone:cdrwa\n"])
      const set = yield* zk(["acl", "set", "-R", "--version", "0", "/a", "world:anyone:ra"])
      assert.deepStrictEqual([set.code, set.text, set.stderr], [0, "", ""])
      for (const path of ["/a", "/a/b", "/a/b/c"]) {
        assert.strictEqual((yield* zk(["acl", "get", path])).text, "world:anyone:ra\n", path)
      }
      assert.strictEqual((yield* zk(["acl", "get", "/ab"])).text, "world:anyone:cdrwa\n")
    })
  )

  it.live("keeps others out: 5, and --auth lets in", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/mine", "secret", "--acl", "auth::cdrwa"], alice)
      const other = yield* zk(["get", "/mine"])
      assert.strictEqual(other.code, 5)
      assert.strictEqual(other.text, "")
      assert.match(other.stderr, /^zk: get \/mine: not allowed.*--auth/)
      assert.strictEqual((yield* zk(["get", "/mine"], alice)).text, "secret")
      assert.match((yield* zk(["acl", "get", "/mine"], alice)).text, /^digest:alice:[A-Za-z0-9+/]{27}=:cdrwa\n$/)
    })
  )

  it.live("a login on the command line works, with a warning; one in a file does not warn", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      const shown = yield* zk(["whoami", "--auth", "digest:alice:wonder land"])
      assert.strictEqual(shown.code, 0)
      assert.match(shown.stderr, /^zk: warn: --auth shows the secret/)
      assert.notInclude(shown.stderr, "wonder")
      const fileSystem = yield* FileSystem.FileSystem
      const file = yield* fileSystem.makeTempFileScoped()
      yield* fileSystem.writeFileString(file, "digest:alice:wonder land\n")
      const kept = yield* zk(["whoami", "--auth", `@${file}`])
      assert.strictEqual(kept.stderr, "")
      assert.include(kept.text, "digest:alice")
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})

describe("zk whoami", () => {
  it.live("prints the identities of the connection", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      assert.strictEqual((yield* zk(["whoami"])).text, "ip:127.0.0.1\n")
      const { identities } = JSON.parse((yield* zk(["whoami", "-o", "json"], alice)).text)
      assert.deepInclude(identities, { scheme: "ip", id: "127.0.0.1" })
      assert.deepInclude(identities, { scheme: "digest", id: "alice" })
    })
  )
})
