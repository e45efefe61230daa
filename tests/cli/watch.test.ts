import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { awaitState } from "../support/awaitState.ts"
import { chroot, start, zk } from "./zk.ts"

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
