import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { awaitState } from "../support/awaitState.ts"
import { gone, inSteps, ownServer, sh } from "./programs.ts"
import { chroot, start, zk } from "./zk.ts"

describe.concurrent("zk group", () => {
  it.live("join is a member until Ctrl-C; list and watch tell of it", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect }
      const list = Effect.map(zk(["group", "list", "/g"], { env }), ({ text }) => text)
      assert.strictEqual(yield* list, "")
      const watch = yield* start(["group", "watch", "/g"], env)
      assert.deepStrictEqual(JSON.parse((yield* watch.lines(1))[0]!), { path: "/g", members: [] })
      const a = yield* start(["group", "join", "/g", "a", "--data", "host:1"], env)
      const newest = Effect.map(watch.now, ({ text }) => JSON.parse(text.trimEnd().split("\n").at(-1)!))
      const b = yield* start(["group", "join", "/g", "b"], env)
      const both = yield* awaitState(newest, ({ members }) => members.length === 2, { describe: "both are members" })
      assert.deepStrictEqual(both.members, [
        { id: "a", value: { data: "host:1", encoding: "utf8" } },
        { id: "b", value: { data: "", encoding: "utf8" } }
      ])
      assert.strictEqual(yield* list, "a\nb\n")
      assert.deepStrictEqual(JSON.parse((yield* zk(["group", "list", "/g", "-o", "json"], { env })).text), both)
      yield* a.signal("SIGINT")
      const { code, stderr, text } = yield* a.ended
      assert.deepStrictEqual([code, stderr, text], [130, "", ""])
      assert.strictEqual(yield* list, "b\n")
      yield* awaitState(newest, ({ members }) => members.length === 1, { describe: "the watch sees one go" })
      yield* b.signal("SIGTERM")
      assert.strictEqual((yield* b.ended).code, 143)
    })
  )

  it.live("join puts its node back, and goes with its program", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const script = `trap "exit 3" USR1; echo "$ZK_GROUP_NODE"; echo $$; ${inSteps}`
      const member = yield* start(["group", "join", "/g", "a", ...sh(script)], env)
      const [node, pid] = yield* member.lines(2)
      assert.strictEqual(node, "/g/a")
      yield* zk(["rm", node!], { env })
      yield* awaitState(zk(["group", "list", "/g"], { env }), ({ text }) => text === "a\n", { describe: "it is back" })
      yield* member.signal("SIGUSR1")
      assert.strictEqual((yield* member.ended).code, 3)
      yield* gone(pid!)
      assert.strictEqual((yield* zk(["group", "list", "/g"], { env })).text, "")
    })
  )

  it.live("join under a name that cannot be one of a node ends with 8", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const { code, stderr } = yield* zk(["group", "join", "/g", "a/b"], { env })
      assert.strictEqual(code, 8)
      assert.match(stderr, /^zk: group join \/g: 'a\/b' cannot be the name of a node\n$/)
    })
  )
})
