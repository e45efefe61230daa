import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { inChroot, zk } from "./zk.ts"

describe.concurrent("zk txn", () => {
  it.live("does what each --op says, and prints what came of each", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/old", "x"])
      const operations = ["create /a 'one two'", "create -s /a/n-", "set --version 0 /old y", "check --version 1 /old"]
      const done = yield* zk(["txn", ...operations.flatMap((op) => ["--op", op])])
      assert.deepStrictEqual([done.code, done.stderr], [0, ""])
      assert.strictEqual(done.text, "create /a\ncreate /a/n-0000000000\nset /old\ncheck /old\n")
      assert.strictEqual((yield* zk(["get", "/a"])).text, "one two")
      const json = yield* zk(["txn", "-o", "json", "--op", "set /a z", "--op", "rm /old"])
      const { committed, results } = JSON.parse(json.text)
      assert.isTrue(committed)
      assert.strictEqual(results[0].stat.version, 1)
      assert.deepStrictEqual(results[1], { op: "rm", path: "/old", error: null })
    })
  )

  it.live("reads the operations from standard input or a file, with empty lines and comments", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      const fileSystem = yield* FileSystem.FileSystem
      const file = `${yield* fileSystem.makeTempDirectoryScoped()}/operations`
      const stdin = "# two nodes\ncreate /a 00ff\n\n  create /b\n"
      assert.strictEqual((yield* zk(["txn", "--hex"], { stdin })).text, "create /a\ncreate /b\n")
      assert.deepStrictEqual([...(yield* zk(["get", "/a"])).stdout], [0, 255])
      yield* fileSystem.writeFileString(file, "rm /a\nrm /b\n")
      assert.strictEqual((yield* zk(["txn", file])).text, "rm /a\nrm /b\n")
      assert.strictEqual((yield* zk(["txn", "-"], { stdin: "create /c" })).text, "create /c\n")
      assert.strictEqual((yield* zk(["ls"])).text, "c\n")
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.live.each([
    { op: "rm /none", code: 3, error: "NoNode" },
    { op: "create /a", code: 4, error: "NodeExists" },
    { op: "check --version 7 /a", code: 4, error: "BadVersion" },
    { op: "create -e /x", code: 1, error: "NoChildrenForEphemerals", before: "create -e /e", op2: "create /e/x" }
  ])("does nothing when one fails, and ends with the code of that one: $error", ({ before, code, error, op, op2 }) =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/a"])
      const culprit = op2 ?? op
      const named = culprit.replace(/ -.* /, " ")
      const args = ["--op", before ?? "create /b", "--op", culprit, "--op", "create /c"]
      const text = yield* zk(["txn", ...args])
      assert.deepStrictEqual([text.code, text.text], [code, ""])
      assert.match(
        text.stderr,
        new RegExp(`^zk: txn: nothing was done, because operation 1 \\(${named}\\) failed with ${error}: [^\n]+\n$`)
      )
      const json = yield* zk(["txn", "-o", "ndjson", ...args])
      assert.strictEqual(json.code, code)
      const results = json.text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).error)
      assert.deepStrictEqual(results, ["RolledBack", error, "NotTried"])
      assert.strictEqual((yield* zk(["ls"])).text, "a\n")
    })
  )

  it.live("sends nothing when an operation cannot be understood", () =>
    Effect.gen(function* () {
      const offline = ["-c", "127.0.0.1:1", "txn"]
      const wrong = yield* zk([...offline, "--op", "move /a /b"])
      assert.strictEqual(wrong.code, 8)
      assert.strictEqual(
        wrong.stderr,
        "zk: txn: 'move /a /b' is no operation: 'move' is none of create, set, rm, check\n"
      )
      const none = yield* zk(offline, { stdin: "\n# nothing\n" })
      assert.deepStrictEqual([none.code, none.stderr], [8, "zk: txn: there is no operation to do\n"])
      const both = yield* zk([...offline, "file", "--op", "rm /a"])
      assert.strictEqual(both.code, 2)
    })
  )
})
