import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { awaitState } from "../support/awaitState.ts"
import { gone, inSteps, isAlive, ownServer, sh } from "./programs.ts"
import { chroot, type Running, start, zk } from "./zk.ts"

/** Waits until a watch with --verbose is registered. */
const registered = (watch: Running) =>
  awaitState(watch.now, ({ stderr }) => stderr.includes("zk: Watching "), { describe: "the watch is registered" })

describe("zk watch", () => {
  it.live("follows a node from before its creation to after its end, one JSON value a line", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect }
      const watch = yield* start(["watch", "/a"], env)
      assert.deepStrictEqual(JSON.parse((yield* watch.lines(1))[0]!), { path: "/a", change: "initial", node: null })
      yield* zk(["create", "/a", "one"], { env })
      yield* watch.lines(2)
      yield* zk(["set", "/a", "two"], { env })
      yield* watch.lines(3)
      yield* zk(["rm", "/a"], { env })
      const lines = (yield* watch.lines(4)).map((line) => JSON.parse(line))
      assert.deepStrictEqual(
        lines.map(({ change, node }) => [change, node?.value ?? null]),
        [
          ["initial", null],
          ["created", { data: "one", encoding: "utf8" }],
          ["changed", { data: "two", encoding: "utf8" }],
          ["deleted", null]
        ]
      )
      assert.strictEqual(lines[2].node.stat.version, 1)
      yield* watch.signal("SIGINT")
      const { code, stderr } = yield* watch.ended
      assert.deepStrictEqual([code, stderr], [130, ""])
    })
  )

  it.live("--children follows the names, --once ends after the first change", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect }
      const watch = yield* start(["watch", "/", "--children", "--once"], env)
      yield* watch.lines(1)
      yield* zk(["create", "/b"], { env })
      const { code, text } = yield* watch.ended
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(
        text
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line)),
        [
          { path: "/", change: "initial", children: [] },
          { path: "/", change: "changed", children: ["b"] }
        ]
      )
    })
  )

  it.live("ends in silence when its reader has gone", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect }
      const watch = yield* start(["watch", "/", "--children"], env)
      yield* watch.lines(1)
      yield* watch.stopReading
      // The reader's end is noticed at a write, and each change is one.
      yield* awaitState(Effect.andThen(zk(["create", "-s", "/n"], { env }), watch.now), ({ code }) => code !== null, {
        describe: "zk watch ends"
      })
      const { code, stderr } = yield* watch.ended
      assert.deepStrictEqual([code, stderr], [0, ""])
    })
  )
})

describe.concurrent("zk watch -R", () => {
  it.live("prints every event of the node and of what is below it, and a Resync after a gap", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      yield* zk(["create", "/a"], { env })
      const watch = yield* start(["watch", "/a", "-R", "--verbose"], env)
      yield* registered(watch)
      yield* zk(["create", "-p", "/a/b/c", "x"], { env })
      yield* zk(["set", "/a/b/c", "y"], { env })
      yield* zk(["create", "/other"], { env })
      yield* zk(["rm", "-r", "/a"], { env })
      yield* watch.lines(6)
      yield* server.dropConnections
      yield* watch.lines(7)
      yield* zk(["create", "/a"], { env })
      const events = (yield* watch.lines(8)).map((line) => JSON.parse(line))
      assert.deepStrictEqual(
        events.map(({ path, type }) => `${type} ${path}`),
        [
          "NodeCreated /a/b",
          "NodeCreated /a/b/c",
          "NodeDataChanged /a/b/c",
          "NodeDeleted /a/b/c",
          "NodeDeleted /a/b",
          "NodeDeleted /a",
          "Resync /a",
          "NodeCreated /a"
        ]
      )
      for (const { zxid } of events) assert.isNull(zxid)
      yield* watch.signal("SIGINT")
      assert.strictEqual((yield* watch.ended).code, 130)
    })
  )

  it.live("sees all of many changes on a real server, and --once ends after the first", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect }
      const all = yield* start(["watch", "/", "-R", "--verbose"], env)
      const one = yield* start(["watch", "/", "-R", "--verbose", "--once"], env)
      yield* Effect.all([registered(all), registered(one)])
      const names = Array.from({ length: 50 }, (_, index) => `/n${index}`)
      const stdin = names.map((name) => `create ${name}`).join("\n")
      assert.strictEqual((yield* zk(["txn"], { env, stdin })).code, 0)
      const paths = (yield* all.lines(50)).map((line) => JSON.parse(line).path)
      assert.deepStrictEqual(paths, names)
      const { code, text } = yield* one.ended
      assert.strictEqual(code, 0)
      assert.strictEqual(JSON.parse(text).path, "/n0")
    })
  )

  it.live("and --children exclude each other", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* zk(["-c", "127.0.0.1:1", "watch", "/", "-R", "--children"])
      assert.deepStrictEqual([code, stderr], [2, "zk: watch /: --children and -R exclude each other\n"])
    })
  )
})

describe.concurrent("zk watch -- cmd", () => {
  it.live("gives each change to the program, on its standard input and in its environment", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const script = 'printf "%s %s " "$ZK_EVENT_TYPE" "$ZK_EVENT_PATH"; cat'
      const watch = yield* start(["watch", "/a", ...sh(script)], env)
      const [initial] = yield* watch.lines(1)
      assert.strictEqual(initial, 'initial /a {"path":"/a","change":"initial","node":null}')
      yield* zk(["create", "/a", "x"], { env })
      const [, created] = yield* watch.lines(2)
      assert.match(created!, /^created \/a \{.*"data":"x"/)
      yield* watch.signal("SIGTERM")
      assert.strictEqual((yield* watch.ended).code, 143)
    })
  )

  it.live("--once ends as the last run does", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const watch = yield* start(["watch", "/a", "--once", ...sh('echo "$ZK_EVENT_TYPE"; exit 4')], env)
      yield* watch.lines(1)
      yield* zk(["create", "/a"], { env })
      const { code, stderr, text } = yield* watch.ended
      assert.deepStrictEqual([code, text], [4, "initial\ncreated\n"])
      assert.strictEqual(stderr, "zk: warn: sh ended with 4\n".repeat(2))
    })
  )

  it.live("that cannot be run ends the watch", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const { code, stderr } = yield* zk(["watch", "/a", "--", "no-such-program"], { env })
      assert.deepStrictEqual([code, stderr], [127, "zk: watch /a: cannot run no-such-program: ENOENT\n"])
    })
  )

  const slow = 'echo "$ZK_EVENT_TYPE $$"; exec sleep 300'

  it.live("is ended by the signal that ends the watch", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const watch = yield* start(["watch", "/a", ...sh(slow)], env)
      const [initial] = yield* watch.lines(1)
      yield* watch.signal("SIGHUP")
      assert.strictEqual((yield* watch.ended).code, 129)
      yield* gone(initial!.split(" ")[1]!)
    })
  )

  it.live("--overlap restart ends the run for the next change", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const watch = yield* start(["watch", "/a", "--overlap", "restart", ...sh(slow)], env)
      const [initial] = yield* watch.lines(1)
      yield* zk(["create", "/a"], { env })
      const [, created] = yield* watch.lines(2)
      assert.match(created!, /^created /)
      yield* gone(initial!.split(" ")[1]!)
      assert.isTrue(isAlive(created!.split(" ")[1]!))
    })
  )

  it.live("--overlap queue keeps each event of -R for when the program has ended, skip does not", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      yield* zk(["create", "/go"], { env })
      // Runs until somebody sets USR1 off; each run takes one.
      const script = `trap "exit 0" USR1; echo "$ZK_EVENT_PATH $$"; ${inSteps}`
      const begin = (overlap: string) =>
        Effect.tap(start(["watch", "/go", "-R", "--verbose", "--overlap", overlap, ...sh(script)], env), registered)
      const queue = yield* begin("queue")
      const skip = yield* begin("skip")
      yield* zk(["create", "/go/a"], { env })
      const next = (watch: Running, count: number) =>
        Effect.map(watch.lines(count), (lines) => lines.at(-1)!.split(" ") as [string, string])
      const end = (pid: string) => Effect.sync(() => process.kill(Number(pid), "SIGUSR1"))
      const [, queued] = yield* next(queue, 1)
      const [, skipping] = yield* next(skip, 1)
      for (const name of ["b", "c"]) yield* zk(["create", `/go/${name}`], { env })
      const seen: Array<string> = []
      let pid = queued
      for (const count of [2, 3]) {
        yield* end(pid)
        const [path, started] = yield* next(queue, count)
        seen.push(path)
        pid = started
      }
      assert.deepStrictEqual(seen, ["/go/b", "/go/c"])
      yield* end(skipping)
      yield* gone(skipping)
      // The end of a program is known to zk a little later than to us, and until then a change is passed over.
      yield* awaitState(
        Effect.andThen(zk(["create", "-s", "/go/d"], { env }), skip.now),
        ({ text }) => text.split("\n").length > 2,
        { describe: "the program runs again" }
      )
      assert.match((yield* skip.lines(2))[1]!, /^\/go\/d/)
    })
  )
})

describe("zk create -e --hold", () => {
  it.live("keeps the node until Ctrl-C, and then it goes at once", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect, ZK_SESSION_TIMEOUT: "30s" }
      const holder = yield* start(["create", "-e", "/e", "--hold"], env)
      assert.deepStrictEqual(yield* holder.lines(1), ["/e"])
      const list = yield* zk(["ls", "-l"], { env })
      assert.match(list.text, /^e  v0  0  0  \S+  e\n$/)
      yield* holder.signal("SIGINT")
      const { code, stderr } = yield* holder.ended
      assert.deepStrictEqual([code, stderr], [130, ""])
      assert.strictEqual((yield* zk(["exists", "/e"], { env })).code, 1)
    })
  )
})
