/** Children caches on a real ensemble: the children with their data, through gaps and lost sessions, within bounds. */
import * as ChildrenCache from "@effect-zookeeper/recipes/ChildrenCache"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { awaitState } from "../support/awaitState.ts"
import { awaitWatched } from "../real/clients.ts"
import { awaitSeen, awaitShown, record, refusesNoBounds, shown, whileAway } from "./cached.ts"
import {
  type Client,
  expire,
  expireDuring,
  lasting,
  onServers,
  PATH,
  proxied,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const make = (zk: Client, options: Partial<ChildrenCache.Options> = {}) =>
  using(zk)(ChildrenCache.make({ path: PATH, ...options }))

describe("a children cache", () => {
  it.live("shows the children with their data, and tells each change in order", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const cache = yield* make(zk!, { filter: (name) => name !== "hidden" })
      yield* cache.ready
      assert.strictEqual((yield* cache.children).size, 0)
      const seen = yield* record(cache.changes)
      yield* other!.create(PATH)
      yield* other!.create(`${PATH}/a`, "1")
      yield* awaitShown(cache.children, "a=1")
      yield* other!.create(`${PATH}/a/deeper`, "not mine")
      yield* other!.create(`${PATH}/hidden`, "not mine")
      yield* other!.set(`${PATH}/a`, "2")
      yield* awaitShown(cache.children, "a=2")
      yield* other!.create(`${PATH}/b`)
      yield* awaitShown(cache.children, "a=2 b=")
      yield* other!.delete(`${PATH}/a`, { recursive: true })
      yield* awaitShown(cache.children, "b=")
      assert.isTrue(Option.isSome(yield* cache.get("b")))
      assert.isTrue(Option.isNone(yield* cache.get("a")))
      yield* awaitSeen(seen, [`Added ${PATH}/a=1`, `Changed ${PATH}/a=2`, `Added ${PATH}/b=`, `Removed ${PATH}/a=2`])
      // Who comes later begins with what is there.
      yield* awaitSeen(yield* record(cache.changes), [`Added ${PATH}/b=`])
    })
  )

  it.live("gives them sorted by their names, in whatever order they came", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(PATH)
      const cache = yield* make(zk!)
      for (const [name, all] of [
        ["b", "b="],
        ["c", "b= c="],
        ["a", "a= b= c="]
      ] as const) {
        yield* other!.create(`${PATH}/${name}`)
        yield* awaitShown(cache.children, all)
      }
      assert.deepStrictEqual([...(yield* cache.children).keys()], ["a", "b", "c"])
    })
  )

  it.live("costs a watch, a list, a read for each child and one for the parent", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      for (const path of ["", "/a", "/b"]) yield* other!.create(PATH + path)
      yield* zk!.sync()
      // The first watch of a session asks for the server's version.
      yield* Effect.asVoid(zk!.changes.dataScoped("/elsewhere"))
      const requests = recordRequests(zk!)
      const cache = yield* make(zk!)
      yield* cache.ready
      assert.deepStrictEqual(requests, [
        ...(lasting ? ["addWatch"] : []),
        "getData",
        "getChildren",
        "getData",
        "getData"
      ])
      requests.length = 0
      yield* other!.set(`${PATH}/b`, "1")
      yield* awaitShown(cache.children, "a= b=1")
      assert.deepStrictEqual(requests, ["getData"])
    })
  )

  it.live("follows a parent that is deleted and created again", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(`${PATH}/a`, "1", { parents: true })
      const cache = yield* make(zk!)
      yield* awaitShown(cache.children, "a=1")
      for (const round of ["2", "3"]) {
        yield* other!.delete(PATH, { recursive: true })
        yield* awaitShown(cache.children, "")
        yield* other!.create(`${PATH}/a`, round, { parents: true })
        yield* other!.create(`${PATH}/b`, round)
        yield* awaitShown(cache.children, `a=${round} b=${round}`)
      }
      // At once, so that nobody sees it missing.
      yield* other!.delete(`${PATH}/a`)
      yield* other!.create(`${PATH}/a`, "new")
      yield* awaitShown(cache.children, "a=new b=3")
    })
  )

  it.live("tells whoever subscribes before it is ready of everything, once", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      for (const name of ["a", "b"]) yield* other!.create(`${PATH}/${name}`, "1", { parents: true })
      yield* zk!.sync()
      const cache = yield* make(zk!)
      const seen = yield* record(cache.changes)
      assert.deepStrictEqual(seen, [])
      yield* cache.ready
      yield* other!.set(`${PATH}/b`, "2")
      yield* awaitState(
        Effect.sync(() => [...seen]),
        (now) => now.length >= 3,
        { describe: "three changes" }
      )
      assert.deepStrictEqual(seen.slice(0, 2).sort(), [`Added ${PATH}/a=1`, `Added ${PATH}/b=1`])
      assert.deepStrictEqual(seen.slice(2), [`Changed ${PATH}/b=2`])
    })
  )

  it.live("shows the children of the root", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create("/a", "1")
      const cache = yield* make(zk!, { path: "/" })
      yield* awaitShown(cache.children, "a=1")
      yield* other!.create("/b", "1")
      yield* other!.create("/b/deeper", "not mine")
      yield* other!.set("/a", "2")
      yield* awaitShown(cache.children, "a=2 b=1")
      yield* other!.delete("/a")
      yield* awaitShown(cache.children, "b=1")
    })
  )

  it.live("refuses to grow beyond its bound, at the first walk and later, and shows nothing then", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(PATH)
      for (const name of ["a", "b", "c"]) yield* other!.create(`${PATH}/${name}`)
      yield* zk!.sync()
      const tooSmall = yield* make(zk!, { maxNodes: 2 })
      assert.strictEqual((yield* Effect.flip(tooSmall.ready))._tag, "CacheFull")
      // What is filtered does not count.
      const filtered = yield* make(zk!, { maxNodes: 2, filter: (name) => name !== "c" })
      yield* awaitShown(filtered.children, "a= b=")
      const cache = yield* make(zk!, { maxNodes: 3 })
      yield* cache.ready
      yield* other!.set(`${PATH}/a`, "1")
      yield* awaitShown(cache.children, "a=1 b= c=")
      yield* other!.create(`${PATH}/d`)
      const error = yield* Effect.flip(Stream.runDrain(cache.changes))
      assert.strictEqual(error._tag, "CacheFull")
      assert.match(error.message, /more than 3 nodes/)
      assert.strictEqual((yield* Effect.flip(cache.children))._tag, "CacheFull")
      assert.strictEqual((yield* Effect.flip(cache.get("a")))._tag, "CacheFull")
      assert.strictEqual((yield* Effect.flip(filtered.ready))._tag, "CacheFull")
    })
  )

  it.live("does not take children that come and go for more than there are", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(PATH)
      for (const name of [0, 1, 2]) yield* other!.create(`${PATH}/${name}`)
      const cache = yield* make(zk!, { maxNodes: 4 })
      yield* cache.ready
      // Never more than four at a time.
      for (let first = 0; first < 100; first++) {
        yield* other!.create(`${PATH}/${first + 3}`)
        yield* other!.delete(`${PATH}/${first}`)
      }
      yield* awaitShown(cache.children, "100= 101= 102=")
    })
  )

  it.live("shows what was last seen while the connection is away, and catches up", () =>
    Effect.gen(function* () {
      const all = yield* proxied()
      const { other, zk } = all
      for (const name of ["a", "b", "c"]) yield* other.create(`${PATH}/${name}`, "1", { parents: true })
      // As many as ever there are at a time: what is gone does not count when everything is compared.
      const cache = yield* make(zk, { maxNodes: 3 })
      yield* awaitShown(cache.children, "a=1 b=1 c=1")
      const seen = yield* record(cache.changes)
      yield* whileAway(
        all,
        Effect.gen(function* () {
          yield* other.set(`${PATH}/a`, "2")
          yield* other.delete(`${PATH}/b`)
          yield* other.create(`${PATH}/d`, "1")
          assert.strictEqual(shown(yield* cache.children), "a=1 b=1 c=1")
        })
      )
      yield* awaitShown(cache.children, "a=2 c=1 d=1")
      assert.deepStrictEqual(seen.slice(3).sort(), ["Added /recipe/d=1", "Changed /recipe/a=2", "Removed /recipe/b=1"])
    })
  )

  it.live("goes on with a renewed session, also when its read is unanswered at the end of the old one", () =>
    Effect.gen(function* () {
      const all = yield* proxied()
      const { other, zk } = all
      yield* other.create(`${PATH}/a`, "1", { parents: true })
      const cache = yield* make(zk)
      yield* awaitShown(cache.children, "a=1")
      yield* expire(zk, other.session.hosts[0])
      yield* other.set(`${PATH}/a`, "2")
      yield* awaitShown(cache.children, "a=2")
      yield* expireDuring(all, getData, other.set(`${PATH}/a`, "3"))
      yield* awaitShown(cache.children, "a=3")
      yield* other.create(`${PATH}/b`, "1")
      yield* awaitShown(cache.children, "a=3 b=1")
    })
  )

  it.live("tells a slow subscriber of a gap, and others everything", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(`${PATH}/a`, "", { parents: true })
      const cache = yield* make(zk!, { buffer: 4 })
      yield* cache.ready
      const pull = yield* Stream.toPull(cache.changes)
      yield* pull
      const quick = yield* record(cache.changes)
      for (let n = 0; n < 20; n++) {
        yield* other!.set(`${PATH}/a`, `${n}`)
        yield* awaitShown(cache.children, `a=${n}`)
      }
      const rest = yield* pull
      assert.isAtMost(rest.length, 4)
      assert.strictEqual(rest[0]._tag, "Resync")
      yield* awaitSeen(quick, [`Added ${PATH}/a=`, ...Array.from({ length: 20 }, (_, n) => `Changed ${PATH}/a=${n}`)])
    })
  )

  it.live("fails with its session: what it shows, and what it tells", () =>
    Effect.gen(function* () {
      const zk = yield* onServers({ onExpired: "fail" })
      yield* zk.create(PATH)
      const cache = yield* make(zk)
      yield* cache.ready
      const ended = yield* Effect.forkChild(Effect.flip(Stream.runDrain(cache.changes)), { startImmediately: true })
      yield* expire(zk)
      for (const error of [
        yield* Fiber.join(ended),
        yield* Effect.flip(cache.children),
        yield* Effect.flip(cache.ready)
      ]) {
        assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "SessionExpired")
      }
    })
  )

  it.live("is a layer that gives its watches up at the end", () => {
    class Jobs extends ChildrenCache.Service<Jobs>()("test/Jobs", { path: PATH }) {}
    return Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create(`${PATH}/a`, "1", { parents: true })
      const text = Jobs.use(({ children }) => Effect.map(children, shown))
      const layer = Layer.provide(Jobs.layer, Layer.succeed(ZooKeeper.ZooKeeper, zk))
      assert.strictEqual(yield* Effect.provide(text, layer), "a=1")
      yield* awaitWatched(zk, 0)
    })
  })

  it.live("refuses a path that is none, at once", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const error = yield* Effect.flip(make(zk, { path: "recipe" }))
      assert.strictEqual(error.reason._tag, "InvalidArgument")
    })
  )

  it.live("refuses bounds that hold nothing or cannot be counted, before anything is asked", () =>
    Effect.flatMap(onServers(), (zk) => refusesNoBounds(zk, (bounds) => make(zk, bounds)))
  )
})
