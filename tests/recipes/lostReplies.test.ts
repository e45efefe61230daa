/** The connection breaks after the server did it and before its answer came, at every step of every recipe (museum 27). */
import * as Op from "@effect-zookeeper/core/Op"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { sync } from "@effect-zookeeper/core/wire/ops/sync"
import * as Counter from "@effect-zookeeper/recipes/Counter"
import * as Barrier from "@effect-zookeeper/recipes/Barrier"
import * as DelayQueue from "@effect-zookeeper/recipes/DelayQueue"
import * as DoubleBarrier from "@effect-zookeeper/recipes/DoubleBarrier"
import * as Election from "@effect-zookeeper/recipes/Election"
import * as Group from "@effect-zookeeper/recipes/Group"
import * as IdQueue from "@effect-zookeeper/recipes/IdQueue"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as MultiLock from "@effect-zookeeper/recipes/MultiLock"
import * as Partitioner from "@effect-zookeeper/recipes/Partitioner"
import * as PersistentNode from "@effect-zookeeper/recipes/PersistentNode"
import * as Queue from "@effect-zookeeper/recipes/Queue"
import * as ReadWriteLock from "@effect-zookeeper/recipes/ReadWriteLock"
import * as Semaphore from "@effect-zookeeper/recipes/Semaphore"
import * as ServiceDiscovery from "@effect-zookeeper/recipes/ServiceDiscovery"
import * as TimedLease from "@effect-zookeeper/recipes/TimedLease"
import * as Transaction from "@effect-zookeeper/recipes/Transaction"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { awaitState } from "../support/awaitState.ts"
import type { Proxy } from "../support/Proxy.ts"
import * as rawSession from "../support/rawSession.ts"
import { cutOff } from "../real/clients.ts"
import { awaitQueue, type Client, PATH, proxied, queue, recordRequests, using } from "./support.ts"

const path = PATH

interface Recipe {
  /** Uses all that it has, once. */
  readonly take: (zk: Client) => Effect.Effect<void, unknown, Scope.Scope>
  /** Where its nodes stand. */
  readonly below: ReadonlyArray<string>
}

const write = Op.set(PATH, "")

/** Recipes taken and given back once. */
const recipes: Readonly<Record<string, Recipe>> = {
  Lock: {
    below: [path],
    take: (zk) =>
      Effect.flatMap(using(zk)(Lock.make({ path })), (lock) =>
        lock.withLock(({ guard }) => Effect.asVoid(guard(write)))
      )
  },
  "a lock that is tried": {
    below: [path],
    take: (zk) => Effect.flatMap(using(zk)(Lock.make({ path })), (lock) => lock.tryWithLock(() => Effect.void))
  },
  "a read lock": {
    below: [path],
    take: (zk) =>
      Effect.flatMap(using(zk)(ReadWriteLock.make({ path })), ({ read }) =>
        read.withLock(({ guard }) => Effect.asVoid(guard(write)))
      )
  },
  "a write lock": {
    below: [path],
    take: (zk) =>
      Effect.flatMap(using(zk)(ReadWriteLock.make({ path })), ({ write: lock }) =>
        lock.withLock(({ guard }) => Effect.asVoid(guard(write)))
      )
  },
  "a downgraded lock": {
    below: [path],
    take: (zk) =>
      Effect.flatMap(using(zk)(ReadWriteLock.make({ path })), ({ read, write: lock }) =>
        lock.withLock(() => read.withLock(({ guard }) => Effect.asVoid(guard(write))))
      )
  },
  "a downgrade that outlives the write lock": {
    below: [path],
    take: (zk) =>
      Effect.flatMap(using(zk)(ReadWriteLock.make({ path })), ({ downgrade, write: lock }) =>
        Effect.scoped(
          Effect.flatMap(Effect.scope, (reader) =>
            Effect.scoped(Effect.flatMap(lock.acquire, (held) => Scope.provide(downgrade(held), reader))).pipe(
              Effect.flatMap(({ guard }) => Effect.asVoid(guard(write)))
            )
          )
        )
      )
  },
  MultiLock: {
    below: ["/a", "/b"],
    take: (zk) =>
      Effect.flatMap(using(zk)(MultiLock.make({ paths: ["/a", "/b"] })), (locks) =>
        locks.withLock(({ guard }) => Effect.asVoid(guard(Op.set("/a", ""))))
      )
  },
  Barrier: {
    below: [path],
    take: (zk) =>
      Effect.flatMap(using(zk)(Barrier.make({ path: `${path}/barrier` })), ({ lower, raise, wait }) =>
        Effect.andThen(raise, Effect.andThen(lower, wait))
      )
  },
  DoubleBarrier: {
    below: [path],
    take: (zk) =>
      Effect.flatMap(using(zk)(DoubleBarrier.make({ path, size: 1 })), ({ within }) =>
        within(({ guard }) => Effect.asVoid(guard(write)))
      )
  },
  "a double barrier of kazoo's": {
    below: [path],
    take: (zk) =>
      Effect.flatMap(using(zk)(DoubleBarrier.make({ path, size: 1, dialect: "kazoo" })), ({ within }) =>
        within(() => Effect.void)
      )
  },
  Election: {
    below: [path],
    take: (zk) =>
      Effect.flatMap(using(zk)(Election.make({ path })), (election) =>
        election.whileLeader(({ guard }) => Effect.asVoid(guard(write)))
      )
  },
  Semaphore: {
    below: [`${path}/leases`, `${path}/locks`],
    take: (zk) =>
      Effect.flatMap(Effect.scoped(using(zk)(Semaphore.make({ path, leases: 1 }))), (semaphore) =>
        semaphore.withLease(({ guard }) => Effect.asVoid(guard(write)))
      )
  },
  Counter: {
    below: [path],
    take: (zk) =>
      Effect.scoped(
        Effect.flatMap(using(zk)(Counter.make({ path })), ({ decrement, increment }) =>
          Effect.andThen(increment, decrement)
        )
      )
  },
  Group: {
    below: [path],
    take: (zk) =>
      Effect.scoped(
        Effect.gen(function* () {
          const group = yield* using(zk)(Group.make({ path, id: "one" }))
          const member = yield* group.join("two", "before")
          yield* member.set("after")
          yield* group.members
        })
      )
  },
  Partitioner: {
    below: [`${path}/party`, `${path}/locks/a`, `${path}/locks/b`],
    take: (zk) =>
      Effect.flatMap(using(zk)(Partitioner.make({ path, items: ["a", "b"], quiet: 0 })), (partitioner) =>
        partitioner.whilePartitioned(({ guard }) => Effect.asVoid(guard(write)))
      )
  },
  PersistentNode: {
    below: [path],
    take: (zk) =>
      Effect.scoped(
        Effect.gen(function* () {
          const node = yield* using(zk)(PersistentNode.make({ path: `${path}/me`, data: "before" }))
          yield* awaitState(node.isPresent, (isPresent) => isPresent, { describe: "the node is there" })
          yield* node.set("after")
        })
      )
  },
  "an item, put in and consumed": {
    below: [path, `${path}-locks/waiting`, `${path}-locks/receipts`],
    take: (zk) =>
      Effect.flatMap(using(zk)(Queue.make({ path })), (queue) =>
        Effect.andThen(
          queue.offer("an item"),
          queue.withItem(({ consume }) => consume(write))
        )
      )
  },
  "an item of kazoo's, given back and waited for": {
    below: [`${path}/entries`, `${path}/taken`, `${path}/waiting`, `${path}/receipts`],
    take: (zk) =>
      Effect.gen(function* () {
        const queue = yield* using(zk)(Queue.make({ path, dialect: "kazoo" }))
        yield* queue.offerAll(["an item"])
        yield* Effect.flip(queue.withItem(() => Effect.fail("given back")))
        yield* Effect.scoped(Effect.andThen(queue.take, queue.tryTake()))
        yield* queue.withItem(() => Effect.void)
      })
  },
  ServiceDiscovery: {
    below: [`${path}/web`],
    take: (zk) =>
      Effect.scoped(
        Effect.gen(function* () {
          const discovery = yield* using(zk)(ServiceDiscovery.make({ path }))
          const provider = yield* discovery.provider("web")
          const registered = yield* discovery.register({ name: "web", payload: "before" })
          yield* registered.update({ payload: "after" })
          const all = yield* discovery.instances("web")
          assert.strictEqual(all[0]?.payload, "after")
          yield* awaitState(
            Effect.map(
              provider.instance,
              Option.map(({ payload }) => payload)
            ),
            (payload) => Option.getOrNull(payload) === "after",
            { describe: "it chooses what is there" }
          )
        })
      )
  },
  "a delayed item, put in and consumed": {
    below: [path, `${path}-locks/waiting`, `${path}-locks/receipts`],
    take: (zk) =>
      Effect.flatMap(using(zk)(DelayQueue.make({ path })), (queue) =>
        Effect.andThen(
          queue.offer("an item", { after: 0 }),
          queue.withItem(({ consume }) => consume(write))
        )
      )
  },
  "items with an id, put in and removed": {
    below: [path, `${path}-locks/waiting`, `${path}-locks/receipts`],
    take: (zk) =>
      Effect.gen(function* () {
        const queue = yield* using(zk)(IdQueue.make({ path }))
        yield* queue.offerAll(["one", "two"], "an id")
        assert.strictEqual(yield* queue.remove("an id"), 2)
      })
  },
  TimedLease: {
    below: [path],
    take: (zk) =>
      Effect.gen(function* () {
        const lease = yield* using(zk)(TimedLease.make({ path, holder: "job", duration: "1 hour" }))
        const term = Option.getOrThrow(yield* lease.tryTake)
        assert.isTrue(yield* term.renew)
        yield* term.release
      })
  },
  Transaction: {
    below: [path],
    take: (zk) =>
      Effect.scoped(
        Effect.gen(function* () {
          const held = yield* (yield* using(zk)(Lock.make({ path }))).acquire
          const transaction = yield* using(zk)(Transaction.make())
          const results = yield* transaction.add(write)
          yield* transaction.commitUnder(held)
          yield* results
        })
      )
  }
}

/** What every session sends by itself is no step: logins, watches after a reconnect, pings, its end. */
const ofSessions: ReadonlyArray<number> = [-11, 11, 100, 101, 105]

/** Counts the steps from now on, and drops the reply to the n-th. */
const dropStep = Effect.fnUntraced(function* (proxy: Proxy, n: number) {
  const steps: Array<number> = []
  const dropped = yield* proxy.dropReplyTo(({ type }) => !ofSessions.includes(type) && steps.push(type) === n)
  return { dropped, steps }
})

describe("a lost reply leaves no node behind, and the recipe goes on", () => {
  for (const [name, { below, take }] of Object.entries(recipes)) {
    it.live(`${name}: at each of its steps`, () =>
      Effect.gen(function* () {
        const { other, proxy, zk } = yield* proxied()
        // The path is there from now on.
        yield* take(zk)
        const whole = yield* dropStep(proxy, Infinity)
        yield* take(zk)
        const count = whole.steps.length
        for (let step = 1; step <= count; step++) {
          const { dropped, steps } = yield* dropStep(proxy, step)
          const taking = yield* Effect.forkChild(Effect.exit(take(zk)))
          const wasDropped = yield* Effect.raceFirst(Effect.as(dropped, true), Effect.as(Fiber.join(taking), false))
          // What runs beside it may have been quicker than a last look.
          assert.isTrue(wasDropped || steps.length >= count - 1, `step ${step} of ${count}: ${steps.join()}`)
          yield* Fiber.join(taking)
          for (const each of below) yield* awaitQueue(other, 0, each)
          // And whoever comes next gets it at once.
          yield* take(other)
          assert.strictEqual(zk.session.epoch, 1)
        }
        assert.isAbove(count, 3)
      })
    )
  }

  it.live("a downgrade whose answer was lost: the reader goes with the failure", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const lock = yield* using(zk)(ReadWriteLock.make({ path }))
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === multi.code)
      const error = yield* Effect.flip(lock.write.withLock(() => lock.read.withLock(() => Effect.void)))
      yield* dropped
      assert.strictEqual(error._tag, "ZooKeeperError")
      yield* awaitQueue(other, 0)
    })
  )

  it.live("a contender does not wait for its own node when there was no room to look for that", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied({ maxQueued: 0 })
      const lock = yield* using(zk)(Lock.make({ path }))
      yield* lock.withLock(() => Effect.void)
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === create.code)
      const all = yield* Effect.timeoutOption(
        lock.withLock(() => queue(other)),
        "20 seconds"
      )
      yield* dropped
      assert.isTrue(Option.isSome(all), `it waits behind ${(yield* queue(other)).join()}`)
      yield* awaitQueue(other, 0)
    })
  )

  it.live("an interrupted waiter whose create was cut off goes too, as soon as there is a connection again", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const lock = yield* using(zk)(Lock.make({ path }))
      yield* lock.withLock(() => Effect.void)
      for (let round = 0; round < 5; round++) {
        const dropped = yield* proxy.dropReplyTo(({ type }) => type === create.code)
        const fiber = yield* Effect.forkChild(lock.withLock(() => Effect.never))
        yield* dropped
        yield* Fiber.interrupt(fiber)
        yield* awaitQueue(other, 0)
      }
    })
  )

  it.live("with its session too: the contender enters with the next one, and holds a node of that (museum 28)", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const lock = yield* using(zk)(Lock.make({ path }))
      yield* lock.withLock(() => Effect.void)
      const { id, password } = zk.session
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === create.code)
      const holding = yield* Effect.forkChild(
        lock.withLock(({ node }) => Effect.all({ held: other.get(node), all: queue(other) })),
        { startImmediately: true }
      )
      yield* proxy.refuse
      yield* dropped
      yield* rawSession.expireSession(other.session.hosts[0]!, id, Redacted.value(password))
      yield* proxy.listen
      const { all, held } = yield* Fiber.join(holding)
      assert.strictEqual(zk.session.epoch, 2)
      assert.strictEqual(held.stat.ephemeralOwner, zk.session.id)
      assert.lengthOf(all, 1)
      yield* awaitQueue(other, 0)
    })
  )

  it.live("a waiter can be interrupted at once while there is no connection, and its node goes later", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const mine = yield* using(other)(Lock.make({ path }))
      const theirs = yield* using(zk)(Lock.make({ path }))
      yield* mine.withLock(() =>
        Effect.gen(function* () {
          const waiter = yield* Effect.forkChild(theirs.withLock(() => Effect.void))
          yield* awaitQueue(other, 2)
          yield* cutOff(zk, proxy)
          yield* Fiber.interrupt(waiter)
          assert.isFalse(zk.session.connected)
          assert.strictEqual((yield* queue(other)).length, 2)
          yield* proxy.listen
          yield* awaitQueue(other, 1)
        })
      )
    })
  )

  it.live("so can a contender whose create is unanswered, and its node goes once it is answered", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const lock = yield* using(zk)(Lock.make({ path }))
      yield* lock.withLock(() => Effect.void)
      const requests = recordRequests(zk)
      yield* proxy.stall
      const contender = yield* Effect.forkChild(lock.withLock(() => Effect.void))
      yield* awaitState(
        Effect.sync(() => requests.length),
        (sent) => sent === 1,
        { describe: "the create was sent" }
      )
      const interrupted = yield* Effect.timeoutOption(Fiber.interrupt(contender), "5 seconds")
      assert.isTrue(Option.isSome(interrupted), "it waits for the answer")
      yield* proxy.flow
      // The answer to this one comes after that to the create.
      yield* zk.sync()
      yield* awaitQueue(other, 0)
    })
  )

  it.live("a contender whose requests time out goes on, and its late nodes go", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied({ operationTimeout: "300 millis" })
      const lock = yield* using(zk)(Lock.make({ path }))
      yield* lock.withLock(() => Effect.void)
      const requests = recordRequests(zk)
      yield* proxy.stall
      const holding = yield* Effect.forkChild(
        lock.withLock(({ node }) => Effect.map(queue(other), (all) => ({ node, all })))
      )
      yield* awaitState(
        Effect.sync(() => requests.filter((name) => name === "create").length),
        (creates) => creates >= 2,
        { describe: "a create has timed out" }
      )
      // Who does not wait is told.
      const error = yield* Effect.flip(lock.tryWithLock(() => Effect.void))
      assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "Timeout", String(error))
      yield* proxy.flow
      const { all, node } = yield* Fiber.join(holding)
      assert.strictEqual(`${path}/${all[0]}`, node)
      yield* awaitQueue(other, 0)
      assert.strictEqual(zk.session.epoch, 1)
    })
  )

  it.live("a waiter whose lease cannot be confirmed when its turn comes does not wait for its own former node", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied({ sessionTimeout: "4 seconds", operationTimeout: "300 millis" })
      const mine = yield* using(other)(Lock.make({ path }))
      const theirs = yield* using(zk)(Lock.make({ path }))
      const { dropped, waiter } = yield* mine.withLock(() =>
        Effect.gen(function* () {
          const waiter = yield* Effect.forkDetach(theirs.withLock(() => queue(other)))
          yield* awaitQueue(other, 2)
          yield* awaitState(
            Effect.map(Clock.currentTimeMillis, (now) => now - zk.session.deadline),
            (late) => late > 0,
            { describe: "nobody has confirmed the session of the waiter for long" }
          )
          const dropped = yield* proxy.dropReplyTo(({ type }) => type === sync.code)
          yield* proxy.refuse
          return { dropped, waiter }
        })
      )
      const requests = recordRequests(zk)
      yield* dropped
      yield* awaitState(
        Effect.sync(() => requests.includes("create")),
        (again) => again,
        { describe: "it takes another place" }
      )
      yield* proxy.listen
      assert.lengthOf(yield* Fiber.join(waiter), 1)
      yield* awaitQueue(other, 0)
    })
  )

  it.live("a waiter keeps its place whatever answer is lost while it takes it", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const mine = yield* using(other)(Lock.make({ path }))
      const theirs = yield* using(zk)(Lock.make({ path }))
      // Its node, the look at that, the list, the look at the one before it.
      for (const step of [1, 2, 3, 4]) {
        const requests = recordRequests(zk)
        const waiter = yield* mine.withLock(() =>
          Effect.gen(function* () {
            const { dropped } = yield* dropStep(proxy, step)
            const waiter = yield* Effect.forkDetach(theirs.withLock(() => Effect.void))
            yield* dropped
            yield* awaitState(
              Effect.sync(() => zk.session.connected),
              (connected) => connected,
              { describe: "connected again" }
            )
            return waiter
          })
        )
        yield* Fiber.join(waiter)
        assert.lengthOf(
          requests.filter((name) => name === "create"),
          1,
          `step ${step}: ${requests.join()}`
        )
      }
    })
  )

  it.live("a waiter keeps its place through broken connections", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const mine = yield* using(other)(Lock.make({ path }))
      const theirs = yield* using(zk)(Lock.make({ path }))
      const waiter = yield* mine.withLock(() =>
        Effect.gen(function* () {
          const waiter = yield* Effect.forkDetach(theirs.withLock(({ node }) => Effect.succeed(node)))
          yield* awaitQueue(other, 2)
          for (let round = 0; round < 3; round++) {
            const before = proxy.accepted()
            yield* proxy.cut
            yield* awaitState(
              Effect.sync(() => proxy.accepted() > before && zk.session.connected),
              (back) => back,
              { describe: "connected again" }
            )
          }
          return [waiter, (yield* queue(other))[1]] as const
        })
      )
      assert.strictEqual(yield* Fiber.join(waiter[0]), `${path}/${waiter[1]}`)
    })
  )
})
