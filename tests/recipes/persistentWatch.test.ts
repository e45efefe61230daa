/** Persistent watches on a real ensemble: every event to every subscriber, or the mark of a gap. */
import * as Op from "@effect-zookeeper/core/Op"
import * as PersistentWatch from "@effect-zookeeper/recipes/PersistentWatch"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { isZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { awaitState } from "../support/awaitState.ts"
import { noBounds } from "./cached.ts"
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

const make = (zk: Client, options: Partial<PersistentWatch.Options> = {}) =>
  using(zk)(PersistentWatch.make({ paths: ["/a", "/b"], ...options }))

const show = (happening: PersistentWatch.Happening) =>
  happening._tag === "Resync" ? "Resync" : `${happening.watched}: ${happening.event.type} ${happening.event.path}`

const record = Effect.fnUntraced(function* ({ events }: PersistentWatch.PersistentWatch) {
  const seen: Array<string> = []
  yield* Effect.forkScoped(
    Stream.runForEach(events, (happening) => Effect.sync(() => seen.push(show(happening)))),
    { startImmediately: true }
  )
  return seen
})

const awaitSeen = (seen: ReadonlyArray<string>, wanted: ReadonlyArray<string>) =>
  awaitState(
    Effect.sync(() => [...seen]),
    (now) => now.length >= wanted.length,
    { describe: `saw ${wanted.join()}`, within: "30 seconds" }
  ).pipe(Effect.map((now) => assert.deepStrictEqual(now, wanted)))

describe("a persistent watch", () => {
  it.live.runIf(lasting)(
    "gives the events of all its paths to every subscriber, with one watch each on the server",
    () =>
      Effect.gen(function* () {
        const [zk, other] = yield* sessions(2)
        const requests = recordRequests(zk!)
        const watch = yield* make(zk!)
        assert.deepStrictEqual(
          requests.filter((name) => name === "addWatch"),
          ["addWatch", "addWatch"]
        )
        const all = [yield* record(watch), yield* record(watch), yield* record(watch)]
        yield* other!.create("/a")
        yield* other!.create("/b")
        yield* other!.create("/a/unseen")
        yield* other!.set("/a", "1")
        yield* other!.delete("/b")
        const inOrder = ["/a: NodeCreated /a", "/a: NodeChildrenChanged /a", "/a: NodeDataChanged /a"]
        for (const seen of all) {
          yield* awaitState(
            Effect.sync(() => seen.length),
            (length) => length === 5,
            { describe: "five events" }
          )
          assert.deepStrictEqual(
            seen.filter((each) => each.startsWith("/a")),
            inOrder
          )
          assert.deepStrictEqual(
            seen.filter((each) => each.startsWith("/b")),
            ["/b: NodeCreated /b", "/b: NodeDeleted /b"]
          )
        }
        assert.strictEqual(requests.length, 2)
      })
  )

  it.live.runIf(lasting)("sees what is below, on demand", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const seen = yield* record(yield* make(zk!, { paths: ["/a"], recursive: true }))
      yield* other!.create("/a/b/c", "", { parents: true })
      yield* awaitSeen(seen, ["/a: NodeCreated /a", "/a: NodeCreated /a/b", "/a: NodeCreated /a/b/c"])
    })
  )

  it.live("goes on after broken connections and lost sessions, with the mark of a gap (22)", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const seen = yield* record(yield* make(zk, { paths: ["/a"] }))
      const lastIs = (what: string) =>
        awaitState(
          Effect.sync(() => [...seen]),
          (now) => now.at(-1) === what,
          { describe: `the last one is ${what}`, within: "30 seconds" }
        )
      const saw = (what: string) =>
        awaitState(
          Effect.sync(() => [...seen]),
          (now) => now.includes(what),
          { describe: `saw ${what}`, within: "30 seconds" }
        )
      yield* proxy.cut
      yield* lastIs("Resync")
      yield* other.create("/a")
      yield* saw("/a: NodeCreated /a")
      // Where watches fire once, a node that was created may have been so several times.
      if (!lasting) yield* lastIs("Resync")
      const before = seen.length
      yield* expire(zk, other.session.hosts[0])
      yield* awaitState(
        Effect.sync(() => seen.slice(before)),
        (since) => since.includes("Resync"),
        { describe: "a mark since the session was lost", within: "30 seconds" }
      )
      yield* other.delete("/a")
      yield* saw("/a: NodeDeleted /a")
    })
  )

  it.live.runIf(!lasting)("goes on with the next session when its look was unanswered at the end of its own", () =>
    Effect.gen(function* () {
      const all = yield* proxied()
      yield* all.zk.create("/a")
      const seen = yield* record(yield* make(all.zk, { paths: ["/a"] }))
      // The children are watched again, and the node looked at.
      yield* expireDuring(all, exists, all.other.create("/a/child"))
      const before = seen.length
      yield* all.other.set("/a", "1")
      yield* awaitState(
        Effect.sync(() => seen.slice(before)),
        (since) => since.includes("Resync") || since.includes("/a: NodeDataChanged /a"),
        { describe: "the change, or a mark", within: "30 seconds" }
      )
    })
  )

  it.live.runIf(lasting)("gives a slow subscriber a Resync in place of what it missed, and others everything", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      // By the session that watches: its server may learn of another's later, and then tell of the creation too.
      yield* zk!.create("/a")
      const watch = yield* make(zk!, { paths: ["/a"], buffer: 8 })
      const pull = yield* Stream.toPull(watch.events)
      const slow = yield* Effect.forkChild(pull, { startImmediately: true })
      const quick = yield* record(watch)
      for (let n = 0; n < 50; n++) {
        yield* other!.set("/a", `${n}`)
        yield* awaitState(
          Effect.sync(() => [...quick]),
          ({ length }) => length === n + 1,
          { describe: `${n + 1} events` }
        )
      }
      assert.isFalse(quick.includes("Resync"))
      yield* Fiber.join(slow)
      const rest = yield* pull
      assert.isAtMost(rest.length, 8)
      assert.strictEqual(rest[0]._tag, "Resync")
    })
  )

  it.live.runIf(lasting)("holds 4,096 events for a subscriber unless told otherwise", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* zk!.create("/a")
      const watch = yield* make(zk!, { paths: ["/a"] })
      const pull = yield* Stream.toPull(watch.events)
      const first = yield* Effect.forkChild(pull, { startImmediately: true })
      const seen = yield* record(watch)
      let told = 0
      const change = (count: number) => {
        told += count
        return Effect.andThen(
          other!.transact(...Array.from({ length: count }, () => Op.set("/a", ""))),
          awaitState(
            Effect.sync(() => seen.length),
            (length) => length === told,
            { describe: `${told} events` }
          )
        )
      }
      yield* change(1)
      yield* Fiber.join(first)
      for (let batch = 0; batch < 4; batch++) yield* change(1024)
      assert.strictEqual((yield* pull).length, 4096)
      for (let batch = 0; batch < 4; batch++) yield* change(1024)
      yield* change(1)
      const rest = yield* pull
      assert.deepStrictEqual(rest.map(show), ["Resync"])
    })
  )

  it.live.runIf(lasting)("marks a gap once, however many paths it has, and tells of each path once", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const watch = yield* make(zk, { paths: ["/a", "/a", "/b", "/c"] })
      const pull = yield* Stream.toPull(watch.events)
      const first = yield* Effect.forkChild(pull, { startImmediately: true })
      yield* other.create("/a")
      assert.deepStrictEqual((yield* Fiber.join(first)).map(show), ["/a: NodeCreated /a"])
      const seen = yield* record(watch)
      yield* proxy.cut
      const saw = (what: string) =>
        awaitState(
          Effect.sync(() => [...seen]),
          (now) => now.includes(what),
          { describe: `saw ${what}`, within: "30 seconds" }
        )
      yield* saw("Resync")
      yield* other.create("/b")
      yield* saw("/b: NodeCreated /b")
      assert.deepStrictEqual((yield* pull).map(show), ["Resync", "/b: NodeCreated /b"])
    })
  )

  it.live("begins although its node is changed all the time", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create("/busy")
      const writing = yield* Effect.forkChild(Effect.forever(other!.set("/busy", "x")))
      yield* Effect.all([other!.sync(), zk!.sync()])
      const watch = yield* using(zk!)(PersistentWatch.make({ paths: ["/busy"] }))
      assert.isTrue(Option.isSome(yield* Stream.runHead(watch.events)))
      yield* Fiber.interrupt(writing)
    })
  )

  it.live("ends with the session, after what was told before", () =>
    Effect.gen(function* () {
      const zk = yield* onServers({ onExpired: "fail" })
      const watch = yield* make(zk)
      const ended = yield* Effect.forkChild(Effect.flip(Stream.runDrain(watch.events)), { startImmediately: true })
      const pull = yield* Stream.toPull(watch.events)
      const first = yield* Effect.forkChild(pull, { startImmediately: true })
      yield* zk.create("/a")
      const before = [...(yield* Fiber.join(first))]
      const seen = yield* record(watch)
      yield* zk.create("/b")
      yield* awaitState(
        Effect.sync(() => [...seen]),
        (now) => now.includes("/b: NodeCreated /b"),
        { describe: "saw /b" }
      )
      yield* expire(zk)
      assert.strictEqual((yield* Fiber.join(ended)).reason._tag, "SessionExpired")
      // One that is slow still gets what waits for it, and then the reason.
      before.push(...(yield* pull))
      assert.include(before.map(show), "/b: NodeCreated /b")
      const end = yield* Effect.flip(pull)
      assert.isTrue(isZooKeeperError(end) && end.reason._tag === "SessionExpired")
    })
  )

  it.live("refuses a buffer that holds nothing or cannot be counted, before anything is asked", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const requests = recordRequests(zk)
      for (const buffer of noBounds) {
        const error = yield* Effect.flip(make(zk, { buffer }))
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.include(error.message, `buffer is ${buffer}; it must be a whole number`)
      }
      assert.deepStrictEqual(requests, [])
    })
  )
})
