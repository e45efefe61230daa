/** What users of kazoo and Curator have of watches, by the rows of the parity table. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { awaitWatched } from "../real/clients.ts"
import { away, record, single } from "./support.ts"

describe("parity", () => {
  it.live("row 12: one-shot watches on data, children and existence: the value, and an effect of the next event", () =>
    Effect.gen(function* () {
      const proxied = yield* single()
      const { other, zk } = proxied
      yield* other.create("/a", "1")
      const data = yield* zk.once.data("/a")
      assert.strictEqual(ZooKeeper.text(data.value), "1")
      const children = yield* zk.once.children("/a")
      assert.deepStrictEqual(children.value, [])
      const there = yield* zk.once.exists("/a")
      assert.isTrue(Option.isSome(there.value))
      const missing = yield* zk.once.exists("/b")
      assert.isTrue(Option.isNone(missing.value))
      // What is not asked for does not fire: the next event of each is its own.
      yield* other.create("/a/child")
      yield* other.set("/a/child", "x")
      yield* other.set("/a", "2")
      yield* other.create("/b")
      assert.deepStrictEqual(yield* children.next, { type: "NodeChildrenChanged", path: "/a" })
      assert.deepStrictEqual(yield* data.next, { type: "NodeDataChanged", path: "/a" })
      assert.deepStrictEqual(yield* there.next, { type: "NodeDataChanged", path: "/a" })
      assert.deepStrictEqual(yield* missing.next, { type: "NodeCreated", path: "/b" })
      // One event each, and it can be asked for again.
      assert.deepStrictEqual(yield* data.next, { type: "NodeDataChanged", path: "/a" })
      assert.strictEqual((yield* Effect.flip(zk.once.data("/c"))).reason._tag, "NoNode")
      // Armed by hand, over a reconnect in which it happens.
      const again = yield* zk.once.data("/b")
      yield* away(proxied, other.delete("/b"))
      assert.deepStrictEqual(yield* again.next, { type: "NodeDeleted", path: "/b" })
      // Nobody waits any more.
      const given = yield* zk.once.exists("/never")
      const fiber = yield* Effect.forkChild(given.next, { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      yield* awaitWatched(zk, 0)
    })
  )

  it.live("row 13: data: at once, also for a missing node, then for each create, set and delete, for ever", () =>
    Effect.gen(function* () {
      const proxied = yield* single()
      const { other, zk } = proxied
      const { next } = yield* record(zk.changes.data("/a"))
      const after = (what: Effect.Effect<unknown, unknown>) =>
        Effect.gen(function* () {
          yield* what
          const [element, ...more] = yield* next(1)
          assert.deepStrictEqual(more, [])
          assert.strictEqual(element!.path, "/a")
          const node = Option.map(element!.node, (node) => [ZooKeeper.text(node), node.stat.version])
          return [element!.change, Option.getOrUndefined(node)]
        })
      assert.deepStrictEqual(yield* after(Effect.void), ["initial", undefined])
      assert.deepStrictEqual(yield* after(other.create("/a", "1")), ["created", ["1", 0]])
      assert.deepStrictEqual(yield* after(other.set("/a", "2")), ["changed", ["2", 1]])
      // The same bytes are a change as well.
      assert.deepStrictEqual(yield* after(other.set("/a", "2")), ["changed", ["2", 2]])
      // Neither a child nor permissions are.
      yield* other.create("/a/child")
      yield* other.setAcl("/a", (yield* other.getAcl("/a")).acl)
      yield* other.delete("/a/child")
      assert.deepStrictEqual(yield* after(other.delete("/a")), ["deleted", undefined])
      assert.deepStrictEqual(yield* after(other.create("/a", "3")), ["created", ["3", 0]])
      const replace = Effect.andThen(other.delete("/a"), other.create("/a", "4"))
      assert.deepStrictEqual(yield* after(away(proxied, replace)), ["resynced", ["4", 0]])
      assert.deepStrictEqual(yield* after(other.set("/a", "5")), ["changed", ["5", 1]])
    })
  )

  it.live(
    "row 14: children: at once, then for each that is added or removed, sorted; a child's set does not fire",
    () =>
      Effect.gen(function* () {
        const { other, zk } = yield* single()
        const { next } = yield* record(zk.changes.children("/p"))
        const after = (what: Effect.Effect<unknown, unknown>) =>
          Effect.gen(function* () {
            yield* what
            const [element, ...more] = yield* next(1)
            assert.deepStrictEqual(more, [])
            return [element!.change, Option.getOrUndefined(element!.children)]
          })
        assert.deepStrictEqual(yield* after(Effect.void), ["initial", undefined])
        assert.deepStrictEqual(yield* after(other.create("/p")), ["created", []])
        assert.deepStrictEqual(yield* after(other.create("/p/b")), ["changed", ["b"]])
        assert.deepStrictEqual(yield* after(other.create("/p/a")), ["changed", ["a", "b"]])
        yield* other.set("/p/a", "x")
        yield* other.set("/p", "x")
        yield* other.create("/p/a/below")
        yield* other.delete("/p/a/below")
        assert.deepStrictEqual(yield* after(other.delete("/p/b")), ["changed", ["a"]])
        yield* other.delete("/p/a")
        assert.deepStrictEqual(yield* after(Effect.void), ["changed", []])
        assert.deepStrictEqual(yield* after(other.delete("/p")), ["deleted", undefined])
        assert.deepStrictEqual(yield* after(other.create("/p")), ["created", []])
      })
  )
})
