/** What `zk` makes of servers and sessions that go away under it. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as rawSession from "../support/rawSession.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import { gone, idle, ownServer, sh } from "./programs.ts"
import { chroot, start, zk } from "./zk.ts"

describe("a session that somebody else ends", () => {
  it.live("ends zk create --hold with 7", () =>
    Effect.gen(function* () {
      const { connect, server } = yield* chroot
      const fileSystem = yield* FileSystem.FileSystem
      const file = `${yield* fileSystem.makeTempDirectoryScoped()}/session`
      const holder = yield* start(["create", "-e", "/e", "--hold"], { ZK_CONNECT: connect, ZK_SESSION_FILE: file })
      yield* holder.lines(1)
      const [id = "", password = ""] = (yield* fileSystem.readFileString(file)).trim().split(" ")
      yield* rawSession.expireSession(server, BigInt.asIntN(64, BigInt(id)), Buffer.from(password, "hex"))
      const { code, stderr } = yield* holder.ended
      assert.strictEqual(code, 7)
      assert.match(stderr, /^zk: create \/e: the session has expired/m)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})

describe("a server that goes away for good", () => {
  it.live("ends zk lock with 7, and its program before it, though nobody reads what it says of that", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const args = ["--verbose", "--session-timeout", "2s", "lock", "/l", "--grace", "100ms"]
      const holder = yield* start([...args, ...sh(idle)], env)
      const [pid] = yield* holder.lines(1)
      yield* holder.stopReadingErrors
      yield* server.stop
      assert.strictEqual((yield* holder.ended).code, 7)
      yield* gone(pid!)
    })
  )
})

describe("an ensemble without a quorum", () => {
  it.live(
    "serves reads to --readonly, refuses writes with 1, and gives no other session: 6",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make({ readOnlyMode: true, config: { localSessionsEnabled: true } })
        const [first, second, third] = ensemble.servers
        yield* zk(["-c", ensemble.connectString, "create", "/a", "x"])
        yield* Effect.all([second.kill, third.kill])
        const env = { ZK_CONNECT: first.connectString }
        const read = yield* zk(["get", "/a", "--readonly", "--timeout", "60s"], { env })
        assert.deepStrictEqual([read.code, read.text], [0, "x"], read.stderr)
        const write = yield* zk(["set", "/a", "y"], { env: { ...env, ZK_READONLY: "true" } })
        assert.deepStrictEqual([write.code, write.text], [1, ""])
        assert.match(write.stderr, /zk: set \/a: the server is in read-only mode/)
        const refused = yield* zk(["get", "/a", "--timeout", "1s"], { env })
        assert.deepStrictEqual([refused.code, refused.text], [6, ""])
        assert.include(refused.stderr, first.connectString)
      }),
    120_000
  )
})
