import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { inChroot } from "./zk.ts"

describe("zk ephemerals", () => {
  it.live("lists what the session of --session-file owns, at a path and below it", () =>
    Effect.gen(function* () {
      const run = yield* inChroot
      const fileSystem = yield* FileSystem.FileSystem
      const file = `${yield* fileSystem.makeTempDirectoryScoped()}/session`
      const env = { ZK_SESSION_FILE: file, ZK_SESSION_TIMEOUT: "30s" }
      yield* run(["create", "/app"])
      for (const path of ["/app/b", "/app/a", "/apple"]) yield* run(["create", "-e", path], { env })
      const all = yield* run(["ephemerals"], { env })
      assert.deepStrictEqual([all.code, all.text, all.stderr], [0, "/app/a\n/app/b\n/apple\n", ""])
      assert.strictEqual((yield* run(["ephemerals", "/app"], { env })).text, "/app/a\n/app/b\n")
      assert.strictEqual((yield* run(["ephemerals", "/none"], { env })).text, "")
      const json = yield* run(["ephemerals", "/app", "-o", "json"], { env })
      assert.deepStrictEqual(JSON.parse(json.text), { path: "/app", nodes: [{ path: "/app/a" }, { path: "/app/b" }] })
      const lines = yield* run(["ephemerals", "/apple", "-o", "ndjson"], { env })
      assert.strictEqual(lines.text, '{"path":"/apple"}\n')
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.live("says that a session of its own owns nothing", () =>
    Effect.gen(function* () {
      const run = yield* inChroot
      const { code, stderr, text } = yield* run(["ephemerals"])
      assert.deepStrictEqual([code, text], [0, ""])
      assert.match(stderr, /^zk: warn: the session of this command is new and owns nothing; --session-file /)
    })
  )
})
