/** Many watches: they survive reconnects, only what changed is read again, and nothing of them is left at the end. */
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { addWatch, removeWatches, setWatches2 } from "@effect-zookeeper/core/wire/ops/watches"
import * as Metrics from "@effect-zookeeper/core/Metrics"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { awaitState } from "../support/awaitState.ts"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import type { Client } from "../real/clients.ts"
import { countRequests, on, record, single, watchesOf } from "./support.ts"

const LIMIT = 120_000

/** 20,000 paths of 60 characters and more. */
const paths = Array.from({ length: 20_000 }, (_, i) => `/${"x".repeat(54)}-${i}`)

const awaitWatches = (zk: Client, wanted: { readonly wchs: number; readonly all: number }) =>
  awaitState(watchesOf(zk), (seen) => seen.wchs === wanted.wchs && seen.all === wanted.all, {
    describe: `${wanted.wchs} data watches and ${wanted.all} in all on the server`,
    within: "30 seconds"
  })

/** How many paths this process watches. */
const watchedPaths = Effect.map(Metric.value(Metrics.watches), ({ count }) => Number(count))

const inBatches = <A, E, R>(items: ReadonlyArray<string>, what: (path: string) => Effect.Effect<A, E, R>) =>
  Effect.forEach(items, what, { concurrency: 2000 })

describe("20,000 watched paths, 1.2 MB of text, on a server with the default limit of 1 MB,", () => {
  it.live(
    "survive a reconnect (bug museum 19): what changed meanwhile is read again, and nothing else",
    () =>
      Effect.gen(function* () {
        // Watches beside the heap that tests of less need.
        const server = yield* RealServer.make({ jvm: ["-Xmx192m"] })
        const { cut, other, proxies, zk } = yield* on(server.connectString)
        const elements: Array<string> = []
        let initial = 0
        // Every second node exists.
        yield* inBatches(
          paths.filter((_, i) => i % 2 === 0),
          (path) => other.create(path)
        )
        yield* inBatches(paths, (path) =>
          Effect.gen(function* () {
            const changes = yield* zk.changes.dataScoped(path)
            yield* Effect.forkScoped(
              Stream.runForEach(changes, ({ change, node }) =>
                Effect.sync(() => {
                  if (change === "initial") initial++
                  else elements.push(`${change} ${path} ${Option.isSome(node)}`)
                })
              )
            )
          })
        )
        const allInitial = awaitState(
          Effect.sync(() => initial),
          (count) => count === paths.length,
          { describe: "all first elements", within: "60 seconds" }
        )
        yield* allInitial
        const count = yield* countRequests(proxies[0]!)
        yield* proxies[0]!.refuse
        yield* cut
        const [, set, deleted] = [paths[1]!, paths[2]!, paths[4]!]
        const created = paths[3]!
        yield* other.set(set, "x")
        yield* other.delete(deleted)
        yield* other.create(created)
        yield* proxies[0]!.listen
        yield* zk.sync()
        yield* awaitState(
          Effect.sync(() => elements.length),
          (length) => length >= 3,
          { describe: "what changed while there was no connection", within: "60 seconds" }
        )
        yield* zk.sync()
        assert.deepStrictEqual(
          [...elements].sort(),
          [`resynced ${created} true`, `resynced ${deleted} false`, `resynced ${set} true`].sort()
        )
        assert.isAbove(count(setWatches2), 10)
        assert.strictEqual(count(getData), 3)
        assert.strictEqual(count(addWatch), 0)
        // All are armed.
        elements.length = 0
        const some = paths.filter((_, i) => i % 400 === 7)
        yield* inBatches(some, (path) => other.create(path, "", { mode: "persistent" }))
        yield* awaitState(
          Effect.sync(() => elements.length),
          (length) => length === some.length,
          { describe: "every creation after the reconnect" }
        )
      }),
    LIMIT
  )
})

describe("10,000 streams that were opened and closed", () => {
  it.live(
    "leave nothing behind (bug museum 24), on the server and here: state streams, raw ones, one-shot ones, on missing nodes too",
    () =>
      Effect.gen(function* () {
        const server = yield* RealServer.make({ jvm: ["-Xmx192m"] })
        const { other, zk } = yield* on(server.connectString)
        yield* other.create("/there")
        yield* inBatches(paths.slice(0, 100), (path) => other.create(`/there${path}`))
        const before = yield* watchesOf(other)
        const watched = yield* watchedPaths
        const path = (i: number) => (i % 2 === 0 ? `/there${paths[i % 100]}` : `/missing-${i % 1000}`)
        const open = (i: number): Effect.Effect<unknown, unknown, Scope.Scope> => {
          switch (i % 5) {
            case 0:
              return Effect.flatMap(zk.changes.dataScoped(path(i)), Stream.runHead)
            case 1:
              return zk.changes.childrenScoped(path(i))
            case 2:
              return zk.watchScoped(path(i), { recursive: i % 3 === 0 })
            case 3:
              return Effect.flatMap(zk.once.exists(path(i)), ({ next }) => Effect.timeoutOption(next, "1 milli"))
            default:
              return Effect.flatMap(zk.changes.existsScoped(path(i)), Stream.runHead)
          }
        }
        const opened = yield* Scope.make()
        const numbers = Array.from({ length: 10_000 }, (_, i) => `${i}`)
        yield* Scope.provide(
          inBatches(numbers, (i) => open(Number(i))),
          opened
        )
        assert.isAbove((yield* watchesOf(other)).wchs, before.wchs + 300)
        yield* Scope.close(opened, Exit.void)
        // Others are given up while they are being opened.
        yield* inBatches(numbers.slice(0, 2000), (i) =>
          Effect.timeoutOption(Effect.scoped(Effect.andThen(open(Number(i)), Effect.never)), Number(i) % 7)
        )
        yield* awaitWatches(other, before)
        yield* awaitState(
          Effect.map(watchedPaths, (count) => ({ count, table: zk.driver.watches.size })),
          ({ count, table }) => count === watched && table === 0,
          { describe: "no watched path, and nothing to register again" }
        )
      }),
    LIMIT
  )
})

describe("several who watch one path", () => {
  it.live("share one watch of the server; the last one to leave removes it", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make()
      const { other, proxies, zk } = yield* on(server.connectString)
      const before = yield* watchesOf(other)
      const count = yield* countRequests(proxies[0]!)
      const scopes = yield* Effect.forEach([1, 2, 3, 4], () => Scope.make())
      const [a, b, c, d] = scopes as [Scope.Closeable, Scope.Closeable, Scope.Closeable, Scope.Closeable]
      const first = yield* Scope.provide(Effect.flatMap(zk.changes.dataScoped("/a"), record), a)
      const second = yield* Scope.provide(Effect.flatMap(zk.changes.dataScoped("/a"), record), b)
      yield* Scope.provide(Effect.flatMap(zk.changes.childrenScoped("/a"), record), c)
      const raw = yield* Scope.provide(Effect.flatMap(zk.watchScoped("/a"), record), d)
      assert.strictEqual(count(addWatch), 1)
      assert.deepStrictEqual(yield* watchesOf(other), { wchs: before.wchs + 1, all: before.all + 2 })
      yield* other.create("/a", "1")
      yield* raw.next(1)
      for (const { last } of [first, second]) yield* last(({ node }) => Option.isSome(node), "the creation")
      yield* Scope.close(a, Exit.void)
      yield* Scope.close(d, Exit.void)
      yield* other.set("/a", "2")
      yield* second.last(({ node }) => Option.isSome(node) && node.value.stat.version === 1, "the set")
      assert.strictEqual(count(addWatch), 1)
      assert.strictEqual(count(removeWatches), 0)
      yield* Scope.close(b, Exit.void)
      yield* Scope.close(c, Exit.void)
      yield* awaitWatches(other, before)
      assert.strictEqual(count(removeWatches), 1)
    })
  )
})

describe("a raw watch of everything below a node", () => {
  it.live(
    "tells 10,000 changes of five writers once and in order, and marks every gap",
    () =>
      Effect.gen(function* () {
        const { cut, other, zk } = yield* single()
        yield* other.create("/tree")
        const { fiber, seen } = yield* Effect.flatMap(
          zk.watchScoped("/tree", { recursive: true, buffer: 1_000_000 }),
          record
        )
        const truth = yield* Effect.flatMap(other.watchScoped("/tree", { recursive: true, buffer: 1_000_000 }), record)
        const writer = (w: number) =>
          Effect.gen(function* () {
            for (let i = 0; i < 400; i++) {
              const node = `/tree/${w}-${i}`
              yield* other.create(node)
              yield* other.create(`${node}/below`)
              yield* other.set(`${node}/below`, "x")
              yield* other.delete(`${node}/below`)
              yield* other.set(node, "x")
              if (w === 0 && i % 50 === 49) yield* cut
            }
          })
        yield* Effect.forEach([0, 1, 2, 3, 4], writer, { concurrency: "unbounded", discard: true })
        // Answered on the connection after the last cut.
        yield* zk.sync()
        yield* other.create("/tree/end")
        const isEnd = (element: (typeof seen)[number]) => element._tag === "Event" && element.event.path === "/tree/end"
        yield* awaitState(
          Effect.sync(() => [seen.at(-1), truth.seen.at(-1)]),
          (ends) => ends.every((element) => element !== undefined && isEnd(element)),
          { describe: "the last event" }
        )
        const text = (element: (typeof seen)[number]) =>
          element._tag === "Event" ? `${element.event.type} ${element.event.path}` : "Resync"
        const all = truth.seen.map(text)
        assert.strictEqual(all.length, 10_001)
        assert.strictEqual(new Set(all).size, 10_001)
        // Between two marks, what was seen is an unbroken part of the truth, and each part comes after the one before.
        let position = 0
        let gaps = 0
        for (const element of seen.map(text)) {
          if (element === "Resync") {
            gaps++
            position = -position - 1
            continue
          }
          const at = position < 0 ? all.indexOf(element, -position - 1) : position
          assert.strictEqual(all[at], element)
          position = at + 1
        }
        assert.strictEqual(position, all.length)
        assert.isAtLeast(gaps, 1)
        assert.isAtMost(gaps, 8)
        assert.isUndefined(fiber.pollUnsafe())
      }),
    LIMIT
  )
})
