/** The shell with lines from its standard input; at a terminal it is in prompt.test.ts, whose parts are in packages/cli/test. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chroot, inChroot, zk } from "./zk.ts"

const lines = (...text: ReadonlyArray<string>) => ({ stdin: text.map((line) => `${line}\n`).join("") })

describe("zk shell", () => {
  it.live("does every line with one session, which its flags open", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const script = lines("# all in one", "create -e /e 'two words'", "", "get /e -o json", "ephemerals", "get /e")
      const { code, stderr, text } = yield* zk(["--connect", connect, "shell"], script)
      assert.deepStrictEqual([code, stderr], [0, ""])
      const [created, got, ...rest] = text.split("\n")
      assert.strictEqual(created, "/e")
      assert.strictEqual(JSON.parse(got!).value.data, "two words")
      assert.deepStrictEqual(rest, ["/e", "two words"])
      // It went with the session.
      assert.strictEqual((yield* zk(["-c", connect, "exists", "/e"])).code, 1)
    })
  )

  it.live("gives its flags to each line, which may say something else", () =>
    Effect.gen(function* () {
      const run = yield* inChroot
      const { stderr, text } = yield* run(["shell", "-o=json"], lines("count /", "count / -o text", "4lw ruok"))
      assert.strictEqual(stderr, "")
      assert.deepStrictEqual(text.split("\n").slice(0, 2), ['{"path":"/","count":0}', "0"])
      assert.strictEqual(JSON.parse(text.split("\n")[2]!).word, "ruok")
    })
  )

  it.live("ends with the first line that fails, and its exit code", () =>
    Effect.gen(function* () {
      const run = yield* inChroot
      const { code, stderr, text } = yield* run(["shell"], lines("create /a", "get /none", "create /b"))
      assert.deepStrictEqual([code, text], [3, "/a\n"])
      assert.strictEqual(stderr, "zk: get /none: the node does not exist\nzk: line 2 was the last, because it failed\n")
      assert.strictEqual((yield* run(["ls", "/"])).text, "a\n")
      const open = yield* run(["shell"], lines("get '/a"))
      assert.strictEqual(open.code, 8)
      assert.match(open.stderr, /^zk: a ' is not closed\n/)
      const nested = yield* run(["shell"], lines("shell"))
      assert.strictEqual(nested.code, 2)
    })
  )

  it.live("knows exit, quit and help", () =>
    Effect.gen(function* () {
      const run = yield* inChroot
      for (const word of ["exit", "quit"]) {
        const { code, text } = yield* run(["shell"], lines(word, "create /a"))
        assert.deepStrictEqual([code, text], [0, ""])
      }
      assert.include((yield* run(["shell"], lines("help ls"))).text, "List the children of a node")
    })
  )

  it.live("refuses in a line what only the whole shell can have, but for the ACL of a new node", () =>
    Effect.gen(function* () {
      const run = yield* inChroot
      for (const line of ["ls / -c 127.0.0.1:1", "ls / --auth=digest:a:b", "txn --acl world:anyone:r --op 'rm /a'"]) {
        const { code, stderr } = yield* run(["shell"], lines(line))
        assert.strictEqual(code, 2)
        assert.match(
          stderr,
          /^zk: --(connect|auth|acl) is for the whole shell; end this one and start another with it\n/
        )
      }
      const read = yield* run(["shell"], lines("create /r --acl world:anyone:r", "acl get /r", "acl get /"))
      assert.strictEqual(read.text, "/r\nworld:anyone:r\nworld:anyone:cdrwa\n")
    })
  )

  it.live("keeps its lines from values and programs", () =>
    Effect.gen(function* () {
      const run = yield* inChroot
      const value = yield* run(["shell"], lines("create /a -", "create /b"))
      assert.strictEqual(value.code, 2)
      assert.match(value.stderr, /^zk: create \/a: standard input has the lines of the shell; name a file: @FILE\n/)
      const program = yield* run(["shell"], lines("lock /lock -- cat", "create /b"))
      assert.deepStrictEqual([program.code, program.text], [0, "/b\n"])
      const failed = yield* run(["shell"], lines("lock /lock -- sh -c 'exit 9'", "create /c"))
      assert.deepStrictEqual([failed.code, failed.text], [9, ""])
    })
  )
})
