/** Servers before 3.6 know no lasting watches: state streams set theirs again, and raw ones say that they cannot. */
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { addWatch, setWatches2 } from "@effect-zookeeper/core/wire/ops/watches"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { awaitState } from "../support/awaitState.ts"
import * as cache from "../support/zookeeper/cache.ts"
import * as Proxy from "../support/Proxy.ts"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import { awaitConnected, type Client, refused } from "../real/clients.ts"
import { awaitReconnect, countRequests, on, type Recording, record, watchesOf } from "./support.ts"

const LIMIT = 120_000

/** Releases other than the installed one come from Maven. */
const isObtainable =
  fs.existsSync(path.join(cache.root(), "zookeeper-3.5")) || spawnSync("mvn", ["--version"]).status === 0

const old = RealServer.make({ line: "3.5" })

const text = (element: { readonly change: string; readonly node: Option.Option<ZooKeeper.Node> }) =>
  `${element.change} ${Option.match(element.node, { onNone: () => "-", onSome: ZooKeeper.text })}`

/** Follows a node through its life; each step is awaited, so that none may be passed over. */
const life = Effect.fnUntraced(function* (
  other: Client,
  path: string,
  data: Recording<ZooKeeper.DataChange>,
  children: Recording<ZooKeeper.ChildrenChange>
) {
  const seen: Array<string> = []
  const step = (what: Effect.Effect<unknown, unknown>) =>
    Effect.gen(function* () {
      yield* what
      for (const element of yield* data.next(1)) seen.push(text(element))
    })
  yield* step(other.create(path, "1"))
  yield* step(other.set(path, "2"))
  yield* step(other.set(path, "3"))
  yield* children.last(({ children }) => Option.isSome(children) && children.value.length === 0, "no child yet")
  yield* other.create(`${path}/a`)
  yield* children.last(({ children }) => Option.isSome(children) && children.value.length === 1, "one child")
  yield* other.delete(`${path}/a`)
  yield* children.last(({ children }) => Option.isSome(children) && children.value.length === 0, "no child again")
  yield* step(other.delete(path))
  yield* children.last(({ children }) => Option.isNone(children), "no node")
  yield* step(other.create(path, "4"))
  return seen
})

describe.runIf(isObtainable)("on a server of 3.5", () => {
  it.live(
    "state streams and one-shot watches follow what happens, over reconnects, and leave nothing behind",
    () =>
      Effect.gen(function* () {
        const { cut, other, proxies, zk } = yield* on((yield* old).connectString)
        const count = yield* countRequests(proxies[0]!)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const data = yield* Effect.flatMap(zk.changes.dataScoped("/a"), record)
            const twin = yield* Effect.flatMap(zk.changes.dataScoped("/a"), record)
            const children = yield* Effect.flatMap(zk.changes.childrenScoped("/a"), record)
            yield* data.next(1)
            assert.deepStrictEqual(yield* life(other, "/a", data, children), [
              "created 1",
              "changed 2",
              "changed 3",
              "deleted -",
              "created 4"
            ])
            yield* twin.last((element) => text(element) === "created 4" || text(element) === "recreated 4", "the same")
            yield* awaitReconnect(zk, cut)
            yield* other.set("/a", "5")
            yield* data.last((element) => text(element).endsWith(" 5"), "a set after a reconnect")
            const { next, value } = yield* zk.once.exists("/once")
            assert.isTrue(Option.isNone(value))
            const event = yield* Effect.forkScoped(next)
            yield* other.create("/once")
            assert.deepStrictEqual(yield* Fiber.join(event), { type: "NodeCreated", path: "/once" })
            const raw = yield* refused(zk.watchScoped("/a", { recursive: true }), "Unsupported")
            assert.include(raw.message, "changes")
          })
        )
        assert.strictEqual(count(addWatch) + count(setWatches2), 0)
        yield* zk.sync()
        yield* awaitState(watchesOf(other), ({ all }) => all === 0, { describe: "no watch on the server" })
        assert.strictEqual(zk.driver.watches.size, 0)
      }),
    LIMIT
  )

  it.live(
    "that does not say its version, the first watch finds out, at the cost of one connection for all who ask at once",
    () =>
      Effect.gen(function* () {
        const server = yield* RealServer.make({ line: "3.5", config: { "4lw.commands.whitelist": "conf" } })
        const { other, proxies, zk } = yield* on(server.connectString)
        const raw = yield* Effect.forkScoped(Effect.flip(zk.watchScoped("/a")))
        const recordings = yield* Effect.forEach(
          Array.from({ length: 50 }, (_, i) => `/n-${i}`),
          (path) => record(zk.changes.data(path)),
          { concurrency: "unbounded" }
        )
        for (const { last } of recordings) yield* last(({ node }) => Option.isNone(node), "no node")
        assert.strictEqual((yield* Fiber.join(raw)).reason._tag, "Unsupported")
        // The session's connection, the question for the version, and the one after the refusal.
        assert.isAtMost(proxies[0]!.accepted(), 3)
        for (const i of recordings.keys()) yield* other.create(`/n-${i}`)
        for (const { last } of recordings) yield* last(({ node }) => Option.isSome(node), "the node")
      }),
    LIMIT
  )
})

describe.runIf(isObtainable)("a session that comes from a newer server to one of 3.5", () => {
  it.live(
    "loses one connection and goes on with one-shot watches",
    () =>
      Effect.gen(function* () {
        const [newer, older] = yield* Effect.all([RealServer.make(), old], { concurrency: 2 })
        const proxies = yield* Effect.forEach([newer, older], ({ port }) => Proxy.make({ port }))
        const [first, second] = [proxies[0]!, proxies[1]!]
        const other = yield* ZooKeeper.make({ connect: older.connectString })
        // Its newest transaction must not be behind the other's.
        for (let i = 0; i < 20; i++) yield* other.create(`/advance-${i}`)
        const zk = yield* ZooKeeper.make({
          connect: `${first.connectString},${second.connectString}`,
          shuffleHosts: false,
          sessionTimeout: "10 seconds"
        })
        const count = yield* countRequests(second)
        const data = yield* Effect.flatMap(zk.changes.dataScoped("/a"), record)
        const many = yield* Effect.forEach(
          Array.from({ length: 100 }, (_, i) => `/many-${i}`),
          (path) => Effect.flatMap(zk.changes.existsScoped(path), record)
        )
        const raw = yield* Effect.forkScoped(
          Effect.flip(Stream.runDrain(yield* zk.watchScoped("/a", { recursive: true })))
        )
        const { next } = yield* zk.once.exists("/once")
        const event = yield* Effect.forkScoped(next)
        yield* data.next(1)
        yield* first.refuse
        yield* first.cut
        yield* awaitConnected(zk, 2)
        assert.strictEqual((yield* Fiber.join(raw)).reason._tag, "Unsupported")
        yield* other.create("/a", "1")
        yield* data.last((element) => text(element).endsWith(" 1"), "the creation on the older server")
        yield* other.set("/a", "2")
        // The second reconnect, after the refusal, may still be known as a gap: then it is "resynced".
        yield* data.last((element) => text(element).endsWith(" 2"), "a set on the older server")
        yield* other.create("/once")
        assert.deepStrictEqual(yield* Fiber.join(event), { type: "NodeCreated", path: "/once" })
        for (const i of many.keys()) yield* other.create(`/many-${i}`)
        for (const { last } of many) yield* last(({ stat }) => Option.isSome(stat), "a creation")
        assert.strictEqual(count(setWatches2), 1)
        assert.strictEqual(count(addWatch), 0)
        // A handshake that the expired session is told, the new session, the one after the refusal.
        assert.isAtMost(second.accepted(), 3)
        assert.isAbove(count(exists) + count(getData), 100)
      }),
    LIMIT
  )
})
