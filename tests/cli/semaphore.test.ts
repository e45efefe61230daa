import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { idle, ownServer, sh } from "./programs.ts"
import { chroot, start, zk } from "./zk.ts"

describe.concurrent("zk semaphore", () => {
  it.live("lets so many run at a time, and the next when one has ended", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect }
      const holder = start(["semaphore", "/s", "-n", "2", ...sh(`echo "$ZK_LOCK_NODE"; ${idle}`)], env)
      const a = yield* holder
      const [node] = yield* a.lines(2)
      assert.match(node!, /^\/s\/leases\/_c_[0-9a-f-]{36}-lease-0000000000$/)
      const b = yield* holder
      yield* b.lines(2)
      const full = yield* zk(["semaphore", "/s", "-n", "2", "--wait", "0", ...sh("echo no")], { env })
      assert.deepStrictEqual([full.code, full.text, full.stderr], [124, "", "zk: semaphore /s: not free at once\n"])
      // Nor one of a lock around it.
      const c = yield* start(["semaphore", "/s", "-n", "2", ...sh('echo "${ZK_FENCING_TOKEN-none}"')], {
        ...env,
        ZK_FENCING_TOKEN: "57"
      })
      yield* a.signal("SIGTERM")
      assert.strictEqual((yield* a.ended).code, 143)
      const { code, text } = yield* c.ended
      assert.deepStrictEqual([code, text], [0, "none\n"])
      yield* b.signal("SIGTERM")
      yield* b.ended
      assert.strictEqual((yield* zk(["ls", "/s/leases"], { env })).text, "")
    })
  )

  it.live("keeps kazoo's nodes on demand", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect }
      const kazoo = ["semaphore", "/s", "-n", "2", "--dialect", "kazoo"]
      const { text } = yield* zk([...kazoo, ...sh('echo "$ZK_LOCK_NODE"')], { env })
      assert.match(text, /^\/s\/[0-9a-f]{32}\n$/)
      assert.strictEqual((yield* zk(["get", "/s"], { env })).text, "2")
    })
  )

  it.live("a server that stands still ends the program, with 7", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const holder = yield* start(["semaphore", "/s", "-n", "3", "--session-timeout", "3s", ...sh(idle)], env)
      yield* holder.lines(1)
      yield* server.freeze
      assert.strictEqual((yield* holder.ended).code, 7)
    })
  )

  it.live("--data and --stop-on: tells of its holder, and ends as soon as the connection is gone", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const options = ["-n", "2", "--data", "me", "--stop-on", "suspended", "--quiet"]
      const holder = yield* start(["semaphore", "/s", ...options, ...sh('echo "$ZK_LOCK_NODE"; exec sleep 300')], env)
      const [node] = yield* holder.lines(1)
      assert.strictEqual((yield* zk(["get", node!], { env })).text, "me")
      yield* server.dropConnections
      const { code, stderr } = yield* holder.ended
      assert.deepStrictEqual([code, stderr], [7, "zk: semaphore /s: the connection was lost\n"])
    })
  )

  it.live("needs to know how many", () =>
    Effect.gen(function* () {
      const none = yield* zk(["-c", "127.0.0.1:1", "semaphore", "/s", "--", "true"])
      assert.strictEqual(none.code, 2)
      assert.match(none.stderr, /--leases/)
      const zero = yield* zk(["-c", "127.0.0.1:1", "semaphore", "/s", "-n", "0", "--", "true"])
      assert.strictEqual(zero.code, 2)
      assert.match(zero.stderr, /Expected: 1 or more/)
    })
  )
})
