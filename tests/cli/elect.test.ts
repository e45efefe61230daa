import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { awaitState } from "../support/awaitState.ts"
import { gone, idle, ownServer, sh } from "./programs.ts"
import { chroot, type Running, start, zk } from "./zk.ts"

const parsed = (lines: ReadonlyArray<string>) => lines.map((line) => JSON.parse(line))

/** What leads, by its data, on each line of `zk elect --observe`. */
const told = (observer: Running, count: number) =>
  Effect.map(observer.lines(count), (lines) =>
    parsed(lines).map(({ leaders }) => leaders.map(({ value }: { value: { data: string } }) => value.data))
  )

const token = 'echo "$ZK_FENCING_TOKEN"; echo $$; exec sleep 300'

describe.concurrent("zk elect", () => {
  it.live("fails over when the leading zk is killed with -9, and --observe tells of it", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect, ZK_SESSION_TIMEOUT: "6s" }
      const observer = yield* start(["elect", "/e", "--observe"], env)
      assert.deepStrictEqual(parsed(yield* observer.lines(1)), [{ path: "/e", leaders: [] }])
      const first = yield* start(["elect", "/e", "--data", "first", ...sh(token)], env)
      const [older, pid] = yield* first.lines(2)
      // It lives on, as the page says.
      yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(Number(pid), "SIGKILL")))
      const second = yield* start(["elect", "/e", "--data", "second", ...sh(token)], env)
      const list = Effect.map(zk(["ls", "/e"], { env }), ({ text }) => text.trimEnd().split("\n"))
      const names = yield* awaitState(list, ({ length }) => length === 2, { describe: "the second is a candidate" })
      for (const name of names) assert.match(name, /^_c_[0-9a-f-]{36}-latch-\d{10}$/)
      assert.deepStrictEqual(yield* told(observer, 2), [[], ["first"]])
      yield* first.signal("SIGKILL")
      const [newer] = yield* second.lines(2)
      assert.isAbove(Number(newer), Number(older))
      assert.deepStrictEqual((yield* told(observer, 3)).at(-1), ["second"])
      yield* second.signal("SIGTERM")
      assert.strictEqual((yield* second.ended).code, 143)
      assert.deepStrictEqual((yield* told(observer, 4)).at(-1), [])
      yield* observer.signal("SIGINT")
      assert.strictEqual((yield* observer.ended).code, 130)
    })
  )

  it.live("ends with the program's own end", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const { code, text } = yield* zk(["elect", "/e", ...sh("echo led; exit 5")], { env })
      assert.deepStrictEqual([code, text], [5, "led\n"])
      assert.deepStrictEqual(
        [...(yield* server.nodes).keys()].filter((path) => path.startsWith("/e/")),
        []
      )
    })
  )

  it.live("is a candidate again when its node is deleted, and runs the program anew", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const leader = yield* start(["elect", "/e", ...sh('echo "$ZK_LOCK_NODE"; echo $$; exec sleep 300')], env)
      const [node, pid] = yield* leader.lines(2)
      yield* zk(["rm", node!], { env })
      const [, , other] = yield* leader.lines(4)
      assert.notStrictEqual(other, node)
      yield* gone(pid!)
      yield* leader.signal("SIGTERM")
      const { code, stderr } = yield* leader.ended
      assert.strictEqual(code, 143)
      assert.match(stderr, /zk: warn: the lead of \/e is lost; a candidate again\n/)
    })
  )

  it.live("is a candidate again when the server stood still for too long", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const leader = yield* start(["elect", "/e", "--session-timeout", "3s", ...sh(idle)], env)
      const [pid] = yield* leader.lines(1)
      yield* server.freeze
      yield* gone(pid!)
      assert.strictEqual((yield* leader.lines(1)).length, 1)
      yield* server.resume
      yield* leader.lines(2)
      yield* leader.signal("SIGTERM")
      assert.strictEqual((yield* leader.ended).code, 143)
    })
  )

  it.live("-n lets so many lead at a time, without a fencing token", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const observer = yield* start(["elect", "/e", "-n", "2", "--observe"], env)
      const candidate = (name: string) => start(["elect", "/e", "-n", "2", "--data", name, ...sh(token)], env)
      const a = yield* candidate("a")
      assert.strictEqual((yield* a.lines(2))[0], "")
      const b = yield* candidate("b")
      yield* b.lines(2)
      const c = yield* candidate("c")
      const all = Effect.map(zk(["ls", "/e"], { env }), ({ text }) => text.trimEnd().split("\n").length)
      yield* awaitState(all, (count) => count === 3, { describe: "all are candidates" })
      assert.strictEqual((yield* c.now).text, "")
      yield* a.signal("SIGTERM")
      yield* c.lines(2)
      yield* awaitState(
        Effect.map(observer.now, ({ text }) => parsed(text.trimEnd().split("\n")).at(-1)),
        ({ leaders }) => leaders.map(({ value }: { value: { data: string } }) => value.data).join() === "b,c",
        { describe: "b and c lead" }
      )
    })
  )

  it.live("--dialect and --stop-on: kazoo's names, and an end as soon as the connection is gone", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const options = ["--dialect", "kazoo", "--stop-on", "suspended"]
      const leader = yield* start(
        ["elect", "/e", ...options, ...sh('echo "$ZK_LOCK_NODE"; echo $$; exec sleep 300')],
        env
      )
      const [node, pid] = yield* leader.lines(2)
      assert.match(node!, /^\/e\/[0-9a-f]{32}__lock__\d{10}$/)
      yield* server.dropConnections
      yield* gone(pid!)
      // A candidate again, with another node.
      assert.notStrictEqual((yield* leader.lines(4))[2], node)
      yield* leader.signal("SIGTERM")
      assert.strictEqual((yield* leader.ended).code, 143)
    })
  )

  it.live("takes either a program or --observe", () =>
    Effect.gen(function* () {
      for (const more of [[], ["--observe", "--", "true"]]) {
        const { code, stderr } = yield* zk(["-c", "127.0.0.1:1", "elect", "/e", ...more])
        assert.deepStrictEqual(
          [code, stderr],
          [2, "zk: elect /e: give either a program to run while leading or --observe\n"]
        )
      }
    })
  )
})
