/** Barriers on a real ensemble: up for everybody, and nobody misses that one was lowered. */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { deleteNode } from "@effect-zookeeper/core/wire/ops/delete"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { sync } from "@effect-zookeeper/core/wire/ops/sync"
import * as Barrier from "@effect-zookeeper/recipes/Barrier"
import * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { awaitConnected, awaitWatched, cutOff, refused } from "../real/clients.ts"
import { awaitState } from "../support/awaitState.ts"
import * as rawSession from "../support/rawSession.ts"
import {
  type Client,
  expire,
  expireDuring,
  onServers,
  PATH,
  precede,
  proxied,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const path = `${PATH}/closed`
const make = (zk: Client, options: Partial<Barrier.Options> = {}) => using(zk)(Barrier.make({ path, ...options }))

/** Waits at the barrier; returns once it does. */
const waitAt = Effect.fnUntraced(function* (zk: Client, barrier: Barrier.Barrier) {
  const waiter = yield* Effect.forkChild(barrier.wait, { startImmediately: true })
  yield* awaitWatched(zk, 1)
  return waiter
})

const isWaiting = (waiter: Fiber.Fiber<void, unknown>) => waiter.pollUnsafe() === undefined

describe("a barrier", () => {
  it.live("lets nobody past while it is up, and all when it is lowered", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(4)
      const [first, ...others] = yield* Effect.forEach(clients, (zk) => make(zk))
      yield* first!.wait
      yield* first!.raise
      const waiters = yield* Effect.forEach(others, (barrier, index) => waitAt(clients[index + 1]!, barrier))
      // What happens to the node while it is there lets nobody past.
      yield* clients[0]!.set(path, "written")
      yield* Effect.forEach(clients, (zk) => zk.sync())
      assert.isTrue(waiters.every(isWaiting))
      assert.isTrue(yield* others[0]!.isUp)
      yield* others[0]!.lower
      yield* Fiber.joinAll(waiters)
      assert.isFalse(yield* first!.isUp)
      yield* first!.wait
      for (const zk of clients) yield* awaitWatched(zk, 0)
    })
  )

  it.live("may be raised and lowered as often as one likes", () =>
    Effect.gen(function* () {
      const [one, two] = yield* Effect.forEach(yield* sessions(2), (zk) => make(zk))
      yield* one!.lower
      yield* Effect.all([one!.raise, two!.raise, one!.raise], { concurrency: "unbounded" })
      assert.isTrue(yield* two!.isUp)
      yield* Effect.all([one!.lower, two!.lower, one!.lower], { concurrency: "unbounded" })
      assert.isFalse(yield* one!.isUp)
    })
  )

  it.live("stays up when the session that raised it ends, and its waiters wait on with their next one", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const [a, b] = [yield* make(one!), yield* make(two!)]
      yield* a.raise
      yield* expire(one!)
      const waiter = yield* waitAt(two!, b)
      yield* expire(two!)
      yield* awaitConnected(two!, 2)
      assert.isTrue(yield* b.isUp)
      assert.isTrue(isWaiting(waiter))
      yield* a.lower
      yield* Fiber.join(waiter)
    })
  )

  it.live("is passed when it was lowered while there was no connection (museum 20)", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const [theirs, ours] = [yield* make(other), yield* make(zk)]
      yield* theirs.raise
      const waiter = yield* waitAt(zk, ours)
      yield* cutOff(zk, proxy)
      yield* theirs.lower
      yield* proxy.listen
      yield* Fiber.join(waiter)
    })
  )

  for (const what of ["connection", "session"] as const) {
    it.live(`is passed when another one was raised in its place while there was no ${what}`, () =>
      Effect.gen(function* () {
        const { other, proxy, zk } = yield* proxied()
        const [theirs, ours] = [yield* make(other), yield* make(zk)]
        yield* theirs.raise
        const waiter = yield* waitAt(zk, ours)
        const { id, password } = zk.session
        yield* cutOff(zk, proxy)
        if (what === "session") {
          yield* rawSession.expireSession(other.session.hosts[0]!, id, Redacted.value(password))
        }
        yield* theirs.lower
        yield* theirs.raise
        yield* proxy.listen
        yield* Fiber.join(waiter)
        yield* awaitWatched(zk, 0)
        assert.isTrue(yield* ours.isUp)
        assert.strictEqual(zk.session.epoch, what === "session" ? 2 : 1)
      })
    )
  }

  for (const operation of [sync, exists, getData]) {
    it.live(`is waited at beyond the end of a session that comes before the answer to ${operation.name}`, () =>
      Effect.gen(function* () {
        const { other, proxy, zk } = yield* proxied()
        const [theirs, ours] = [yield* make(other), yield* make(zk)]
        yield* theirs.raise
        const waiter = Deferred.makeUnsafe<Fiber.Fiber<void, ZooKeeperError>>()
        const wait = Effect.flatMap(Effect.forkDetach(ours.wait), (fiber) => Deferred.succeed(waiter, fiber))
        yield* expireDuring({ other, proxy, zk }, operation, wait)
        yield* awaitWatched(zk, 1)
        yield* theirs.lower
        yield* Fiber.join(yield* Deferred.await(waiter))
      })
    )
  }

  it.live("is not missed by a waiter whose server lags behind", () =>
    Effect.gen(function* () {
      const cluster = yield* TestCluster.make()
      const leader = yield* awaitState(cluster.leader, (leader) => leader !== undefined, { describe: "a leader" })
      const follower = cluster.servers.find(({ id }) => id !== leader!.id)!
      const near = yield* ZooKeeper.make({ connect: leader!.connectString, sessionTimeout: "30 seconds" })
      const far = yield* ZooKeeper.make({ connect: follower.connectString, sessionTimeout: "30 seconds" })
      const [theirs, ours] = [yield* make(near), yield* make(far)]
      yield* follower.lag
      yield* theirs.raise
      assert.deepStrictEqual(yield* far.exists(path), Option.none())
      const asked = recordRequests(far)
      const waiter = yield* Effect.forkChild(ours.wait, { startImmediately: true })
      const looking = yield* Effect.forkChild(ours.isUp, { startImmediately: true })
      yield* follower.catchUp
      assert.isTrue(yield* Fiber.join(looking))
      yield* awaitWatched(far, 1)
      assert.deepStrictEqual(asked.slice(0, 2), ["sync", "sync"])
      assert.isTrue(isWaiting(waiter))
      yield* theirs.lower
      yield* Fiber.join(waiter)
    })
  )

  it.live("leaves no watch behind when a waiter is interrupted", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const barrier = yield* make(zk)
      yield* barrier.raise
      const waiter = yield* waitAt(zk, barrier)
      yield* Fiber.interrupt(waiter)
      yield* awaitWatched(zk, 0)
      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(barrier.wait, "50 millis")))
      yield* awaitWatched(zk, 0)
    })
  )

  it.live("says whether it is up, now and after every change", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const [a, b] = [yield* make(one!), yield* make(two!)]
      const seen: Array<boolean> = []
      yield* Effect.forkScoped(Stream.runForEach(a.states, (now) => Effect.sync(() => seen.push(now))))
      const awaitSeen = (count: number) =>
        awaitState(
          Effect.sync(() => [...seen]),
          ({ length }) => length === count,
          { describe: `${count} states` }
        )
      yield* awaitSeen(1)
      yield* b.raise
      yield* awaitSeen(2)
      yield* two!.set(path, "of no concern")
      yield* b.lower
      assert.deepStrictEqual(yield* awaitSeen(3), [false, true, false])
    })
  )

  it.live("is made with the missing parents of its dialect, and costs few requests", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const asked = recordRequests(zk)
      for (const [dialect, parent] of [
        ["curator", "createContainer"],
        ["kazoo", "create"],
        ["apache", "create"]
      ] as const) {
        const barrier = yield* make(zk, { path: `/${dialect}/barrier`, dialect })
        asked.length = 0
        yield* barrier.raise
        assert.deepStrictEqual(asked, ["create", "exists", parent, "create"])
        assert.strictEqual((yield* zk.get(barrier.path)).stat.ephemeralOwner, 0n)
        asked.length = 0
        yield* barrier.isUp
        yield* barrier.lower
        yield* barrier.wait
        assert.deepStrictEqual(asked, ["sync", "exists", "delete", "sync", "exists"])
      }
    })
  )

  it.live("makes its path again when that is gone before its node is there, as an empty container may be", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const barrier = yield* make(zk, { path: `${PATH}/below/this` })
      // An empty container may be reaped at any time.
      precede(zk, "create", 3, Effect.ignore(zk.delete(`${PATH}/below`)))
      yield* barrier.raise
      assert.isTrue(yield* barrier.isUp)
    })
  )

  it.live("tells what is wrong: a path that is none, children below it, a node that may not be read", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const nowhere = yield* make(zk, { path: "no/path" })
      for (const effect of [nowhere.raise, nowhere.lower, nowhere.wait, nowhere.isUp]) {
        yield* refused(effect, "InvalidArgument")
      }
      const barrier = yield* make(zk)
      yield* zk.create(`${path}/child`, "", { parents: true })
      yield* refused(barrier.lower, "NotEmpty")
      yield* zk.create("/hidden", "", { acl: [{ perms: Acl.Perms.ADMIN, scheme: "world", id: "anyone" }] })
      yield* refused((yield* make(zk, { path: "/hidden" })).wait, "NoAuth")
    })
  )

  it.live("is a layer that an application names", () => {
    class Maintenance extends Barrier.Service<Maintenance>()("test/Maintenance", { path }) {}
    return Effect.gen(function* () {
      const zk = yield* onServers()
      const isUp = Effect.gen(function* () {
        const maintenance = yield* Maintenance
        yield* maintenance.raise
        return yield* maintenance.isUp
      })
      const live = Maintenance.layer.pipe(Layer.provide(Layer.succeed(ZooKeeper.ZooKeeper, zk)))
      assert.isTrue(yield* Effect.provide(isUp, live))
    })
  })
})

describe("a barrier, by a lost answer", () => {
  for (const [what, operation, wanted] of [
    ["raise", create, true],
    ["lower", deleteNode, false]
  ] as const) {
    it.live(`to ${what} is no failure when it is as it should be`, () =>
      Effect.gen(function* () {
        const { proxy, zk } = yield* proxied()
        yield* zk.create(PATH)
        const barrier = yield* make(zk)
        if (!wanted) yield* barrier.raise
        const dropped = yield* proxy.dropReplyTo(({ type }) => type === operation.code)
        yield* barrier[what]
        yield* dropped
        assert.strictEqual(yield* barrier.isUp, wanted)
      })
    )

    it.live(`to ${what} is not asked for again when somebody else has undone it: nothing is done twice`, () =>
      Effect.gen(function* () {
        const { other, proxy, zk } = yield* proxied()
        yield* other.create(PATH)
        const [theirs, ours] = [yield* make(other), yield* make(zk)]
        if (!wanted) yield* theirs.raise
        const dropped = yield* proxy.dropReplyTo(({ type }) => type === operation.code)
        yield* proxy.refuse
        const asked = recordRequests(zk)
        const doing = yield* Effect.forkChild(Effect.flip(ours[what]), { startImmediately: true })
        yield* dropped
        yield* wanted ? theirs.lower : theirs.raise
        yield* proxy.listen
        const error = yield* Fiber.join(doing)
        assert.strictEqual(error.applied, "unknown")
        assert.strictEqual(error.reason._tag, "ConnectionLost")
        assert.strictEqual(yield* theirs.isUp, !wanted)
        assert.deepStrictEqual(asked, [what === "raise" ? "create" : "delete", "sync", "exists"])
      })
    )
  }

  it.live("to raise is looked into even when the session has ended with it", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      yield* other.create(PATH)
      const barrier = yield* make(zk)
      const raising = yield* Deferred.make<Fiber.Fiber<void, ZooKeeperError>>()
      const raise = Effect.flatMap(Effect.forkDetach(barrier.raise), (fiber) => Deferred.succeed(raising, fiber))
      yield* expireDuring({ other, proxy, zk }, create, raise)
      yield* Fiber.join(yield* Deferred.await(raising))
      assert.isTrue(yield* barrier.isUp)
    })
  )
})
