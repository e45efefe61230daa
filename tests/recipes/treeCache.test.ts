/** Tree caches on a real ensemble: what they show is what is there, through gaps and lost sessions, and no more than they may. */
import * as Acl from "@effect-zookeeper/core/Acl"
import type { CacheFailure } from "@effect-zookeeper/recipes/Cache"
import * as ChildrenCache from "@effect-zookeeper/recipes/ChildrenCache"
import * as TreeCache from "@effect-zookeeper/recipes/TreeCache"
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { getChildren } from "@effect-zookeeper/core/wire/ops/children"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { awaitWatched, cutOff } from "../real/clients.ts"
import { awaitState } from "../support/awaitState.ts"
import { within } from "../support/realTime.ts"
import { awaitShown, record, refusesNoBounds, shown, whileAway } from "./cached.ts"
import {
  type Client,
  expire,
  expireDuring,
  lasting,
  onServers,
  PATH,
  precede,
  proxied,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const tree = (zk: Client, options: Partial<TreeCache.Options> = {}) =>
  using(zk)(TreeCache.make({ path: PATH, ...options }))
const childrenOf = (zk: Client, options: Partial<ChildrenCache.Options> = {}) =>
  using(zk)(ChildrenCache.make({ path: PATH, ...options }))

/** The tree as it is, read by hand. */
const truth = (zk: Client, path: string): Effect.Effect<ReadonlyMap<string, ZooKeeper.Node>, unknown> =>
  Effect.gen(function* () {
    const node = yield* zk.getOption(path)
    if (Option.isNone(node)) return new Map()
    const below = yield* Effect.forEach(yield* zk.children(path), (name) => truth(zk, `${path}/${name}`))
    return new Map([[path, node.value] as const, ...below.flatMap((map) => [...map])])
  })

describe("a tree cache", () => {
  it.live("shows everything below its node, without what the filter leaves out", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      for (const path of ["", "/a", "/a/b", "/a/b/c", "/x", "/x/y"]) yield* other!.create(PATH + path, path.slice(-1))
      yield* zk!.sync()
      const cache = yield* tree(zk!, { filter: (path) => path !== `${PATH}/x` })
      const first = yield* cache.nodes
      assert.strictEqual(shown(first), "/recipe= /recipe/a=a /recipe/a/b=b /recipe/a/b/c=c")
      yield* other!.set(`${PATH}/x/y`, "unseen")
      yield* other!.create(`${PATH}/x/z`)
      yield* other!.set(`${PATH}/a/b/c`, "C")
      yield* awaitShown(cache.nodes, "/recipe= /recipe/a=a /recipe/a/b=b /recipe/a/b/c=C")
      yield* other!.delete(PATH, { recursive: true })
      yield* awaitShown(cache.nodes, "")
      yield* other!.create(`${PATH}/again`, "!", { parents: true })
      yield* awaitShown(cache.nodes, "/recipe= /recipe/again=!")
      // What was given once stays what it was.
      assert.strictEqual(shown(first), "/recipe= /recipe/a=a /recipe/a/b=b /recipe/a/b/c=c")
    })
  )

  it.live("is what is there after any number of changes by several sessions", () =>
    Effect.gen(function* () {
      const [zk, ...others] = yield* sessions(4)
      yield* zk!.create(PATH)
      const cache = yield* tree(zk!)
      const change = (client: Client, path: string, step: number) =>
        Effect.ignore(
          step % 3 === 0
            ? client.delete(path, { recursive: true })
            : step % 3 === 1
              ? client.create(path, `${step}`, { parents: true })
              : client.set(path, `${step}`)
        )
      let seed = 7
      const random = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n
      yield* Effect.forEach(
        others,
        (client) =>
          Effect.forEach(Array.from({ length: 150 }), () => {
            const path = `${PATH}/${random(4)}/${random(4)}`
            return change(client, random(2) === 0 ? path : `${path}/${random(3)}`, random(1000))
          }),
        { concurrency: "unbounded" }
      )
      yield* others[0]!.sync()
      yield* awaitShown(cache.nodes, shown(yield* truth(others[0]!, PATH)))
    })
  )

  it.live("catches up after broken connections and lost sessions (22)", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      yield* other.create(`${PATH}/a`, "1", { parents: true })
      yield* other.create(`${PATH}/b`, "1")
      yield* other.create(`${PATH}/e`, "1")
      const cache = yield* tree(zk)
      yield* cache.ready
      const seen = yield* record(cache.changes)
      yield* whileAway(
        { proxy, zk },
        Effect.all([
          other.set(`${PATH}/a`, "2"),
          other.delete(`${PATH}/b`),
          other.create(`${PATH}/c`, "1"),
          Effect.andThen(other.create(`${PATH}/d`), other.delete(`${PATH}/d`)),
          // Another node of that name, with the same version.
          Effect.andThen(other.delete(`${PATH}/e`), other.create(`${PATH}/e`, "2"))
        ])
      )
      yield* awaitShown(cache.nodes, "/recipe= /recipe/a=2 /recipe/c=1 /recipe/e=2")
      yield* expire(zk, other.session.hosts[0])
      yield* other.set(`${PATH}/c`, "2")
      yield* awaitShown(cache.nodes, "/recipe= /recipe/a=2 /recipe/c=2 /recipe/e=2")
      // What did not change is not told again.
      const changes = seen.slice(4).sort()
      assert.deepStrictEqual(changes, [
        "Added /recipe/c=1",
        "Changed /recipe/a=2",
        "Changed /recipe/c=2",
        "Changed /recipe/e=2",
        "Removed /recipe/b=1"
      ])
    })
  )

  it.live("reads what changed only, when more changes at once than a subscriber may be behind", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const paths = ["a", "b", "c", "d"].map((name) => `${PATH}/${name}`)
      for (const path of paths) yield* other!.create(path, "1", { parents: true })
      yield* zk!.sync()
      const cache = yield* tree(zk!, { buffer: 1 })
      yield* cache.ready
      const requests = recordRequests(zk!)
      yield* other!.transact(...paths.slice(1).map((path) => Op.set(path, "2")))
      yield* awaitShown(cache.nodes, "/recipe= /recipe/a=1 /recipe/b=2 /recipe/c=2 /recipe/d=2")
      assert.deepStrictEqual(requests, ["getData", "getData", "getData"])
    })
  )

  it.live("ends at once without a connection, and leaves no watch", () =>
    Effect.gen(function* () {
      const { proxy, zk } = yield* proxied()
      // The first watch of a session asks for the server's version.
      yield* Effect.scoped(Effect.asVoid(zk.changes.dataScoped("/elsewhere")))
      yield* cutOff(zk, proxy)
      const requests = recordRequests(zk)
      const reading = yield* Effect.forkChild(Effect.scoped(Effect.flatMap(tree(zk), ({ ready }) => ready)), {
        startImmediately: true
      })
      yield* awaitState(
        Effect.sync(() => requests.length),
        (length) => length > 0,
        { describe: "a request that waits" }
      )
      yield* within(Fiber.interrupt(reading), "10 seconds", () => "it waits for a connection")
      yield* proxy.listen
      yield* awaitWatched(zk, 0)
    })
  )

  it.live("is ready in the next session when a list of the first walk is unanswered at the end of its own", () =>
    Effect.gen(function* () {
      const all = yield* proxied()
      yield* all.other.create(`${PATH}/a`, "1", { parents: true })
      // The first watch of a session asks for the server's version.
      yield* Effect.asVoid(all.zk.changes.dataScoped("/elsewhere"))
      let cache: TreeCache.TreeCache | undefined
      const begun = Effect.map(tree(all.zk), (made) => (cache = made))
      yield* expireDuring(all, getChildren, begun)
      yield* awaitShown(cache!.nodes, "/recipe= /recipe/a=1")
    })
  )

  it.live("is there in the end when its session has no room for all of its reads", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied({ maxQueued: 2, maxInFlight: 2 })
      yield* other.create(PATH)
      yield* Effect.forEach(Array(20).keys(), (name) => other.create(`${PATH}/${name}`), { concurrency: 20 })
      const cache = yield* tree(zk)
      yield* cache.ready
      assert.strictEqual((yield* cache.nodes).size, 21)
      yield* proxy.cut
      yield* other.create(`${PATH}/late`)
      yield* awaitState(cache.nodes, (nodes) => nodes.size === 22, { describe: "the late one" })
    })
  )

  it.live("does without a node that goes between its read and its list", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(`${PATH}/a`, "1", { parents: true })
      yield* zk!.sync()
      precede(zk!, "getChildren", 1, zk!.transact(Op.delete(`${PATH}/a`), Op.delete(PATH)))
      const cache = yield* tree(zk!)
      yield* awaitShown(cache.nodes, "")
      yield* other!.create(PATH, "again")
      yield* awaitShown(cache.nodes, "/recipe=again")
    })
  )

  it.live.runIf(!lasting)("sees a node that comes between the read that missed it and the watch for its creation", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      precede(zk, "exists", 1, zk.create(PATH, "there"))
      const cache = yield* tree(zk)
      yield* awaitShown(cache.nodes, "/recipe=there")
    })
  )

  it.live("gives a slow subscriber a Resync for what it missed, and grows no further", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(PATH)
      const cache = yield* tree(zk!, { buffer: 8 })
      yield* cache.ready
      const seen: Array<string> = []
      const pulled = yield* Stream.toPull(cache.changes)
      yield* pulled
      for (let n = 0; n < 20; n++) {
        yield* other!.set(PATH, `${n}`)
        yield* awaitShown(cache.nodes, `/recipe=${n}`)
      }
      const chunk = yield* pulled
      seen.push(...chunk.map(({ _tag }) => _tag))
      assert.include(seen, "Resync")
      assert.isAtMost(seen.length, 8)
    })
  )

  it.live("refuses to grow beyond its bound, at the first walk and later, and shows nothing then", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(PATH)
      for (const name of ["a", "b", "c"]) yield* other!.create(`${PATH}/${name}`)
      yield* zk!.sync()
      for (const cache of [yield* tree(zk!, { maxNodes: 2 }), yield* childrenOf(zk!, { maxNodes: 2 })]) {
        const error = yield* Effect.flip(cache.ready)
        assert.strictEqual(error._tag, "CacheFull")
      }
      const cache = yield* tree(zk!, { maxNodes: 3 })
      yield* cache.ready
      yield* other!.create(`${PATH}/d`)
      const error = yield* Effect.flip(Stream.runDrain(cache.changes))
      assert.strictEqual(error._tag, "CacheFull")
      assert.match(error.message, /more than 3 nodes/)
      assert.strictEqual((yield* Effect.flip(cache.nodes))._tag, "CacheFull")
      // Nor does whoever subscribes now get a part.
      const seen: Array<unknown> = []
      yield* Effect.flip(Stream.runForEach(cache.changes, (change) => Effect.sync(() => seen.push(change))))
      assert.deepStrictEqual(seen, [])
    })
  )

  it.live("counts a node once that is moved while it is counted, to another level or to a sibling", () =>
    Effect.gen(function* () {
      for (const [from, to, listed] of [
        ["/m", "/a/m", "/a"],
        ["/a/m", "/b/m", "/b"]
      ] as const) {
        const [zk, other] = yield* sessions(2)
        for (const path of ["", "/a", "/b", "/a/x", "/b/y", from]) yield* other!.create(`${PATH}${path}`)
        yield* zk!.sync()
        const move = zk!.transact(Op.delete(`${PATH}${from}`), Op.create(`${PATH}${to}`))
        precede(zk!, "getChildren", 1, move, `${PATH}${listed}`)
        const cache = yield* tree(zk!, { maxNodes: 5 })
        yield* cache.ready
        yield* awaitState(cache.nodes, (nodes) => nodes.size === 6 && nodes.has(`${PATH}${to}`), {
          describe: "what is there, and no more"
        })
      }
    })
  )

  it.live("does not read the children that are too many", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(PATH)
      for (const name of ["a", "b", "c"]) yield* other!.create(`${PATH}/${name}`)
      const requests = recordRequests(zk!)
      const cache = yield* tree(zk!, { maxNodes: 2 })
      assert.strictEqual((yield* Effect.flip(cache.ready))._tag, "CacheFull")
      assert.lengthOf(
        requests.filter((name) => name === "getData"),
        1
      )
    })
  )

  it.live("dies with a filter that throws, at the first walk and later", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(`${PATH}/a`, "", { parents: true })
      yield* zk!.sync()
      const picky = (bad: string) => (path: string) => {
        if (path === `${PATH}/${bad}`) throw new Error(`not ${bad}`)
        return true
      }
      const deathOf = (effect: Effect.Effect<unknown, unknown>) =>
        Effect.map(Effect.exit(effect), (exit) => (Exit.isFailure(exit) ? Cause.squash(exit.cause) : "alive"))
      const never = yield* tree(zk!, { filter: picky("a") })
      assert.deepStrictEqual(yield* deathOf(never.ready), new Error("not a"))
      const cache = yield* tree(zk!, { filter: picky("b") })
      yield* cache.ready
      const changes = yield* Effect.forkChild(deathOf(Stream.runDrain(cache.changes)), { startImmediately: true })
      yield* other!.create(`${PATH}/b`)
      assert.deepStrictEqual(yield* Fiber.join(changes), new Error("not b"))
      assert.deepStrictEqual(yield* deathOf(cache.nodes), new Error("not b"))
    })
  )

  it.live("costs a watch, a read for each node, and a list for those that have children", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      for (const path of ["", "/a", "/b"]) yield* other!.create(PATH + path)
      yield* zk!.sync()
      // The first watch of a session asks for the server's version.
      yield* Effect.asVoid(zk!.changes.dataScoped("/elsewhere"))
      const requests = recordRequests(zk!)
      const cache = yield* tree(zk!)
      yield* cache.ready
      assert.deepStrictEqual(
        requests,
        lasting
          ? ["addWatch", "getData", "getChildren", "getData", "getData"]
          : ["getData", "getChildren", "getData", "getData", "getChildren", "getChildren"]
      )
      requests.length = 0
      yield* other!.set(`${PATH}/a`, "1")
      yield* awaitShown(cache.nodes, "/recipe= /recipe/a=1 /recipe/b=")
      assert.deepStrictEqual(requests, ["getData"])
      requests.length = 0
      yield* other!.delete(`${PATH}/b`)
      yield* awaitShown(cache.nodes, "/recipe= /recipe/a=1")
      if (lasting) assert.deepStrictEqual(requests, [])
    })
  )

  // Where watches fire once, every batch is a list of 66,000 names: minutes, and nothing else to see.
  const copes = () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(PATH)
      const names = Array.from({ length: 66_000 }, (_, n) => `${PATH}/n${n}`)
      const batches = Array.from({ length: 66 }, (_, n) => names.slice(n * 1000, (n + 1) * 1000))
      yield* Effect.forEach(batches, (batch) => other!.transact(...batch.map((path) => Op.create(path))), {
        concurrency: 8,
        discard: true
      })
      const cache = yield* childrenOf(zk!)
      const children = yield* cache.children
      assert.strictEqual(children.size, 66_000)
      yield* other!.delete(names[500]!)
      yield* awaitState(cache.get("n500"), Option.isNone, { describe: "one child less" })
      yield* Effect.forEach(
        batches,
        (batch) => other!.transact(...batch.filter((path) => path !== names[500]).map((path) => Op.delete(path))),
        { concurrency: 8, discard: true }
      )
      yield* awaitState(cache.children, (left) => left.size === 0, { describe: "no child left", within: "4 minutes" })
    })
  // It takes 30 seconds on a machine that has nothing else to do.
  it.live.runIf(lasting)("copes with more than 64k children (25, CURATOR-690)", copes, 300_000)

  it.live("fails when it meets a node that it may not read, at the first walk and later", () =>
    Effect.gen(function* () {
      const all = yield* proxied()
      const acl = [Acl.digest("somebody", "else")]
      const { other, zk } = all
      yield* other.create(PATH)
      const cache = yield* tree(zk)
      yield* cache.ready
      yield* other.create(`${PATH}/secret`, "", { acl })
      if (lasting) {
        // The server tells nobody of a node that they may not read, but lists it.
        yield* other.create(`${PATH}/a`, "1")
        yield* awaitShown(cache.nodes, "/recipe= /recipe/a=1")
        yield* whileAway(all, Effect.void)
      }
      const later = yield* tree(zk)
      for (const refused of [Stream.runDrain(cache.changes), cache.nodes, later.ready]) {
        const error = yield* Effect.flip<unknown, CacheFailure, never>(refused)
        assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "NoAuth")
      }
    })
  )

  it.live("ends its streams when the session is over", () =>
    Effect.gen(function* () {
      const zk = yield* onServers({ onExpired: "fail" })
      yield* zk.create(PATH)
      const cache = yield* tree(zk)
      yield* cache.ready
      const ended = yield* Effect.forkChild(Effect.flip(Stream.runDrain(cache.changes)))
      yield* expire(zk)
      const error = yield* Fiber.join(ended)
      assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "SessionExpired")
      assert.strictEqual((yield* Effect.flip(cache.nodes))._tag, "ZooKeeperError")
    })
  )

  it.live("refuses bounds that hold nothing or cannot be counted, before anything is asked", () =>
    Effect.flatMap(onServers(), (zk) => refusesNoBounds(zk, (bounds) => tree(zk, bounds)))
  )
})
