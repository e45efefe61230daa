/** Node caches on a real ensemble: the node as it is, missing or not, for as long as there is a session. */
import * as NodeCache from "@effect-zookeeper/recipes/NodeCache"
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
import { whileAway } from "./cached.ts"
import {
  type Client,
  expire,
  expireDuring,
  lasting,
  onServers,
  proxied,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const make = (zk: Client) => using(zk)(NodeCache.make({ path: "/node" }))

const show = (node: Option.Option<ZooKeeper.Node>) => (Option.isNone(node) ? "none" : ZooKeeper.text(node.value))

const shows = ({ get }: NodeCache.NodeCache, what: string) =>
  awaitState(Effect.map(get, show), (now) => now === what, { describe: `shows ${what}`, within: "30 seconds" })

/** The changes from now on. */
const record = Effect.fnUntraced(function* ({ changes }: NodeCache.NodeCache) {
  const seen: Array<string> = []
  yield* Effect.forkScoped(
    Stream.runForEach(changes, ({ change, node }) => Effect.sync(() => seen.push(`${change} ${show(node)}`))),
    { startImmediately: true }
  )
  return seen
})

const saw = (seen: ReadonlyArray<string>, last: string) =>
  awaitState(
    Effect.sync(() => [...seen]),
    (now) => now.at(-1) === last,
    { describe: `the last one is ${last}`, within: "30 seconds" }
  )

describe("a node cache", () => {
  it.live("shows the node through its life, and tells each change to every subscriber", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const cache = yield* make(zk!)
      yield* cache.ready
      assert.strictEqual(show(yield* cache.get), "none")
      const all = [yield* record(cache), yield* record(cache)]
      const step = Effect.fnUntraced(function* (change: Effect.Effect<unknown, unknown>, what: string, told: string) {
        yield* change
        yield* shows(cache, what)
        for (const seen of all) yield* saw(seen, told)
      })
      for (const seen of all) yield* saw(seen, "initial none")
      yield* step(other!.create("/node", "a"), "a", "created a")
      yield* step(other!.set("/node", "b"), "b", "changed b")
      yield* step(other!.delete("/node"), "none", "deleted none")
      yield* step(other!.create("/node", "c"), "c", "created c")
      // A child is none of its business.
      yield* other!.create("/node/child")
      yield* step(other!.set("/node", "d"), "d", "changed d")
      for (const seen of all) assert.lengthOf(seen, 6)
      // Who comes later begins with what is there.
      yield* saw(yield* record(cache), "changed d")
    })
  )

  it.live("costs a watch and a read, and a read for each change", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create("/node", "0")
      // The first watch of a session asks for the server's version.
      yield* Effect.asVoid(zk!.changes.dataScoped("/elsewhere"))
      const requests = recordRequests(zk!)
      const cache = yield* make(zk!)
      yield* cache.ready
      assert.deepStrictEqual(requests, lasting ? ["addWatch", "getData"] : ["getData"])
      requests.length = 0
      yield* other!.set("/node", "1")
      yield* shows(cache, "1")
      assert.deepStrictEqual(requests, ["getData"])
    })
  )

  it.live("gives a slow subscriber the newest state only", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create("/node", "first")
      yield* zk!.sync()
      const cache = yield* make(zk!)
      yield* cache.ready
      const pull = yield* Stream.toPull(cache.changes)
      const first = yield* pull
      assert.deepStrictEqual(
        first.map(({ node }) => show(node)),
        ["first"]
      )
      for (let n = 0; n < 30; n++) {
        yield* other!.set("/node", `${n}`)
        yield* shows(cache, `${n}`)
      }
      const rest = yield* pull
      assert.deepStrictEqual(
        rest.map(({ node }) => show(node)),
        ["29"]
      )
    })
  )

  it.live("shows what was last seen while the connection is away, and catches up", () =>
    Effect.gen(function* () {
      const all = yield* proxied()
      yield* all.other.create("/node", "a")
      const cache = yield* make(all.zk)
      yield* shows(cache, "a")
      const seen = yield* record(cache)
      yield* whileAway(
        all,
        Effect.gen(function* () {
          yield* all.other.set("/node", "b")
          assert.strictEqual(show(yield* cache.get), "a")
        })
      )
      yield* shows(cache, "b")
      yield* whileAway(all, Effect.andThen(all.other.delete("/node"), all.other.create("/node", "c")))
      yield* shows(cache, "c")
      yield* whileAway(all, all.other.delete("/node"))
      yield* shows(cache, "none")
      yield* whileAway(all, all.other.create("/node", "d"))
      yield* shows(cache, "d")
      // The words for what happened differ with what the server was asked; the states do not.
      yield* awaitState(
        Effect.sync(() => seen.map((each) => each.split(" ")[1]).join(" ")),
        (states) => states === "a b c none d",
        { describe: "each state once" }
      )
    })
  )

  it.live("goes on with a renewed session, also when its read is unanswered at the end of the old one", () =>
    Effect.gen(function* () {
      const all = yield* proxied()
      yield* all.other.create("/node", "a")
      const cache = yield* make(all.zk)
      yield* shows(cache, "a")
      yield* expire(all.zk, all.other.session.hosts[0])
      yield* all.other.set("/node", "b")
      yield* shows(cache, "b")
      yield* expireDuring(all, getData, all.other.set("/node", "c"))
      yield* shows(cache, "c")
      yield* all.other.set("/node", "d")
      yield* shows(cache, "d")
    })
  )

  it.live("fails with its session: what it shows, and what it tells", () =>
    Effect.gen(function* () {
      const zk = yield* onServers({ onExpired: "fail" })
      yield* zk.create("/node", "a")
      const cache = yield* make(zk)
      yield* shows(cache, "a")
      const ended = yield* Effect.forkChild(Effect.flip(Stream.runDrain(cache.changes)), { startImmediately: true })
      yield* expire(zk)
      assert.strictEqual((yield* Fiber.join(ended)).reason._tag, "SessionExpired")
      assert.strictEqual((yield* Effect.flip(cache.get)).reason._tag, "SessionExpired")
      assert.strictEqual((yield* Effect.flip(cache.ready)).reason._tag, "SessionExpired")
    })
  )

  it.live("is a layer that gives its watch up at the end", () => {
    class Settings extends NodeCache.Service<Settings>()("test/Settings", { path: "/node" }) {}
    return Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create("/node", "a")
      const text = Settings.use(({ get }) => Effect.map(get, show))
      const layer = Layer.provide(Settings.layer, Layer.succeed(ZooKeeper.ZooKeeper, zk))
      assert.strictEqual(yield* Effect.provide(text, layer), "a")
      yield* awaitWatched(zk, 0)
    })
  })

  it.live("refuses a path that is none, at once", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const error = yield* Effect.flip(using(zk)(NodeCache.make({ path: "node" })))
      assert.strictEqual(error.reason._tag, "InvalidArgument")
    })
  )
})
