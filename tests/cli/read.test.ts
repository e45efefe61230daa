import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { inChroot } from "./zk.ts"

const hex = /^0x[0-9a-f]+$/
const binary = new Uint8Array([0, 255, 10, 13, 10, 0xc3, 0x28])

describe("zk get", () => {
  it.live("gives exactly the bytes to a pipe, and the forms that are asked for", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/bin", "-"], { stdin: binary })
      const raw = yield* zk(["get", "/bin"])
      assert.deepStrictEqual(new Uint8Array(raw.stdout), binary)
      assert.strictEqual(raw.code, 0)
      assert.strictEqual(raw.stderr, "")
      assert.strictEqual((yield* zk(["get", "/bin", "--as", "hex"])).text, "00ff0a0d0ac328\n")
      assert.strictEqual((yield* zk(["get", "/bin", "--as", "base64"])).text, "AP8KDQrDKA==\n")
      const json = yield* zk(["get", "/bin", "--as", "json"])
      assert.strictEqual(json.code, 8)
      assert.strictEqual(json.text, "")
      assert.match(json.stderr, /^zk: get \/\S+: the data of the node is not JSON/)
    })
  )

  it.live("adds no newline, and does not take the one that is there", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/a", "text"])
      assert.strictEqual((yield* zk(["get", "/a"])).text, "text")
      yield* zk(["set", "/a", "text\n"])
      assert.strictEqual((yield* zk(["get", "/a"])).text, "text\n")
      yield* zk(["set", "/a", ""])
      assert.strictEqual((yield* zk(["get", "/a"])).text, "")
    })
  )

  it.live("in JSON has the data with its encoding and the Stat", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/a", "tä\n"])
      yield* zk(["create", "/bin", "-"], { stdin: binary })
      const a = yield* zk(["get", "/a", "-o", "json"])
      assert.strictEqual(a.text.split("\n").length, 2)
      const { path, stat, value, ...rest } = JSON.parse(a.text)
      assert.deepStrictEqual(rest, {})
      assert.strictEqual(path, "/a")
      assert.deepStrictEqual(value, { data: "tä\n", encoding: "utf8" })
      assert.deepStrictEqual(Object.keys(stat), [
        "czxid",
        "mzxid",
        "ctime",
        "mtime",
        "version",
        "cversion",
        "aversion",
        "ephemeralOwner",
        "dataLength",
        "numChildren",
        "pzxid"
      ])
      for (const name of ["czxid", "mzxid", "pzxid", "ephemeralOwner"]) assert.match(stat[name], hex)
      assert.strictEqual(stat.dataLength, 4)
      const bin = JSON.parse((yield* zk(["get", "/bin"], { env: { ZK_OUTPUT: "json" } })).text)
      assert.deepStrictEqual(bin.value, { data: "AP8KDQrDKA==", encoding: "base64" })
      const asked = JSON.parse((yield* zk(["get", "/a", "-o", "json", "--as", "base64"])).text)
      assert.deepStrictEqual(asked.value, { data: Buffer.from("tä\n").toString("base64"), encoding: "base64" })
    })
  )

  it.live("of a missing node ends with 3 and says which", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      for (const verb of ["get", "stat", "ls", "tree", "count", "acl get"]) {
        const { code, stderr, text } = yield* zk([...verb.split(" "), "/nope"])
        assert.deepStrictEqual([code, text, stderr], [3, "", `zk: ${verb} /nope: the node does not exist\n`])
      }
    })
  )
})

describe("zk ls", () => {
  it.live("lists names in order, or the whole tree by path", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      for (const path of ["/b", "/a/c/d", "/a-b", "/a/b"]) yield* zk(["create", "-p", path, "x"])
      assert.strictEqual((yield* zk(["ls"])).text, "a\na-b\nb\n")
      assert.strictEqual((yield* zk(["ls", "/a"])).text, "b\nc\n")
      assert.strictEqual((yield* zk(["ls", "/b"])).text, "")
      assert.strictEqual((yield* zk(["ls", "-R", "/"])).text, "/\n/a\n/a/b\n/a/c\n/a/c/d\n/a-b\n/b\n")
      assert.deepStrictEqual(JSON.parse((yield* zk(["ls", "/a", "-o", "json"])).text), {
        path: "/a",
        nodes: [{ path: "/a/b" }, { path: "/a/c" }]
      })
      assert.strictEqual((yield* zk(["ls", "/a", "-o", "ndjson"])).text, '{"path":"/a/b"}\n{"path":"/a/c"}\n')
    })
  )

  it.live("-l tells kind, version, bytes and children", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "-p", "/parent/child", "hello"])
      yield* zk(["set", "/parent", "12"])
      const { text } = yield* zk(["ls", "-l"])
      assert.match(text, /^-  v1  2  1  \d{4}-\d\d-\d\dT[\d:.]+Z  parent\n$/)
      const json = JSON.parse((yield* zk(["ls", "-lR", "/parent", "-o", "json"])).text)
      assert.deepStrictEqual(
        json.nodes.map(({ path, stat }: { path: string; stat: { dataLength: number } }) => [path, stat.dataLength]),
        [
          ["/parent", 2],
          ["/parent/child", 5]
        ]
      )
    })
  )
})

describe("zk count", () => {
  it.live("counts what is below a node, at any depth", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      for (const path of ["/a/b/c", "/d"]) yield* zk(["create", "-p", path])
      const { code, stderr, text } = yield* zk(["count"])
      assert.deepStrictEqual([code, text, stderr], [0, "4\n", ""])
      assert.strictEqual((yield* zk(["count", "/d"])).text, "0\n")
      assert.deepStrictEqual(JSON.parse((yield* zk(["count", "/a", "-o", "json"])).text), { path: "/a", count: 2 })
    })
  )
})

describe("zk stat and exists", () => {
  it.live("stat prints a field a line", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/a", "hello"])
      const { code, text } = yield* zk(["stat", "/a"])
      assert.strictEqual(code, 0)
      assert.match(text, /^czxid +0x[0-9a-f]+\nmzxid/)
      assert.match(text, /^dataLength +5$/m)
      assert.match(text, /^ephemeralOwner +0x0$/m)
    })
  )

  it.live("exists answers with its exit code", () =>
    Effect.gen(function* () {
      const zk = yield* inChroot
      yield* zk(["create", "/a"])
      const yes = yield* zk(["exists", "/a"])
      assert.deepStrictEqual([yes.code, yes.text, yes.stderr], [0, "true\n", ""])
      const no = yield* zk(["exists", "/b"])
      assert.deepStrictEqual([no.code, no.text, no.stderr], [1, "false\n", ""])
      const json = yield* zk(["exists", "/b", "-o", "json"])
      assert.deepStrictEqual(JSON.parse(json.text), { path: "/b", exists: false, stat: null })
      assert.strictEqual(json.code, 1)
    })
  )
})
