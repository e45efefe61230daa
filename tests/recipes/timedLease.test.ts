/** Leases that outlive their sessions: what is in the node, whose they are, and that nobody relies on one after its end. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as TimedLease from "@effect-zookeeper/recipes/TimedLease"
import * as Faults from "@effect-zookeeper/testing/Faults"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"
import { awaitState } from "../support/awaitState.ts"
import {
  awaitQueue,
  type Client,
  expire,
  expireDuring,
  holdBack,
  onServers,
  PATH as path,
  proxied,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const node = `${path}/lease_holder`

const make = (zk: Client, holder: string, options: Partial<TimedLease.Options> = {}) =>
  using(zk)(TimedLease.make({ path, holder, duration: "1 minute", ...options }))

const taken = <E, R>(take: Effect.Effect<Option.Option<TimedLease.Term>, E, R>) => Effect.map(take, Option.getOrThrow)

const isNone = <A, E, R>(take: Effect.Effect<Option.Option<A>, E, R>) => Effect.map(take, Option.isNone)

const holderOf = (zk: Client) =>
  Effect.map(zk.getString(node), (json) => (JSON.parse(json) as { holder: string }).holder)

describe("a lease for a time", () => {
  it.live("is one holder's, also when its session is over, and anybody's when it was given back", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const ours = yield* make(zk!, "ours")
      const theirs = yield* make(other!, "theirs")
      assert.isTrue(Option.isNone(yield* zk!.exists(path)), "nothing is made before it is taken")
      const term = yield* taken(ours.tryTake)
      assert.isTrue(yield* isNone(theirs.tryTake))
      yield* expire(zk!)
      assert.isTrue(yield* isNone(theirs.tryTake))
      assert.isTrue(yield* term.renew)
      assert.isTrue(Duration.isPositive(yield* term.remaining))
      yield* term.release
      yield* Effect.flip(term.lost)
      assert.strictEqual(Duration.toMillis(yield* term.remaining), 0)
      assert.isFalse(yield* term.renew)
      assert.strictEqual((yield* taken(theirs.tryTake)).path, path)
    })
  )

  it.live("is had again by whoever has its name, and then not given back by the one before", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const before = yield* taken((yield* make(zk!, "job")).tryTake)
      yield* taken((yield* make(other!, "job", { duration: "2 minutes" })).tryTake)
      yield* before.release
      assert.strictEqual(yield* holderOf(zk!), "job")
      const standing = yield* (yield* make(zk!, "else")).leases
      assert.deepStrictEqual(
        standing.map((each) => [each.path, each.holder]),
        [[path, "job"]]
      )
    })
  )

  it.live("of several: to so many holders, and one with a lease renews that one", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const take = (holder: string) => Effect.flatMap(make(zk, holder, { leases: 2 }), ({ tryTake }) => tryTake)
      const first = yield* taken(take("a"))
      assert.strictEqual((yield* taken(take("b"))).path, `${path}/1`)
      assert.isTrue(yield* isNone(take("c")))
      yield* first.release
      // The other one is free, and would be a second.
      assert.strictEqual((yield* taken(take("b"))).path, `${path}/1`)
      assert.strictEqual((yield* taken(take("c"))).path, `${path}/0`)
    })
  )

  it.live("of an unknown version is nobody's, and of no version an error", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lease = yield* make(zk, "job")
      yield* zk.create(node, `{"version": 2, "until": 0}`, { parents: true })
      assert.isTrue(yield* isNone(lease.tryTake))
      assert.deepStrictEqual(yield* lease.leases, [])
      for (const data of ["", "null", "{}", `{"version": 1, "holder": "job", "end": "2026-01-01"}`]) {
        yield* zk.set(node, data)
        assert.strictEqual((yield* Effect.flip(lease.tryTake)).reason._tag, "DecodeFailed")
      }
    })
  )

  it.live("needs six requests each time it is taken, renewed and given back", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lease = yield* make(zk, "job")
      yield* taken(lease.tryTake)
      // What a lock asks of its lease depends on when the leader answered last.
      const asked = recordRequests(zk)
      const term = yield* taken(lease.tryTake)
      yield* term.renew
      yield* term.release
      const once = ["create", "getData", "getChildren", "getData", "multi", "delete"]
      assert.deepStrictEqual(
        asked.filter((name) => name !== "sync"),
        [...once, ...once, ...once]
      )
    })
  )

  it.live("waits while another one asks, and whoever is interrupted there leaves nothing", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lease = yield* make(zk, "job")
      const lock = yield* using(zk)(Lock.make({ path, dialect: "kazoo" }))
      yield* lock.withLock(() =>
        Effect.gen(function* () {
          const taking = yield* Effect.forkChild(lease.tryTake)
          yield* awaitQueue(zk, 2)
          yield* Fiber.interrupt(taking)
        })
      )
      yield* awaitQueue(zk, 0)
      assert.isTrue(Option.isNone(yield* zk.exists(node)))
    })
  )

  it.live("refuses a time, a margin, a name and a number that cannot be", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const wrong: ReadonlyArray<Partial<TimedLease.Options>> = [
        { duration: "1999 millis" },
        { duration: "36501 days" },
        { duration: "Infinity" },
        { duration: "soon" as "1 second" },
        { duration: "5 seconds", margin: "4001 millis" },
        { margin: "soon" as "1 second" },
        { holder: "" },
        { leases: 0 }
      ]
      for (const options of wrong) {
        const error = yield* Effect.flip(make(zk, "job", options))
        assert.strictEqual(error.reason._tag, "InvalidArgument", JSON.stringify(options))
      }
    })
  )
})

describe("a lost answer", () => {
  it.live("of the taking is settled in the next session", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const lease = yield* make(zk, "job")
      let taking: Fiber.Fiber<Option.Option<TimedLease.Term>, unknown> | undefined
      const fork = Effect.gen(function* () {
        taking = yield* Effect.forkChild(lease.tryTake)
      })
      yield* expireDuring({ other, proxy, zk }, multi, fork)
      yield* taken(Fiber.join(taking!))
      assert.strictEqual(yield* holderOf(other), "job")
      yield* awaitQueue(other, 1)
    })
  )
})

/** Its end is a whole second, so that nothing is cut off. */
const onTestClock = Effect.fnUntraced(function* (wall = Date.UTC(2026, 0, 31, 23, 59, 30)) {
  yield* TestClock.setTime(wall)
  return yield* ZooKeeper.make({ sessionTimeout: "10 minutes" })
})

/** Renews, and has the answer to its write held back: what is written is there, and its writer does not know. */
const renewUnanswered = Effect.fnUntraced(function* (zk: Client, term: TimedLease.Term) {
  const { faults, nodes } = yield* TestServer.TestServer
  const before = yield* zk.getString(node)
  yield* TestClock.adjust("10 seconds")
  const write = holdBack(zk, 1, "multi")
  const renewing = yield* Effect.forkChild(term.renew)
  yield* write.asked
  yield* faults.inject(Faults.mute)
  yield* write.letGo
  yield* awaitState(
    Effect.map(nodes, (all) => new TextDecoder().decode(all.get(node) ?? undefined)),
    (json) => json !== before,
    { describe: "the renewal is written" }
  )
  return { renewing, unmute: faults.clear }
})

describe("a lease that was renewed, which its holder does not know,", () => {
  it.effect("is given back when the renewal was interrupted", () =>
    Effect.gen(function* () {
      const zk = yield* onTestClock()
      const term = yield* taken((yield* make(zk, "job")).tryTake)
      const { renewing, unmute } = yield* renewUnanswered(zk, term)
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(renewing), { startImmediately: true })
      yield* unmute
      yield* Fiber.join(interrupting)
      // It knows of nothing, so it relies on nothing.
      assert.strictEqual(Duration.toMillis(yield* term.remaining), 49_000)
      yield* term.release
      assert.isTrue(Option.isNone(yield* zk.exists(node)))
      yield* awaitQueue(zk, 0)
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )

  it.effect("is given back by a release meanwhile", () =>
    Effect.gen(function* () {
      const zk = yield* onTestClock()
      const term = yield* taken((yield* make(zk, "job")).tryTake)
      const { renewing, unmute } = yield* renewUnanswered(zk, term)
      const releasing = yield* Effect.forkChild(term.release, { startImmediately: true })
      yield* unmute
      yield* Fiber.join(releasing)
      assert.isFalse(yield* Fiber.join(renewing))
      assert.isTrue(Option.isNone(yield* zk.exists(node)))
      yield* awaitQueue(zk, 0)
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )

  it.effect("stays when it was taken by its name since", () =>
    Effect.gen(function* () {
      const zk = yield* onTestClock()
      const lease = yield* make(zk, "job")
      const term = yield* taken(lease.tryTake)
      const { renewing, unmute } = yield* renewUnanswered(zk, term)
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(renewing), { startImmediately: true })
      yield* unmute
      yield* Fiber.join(interrupting)
      yield* TestClock.adjust("1 second")
      yield* taken(lease.tryTake)
      yield* term.release
      assert.strictEqual(yield* holderOf(zk), "job")
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )
})

describe("the end of a lease", () => {
  it.effect("is in the node as kazoo has it, and somebody else's beginning a margin later", () =>
    Effect.gen(function* () {
      const zk = yield* onTestClock()
      const ours = yield* make(zk, "ours")
      const theirs = yield* make(zk, "theirs")
      const term = yield* taken(ours.tryTake)
      assert.deepStrictEqual(JSON.parse(yield* zk.getString(node)), {
        version: 1,
        holder: "ours",
        end: "2026-02-01T00:00:30"
      })
      assert.strictEqual(Duration.toMillis(yield* term.remaining), 59_000)
      yield* TestClock.adjust(60_999)
      assert.isTrue(yield* isNone(theirs.tryTake))
      yield* TestClock.adjust(1)
      assert.isTrue(Option.isSome(yield* theirs.tryTake))
      assert.isFalse(yield* term.renew, "it was over")
      assert.strictEqual(yield* holderOf(zk), "theirs")
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )

  it.effect("is cut to whole seconds, never beyond the time", () =>
    Effect.gen(function* () {
      const zk = yield* onTestClock(Date.UTC(2026, 0, 1) + 999)
      const term = yield* taken((yield* make(zk, "job")).tryTake)
      assert.strictEqual(Duration.toMillis(yield* term.remaining), 58_001)
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )

  it.effect("interrupts the body a margin before, unless it was renewed", () =>
    Effect.gen(function* () {
      const zk = yield* onTestClock()
      const lease = yield* make(zk, "job")
      const began = yield* Deferred.make<TimedLease.Term>()
      let stopped = 0
      const working = yield* Effect.forkChild(
        lease.tryWithLease((term) =>
          Effect.andThen(Deferred.succeed(began, term), Effect.never).pipe(
            Effect.onInterrupt(() =>
              Effect.map(Clock.currentTimeMillis, (now) => {
                stopped = now
              })
            )
          )
        )
      )
      const term = yield* Deferred.await(began)
      const start = yield* Clock.currentTimeMillis
      yield* TestClock.adjust("58 seconds")
      assert.isTrue(yield* term.renew)
      yield* TestClock.adjust("58 seconds")
      assert.strictEqual(stopped, 0)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(stopped - start, 58_000 + 59_000)
      assert.instanceOf(yield* Effect.flip(Fiber.join(working)), TimedLease.LeaseOver)
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )

  it.effect("counts from before the write was sent: an answer that comes after it is none", () =>
    Effect.gen(function* () {
      const zk = yield* onTestClock()
      const lease = yield* make(zk, "job")
      const { driver } = zk as unknown as { driver: { submit: Client["driver"]["submit"] } }
      const submit = driver.submit
      const asked = Deferred.makeUnsafe<() => void>()
      driver.submit = (call) => {
        if (call.operation.name !== "multi" || Deferred.isDoneUnsafe(asked)) return submit(call)
        Deferred.doneUnsafe(
          asked,
          Effect.succeed(() => void submit(call))
        )
        return false
      }
      const taking = yield* Effect.forkChild(lease.tryTake)
      const send = yield* Deferred.await(asked)
      yield* TestClock.adjust("1 minute")
      send()
      assert.isTrue(yield* isNone(Fiber.join(taking)))
      assert.strictEqual(yield* holderOf(zk), "job")
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )

  it.effect("comes when either clock says so, and stays", () =>
    Effect.gen(function* () {
      const zk = yield* onTestClock()
      const real = yield* Clock.Clock
      for (const [ahead, passes] of [
        [-3_600_000, "59 seconds"],
        [3_600_000, "0 seconds"]
      ] as const) {
        const term = yield* taken((yield* make(zk, "job")).tryTake)
        const set = Object.assign(Object.create(real) as Clock.Clock, {
          currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() + ahead
        })
        yield* TestClock.adjust(passes)
        assert.strictEqual(Duration.toMillis(yield* Effect.provideService(term.remaining, Clock.Clock, set)), 0)
        yield* Effect.flip(term.lost)
      }
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )
})
