import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { inChroot } from "./zk.ts"

describe("zk create", () => {
  it.live("prints the path of the new node", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      const plain = yield* zk(["create", "/a", "data"])
      assert.deepStrictEqual([plain.code, plain.text, plain.stderr], [0, "/a\n", ""])
      const sequential = yield* zk(["create", "-s", "/a/n-", "-o", "json"])
      assert.deepStrictEqual(JSON.parse(sequential.text), { path: "/a/n-0000000000" })
      assert.strictEqual((yield* zk(["create", "-s", "/a/"])).text, "/a/0000000001\n")
      assert.match((yield* zk(["create", "-s", "--protected", "/a/p-"])).text, /^\/a\/_c_[0-9a-f-]{36}-p-0000000002\n$/)
    })
  )

  it.live("-p makes parents, which are empty", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      const missing = yield* zk(["create", "/a/b/c", "data"])
      assert.strictEqual(missing.code, 3)
      assert.match(missing.stderr, /^zk: create \/a\/b\/c: .*-p creates parents/)
      assert.strictEqual((yield* zk(["create", "-p", "/a/b/c", "data"])).text, "/a/b/c\n")
      assert.strictEqual((yield* zk(["get", "/a/b"])).text, "")
      assert.strictEqual((yield* zk(["get", "/a/b/c"])).text, "data")
    })
  )

  it.live("of a node that exists ends with 4", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/a"])
      const again = yield* zk(["create", "/a"])
      assert.strictEqual(again.code, 4)
      assert.strictEqual(again.text, "")
      assert.match(again.stderr, /^zk: create \/a: the node exists already/)
    })
  )

  it.live("makes containers and TTL nodes", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      assert.strictEqual((yield* zk(["create", "--container", "/c"])).text, "/c\n")
      assert.strictEqual((yield* zk(["create", "--ttl", "1h", "/t"])).text, "/t\n")
      assert.strictEqual((yield* zk(["create", "-s", "--ttl", "1h", "/t"])).text, "/t0000000002\n")
      const tooLong = yield* zk(["create", "--ttl", "50000d", "/u"])
      assert.strictEqual(tooLong.code, 8)
      assert.match(tooLong.stderr, /^zk: create \/u: .*ttl/i)
    })
  )

  it.live("-e warns that the node goes with the command", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      const made = yield* zk(["create", "-e", "/e"])
      assert.deepStrictEqual([made.code, made.text], [0, "/e\n"])
      assert.match(made.stderr, /\/e goes now.*--hold/)
      assert.strictEqual((yield* zk(["exists", "/e"])).code, 1)
      const quiet = yield* zk(["create", "-e", "/e", "--quiet"])
      assert.deepStrictEqual([quiet.code, quiet.text, quiet.stderr], [0, "/e\n", ""])
    })
  )
})

describe("zk set", () => {
  it.live("replaces the data, from wherever it comes", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/a"])
      const set = yield* zk(["set", "/a", "one"])
      assert.deepStrictEqual([set.code, set.text, set.stderr], [0, "", ""])
      const data = Effect.map(zk(["get", "/a"]), ({ text }) => text)
      assert.strictEqual(yield* data, "one")
      yield* zk(["set", "/a", "-"], { stdin: "from stdin\n" })
      assert.strictEqual(yield* data, "from stdin\n")
      yield* zk(["set", "/a", `@${import.meta.filename}`])
      assert.match(yield* data, /replaces the data, from wherever it comes/)
      yield* zk(["set", "/a", "--hex", "6f 6b"])
      assert.strictEqual(yield* data, "ok")
      yield* zk(["set", "/a", "--base64", "b2sh"])
      assert.strictEqual(yield* data, "ok!")
      yield* zk(["set", "/a", "--", "--dashes"])
      assert.strictEqual(yield* data, "--dashes")
    })
  )

  it.live("--version refuses another version with 4, and 0 is 0", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/a"])
      const first = yield* zk(["set", "/a", "x", "--version", "0", "-o", "json"])
      const { path, stat } = JSON.parse(first.text)
      assert.deepStrictEqual([path, stat.version], ["/a", 1])
      const second = yield* zk(["set", "/a", "y", "--version", "0"])
      assert.strictEqual(second.code, 4)
      assert.match(second.stderr, /^zk: set \/a: the node has another version/)
      assert.strictEqual((yield* zk(["get", "/a"])).text, "x")
    })
  )

  it.live("--create makes the node when it is missing", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      assert.strictEqual((yield* zk(["set", "/a/b", "x"])).code, 3)
      assert.strictEqual((yield* zk(["set", "--create", "/a/b", "x"])).code, 0)
      assert.strictEqual((yield* zk(["get", "/a/b"])).text, "x")
      const again = yield* zk(["set", "--create", "/a/b", "y", "-o", "json"])
      assert.strictEqual(JSON.parse(again.text).stat.version, 1)
    })
  )
})

describe("zk rm", () => {
  it.live("removes a node, or with -r all below it", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "-p", "/a/b/c"])
      const full = yield* zk(["rm", "/a"])
      assert.strictEqual(full.code, 4)
      assert.match(full.stderr, /^zk: rm \/a: the node has children.*zk rm -r/)
      assert.strictEqual((yield* zk(["rm", "/a/b/c"])).code, 0)
      const wrong = yield* zk(["rm", "-r", "/a", "--version", "7"])
      assert.strictEqual(wrong.code, 4)
      const all = yield* zk(["rm", "-r", "/a", "-o", "json", "--verbose"])
      assert.match(all.stderr, /^zk: Nodes to delete below \/a: 1$/m)
      assert.deepStrictEqual(JSON.parse(all.text), { path: "/a" })
      assert.strictEqual((yield* zk(["ls"])).text, "")
      assert.strictEqual((yield* zk(["rm", "/a"])).code, 3)
    })
  )

  it.live("never removes / and the server's own nodes", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      const root = yield* zk(["rm", "-r", "/"])
      assert.deepStrictEqual([root.code, root.stderr], [2, "zk: rm /: it is never removed; name the nodes below it\n"])
      yield* zk(["create", "-p", "/zookeeper/below-a-chroot"])
      assert.strictEqual((yield* zk(["rm", "-r", "/zookeeper"])).code, 0)
    })
  )
})

describe("zk sync", () => {
  it.live("waits for the leader and says nothing", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      const { code, stderr, text } = yield* zk(["sync"])
      assert.deepStrictEqual([code, text, stderr], [0, "", ""])
      assert.deepStrictEqual(JSON.parse((yield* zk(["sync", "/", "-o", "json"])).text), { path: "/" })
    })
  )
})
