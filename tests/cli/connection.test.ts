import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { chroot, inChroot, zk } from "./zk.ts"

describe("connecting", () => {
  it.live("a chroot is where / is, from the flag or the environment", () =>
    Effect.gen(function* () {
      const { connect, root, server } = yield* chroot
      yield* zk(["-c", connect, "create", "/a", "x"])
      assert.strictEqual((yield* zk(["-c", server, "get", `${root}/a`])).text, "x")
      assert.strictEqual((yield* zk(["ls", "/"], { env: { ZK_CONNECT: connect } })).text, "a\n")
      const flag = yield* zk(["ls", "/", "--connect", connect], { env: { ZK_CONNECT: "127.0.0.1:1" } })
      assert.deepStrictEqual([flag.code, flag.text], [0, "a\n"])
    })
  )

  it.live("to nobody ends with 6 and names each host and why", () =>
    Effect.gen(function* () {
      const { code, stderr, text } = yield* zk(["-c", "127.0.0.1:1,127.0.0.1:2", "ls", "--timeout", "300ms"])
      assert.strictEqual(code, 6)
      assert.strictEqual(text, "")
      assert.match(stderr, /^zk: ls \/: .*127\.0\.0\.1:1: .*ECONNREFUSED/)
      assert.match(stderr, /127\.0\.0\.1:2: /)
      assert.match(stderr, /--connect/)
    })
  )

  it.live("--verbose tells of it on stderr", () =>
    Effect.gen(function* () {
      const { connect, server } = yield* chroot
      const { code, stderr, text } = yield* zk(["--verbose", "create", "/a"], { env: { ZK_CONNECT: connect } })
      assert.deepStrictEqual([code, text], [0, "/a\n"])
      assert.include(stderr, `Connecting to ${server}`)
      assert.match(stderr, /Connected .*in \d+ ms/)
      assert.match(stderr, /Node \/a created in \d+ ms/)
    })
  )

  it.live("--session-file keeps the session, and so its ephemeral nodes, between commands", () =>
    Effect.gen(function* () {
      const run = yield* inChroot
      const fileSystem = yield* FileSystem.FileSystem
      const file = `${yield* fileSystem.makeTempDirectoryScoped()}/session`
      const env = { ZK_SESSION_FILE: file, ZK_SESSION_TIMEOUT: "30s" }
      const made = yield* run(["create", "-e", "/e"], { env })
      assert.deepStrictEqual([made.code, made.text, made.stderr], [0, "/e\n", ""])
      assert.strictEqual((yield* fileSystem.stat(file)).mode & 0o777, 0o600)
      const owner = (options: object) =>
        Effect.map(run(["stat", "/e", "-o", "json"], options), ({ text }) => JSON.parse(text).stat.ephemeralOwner)
      assert.match(yield* fileSystem.readFileString(file), new RegExp(`^${yield* owner({})} `))
      const second = yield* run(["create", "-e", "/f"], { env })
      assert.strictEqual(second.code, 0)
      assert.strictEqual((yield* run(["ls"])).text, "e\nf\n")
      const f = JSON.parse((yield* run(["stat", "/f", "-o", "json"])).text)
      assert.strictEqual(f.stat.ephemeralOwner, yield* owner({}))
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.live("usage errors end with 2 before anything is connected", () =>
    Effect.gen(function* () {
      const { code, stderr, text } = yield* zk(["get", "relative"], { env: { ZK_CONNECT: "127.0.0.1:1" } })
      assert.deepStrictEqual([code, text], [2, ""])
      assert.match(stderr, /^zk: 'relative' is not a path.*\nusage: zk get \[flags\] <path>\nsee: zk get --help\n$/)
    })
  )
})
