/** Nodes as a document, and back. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { inChroot, start, zk } from "./zk.ts"

/** Something of every kind: bytes, text, an ACL of its own, nothing. */
const planted = Effect.gen(function* () {
  const run = yield* inChroot
  yield* run(["create", "-p", "/app/bytes", "ff00", "--hex"])
  yield* run(["create", "/app/text", "grüße\n"])
  yield* run(["create", "/app/closed"])
  yield* run(["create", "/app/closed/child"])
  yield* run(["acl", "set", "/app/closed", "world:anyone:r"])
  return run
})

const DOCUMENT = `{"nodes": [
{"path":"/app"},
{"path":"/app/bytes","data":{"data":"/wA=","encoding":"base64"}},
{"path":"/app/closed","acl":[{"scheme":"world","id":"anyone","perms":"r"}]},
{"path":"/app/closed/child"},
{"path":"/app/text","data":{"data":"grüße\\n","encoding":"utf8"}}
]}
`

describe("zk export and zk import", () => {
  it.live("what one prints the other makes", () =>
    Effect.gen(function* () {
      const run = yield* planted
      const { code, stderr, text } = yield* run(["export", "/app"])
      assert.deepStrictEqual([code, stderr, text], [0, "", DOCUMENT])
      const other = yield* inChroot
      const imported = yield* other(["import", "-"], { stdin: text })
      assert.deepStrictEqual([imported.code, imported.stderr, imported.text.split("\n").at(0)], [0, "", "created /app"])
      assert.strictEqual((yield* other(["export"])).text, DOCUMENT)
      // In JSON it is the same document, and in NDJSON the same nodes.
      const json = yield* other(["export", "-o", "json"])
      assert.deepStrictEqual(JSON.parse(json.text), JSON.parse(DOCUMENT))
      const lines = yield* other(["export", "/app/bytes", "-o", "ndjson"])
      assert.strictEqual(lines.text, '{"path":"/app/bytes","data":{"data":"/wA=","encoding":"base64"}}\n')
    })
  )

  it.live("leaves out what belongs to sessions and to the server, and says so of the first", () =>
    Effect.gen(function* () {
      const run = yield* inChroot
      yield* run(["create", "/stays"])
      const script = { stdin: "create -e /goes\nexport\n" }
      const { stderr, text } = yield* run(["shell"], script)
      assert.strictEqual(stderr, "zk: warn: 1 ephemeral nodes are left out\n")
      assert.strictEqual(text, '/goes\n{"nodes": [\n{"path":"/stays"}\n]}\n')
      const server = yield* start(["dev", "--port", "0", "--quiet"])
      const [connect = ""] = yield* server.lines(1)
      assert.strictEqual((yield* zk(["-c", connect, "export"])).text, '{"nodes": [\n\n]}\n')
      assert.include((yield* zk(["-c", connect, "export", "/zookeeper"])).text, '"/zookeeper/config"')
    })
  )

  it.live("by default nothing is done where a node is there; others keep or replace it", () =>
    Effect.gen(function* () {
      const run = yield* inChroot
      yield* run(["create", "/a", "old"])
      const node = (path: string) => ({ path, data: { data: "new", encoding: "utf8" } })
      const document = { stdin: JSON.stringify({ nodes: [node("/a/b"), node("/a"), node("/c")] }) }
      const failed = yield* run(["import", "-"], document)
      assert.deepStrictEqual([failed.code, failed.text], [4, ""])
      assert.match(failed.stderr, /^zk: import \/a: the node exists already \(--existing keep leaves such nodes, /)
      assert.strictEqual((yield* run(["ls", "/"])).text, "a\n")
      const dry = yield* run(["import", "-", "--existing", "replace", "--dry-run"], document)
      assert.strictEqual(dry.text, "replaced /a\ncreated /a/b\ncreated /c\n")
      assert.strictEqual((yield* run(["ls", "/"])).text, "a\n")
      const kept = yield* run(["import", "-", "--existing", "keep"], document)
      assert.strictEqual(kept.text, "kept /a\ncreated /a/b\ncreated /c\n")
      assert.strictEqual((yield* run(["get", "/a"])).text, "old")
      const replaced = yield* run(["import", "-", "--existing", "replace", "-o", "json"], document)
      assert.deepStrictEqual(JSON.parse(replaced.text), {
        dryRun: false,
        nodes: ["/a", "/a/b", "/c"].map((path) => ({ path, done: "replaced" }))
      })
      assert.strictEqual((yield* run(["get", "/a"])).text, "new")
    })
  )

  it.live("fails for what may not be read, and for what is no document", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const run = yield* inChroot
      yield* run(["create", "/closed", "--acl", "world:anyone:c"])
      const closed = yield* run(["export"])
      assert.deepStrictEqual([closed.code, closed.text], [5, ""])
      assert.match(closed.stderr, /^zk: export \/: ls \/closed: /)
      const file = `${yield* fileSystem.makeTempDirectoryScoped()}/nodes.json`
      yield* fileSystem.writeFileString(file, "{}")
      const empty = yield* run(["import", file])
      assert.strictEqual(empty.code, 8)
      assert.include(empty.stderr, `${file} holds no nodes: `)
      assert.include((yield* run(["import", "-"], { stdin: "x" })).stderr, "standard input holds no nodes: ")
      const twice = yield* run(["import", "-"], { stdin: '{"nodes":[{"path":"/b"},{"path":"/a"},{"path":"/b"}]}' })
      assert.include(twice.stderr, "standard input holds no nodes: it has '/b' twice")
      assert.strictEqual((yield* run(["import", `${file}.none`])).code, 8)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})
