/** Where watches fire once: what caches and persistent watches cost, what they miss and say so, what they leave behind. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as ChildrenCache from "@effect-zookeeper/recipes/ChildrenCache"
import * as TreeCache from "@effect-zookeeper/recipes/TreeCache"
import * as PersistentWatch from "@effect-zookeeper/recipes/PersistentWatch"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
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
import * as RealServer from "../support/zookeeper/RealServer.ts"
import { awaitWatched } from "../real/clients.ts"
import { watchesOf } from "../watches/support.ts"
import { type Client, PATH, precede, recordRequests, using } from "./support.ts"

/** Releases other than the installed one come from Maven. */
const isObtainable =
  fs.existsSync(path.join(cache.root(), "zookeeper-3.5")) || spawnSync("mvn", ["--version"]).status === 0

const LIMIT = 120_000

const servers = [
  { name: "an in-process server of 3.5", make: TestServer.make({ version: "3.5" }), isThere: true },
  { name: "a real server of 3.5", make: RealServer.make({ line: "3.5" }), isThere: isObtainable }
]

const awaitPaths = <E>(nodes: Effect.Effect<ReadonlyMap<string, unknown>, E>, ...wanted: ReadonlyArray<string>) =>
  awaitState(
    Effect.map(nodes, (nodes) => [...nodes.keys()].sort().join(" ")),
    (now) => now === wanted.join(" "),
    { describe: `shows ${wanted.join(" ")}`, within: "30 seconds" }
  )

/** What a persistent watch tells from now on, by type. */
const typesOf = Effect.fnUntraced(function* <E>(events: Stream.Stream<PersistentWatch.Happening, E>) {
  const seen: Array<string> = []
  yield* Effect.forkScoped(
    Stream.runForEach(events, (happening) =>
      Effect.sync(() => seen.push(happening._tag === "Resync" ? "Resync" : happening.event.type))
    ),
    { startImmediately: true }
  )
  return seen
})

/** What was asked for since the last time, in no order. */
const asked = (requests: Array<string>) => requests.splice(0).sort()

const awaitWatches = (zk: Client, count: number) =>
  awaitState(watchesOf(zk), ({ all }) => all === count, { describe: `${count} watches on the server` })

const nothingLeft = (zk: Client, other: Client) => Effect.andThen(awaitWatches(other, 0), awaitWatched(zk, 0))

for (const { isThere, make, name } of servers) {
  describe.runIf(isThere)(`on ${name}`, () => {
    const connect = Effect.gen(function* () {
      const { connectString } = yield* make
      const other = yield* ZooKeeper.make({ connect: connectString })
      const zk = yield* ZooKeeper.make({ connect: connectString })
      // The first watch of a session asks for the server's version.
      yield* Effect.scoped(Effect.asVoid(zk.changes.dataScoped("/elsewhere")))
      return { zk, other, requests: recordRequests(zk) }
    })

    it.live(
      "a tree cache has two watches on each node, and none on what is gone",
      () =>
        Effect.gen(function* () {
          const { other, requests, zk } = yield* connect
          yield* Effect.scoped(
            Effect.gen(function* () {
              const { nodes } = yield* using(zk)(TreeCache.make({ path: PATH }))
              yield* awaitPaths(nodes)
              assert.deepStrictEqual(asked(requests), ["exists", "getData"])
              yield* other.create(PATH)
              yield* awaitPaths(nodes, PATH)
              assert.deepStrictEqual(asked(requests), ["getChildren", "getData"])
              yield* awaitWatches(other, 2)
              yield* other.create(`${PATH}/a`)
              yield* awaitPaths(nodes, PATH, `${PATH}/a`)
              yield* awaitWatches(other, 4)
              assert.deepStrictEqual(asked(requests), ["getChildren", "getChildren", "getData"])
              yield* other.set(`${PATH}/a`, "1")
              yield* awaitState(
                Effect.map(nodes, (now) => ZooKeeper.text(now.get(`${PATH}/a`)!)),
                (text) => text === "1",
                { describe: "the new data" }
              )
              assert.deepStrictEqual(asked(requests), ["getData"])
              yield* other.delete(`${PATH}/a`)
              yield* awaitPaths(nodes, PATH)
              yield* awaitWatches(other, 2)
              assert.deepStrictEqual(asked(requests), ["getChildren", "getData"])
            })
          )
          yield* nothingLeft(zk, other)
        }),
      LIMIT
    )

    it.live(
      "a lasting watch that there is none of leaves nobody who waits for it, though its scope goes on",
      () =>
        Effect.gen(function* () {
          const { other, zk } = yield* connect
          for (const recursive of [false, true]) {
            const error = yield* Effect.flip(zk.watchScoped(PATH, { recursive }))
            assert.strictEqual(error.reason._tag, "Unsupported")
          }
          // What a path's last follower leaves is all that was there.
          yield* other.create(PATH, "1")
          yield* Effect.scoped(Effect.flatMap(zk.changes.dataScoped(PATH), (changes) => Stream.runHead(changes)))
          yield* nothingLeft(zk, other)
        }),
      LIMIT
    )

    it.live(
      "a children cache lists the parent only",
      () =>
        Effect.gen(function* () {
          const { other, requests, zk } = yield* connect
          for (const node of ["", "/a", "/b", "/a/deeper"]) yield* other.create(PATH + node)
          const { children } = yield* using(zk)(ChildrenCache.make({ path: PATH }))
          yield* awaitPaths(children, "a", "b")
          assert.deepStrictEqual(asked(requests), ["getChildren", "getData", "getData", "getData"])
          yield* awaitWatches(other, 4)
          yield* other.create(`${PATH}/b/deeper`)
          yield* other.create(`${PATH}/c`)
          yield* awaitPaths(children, "a", "b", "c")
          assert.deepStrictEqual(asked(requests), ["getChildren", "getData"])
        }),
      LIMIT
    )

    it.live(
      "a node that is replaced while the cache looks at it is the new one, with what is below",
      () =>
        Effect.gen(function* () {
          const { other, zk } = yield* connect
          yield* other.create(PATH)
          const { get, nodes } = yield* using(zk)(TreeCache.make({ path: PATH }))
          for (let round = 0; round < 30; round++) {
            yield* other.create(`${PATH}/a`, `${round}`)
            yield* other.create(`${PATH}/a/b`, `${round}`)
            yield* awaitPaths(nodes, PATH, `${PATH}/a`, `${PATH}/a/b`)
            yield* other.delete(`${PATH}/a`, { recursive: true })
            yield* other.create(`${PATH}/a`, "again")
            yield* other.create(`${PATH}/a/b`, `again ${round}`)
            yield* awaitState(
              Effect.map(get(`${PATH}/a/b`), (node) => (Option.isSome(node) ? ZooKeeper.text(node.value) : "none")),
              (text) => text === `again ${round}`,
              { describe: `again ${round}` }
            )
            yield* other.delete(`${PATH}/a`, { recursive: true })
            yield* awaitPaths(nodes, PATH)
          }
        }),
      LIMIT
    )

    it.live(
      "a persistent watch tells each event, and says when there may have been more",
      () =>
        Effect.gen(function* () {
          const { other, requests, zk } = yield* connect
          yield* Effect.scoped(
            Effect.gen(function* () {
              const { events } = yield* using(zk)(PersistentWatch.make({ paths: [PATH] }))
              const seen = yield* typesOf(events)
              // Watched for its creation, and looked at again: nothing has happened in between.
              assert.deepStrictEqual(requests.splice(0), ["exists", "exists", "exists"])
              /** Until the watches are set again and compared. */
              const step = (change: Effect.Effect<unknown, unknown>, asks: ReadonlyArray<string>) =>
                Effect.gen(function* () {
                  yield* change
                  yield* awaitState(
                    Effect.sync(() => [...requests]),
                    (now) => now.length >= asks.length,
                    { describe: asks.join() }
                  )
                  // Nothing comes after: what this session asks for now is answered after all that.
                  yield* zk.sync()
                  assert.deepStrictEqual(requests.splice(0), [...asks, "sync"])
                  return seen.splice(0)
                })
              const created = yield* step(other.create(PATH), ["exists", "getChildren", "exists", "exists"])
              assert.deepStrictEqual(created, ["NodeCreated", "Resync"])
              const set = yield* step(other.set(PATH, "1"), ["exists", "exists"])
              assert.deepStrictEqual(set, ["NodeDataChanged"])
              const child = yield* step(other.create(`${PATH}/a`), ["getChildren", "exists"])
              assert.deepStrictEqual(child, ["NodeChildrenChanged"])
              const noChild = yield* step(other.delete(`${PATH}/a`), ["getChildren", "exists"])
              assert.deepStrictEqual(noChild, ["NodeChildrenChanged"])
              // In one transaction, so that the second one cannot be seen by itself.
              const sets = yield* step(other.transact(Op.set(PATH, "2"), Op.set(PATH, "3")), [
                "exists",
                "exists",
                "exists"
              ])
              assert.deepStrictEqual(sets, ["NodeDataChanged", "Resync"])
              const children = yield* step(other.transact(Op.create(`${PATH}/a`), Op.delete(`${PATH}/a`)), [
                "getChildren",
                "exists",
                "exists"
              ])
              assert.deepStrictEqual(children, ["NodeChildrenChanged", "Resync"])
              const deleted = yield* step(other.delete(PATH), ["exists", "exists", "exists"])
              assert.deepStrictEqual(deleted, ["NodeDeleted", "Resync"])
              // As missing as before, and yet it may have come and gone more than once.
              const passed = yield* step(other.transact(Op.create(PATH), Op.delete(PATH)), [
                "exists",
                "exists",
                "exists"
              ])
              assert.deepStrictEqual(passed, ["NodeCreated", "Resync"])
            })
          )
          yield* nothingLeft(zk, other)
        }),
      LIMIT
    )

    it.live(
      "a persistent watch says when the node was deleted, or replaced, before its watch was set again",
      () =>
        Effect.gen(function* () {
          const { other, requests, zk } = yield* connect
          yield* other.create(PATH)
          const { events } = yield* using(zk)(PersistentWatch.make({ paths: [PATH] }))
          const seen = yield* typesOf(events)
          requests.length = 0
          /** Until the watches are set again and compared. */
          const settled = (...asks: ReadonlyArray<string>) =>
            Effect.gen(function* () {
              yield* awaitState(
                Effect.sync(() => [...requests].sort()),
                (now) => now.join() === asks.join(),
                { describe: asks.join() }
              )
              yield* zk.sync()
              requests.length = 0
              return seen.splice(0)
            })
          // As many changes of its data as were told, but of another node.
          precede(zk, "exists", 1, zk.transact(Op.delete(PATH), Op.create(PATH), Op.set(PATH, "new")))
          yield* other.set(PATH, "old")
          const replaced = yield* settled("exists", "exists", "exists", "getChildren", "multi")
          assert.deepStrictEqual(replaced, ["NodeDataChanged", "Resync"])
          precede(zk, "exists", 1, zk.delete(PATH))
          yield* other.set(PATH, "newer")
          const deleted = yield* settled("delete", "exists", "exists", "exists")
          assert.deepStrictEqual(deleted, ["NodeDataChanged", "Resync"])
          // It is seen, and gone before its children are watched: so they are, the next time.
          precede(zk, "getChildren", 1, zk.delete(PATH))
          yield* other.create(PATH)
          yield* awaitState(other.exists(PATH), Option.isNone, { describe: "the node is gone" })
          yield* other.create(PATH)
          yield* awaitWatches(other, 2)
          yield* other.create(`${PATH}/a`)
          yield* awaitState(
            Effect.sync(() => [...seen]),
            (now) => now.includes("NodeChildrenChanged"),
            { describe: "a change of the children" }
          )
        }),
      LIMIT
    )

    it.live(
      "whoever reads at every event and every Resync ends with what is there",
      () =>
        Effect.gen(function* () {
          const { other, zk } = yield* connect
          const { events } = yield* using(zk)(PersistentWatch.make({ paths: [PATH] }))
          let known = "none"
          const read = Effect.gen(function* () {
            const node = yield* zk.getOption(PATH)
            const names = yield* Effect.catchReason(zk.children(PATH), "ZooKeeperError", "NoNode", () =>
              Effect.succeed([])
            )
            known = `${Option.isSome(node) ? ZooKeeper.text(node.value) : "none"} ${names.toSorted().join()}`
          })
          yield* Effect.forkScoped(
            Stream.runForEachArray(events, () => read),
            { startImmediately: true }
          )
          let seed = 7
          const random = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n
          for (let round = 0; round < 20; round++) {
            yield* Effect.forEach(Array.from({ length: 1 + random(12) }), (_, step) => {
              const child = `${PATH}/${random(3)}`
              const what = [
                other.create(PATH, `${round} ${step}`),
                other.set(PATH, `${round} ${step}`),
                other.create(child),
                other.delete(child),
                other.delete(PATH, { recursive: true })
              ]
              return Effect.ignore(what[random(what.length)]! as Effect.Effect<unknown, unknown>)
            })
            yield* Effect.ignore(other.create(PATH, `last of ${round}`))
            const names = yield* other.children(PATH)
            const truth = `${yield* other.getString(PATH)} ${names.toSorted().join()}`
            yield* awaitState(
              Effect.sync(() => known),
              (now) => now === truth,
              { describe: `knows '${truth}'` }
            )
          }
        }),
      LIMIT
    )

    it.live(
      "a recursive persistent watch is refused before there is anything",
      () =>
        Effect.gen(function* () {
          const { other, requests, zk } = yield* connect
          const error = yield* Effect.flip(
            Effect.scoped(using(zk)(PersistentWatch.make({ paths: [PATH, "/other"], recursive: true })))
          )
          assert.strictEqual(error.reason._tag, "Unsupported")
          assert.deepStrictEqual(requests, [])
          yield* nothingLeft(zk, other)
        }),
      LIMIT
    )
  })
}

describe("a session that comes from a newer server to one of 3.5", () => {
  it.live("goes on with a persistent watch after a Resync, but for a recursive one", () =>
    Effect.gen(function* () {
      const newer = yield* TestServer.make()
      const older = yield* TestServer.make({ version: "3.5" })
      const zk = yield* ZooKeeper.make({
        connect: `${newer.connectString},${older.connectString}`,
        shuffleHosts: false
      })
      const other = yield* ZooKeeper.make({ connect: older.connectString })
      // Its newest transaction must not be behind the other's.
      yield* other.create(PATH)
      for (const data of ["1", "2", "3"]) yield* other.set(PATH, data)
      const plain = yield* using(zk)(PersistentWatch.make({ paths: [PATH] }))
      const recursive = yield* using(zk)(PersistentWatch.make({ paths: [PATH], recursive: true }))
      const ended = yield* Effect.forkChild(Effect.flip(Stream.runDrain(recursive.events)), {
        startImmediately: true
      })
      const seen = yield* typesOf(plain.events)
      yield* newer.stop
      assert.strictEqual((yield* Fiber.join(ended)).reason._tag, "Unsupported")
      const saw = (what: string) =>
        awaitState(
          Effect.sync(() => [...seen]),
          (now) => now.at(-1) === what,
          { describe: `the last one is ${what}` }
        )
      yield* saw("Resync")
      assert.notInclude(seen, "NodeDataChanged")
      yield* awaitWatches(other, 2)
      yield* other.set(PATH, "4")
      yield* saw("NodeDataChanged")
    })
  )

  it.live("keeps its caches up, by other watches", () =>
    Effect.gen(function* () {
      const newer = yield* TestServer.make()
      const older = yield* TestServer.make({ version: "3.5" })
      const before = yield* ZooKeeper.make({ connect: newer.connectString })
      yield* before.create(`${PATH}/before`, "", { parents: true })
      const other = yield* ZooKeeper.make({ connect: older.connectString })
      // Its newest transaction must not be behind the other's.
      for (const name of ["after", "b", "c", "d", "e", "f"])
        yield* other.create(`${PATH}/${name}`, "", { parents: true })
      for (const name of ["b", "c", "d", "e", "f"]) yield* other.delete(`${PATH}/${name}`)
      const zk = yield* ZooKeeper.make({
        connect: `${newer.connectString},${older.connectString}`,
        shuffleHosts: false
      })
      const { nodes } = yield* using(zk)(TreeCache.make({ path: PATH }))
      yield* awaitPaths(nodes, PATH, `${PATH}/before`)
      yield* newer.stop
      yield* awaitPaths(nodes, PATH, `${PATH}/after`)
      yield* other.create(`${PATH}/later`)
      yield* awaitPaths(nodes, PATH, `${PATH}/after`, `${PATH}/later`)
    })
  )
})
