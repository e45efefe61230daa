/**
 * Watches as servers know them, asked for by bare requests: what fires them, what uses them up, what takes them away.
 * The semantics are those measured on 3.8.0; what 3.9 changed is told apart.
 */
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { getChildren, getChildren2 } from "@effect-zookeeper/core/wire/ops/children"
import {
  addWatch,
  AddWatchMode,
  checkWatches,
  removeWatches,
  setWatches,
  setWatches2,
  WatcherType
} from "@effect-zookeeper/core/wire/ops/watches"
import * as Op from "@effect-zookeeper/core/Op"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { recordEvents } from "../events.ts"
import { beside, call, type Client, has, onServer } from "../clients.ts"
import type { It } from "../Backend.ts"

const NO_WATCHER = -121
const NO_NODE = -101

const codeOf = <A>(effect: ReturnType<typeof call<any, A>>) =>
  effect.pipe(
    Effect.as(0),
    Effect.catchIf(
      ({ code }) => code !== undefined,
      ({ code }) => Effect.succeed(code)
    )
  )

/** Two sessions in the same place: one watches, the other changes. */
const pair = Effect.gen(function* () {
  const zk = yield* onServer()
  const other = yield* beside(zk)
  const at = (path: string) => (path === "/" ? zk.session.root : zk.session.root + path)
  const events = yield* recordEvents(zk)
  return { zk, other, at, events }
})

export const watches = (it: It) => {
  describe("a one-shot watch", () => {
    it.effect("on data fires once, for a change or a deletion, and only if the read succeeded", () =>
      Effect.gen(function* () {
        const { at, events, other, zk } = yield* pair
        yield* other.create("/a")
        yield* call(zk, getData, { path: at("/a"), watch: true })
        assert.strictEqual(yield* codeOf(call(zk, getData, { path: at("/none"), watch: true })), NO_NODE)
        yield* other.set("/a", "1")
        yield* other.set("/a", "2")
        yield* other.create("/none")
        assert.deepStrictEqual(yield* events.seen, ["NodeDataChanged /a"])
        yield* call(zk, getData, { path: at("/a"), watch: true })
        yield* other.delete("/a")
        assert.deepStrictEqual(yield* events.seen, ["NodeDataChanged /a", "NodeDeleted /a"])
      })
    )

    it.effect("by exists fires for a creation too, and for data that stay the same", () =>
      Effect.gen(function* () {
        const { at, events, other, zk } = yield* pair
        assert.strictEqual(yield* codeOf(call(zk, exists, { path: at("/a"), watch: true })), NO_NODE)
        yield* other.create("/a", "same")
        yield* call(zk, exists, { path: at("/a"), watch: true })
        yield* other.create("/a/child")
        yield* other.set("/a", "same")
        assert.deepStrictEqual(yield* events.seen, ["NodeCreated /a", "NodeDataChanged /a"])
      })
    )

    it.effect("on children fires for a child that comes or goes, not for one that changes", () =>
      Effect.gen(function* () {
        const { at, events, other, zk } = yield* pair
        yield* other.create("/p")
        yield* call(zk, getChildren, { path: at("/p"), watch: true })
        yield* other.set("/p", "x")
        yield* other.create("/p/a")
        yield* call(zk, getChildren2, { path: at("/p"), watch: true })
        yield* other.set("/p/a", "x")
        yield* other.delete("/p/a")
        yield* call(zk, getChildren, { path: at("/p"), watch: true })
        yield* other.delete("/p")
        assert.deepStrictEqual(yield* events.seen, [
          "NodeChildrenChanged /p",
          "NodeChildrenChanged /p",
          "NodeDeleted /p"
        ])
      })
    )

    it.effect("on data and on children of one node is told of its deletion once", () =>
      Effect.gen(function* () {
        const { at, events, other, zk } = yield* pair
        yield* other.create("/p")
        yield* call(zk, getChildren, { path: at("/"), watch: true })
        yield* call(zk, getData, { path: at("/p"), watch: true })
        yield* call(zk, getChildren, { path: at("/p"), watch: true })
        yield* other.delete("/p")
        assert.deepStrictEqual(yield* events.seen, ["NodeDeleted /p", "NodeChildrenChanged /"])
      })
    )

    it.effect("of one's own change comes before the answer to that change", () =>
      Effect.gen(function* () {
        const { at, events, zk } = yield* pair
        yield* zk.create("/a")
        yield* call(zk, getData, { path: at("/a"), watch: true })
        yield* zk.set("/a", "x")
        assert.deepStrictEqual(events.now(), ["NodeDataChanged /a"])
        yield* call(zk, exists, { path: at("/a"), watch: true })
        yield* zk.transact(Op.set("/a", "y"), Op.delete("/a"))
        assert.deepStrictEqual(events.now(), ["NodeDataChanged /a", "NodeDataChanged /a"])
      })
    )

    it.effect("of a failed transaction does not fire, of one that succeeds in its order", () =>
      Effect.gen(function* () {
        const { at, events, other, zk } = yield* pair
        for (const name of ["/a", "/b", "/c"]) {
          yield* other.create(name)
          yield* call(zk, getData, { path: at(name), watch: true })
        }
        yield* Effect.flip(other.transact(Op.set("/a", "1"), Op.check("/none", "any")))
        yield* other.transact(Op.set("/c", "1"), Op.delete("/a"), Op.set("/b", "1"))
        assert.deepStrictEqual(yield* events.seen, ["NodeDataChanged /c", "NodeDeleted /a", "NodeDataChanged /b"])
      })
    )

    it.effect("is not touched by a change of permissions", () =>
      Effect.gen(function* () {
        const { at, events, other, zk } = yield* pair
        yield* other.create("/a")
        yield* call(zk, getData, { path: at("/a"), watch: true })
        yield* other.setAcl("/a", [{ perms: 31, scheme: "world", id: "anyone" }])
        assert.deepStrictEqual(yield* events.seen, [])
      })
    )
  })

  describe("a persistent watch", () => {
    const watch = (zk: Client, path: string, mode: keyof typeof AddWatchMode) =>
      call(zk, addWatch, { path, mode: AddWatchMode[mode] })

    it.effect("stays: over changes, deletion and creation, children included", () =>
      Effect.gen(function* () {
        const { at, events, other, zk } = yield* pair
        yield* watch(zk, at("/a"), "PERSISTENT")
        yield* other.create("/a")
        yield* other.set("/a", "1")
        yield* other.create("/a/b")
        yield* other.set("/a/b", "1")
        yield* other.delete("/a/b")
        yield* other.delete("/a")
        yield* other.create("/a")
        assert.deepStrictEqual(yield* events.seen, [
          "NodeCreated /a",
          "NodeDataChanged /a",
          "NodeChildrenChanged /a",
          "NodeChildrenChanged /a",
          "NodeDeleted /a",
          "NodeCreated /a"
        ])
      })
    )

    it.effect("that is recursive tells of everything below, and never of children as such", () =>
      Effect.gen(function* () {
        const { at, events, other, zk } = yield* pair
        yield* watch(zk, at("/a"), "PERSISTENT_RECURSIVE")
        yield* other.create("/a/b/c", "", { parents: true })
        yield* other.create("/ab")
        yield* other.set("/a/b", "1")
        yield* other.delete("/a", { recursive: true })
        assert.deepStrictEqual(yield* events.seen, [
          "NodeCreated /a",
          "NodeCreated /a/b",
          "NodeCreated /a/b/c",
          "NodeDataChanged /a/b",
          "NodeDeleted /a/b/c",
          "NodeDeleted /a/b",
          "NodeDeleted /a"
        ])
      })
    )

    it.effect("on a path is replaced by a one-shot one up to 3.8, and stays beside it from 3.9 on", () =>
      Effect.gen(function* () {
        const { at, events, other, zk } = yield* pair
        yield* other.create("/a")
        yield* watch(zk, at("/a"), "PERSISTENT")
        yield* call(zk, getData, { path: at("/a"), watch: true })
        yield* other.set("/a", "1")
        yield* other.set("/a", "2")
        yield* other.create("/a/b")
        const kept = yield* has(zk, 9)
        assert.deepStrictEqual(
          yield* events.seen,
          kept
            ? ["NodeDataChanged /a", "NodeDataChanged /a", "NodeChildrenChanged /a"]
            : ["NodeDataChanged /a", "NodeChildrenChanged /a"]
        )
      })
    )

    it.effect("of a mode that is none is refused", () =>
      Effect.gen(function* () {
        const { at, zk } = yield* pair
        assert.strictEqual(yield* codeOf(call(zk, addWatch, { path: at("/a"), mode: 7 })), -5)
      })
    )
  })

  describe("removing watches", () => {
    it.effect("by type takes one half of a persistent watch or both, and says when there was none", () =>
      Effect.gen(function* () {
        const { at, events, other, zk } = yield* pair
        const path = at("/a")
        yield* other.create("/a")
        const remove = (type: keyof typeof WatcherType) =>
          codeOf(call(zk, removeWatches, { path, type: WatcherType[type] }))
        for (const type of ["DATA", "CHILDREN", "ANY"] as const) assert.strictEqual(yield* remove(type), NO_WATCHER)
        yield* call(zk, getData, { path, watch: true })
        yield* call(zk, getChildren, { path, watch: true })
        assert.strictEqual(yield* remove("DATA"), 0)
        assert.strictEqual(yield* remove("DATA"), NO_WATCHER)
        yield* other.set("/a", "1")
        yield* other.create("/a/b")
        assert.deepStrictEqual(yield* events.seen, ["NodeChildrenChanged /a"])
        yield* call(zk, addWatch, { path, mode: AddWatchMode.PERSISTENT })
        assert.strictEqual(yield* remove("ANY"), 0)
        yield* other.set("/a", "2")
        yield* other.delete("/a/b")
        assert.deepStrictEqual(yield* events.seen, ["NodeChildrenChanged /a"])
        assert.strictEqual(yield* remove("ANY"), NO_WATCHER)
      })
    )

    it.effect("is preceded by a check that finds them, and finds none where nobody watches", () =>
      Effect.gen(function* () {
        const { at, other, zk } = yield* pair
        const path = at("/a")
        yield* other.create("/a")
        const check = (type: keyof typeof WatcherType) =>
          codeOf(call(zk, checkWatches, { path, type: WatcherType[type] }))
        assert.strictEqual(yield* check("DATA"), NO_WATCHER)
        yield* call(zk, getData, { path, watch: true })
        assert.strictEqual(yield* check("DATA"), 0)
        assert.strictEqual(yield* check("ANY"), 0)
        assert.strictEqual(yield* check("CHILDREN"), NO_WATCHER)
      })
    )
  })

  describe("setWatches", () => {
    it.effect("fires at once what changed since, and arms the rest", () =>
      Effect.gen(function* () {
        const { at, events, other, zk } = yield* pair
        for (const name of ["/same", "/changed", "/gone", "/parent"]) yield* other.create(name)
        yield* zk.exists("/")
        const relativeZxid = zk.session.lastZxid
        yield* other.set("/changed", "1")
        yield* other.delete("/gone")
        yield* other.create("/parent/child")
        yield* other.create("/new")
        yield* call(zk, setWatches, {
          relativeZxid,
          dataWatches: [at("/same"), at("/changed"), at("/gone")],
          existWatches: [at("/new"), at("/never")],
          childWatches: [at("/same"), at("/parent")]
        })
        const fired = [
          "NodeDataChanged /changed",
          "NodeDeleted /gone",
          "NodeCreated /new",
          "NodeChildrenChanged /parent"
        ]
        assert.sameMembers([...(yield* events.seen)], fired)
        yield* other.set("/same", "1")
        yield* other.create("/same/child")
        yield* other.create("/never")
        assert.deepStrictEqual((yield* events.seen).slice(fired.length), [
          "NodeDataChanged /same",
          "NodeChildrenChanged /same",
          "NodeCreated /never"
        ])
      })
    )

    it.effect(
      "2 takes persistent watches too, which tell nothing of what was missed unless they stand in a list that does",
      () =>
        Effect.gen(function* () {
          const { at, events, other, zk } = yield* pair
          for (const name of ["/quiet", "/both"]) yield* other.create(name)
          yield* zk.exists("/")
          const relativeZxid = zk.session.lastZxid
          yield* other.set("/quiet", "1")
          yield* other.set("/both", "1")
          yield* call(zk, setWatches2, {
            relativeZxid,
            dataWatches: [at("/both")],
            existWatches: [],
            childWatches: [],
            persistentWatches: [at("/quiet"), at("/both")],
            persistentRecursiveWatches: [at("/tree")]
          })
          assert.deepStrictEqual(yield* events.seen, ["NodeDataChanged /both"])
          for (const value of ["2", "3"]) {
            yield* other.set("/both", value)
            yield* other.set("/quiet", value)
          }
          yield* other.create("/tree/leaf", "", { parents: true })
          assert.deepStrictEqual((yield* events.seen).slice(1), [
            "NodeDataChanged /both",
            "NodeDataChanged /quiet",
            "NodeDataChanged /both",
            "NodeDataChanged /quiet",
            "NodeCreated /tree",
            "NodeCreated /tree/leaf"
          ])
        })
    )
  })
}
