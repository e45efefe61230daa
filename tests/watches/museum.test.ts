/**
 * What went wrong with watches in other clients, by its number in docs/museum.md (19 to 26). Number 19, a registration
 * larger than the server's limit, is in many.test.ts, and so is the counting of number 24.
 */
import * as Op from "@effect-zookeeper/core/Op"
import type { EventType } from "@effect-zookeeper/core/WatchEvent"
import type { WatchElement } from "@effect-zookeeper/core/ZooKeeper"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { awaitState } from "../support/awaitState.ts"
import * as SharedServers from "../support/SharedServers.ts"
import { awaitWatched, connectStringOf } from "../real/clients.ts"
import { away, awaitReconnect, record, single } from "./support.ts"

const event = (type: EventType, path: string): WatchElement => ({ _tag: "Event", event: { type, path } })
const RESYNC: WatchElement = { _tag: "Resync" }

describe("bug museum", () => {
  it.live("20: a reconnect makes no event up, and a deletion that it hides is not missed", () =>
    Effect.gen(function* () {
      const proxied = yield* single()
      const { cut, other, zk } = proxied
      yield* other.create("/barrier")
      yield* other.create("/quiet")
      const quiet = yield* record(zk.changes.data("/quiet"))
      yield* quiet.next(1)
      const once = yield* zk.once.data("/quiet")
      const fired = yield* Effect.forkScoped(once.next)
      const gone = yield* Effect.forkScoped(
        Stream.runHead(Stream.filter(zk.changes.exists("/barrier"), ({ stat }) => Option.isNone(stat)))
      )
      yield* awaitReconnect(zk, cut)
      yield* zk.sync()
      assert.isUndefined(gone.pollUnsafe())
      yield* away(proxied, other.delete("/barrier"))
      assert.isTrue(Option.isSome(yield* Fiber.join(gone)))
      yield* zk.sync()
      assert.isUndefined(fired.pollUnsafe())
      assert.strictEqual(quiet.seen.length, 1)
    })
  )

  it.live("21: children of a node that is missing, or made again, are heard of", () =>
    Effect.gen(function* () {
      const { other, zk } = yield* single()
      const { last } = yield* record(zk.changes.children("/p"))
      for (let round = 0; round < 3; round++) {
        yield* last(({ children }) => Option.isNone(children), `nothing in round ${round}`)
        yield* other.create("/p")
        yield* other.create(`/p/${round}`)
        yield* last(
          ({ children }) => Option.isSome(children) && children.value[0] === `${round}`,
          `the child of round ${round}`
        )
        yield* other.delete("/p", { recursive: true })
      }
    })
  )

  it.live(
    "22: a gap in a raw watch is marked, also at a renewed session; a change whose read is lost is read again",
    () =>
      Effect.gen(function* () {
        const { cut, other, proxies, zk } = yield* single()
        yield* other.create("/a")
        const raw = yield* Effect.flatMap(zk.watchScoped("/a"), record)
        const data = yield* Effect.flatMap(zk.changes.dataScoped("/a"), record)
        yield* data.next(1)
        yield* awaitReconnect(zk, Effect.andThen(cut, other.create("/a/hidden")))
        yield* zk.sync()
        yield* other.create("/a/seen")
        yield* raw.last((element) => element._tag === "Event", "the event after the gap")
        assert.deepStrictEqual(raw.seen, [RESYNC, event("NodeChildrenChanged", "/a")])
        yield* zk.restart
        yield* zk.sync()
        yield* other.delete("/a/seen")
        yield* raw.next(4)
        assert.deepStrictEqual(raw.seen.slice(2), [RESYNC, event("NodeChildrenChanged", "/a")])
        // The event came, and the connection breaks under the read: the server's replay says nothing of it.
        const dropped = yield* proxies[0]!.dropReplyTo(({ type }) => type === getData.code)
        yield* other.set("/a", "1")
        yield* dropped
        yield* data.last(({ node }) => Option.isSome(node) && ZooKeeper.text(node.value) === "1", "the set")
      })
  )

  it.live("23: a recursive watch tells of no children as such, and who leaves takes nobody's watch along", () =>
    Effect.gen(function* () {
      const { other, zk } = yield* single()
      yield* other.create("/a")
      const [one, two] = [yield* Scope.make(), yield* Scope.make()]
      const recursive = yield* Effect.flatMap(zk.watchScoped("/a", { recursive: true }), record)
      const above = yield* Effect.flatMap(zk.watchScoped("/", { recursive: true }), record)
      yield* Scope.provide(Effect.flatMap(zk.watchScoped("/a"), record), one)
      const plain = yield* Scope.provide(Effect.flatMap(zk.watchScoped("/a"), record), two)
      yield* other.create("/a/b")
      yield* Scope.close(one, Exit.void)
      yield* zk.sync()
      yield* other.delete("/a/b")
      const expected = [event("NodeCreated", "/a/b"), event("NodeDeleted", "/a/b")]
      yield* recursive.next(2)
      yield* above.next(2)
      yield* plain.next(2)
      assert.deepStrictEqual(recursive.seen, expected)
      assert.deepStrictEqual(above.seen, expected)
      assert.deepStrictEqual(plain.seen, [event("NodeChildrenChanged", "/a"), event("NodeChildrenChanged", "/a")])
      yield* Scope.close(two, Exit.void)
      yield* zk.sync()
      yield* other.set("/a", "x")
      yield* recursive.last(({ _tag }) => _tag === "Event", "the set")
      yield* recursive.next(1)
      assert.deepStrictEqual(recursive.seen.at(-1), event("NodeDataChanged", "/a"))
    })
  )

  it.live("23: the chroot and namespaces are taken off every path, at the root, in multi and in the replay too", () =>
    Effect.gen(function* () {
      const proxied = yield* single()
      const { other, zk } = proxied
      const below = zk.namespace("/ns").namespace("/app")
      yield* other.create("/ns/app", "", { parents: true })
      const app = other.namespace("/ns/app")
      const root = yield* Effect.flatMap(below.changes.dataScoped("/"), record)
      const raw = yield* Effect.flatMap(below.watchScoped("/", { recursive: true }), record)
      const outer = yield* Effect.flatMap(zk.watchScoped("/", { recursive: true }), record)
      const once = yield* below.once.exists("/x")
      const children = yield* record(below.changes.children("/"))
      yield* root.next(1)
      yield* app.set("/", "1")
      yield* app.transact(Op.create("/x"), Op.create("/x/y"))
      yield* raw.next(3)
      assert.deepStrictEqual(raw.seen, [
        event("NodeDataChanged", "/"),
        event("NodeCreated", "/x"),
        event("NodeCreated", "/x/y")
      ])
      yield* outer.next(3)
      assert.deepStrictEqual(outer.seen[2], event("NodeCreated", "/ns/app/x/y"))
      assert.deepStrictEqual(yield* once.next, { type: "NodeCreated", path: "/x" })
      yield* root.last(({ change, path }) => change === "changed" && path === "/", "the set of the root")
      yield* children.last(({ children }) => Option.isSome(children) && children.value.includes("x"), "the child")
      const replayed = yield* below.once.data("/x")
      yield* away(proxied, app.delete("/x", { recursive: true }))
      assert.deepStrictEqual(yield* replayed.next, { type: "NodeDeleted", path: "/x" })
      const { path } = yield* children.last(({ change }) => change === "resynced", "the deletion")
      assert.strictEqual(path, "/")
      const missing = yield* Effect.flip(below.once.data("/none"))
      assert.strictEqual(missing.path, "/none")
    })
  )

  it.live("23: the configuration can be watched, which stands outside every chroot", () =>
    Effect.gen(function* () {
      const zk = yield* ZooKeeper.make({ connect: yield* SharedServers.single })
      const { next } = yield* Effect.flatMap(zk.changes.dataScoped("/zookeeper/config"), record)
      const [element] = yield* next(1)
      assert.isTrue(Option.isSome(element!.node))
      assert.strictEqual(zk.session.state._tag, "Connected")
    })
  )

  it.live("24: asking for a missing node, and a node that goes, leave no watch behind", () =>
    Effect.gen(function* () {
      const { other, zk } = yield* single()
      yield* Effect.forEach(
        Array.from({ length: 1000 }, (_, i) => i),
        (i) => Effect.andThen(zk.exists(`/missing-${i}`), Effect.exit(zk.once.data(`/missing-${i}`))),
        { concurrency: "unbounded" }
      )
      yield* other.create("/gone")
      const deleted = Stream.filter(zk.changes.data("/gone"), ({ change }) => change === "deleted")
      const fiber = yield* Effect.forkScoped(Stream.runHead(deleted))
      yield* awaitWatched(zk, 1)
      yield* zk.sync()
      yield* other.delete("/gone")
      yield* Fiber.join(fiber)
      yield* awaitWatched(zk, 0)
    })
  )

  it.live("25: who is told of a change may call everything, and 70,000 children are as good as seven", () =>
    Effect.gen(function* () {
      const { other, zk } = yield* single()
      yield* other.create("/p")
      const names: Array<number> = []
      yield* Effect.forkScoped(
        Stream.runForEach(zk.changes.children("/p"), ({ children }) =>
          Effect.gen(function* () {
            const inside = yield* zk.children("/p")
            yield* zk.set("/p", `${inside.length}`)
            yield* Stream.runHead(zk.changes.data("/p"))
            names.push(Option.getOrElse(children, () => []).length)
          })
        )
      )
      for (let i = 0; i < 70; i++) {
        yield* other.transact(...Array.from({ length: 1000 }, (_, j) => Op.create(`/p/${i * 1000 + j}`)))
      }
      yield* awaitState(
        Effect.sync(() => names.at(-1)),
        (length) => length === 70_000,
        { describe: "70,000 names" }
      )
    })
  )

  it.live("26: streams and one-shot watches end when the session is closed, at once and for good", () =>
    Effect.gen(function* () {
      const { other } = yield* single()
      yield* other.create("/a")
      const scope = yield* Scope.make()
      const zk = yield* Scope.provide(ZooKeeper.make({ connect: connectStringOf(other) }), scope)
      const once = yield* zk.once.data("/a")
      const waiting = [
        Stream.runDrain(zk.changes.data("/a")),
        Stream.runDrain(zk.changes.children("/missing")),
        Stream.runDrain(zk.watch("/a", { recursive: true })),
        once.next
      ]
      const fibers = yield* Effect.forEach(waiting, (effect) => Effect.forkScoped(Effect.flip(effect)))
      yield* awaitWatched(zk, 2)
      yield* Scope.close(scope, Exit.void)
      for (const fiber of fibers) assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, "Closed")
      for (const effect of waiting) assert.strictEqual((yield* Effect.flip(effect)).reason._tag, "Closed")
      assert.strictEqual((yield* Effect.flip(zk.once.exists("/b"))).reason._tag, "Closed")
    })
  )
})

describe("a slow consumer", () => {
  it.live("of a state gets the newest one, of many in between", () =>
    Effect.gen(function* () {
      const { other, zk } = yield* single()
      yield* other.create("/a")
      let release: (() => void) | undefined
      const released = Effect.callback<void>((resume) => {
        release = () => resume(Effect.void)
      })
      const seen: Array<number> = []
      yield* Effect.forkScoped(
        Stream.runForEach(zk.changes.data("/a"), ({ node }) =>
          Effect.suspend(() => {
            seen.push(Option.isSome(node) ? node.value.stat.version : -1)
            return seen.length === 1 ? released : Effect.void
          })
        )
      )
      yield* awaitState(
        Effect.sync(() => release),
        (release) => release !== undefined,
        { describe: "the consumer is busy" }
      )
      for (let i = 0; i < 300; i++) yield* other.set("/a", `${i}`)
      yield* zk.sync()
      release!()
      yield* awaitState(
        Effect.sync(() => seen.at(-1)),
        (version) => version === 300,
        { describe: "the newest" }
      )
      assert.deepStrictEqual(seen, [0, 300])
    })
  )

  it.live("of raw events gets one mark in the place of what does not fit, and then what follows", () =>
    Effect.gen(function* () {
      const { other, zk } = yield* single()
      const changes = yield* zk.watchScoped("/", { recursive: true, buffer: 10 })
      const create = (from: number, to: number) =>
        Effect.gen(function* () {
          for (let i = from; i < to; i++) yield* other.create(`/${i}`)
          yield* zk.sync()
        })
      const take = (count: number) => Stream.runCollect(Stream.take(changes, count))
      const created = (i: number) => event("NodeCreated", `/${i}`)
      yield* create(0, 10)
      assert.deepStrictEqual(
        yield* take(10),
        Array.from({ length: 10 }, (_, i) => created(i))
      )
      yield* create(10, 21)
      assert.deepStrictEqual(yield* take(1), [RESYNC])
      yield* create(21, 24)
      assert.deepStrictEqual(yield* take(3), [created(21), created(22), created(23)])
      for (const buffer of [0, -1, 1.5, Number.NaN]) {
        assert.strictEqual((yield* Effect.flip(zk.watchScoped("/", { buffer }))).reason._tag, "InvalidArgument")
      }
    })
  )
})
