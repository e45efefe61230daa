/** `zk --driver node-zookeeper-client`: the same verbs over the other driver, and what it says of those that cannot be. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chroot, inChroot, start } from "./zk.ts"

const env = { ZK_DRIVER: "node-zookeeper-client" }

describe("zk --driver node-zookeeper-client", () => {
  it.live("reads and writes nodes, by the flag or the environment", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      const driver = ["--driver", "node-zookeeper-client"]
      const { code, stderr, text } = yield* zk(["create", "/a", "one", ...driver, "--verbose"])
      assert.deepStrictEqual([code, text], [0, "/a\n"])
      assert.match(stderr, /Connected to .* in \d+ ms/)
      assert.strictEqual((yield* zk(["get", "/a"], { env })).text, "one")
      assert.strictEqual((yield* zk(["set", "/a", "two", "--version", "0"], { env })).code, 0)
      assert.strictEqual((yield* zk(["set", "/a", "three", "--version", "0"], { env })).code, 4)
      assert.strictEqual((yield* zk(["create", "-p", "/b/c"], { env })).code, 0)
      assert.strictEqual((yield* zk(["ls"], { env })).text, "a\nb\n")
      assert.strictEqual((yield* zk(["rm", "-r", "/b"], { env })).code, 0)
      assert.strictEqual((yield* zk(["get", "/b"], { env })).code, 3)
      const stat = JSON.parse((yield* zk(["stat", "/a", "-o", "json"], { env })).text)
      assert.strictEqual(stat.stat.version, 1)
      assert.strictEqual((yield* zk(["get", "/a"])).text, "two")
    })
  )

  it.live("commits transactions, in which version 0 is 0", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/a", "one"], { env })
      const txn = (...operations: ReadonlyArray<string>) =>
        zk(["txn", ...operations.flatMap((operation) => ["--op", operation])], { env })
      const done = yield* txn("create /b x", "set --version 0 /a two")
      assert.strictEqual(done.code, 0, done.stderr)
      const failed = yield* txn("create /c x", "set --version 0 /a three")
      assert.strictEqual(failed.code, 4)
      assert.strictEqual((yield* zk(["ls"])).text, "a\nb\n")
    })
  )

  it.live("follows a node, and runs a program under a lock", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const zk = yield* inChroot
      yield* zk(["create", "/a", "one"], { env: { ZK_CONNECT: connect } })
      const watching = yield* start(["watch", "/a", "--once"], { ...env, ZK_CONNECT: connect })
      yield* watching.lines(1)
      yield* zk(["set", "/a", "two"], { env: { ZK_CONNECT: connect } })
      const { code, text } = yield* watching.ended
      const changes = text.trim().split("\n")
      assert.deepStrictEqual([code, changes.length], [0, 2])
      assert.deepStrictEqual(JSON.parse(changes[1]!).node.value, { data: "two", encoding: "utf8" })
      const locked = yield* zk(["lock", "/lock", "--", process.execPath, "-p", "process.env.ZK_LOCK_NODE"], { env })
      assert.match(locked.text, /^\/lock\/_c_.*-lock-0000000000\n$/)
      assert.strictEqual(locked.code, 0)
    })
  )

  it.live("says what it cannot do and who can, and ends with 1", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      for (const [args, operation] of [
        [["sync", "/"], "sync"],
        [["create", "--container", "/c"], "createContainer"],
        [["watch", "-R", "/"], "addWatch"]
      ] as const) {
        const { code, stderr, text } = yield* zk(args, { env })
        assert.deepStrictEqual([code, text], [1, ""], args.join(" "))
        assert.match(
          stderr,
          new RegExp(`^zk: \\S+.*: node-zookeeper-client has no ${operation}; the native driver .*has it`)
        )
      }
      const tls = yield* zk(["ls", "--tls"], { env })
      assert.strictEqual(tls.code, 1)
      assert.match(tls.stderr, /^zk: ls \/: node-zookeeper-client has no 'tls'; the native driver has it/)
      assert.strictEqual((yield* zk(["ls"], { env: { ZK_DRIVER: "other" } })).code, 2)
    })
  )
})
