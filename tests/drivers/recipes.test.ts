/** Every recipe over node-zookeeper-client, as a Layer, beside a native session: what works, and what is refused at once. */
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { isZooKeeperError, type ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Barrier from "@effect-zookeeper/recipes/Barrier"
import * as ChildrenCache from "@effect-zookeeper/recipes/ChildrenCache"
import * as Counter from "@effect-zookeeper/recipes/Counter"
import * as DelayQueue from "@effect-zookeeper/recipes/DelayQueue"
import * as DoubleBarrier from "@effect-zookeeper/recipes/DoubleBarrier"
import * as Election from "@effect-zookeeper/recipes/Election"
import * as EnsembleTracker from "@effect-zookeeper/recipes/EnsembleTracker"
import * as Group from "@effect-zookeeper/recipes/Group"
import * as IdQueue from "@effect-zookeeper/recipes/IdQueue"
import type { Item } from "@effect-zookeeper/recipes/Item"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as MultiLock from "@effect-zookeeper/recipes/MultiLock"
import * as NodeCache from "@effect-zookeeper/recipes/NodeCache"
import * as Partitioner from "@effect-zookeeper/recipes/Partitioner"
import * as PersistentNode from "@effect-zookeeper/recipes/PersistentNode"
import * as PersistentWatch from "@effect-zookeeper/recipes/PersistentWatch"
import * as Queue from "@effect-zookeeper/recipes/Queue"
import * as ReadWriteLock from "@effect-zookeeper/recipes/ReadWriteLock"
import * as Semaphore from "@effect-zookeeper/recipes/Semaphore"
import * as ServiceDiscovery from "@effect-zookeeper/recipes/ServiceDiscovery"
import * as TimedLease from "@effect-zookeeper/recipes/TimedLease"
import * as Transaction from "@effect-zookeeper/recipes/Transaction"
import * as TreeCache from "@effect-zookeeper/recipes/TreeCache"
import * as ZooKeeperRunnerStorage from "@effect-zookeeper/recipes/ZooKeeperRunnerStorage"
import { assert, describe, it } from "@effect/vitest"
import * as Runner from "effect/cluster/Runner"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as ShardId from "effect/cluster/ShardId"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { awaitState } from "../support/awaitState.ts"
import * as Proxy from "../support/Proxy.ts"
import * as SharedServers from "../support/SharedServers.ts"
import { applicationClient, native } from "./drivers.ts"

/** The native session beside, and a path of its own for each test. */
interface Stage {
  readonly other: ZooKeeper.ZooKeeper
  readonly path: string
}

type Work = (stage: Stage) => Effect.Effect<unknown, unknown, ZooKeeper.ZooKeeper | Scope.Scope>

/** Natively, what the test holds against the driver's. */
const beside = <A, E, R>(other: ZooKeeper.ZooKeeper, effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, ZooKeeper.ZooKeeper, other)

const reaches = <A, E, R>(value: Effect.Effect<A, E, R>, wanted: A) =>
  awaitState(value, (now) => JSON.stringify(now) === JSON.stringify(wanted), {
    describe: JSON.stringify(wanted),
    within: "30 seconds"
  })

/** Forks what outlives the body that it is forked in. */
const outliving = Effect.map(
  Effect.scope,
  (scope) =>
    <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.forkIn(effect, scope)
)

/** The newest element of a stream, from now on. */
const newest = Effect.fnUntraced(function* <A, E, R>(stream: Stream.Stream<A, E, R>) {
  let last: A | undefined
  yield* Effect.forkScoped(
    Stream.runForEach(stream, (element) =>
      Effect.sync(() => {
        last = element
      })
    ),
    { startImmediately: true }
  )
  return { last: Effect.sync(() => last) }
})

const textOf = (node: Option.Option<ZooKeeper.Node>) => (Option.isSome(node) ? ZooKeeper.text(node.value) : "none")

const noneLeft = ({ other, path }: Stage) =>
  Effect.map(other.children(path), (names) => assert.deepStrictEqual(names, []))

/** A consumer is in the line of a queue. */
const isWaiting = ({ other, path }: Stage) =>
  reaches(
    Effect.match(other.children(`${path}-locks/waiting`), {
      onSuccess: (names) => names.length,
      onFailure: () => 0
    }),
    1
  )

const itemText = (item: Item) => Effect.succeed(ZooKeeper.text(item))

const recipes: Record<string, Work> = {
  Election: (stage) => {
    class Jobs extends Election.Service<Jobs>()("test/Jobs", { path: stage.path, data: "me" }) {}
    return Effect.gen(function* () {
      const fork = yield* outliving
      const election = yield* Jobs
      const rival = yield* beside(stage.other, Election.make({ path: stage.path }))
      const { last } = yield* newest(election.observe)
      const second = yield* election.whileLeader((leader) =>
        Effect.gen(function* () {
          assert.strictEqual(yield* election.role, "Leader")
          yield* reaches(
            Effect.map(last, (now) => now?.map(({ node }) => node)),
            [leader.node]
          )
          yield* leader.guard(Op.set(leader.node, "guarded"))
          const second = yield* fork(rival.whileLeader(() => Effect.succeed("led")))
          yield* reaches(rival.role, "Standby")
          return second
        })
      )
      assert.strictEqual(yield* Fiber.join(second), "led")
      assert.strictEqual(yield* election.role, "Unknown")
      // The other way round: this one waits, and is told by its watch.
      yield* Effect.gen(function* () {
        const led = yield* rival.whileLeader(() =>
          Effect.tap(fork(election.whileLeader(() => Effect.succeed("took over"))), () =>
            reaches(election.role, "Standby")
          )
        )
        assert.strictEqual(yield* Fiber.join(led), "took over")
      })
      yield* noneLeft(stage)
    }).pipe(Effect.provide(Jobs.layer))
  },

  ZooKeeperRunnerStorage: ({ other, path }) => {
    const make = Effect.provide(
      ZooKeeperRunnerStorage.make({ path: `${path}/cluster` }),
      ShardingConfig.layer({ shardLockExpiration: "9 seconds" })
    )
    const [ours, theirs] = [1, 2].map((port) => RunnerAddress.make("10.0.0.1", port)) as [
      RunnerAddress.RunnerAddress,
      RunnerAddress.RunnerAddress
    ]
    const [first, second] = [ShardId.make("default", 1), ShardId.make("default", 2)]
    return Effect.gen(function* () {
      const storage = yield* make
      const rival = yield* beside(other, make)
      const runner = Runner.make({ address: ours, groups: ["default"], weight: 1 })
      yield* storage.register(runner, true)
      yield* reaches(rival.getRunners, [[runner, true]])
      assert.deepStrictEqual(yield* storage.acquire(ours, [first, second]), [first, second])
      assert.deepStrictEqual(yield* rival.acquire(theirs, [first]), [])
      assert.deepStrictEqual(yield* storage.refresh(ours, [first, second]), [first, second])
      yield* storage.release(ours, first)
      yield* reaches(rival.acquire(theirs, [first, second]), [first])
      yield* storage.releaseAll(ours)
      yield* storage.unregister(ours)
      yield* reaches(rival.getRunners, [])
    })
  },

  Counter: (stage) => {
    class Visits extends Counter.Service<Visits>()("test/Visits", { path: stage.path }) {}
    return Effect.gen(function* () {
      const visits = yield* Visits
      const rival = yield* beside(stage.other, Counter.make({ path: stage.path }))
      const { last } = yield* newest(visits.changes)
      const twenty = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? visits : rival).increment)
      yield* Effect.all(twenty, { concurrency: "unbounded" })
      yield* reaches(Effect.map(last, String), "20")
      assert.deepStrictEqual(yield* visits.add(-20n), { before: 20n, after: 0n })
      assert.isTrue(yield* rival.compareAndSet(0n, 5n))
      yield* reaches(Effect.map(visits.get, String), "5")
    }).pipe(Effect.scoped, Effect.provide(Visits.layer), Effect.andThen(noneLeft(stage)))
  },

  TimedLease: (stage) => {
    const { path } = stage
    class Job extends TimedLease.Service<Job>()("test/Job", { path, holder: "ours", duration: "1 hour" }) {}
    return Effect.gen(function* () {
      const job = yield* Job
      const rival = yield* beside(stage.other, TimedLease.make({ path, holder: "theirs", duration: "1 hour" }))
      const worked = yield* job.tryWithLease((term) =>
        Effect.gen(function* () {
          assert.isTrue(Option.isNone(yield* rival.tryTake))
          assert.isTrue(yield* term.renew)
          return "worked"
        })
      )
      assert.deepStrictEqual(worked, Option.some("worked"))
      assert.isTrue(Option.isNone(yield* rival.tryTake), "it stays taken")
      yield* Option.getOrThrow(yield* job.tryTake).release
    }).pipe(Effect.provide(Job.layer), Effect.andThen(noneLeft(stage)))
  },

  Lock: (stage) => {
    class Door extends Lock.Service<Door>()("test/Door", { path: stage.path }) {}
    return Effect.gen(function* () {
      const fork = yield* outliving
      const lock = yield* Door
      const rival = yield* beside(stage.other, Lock.make({ path: stage.path }))
      const [first, waiting] = yield* lock.withLock((held) =>
        Effect.gen(function* () {
          assert.isTrue(Option.isNone(yield* rival.tryWithLock(() => Effect.void)))
          yield* held.guard(Op.set(held.node, "guarded"))
          const waiting = yield* fork(
            rival.withLock(({ fencingToken }) =>
              Effect.as(
                reaches(
                  Effect.map(lock.contenders, (all) => all.length),
                  1
                ),
                fencingToken
              )
            )
          )
          yield* reaches(
            Effect.map(lock.contenders, (all) => all.length),
            2
          )
          return [held.fencingToken, waiting] as const
        })
      )
      assert.isTrue((yield* Fiber.join(waiting)) > first)
      assert.isTrue(Option.isSome(yield* lock.tryWithLock(() => Effect.void)))
      yield* noneLeft(stage)
    }).pipe(Effect.provide(Door.layer))
  },

  MultiLock: (stage) => {
    const paths = [`${stage.path}/b`, `${stage.path}/a`]
    class Doors extends MultiLock.Service<Doors>()("test/Doors", { paths }) {}
    return Effect.gen(function* () {
      const fork = yield* outliving
      const locks = yield* Doors
      const rival = yield* beside(stage.other, MultiLock.make({ paths: paths.toReversed() }))
      const waiting = yield* locks.withLock(({ guard, holders: [held] }) =>
        Effect.gen(function* () {
          assert.isTrue(Option.isNone(yield* rival.tryWithLock(() => Effect.void)))
          yield* guard(Op.set(held!.node, "guarded"))
          const waiting = yield* fork(rival.withLock(() => Effect.succeed("both")))
          yield* reaches(
            Effect.map(stage.other.children(paths[1]!), (all) => all.length),
            2
          )
          return waiting
        })
      )
      assert.strictEqual(yield* Fiber.join(waiting), "both")
      for (const path of paths) yield* noneLeft({ ...stage, path })
    }).pipe(Effect.provide(Doors.layer))
  },

  ReadWriteLock: (stage) => {
    class Book extends ReadWriteLock.Service<Book>()("test/Book", { path: stage.path }) {}
    return Effect.gen(function* () {
      const fork = yield* outliving
      const book = yield* Book
      const rival = yield* beside(stage.other, ReadWriteLock.make({ path: stage.path }))
      yield* book.read.withLock(() =>
        Effect.gen(function* () {
          assert.isTrue(Option.isSome(yield* rival.read.tryWithLock(() => Effect.void)))
          assert.isTrue(Option.isNone(yield* rival.write.tryWithLock(() => Effect.void)))
        })
      )
      const reading = yield* book.write.withLock(() =>
        Effect.gen(function* () {
          const reading = yield* fork(rival.read.withLock(() => Effect.succeed("read")))
          yield* reaches(
            Effect.map(book.read.contenders, (all) => all.length),
            2
          )
          assert.isFalse(reading.pollUnsafe() !== undefined)
          return reading
        })
      )
      assert.strictEqual(yield* Fiber.join(reading), "read")
      yield* noneLeft(stage)
    }).pipe(Effect.provide(Book.layer))
  },

  Semaphore: (stage) => {
    class Seats extends Semaphore.Service<Seats>()("test/Seats", {
      path: stage.path,
      leases: 1,
      sizeNode: `${stage.path}-size`
    }) {}
    return Effect.gen(function* () {
      const fork = yield* outliving
      const seats = yield* Seats
      const rival = yield* beside(stage.other, Semaphore.make({ path: stage.path, leases: 1 }))
      const third = yield* seats.withLease(() =>
        Effect.gen(function* () {
          assert.isTrue(Option.isNone(yield* rival.tryWithLease(() => Effect.void)))
          const more = yield* fork(seats.withLease(() => Effect.succeed("seated")))
          yield* reaches(
            Effect.map(seats.holders, (all) => all.length),
            2
          )
          yield* stage.other.create(`${stage.path}-size`, "2")
          assert.strictEqual(yield* Fiber.join(more), "seated")
          return yield* fork(rival.withLease(() => Effect.succeed("seated too")))
        })
      )
      assert.strictEqual(yield* Fiber.join(third), "seated too")
      assert.deepStrictEqual(yield* seats.holders, [])
    }).pipe(Effect.provide(Seats.layer))
  },

  Partitioner: ({ other, path }) => {
    class Feeds extends Partitioner.Service<Feeds>()("test/Feeds", { path, items: ["a", "b"], id: "1", quiet: 0 }) {}
    return Effect.gen(function* () {
      const fork = yield* outliving
      const feeds = yield* Feeds
      const rival = yield* beside(other, Partitioner.make({ path, items: ["a", "b"], id: "2", quiet: 0 }))
      const has: Record<string, string> = {}
      const work =
        (id: string) =>
        ({ items }: Partitioner.Partition) =>
          Effect.andThen(
            Effect.sync(() => {
              has[id] = [...items.keys()].join("")
            }),
            Effect.never
          )
      const have = Effect.sync(() => [has["1"], has["2"]])
      const one = yield* fork(feeds.whilePartitioned(work("1")))
      yield* reaches(have, ["ab", undefined])
      yield* fork(rival.whilePartitioned(work("2")))
      yield* reaches(have, ["a", "b"])
      yield* Fiber.interrupt(one)
      yield* reaches(have, ["a", "ab"])
    }).pipe(Effect.provide(Feeds.layer))
  },

  Barrier: ({ other, path }) => {
    class Closed extends Barrier.Service<Closed>()("test/Closed", { path: `${path}/closed` }) {}
    return Effect.gen(function* () {
      const closed = yield* Closed
      const { last } = yield* newest(closed.states)
      yield* closed.raise
      yield* reaches(last, true)
      const theirs = yield* beside(other, Barrier.make({ path: closed.path }))
      assert.isTrue(yield* theirs.isUp)
      const waiting = yield* Effect.forkChild(closed.wait, { startImmediately: true })
      yield* theirs.lower
      yield* Fiber.join(waiting)
      yield* reaches(last, false)
      yield* theirs.raise
      yield* closed.lower
    }).pipe(Effect.provide(Closed.layer))
  },

  DoubleBarrier: (stage) => {
    class Phase extends DoubleBarrier.Service<Phase>()("test/Phase", { path: stage.path, size: 2 }) {}
    return Effect.gen(function* () {
      const phase = yield* Phase
      const rival = yield* beside(stage.other, DoubleBarrier.make({ path: stage.path, size: 2 }))
      for (let round = 0; round < 4; round++) {
        const first = yield* Effect.forkChild(round % 2 === 0 ? phase.enter : rival.enter)
        yield* reaches(
          Effect.map(stage.other.children(stage.path), ({ length }) => length),
          1
        )
        const second = yield* round % 2 === 0 ? rival.enter : phase.enter
        const leaving = yield* Effect.forkChild((yield* Fiber.join(first)).leave)
        yield* second.leave
        yield* Fiber.join(leaving)
      }
      yield* noneLeft(stage)
    }).pipe(Effect.provide(Phase.layer))
  },

  Queue: (stage) => {
    class Orders extends Queue.Service<Orders>()("test/Orders", { path: stage.path }) {}
    return Effect.gen(function* () {
      const fork = yield* outliving
      const orders = yield* Orders
      const rival = yield* beside(stage.other, Queue.make({ path: stage.path }))
      yield* orders.offerAll(["a", "b"])
      yield* orders.withItem((item) =>
        Effect.gen(function* () {
          assert.strictEqual(yield* rival.withItem(itemText), "b")
          assert.isTrue(Option.isNone(yield* rival.tryTake()))
          yield* item.consume(Op.create(`${stage.path}-done`, item.data))
        })
      )
      assert.strictEqual(yield* stage.other.getString(`${stage.path}-done`), "a")
      // It waits, and is told by its watches.
      const waiting = yield* fork(orders.withItem(itemText))
      yield* isWaiting(stage)
      yield* rival.offer("c")
      assert.strictEqual(yield* Fiber.join(waiting), "c")
      yield* noneLeft(stage)
    }).pipe(Effect.provide(Orders.layer))
  },

  DelayQueue: (stage) => {
    class Reminders extends DelayQueue.Service<Reminders>()("test/Reminders", { path: stage.path }) {}
    return Effect.gen(function* () {
      const fork = yield* outliving
      const reminders = yield* Reminders
      const rival = yield* beside(stage.other, DelayQueue.make({ path: stage.path }))
      yield* rival.offer("in an hour", { after: "1 hour" })
      const waiting = yield* fork(reminders.withItem(itemText))
      yield* isWaiting(stage)
      yield* rival.offer("soon", { after: "200 millis" })
      assert.strictEqual(yield* Fiber.join(waiting), "soon")
      yield* reminders.offer("now", { at: 1 })
      assert.strictEqual(yield* rival.withItem(itemText), "now")
      yield* reaches(reminders.size, 1)
    }).pipe(Effect.provide(Reminders.layer))
  },

  IdQueue: (stage) => {
    class Mails extends IdQueue.Service<Mails>()("test/Mails", { path: stage.path }) {}
    return Effect.gen(function* () {
      const mails = yield* Mails
      const rival = yield* beside(stage.other, IdQueue.make({ path: stage.path }))
      yield* mails.offerAll(["a", "b"], "one")
      yield* mails.offer("c", "two")
      yield* mails.withItem((item) =>
        Effect.gen(function* () {
          assert.strictEqual(item.id, "one")
          yield* stage.other.sync()
          assert.strictEqual(yield* rival.remove("one"), 1)
        })
      )
      assert.strictEqual(yield* mails.remove("two"), 1)
      yield* noneLeft(stage)
    }).pipe(Effect.provide(Mails.layer))
  },

  PersistentNode: ({ other, path }) => {
    class Here extends PersistentNode.Service<Here>()("test/Here", { path: `${path}/here`, data: "1" }) {}
    return Effect.gen(function* () {
      yield* Effect.gen(function* () {
        const here = yield* Here
        const text = Effect.map(other.getOption(`${path}/here`), textOf)
        assert.strictEqual(yield* text, "1")
        yield* other.delete(`${path}/here`)
        yield* reaches(text, "1")
        yield* reaches(here.isPresent, true)
        yield* here.set("2")
        yield* reaches(text, "2")
      }).pipe(Effect.provide(Here.layer))
      assert.isTrue(Option.isNone(yield* other.exists(`${path}/here`)))
    })
  },

  Group: ({ other, path }) => {
    class Workers extends Group.Service<Workers>()("test/Workers", { path, id: "ada" }) {}
    const names = (members: ReadonlyArray<Group.Member> | undefined) => members?.map(({ id }) => id)
    return Effect.gen(function* () {
      const workers = yield* Workers
      const seen = Effect.map((yield* newest(workers.observe)).last, names)
      yield* reaches(seen, ["ada"])
      yield* Effect.scoped(
        Effect.andThen(beside(other, Group.make({ path, id: "blaise" })), reaches(seen, ["ada", "blaise"]))
      )
      yield* reaches(seen, ["ada"])
      yield* reaches(Effect.map(workers.members, names), ["ada"])
    }).pipe(Effect.provide(Workers.layer))
  },

  ServiceDiscovery: ({ other, path }) => {
    class Services extends ServiceDiscovery.Service<Services>()("test/Services", { path }) {}
    return Effect.gen(function* () {
      const services = yield* Services
      const provider = yield* services.provider("web")
      const ids = Effect.map(provider.instances, (instances) => instances.map(({ id }) => id))
      const mine = yield* services.register({ name: "web", id: "ada" })
      yield* reaches(ids, ["ada"])
      yield* Effect.scoped(
        Effect.andThen(
          Effect.flatMap(beside(other, ServiceDiscovery.make({ path })), ({ register }) =>
            register({ name: "web", id: "blaise" })
          ),
          reaches(ids, ["ada", "blaise"])
        )
      )
      yield* reaches(ids, ["ada"])
      yield* mine.update({ enabled: false })
      yield* reaches(ids, [])
    }).pipe(Effect.provide(Services.layer))
  },

  NodeCache: ({ other, path }) => {
    class Settings extends NodeCache.Service<Settings>()("test/Config", { path: `${path}/node` }) {}
    return Effect.gen(function* () {
      const cache = yield* Settings
      yield* cache.ready
      const shown = Effect.map(cache.get, textOf)
      assert.strictEqual(yield* shown, "none")
      yield* other.create(`${path}/node`, "1")
      yield* reaches(shown, "1")
      yield* other.set(`${path}/node`, "2")
      yield* reaches(shown, "2")
      yield* other.delete(`${path}/node`)
      yield* reaches(shown, "none")
    }).pipe(Effect.provide(Settings.layer))
  },

  ChildrenCache: ({ other, path }) => {
    class Jobs extends ChildrenCache.Service<Jobs>()("test/JobsCache", { path }) {}
    return Effect.gen(function* () {
      const cache = yield* Jobs
      const shown = Effect.map(cache.children, (nodes) =>
        [...nodes].map(([name, node]) => `${name}=${ZooKeeper.text(node)}`)
      )
      assert.deepStrictEqual(yield* shown, [])
      yield* other.create(`${path}/a`, "1")
      yield* reaches(shown, ["a=1"])
      yield* other.set(`${path}/a`, "2")
      yield* other.create(`${path}/b`, "1")
      yield* reaches(shown, ["a=2", "b=1"])
      yield* other.delete(`${path}/a`)
      yield* reaches(shown, ["b=1"])
    }).pipe(Effect.provide(Jobs.layer))
  },

  TreeCache: ({ other, path }) => {
    class Tree extends TreeCache.Service<Tree>()("test/Tree", { path }) {}
    return Effect.gen(function* () {
      const cache = yield* Tree
      const shown = Effect.map(cache.nodes, (nodes) => [...nodes.keys()].sort())
      yield* reaches(shown, [path])
      yield* other.create(`${path}/a/b/c`, "", { parents: true })
      yield* reaches(shown, [path, `${path}/a`, `${path}/a/b`, `${path}/a/b/c`])
      yield* other.delete(`${path}/a`, { recursive: true })
      yield* reaches(shown, [path])
    }).pipe(Effect.provide(Tree.layer))
  },

  PersistentWatch: ({ other, path }) => {
    class Watched extends PersistentWatch.Service<Watched>()("test/Watched", { paths: [path] }) {}
    return Effect.gen(function* () {
      const { events } = yield* Watched
      let seen: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(events, (each) =>
          Effect.sync(() => seen.push(each._tag === "Resync" ? "Resync" : each.event.type))
        ),
        { startImmediately: true }
      )
      /** The event, or where watches fire once the mark of what may have been missed while they were set again. */
      const tells = (change: Effect.Effect<unknown, ZooKeeperError>, what: string) =>
        Effect.suspend(() => {
          seen = []
          const told = Effect.sync(() => seen)
          const isTold = (now: ReadonlyArray<string>) => now.includes(what) || now.includes("Resync")
          return Effect.andThen(change, awaitState(told, isTold, { describe: what, within: "30 seconds" }))
        })
      assert.deepStrictEqual(yield* tells(other.set(path, "1"), "NodeDataChanged"), ["NodeDataChanged"])
      yield* tells(other.create(`${path}/a`), "NodeChildrenChanged")
      yield* tells(other.delete(path, { recursive: true }), "NodeDeleted")
      yield* tells(other.create(path), "NodeCreated")
    }).pipe(Effect.provide(Watched.layer))
  },

  Transaction: ({ path }) => {
    class Orders extends Transaction.Service<Orders>()("test/Orders") {}
    return Effect.gen(function* () {
      const transaction = yield* Orders
      const lock = yield* Lock.make({ path: `${path}/lock` })
      const first = yield* transaction.add(Op.create(`${path}/a`, "1"), Op.set(`${path}/a`, "2", { version: 0 }))
      const second = yield* transaction.add(Op.check(`${path}/a`, 1))
      yield* transaction.commit
      const [created, stat] = yield* first
      assert.deepStrictEqual([created, stat.version, yield* second], [`${path}/a`, 1, [undefined]])
      yield* lock.withLock((held) =>
        Effect.gen(function* () {
          const guarded = yield* transaction.add(Op.delete(`${path}/a`, { version: 1 }))
          yield* transaction.commitUnder(held)
          assert.deepStrictEqual(yield* guarded, [undefined])
        })
      )
    }).pipe(Effect.provide(Orders.layer))
  }
}

class Kept extends PersistentNode.Service<Kept>()("test/Kept", { path: "/", ttl: "1 minute" }) {}
class Below extends PersistentWatch.Service<Below>()("test/Below", { paths: [], recursive: true }) {}

/** What a recipe cannot do here, by the option that asks for it. */
const refused: Record<string, Work> = {
  "PersistentNode ttl": ({ path }) => Layer.build(Kept.layerConfig({ path: Config.succeed(`${path}/kept`) })),
  "PersistentWatch recursive": ({ path }) => Layer.build(Below.layerConfig({ paths: Config.succeed([path]) }))
}

const ways = [
  {
    name: "layer",
    open: (connect: string) => Effect.succeed(NodeZookeeperClient.layer({ connect }))
  },
  {
    name: "layerFrom",
    open: (connect: string) => Effect.map(applicationClient(connect), (client) => NodeZookeeperClient.layerFrom(client))
  }
]

for (const { name, open } of ways) {
  const setUp = Effect.gen(function* () {
    const connect = yield* SharedServers.single
    const other = yield* native(connect)
    const path = `/recipes-${randomUUID()}`
    yield* other.create(path)
    return { other, path, layer: yield* open(connect) }
  })

  describe(`over ${name} of node-zookeeper-client`, () => {
    for (const [recipe, work] of Object.entries(recipes)) {
      it.live(`${recipe} works`, () =>
        Effect.flatMap(setUp, ({ layer, ...stage }) => Effect.provide(Effect.scoped(work(stage)), layer))
      )
    }

    it.live("caches and persistent watches catch up when the connection was away", () =>
      Effect.gen(function* () {
        const connect = yield* SharedServers.single
        const proxy = yield* Proxy.make({ port: Number(connect.split(":")[1]) })
        const { other, path } = yield* setUp
        for (const node of ["/a", "/b", "/c"]) yield* other.create(path + node)
        yield* Effect.gen(function* () {
          const zk = yield* ZooKeeper.ZooKeeper
          const tree = yield* TreeCache.make({ path })
          const watch = yield* PersistentWatch.make({ paths: [path] })
          const shown = Effect.map(tree.nodes, (nodes) =>
            [...nodes].map(([node, found]) => `${node.slice(path.length)}=${ZooKeeper.text(found)}`).sort()
          )
          yield* reaches(shown, ["/a=", "/b=", "/c=", "="])
          const gap = yield* Effect.forkScoped(
            Stream.runHead(Stream.filter(watch.events, ({ _tag }) => _tag === "Resync")),
            { startImmediately: true }
          )
          yield* proxy.refuse
          yield* proxy.cut
          yield* reaches(
            Effect.sync(() => zk.session.connected),
            false
          )
          yield* other.set(`${path}/a`, "1")
          yield* other.delete(`${path}/b`)
          yield* other.delete(`${path}/c`)
          yield* other.create(`${path}/c/d`, "1", { parents: true })
          yield* proxy.listen
          yield* reaches(shown, ["/a=1", "/c/d=1", "/c=", "="])
          yield* Fiber.join(gap)
          yield* other.delete(`${path}/c/d`)
          yield* other.set(`${path}/a`, "2")
          yield* reaches(shown, ["/a=2", "/c=", "="])
        }).pipe(Effect.scoped, Effect.provide(yield* open(proxy.connectString)))
      })
    )

    const tracks = name === "layer"
    it.live(`EnsembleTracker ${tracks ? "works" : "is refused: the hosts are the application's"}`, () =>
      Effect.gen(function* () {
        const hosts = (yield* SharedServers.ensemble).split(",")
        const layer = EnsembleTracker.layer.pipe(Layer.provideMerge(yield* open(`${hosts[0]}/none`)))
        const found = Effect.map(ZooKeeper.ZooKeeper, (zk) => zk.session.hosts.toSorted())
        const exit = yield* Effect.exit(Effect.provide(found, layer))
        if (tracks) return assert.deepStrictEqual(exit, Exit.succeed(hosts.toSorted()))
        assert.isTrue(Exit.isFailure(exit))
        assert.match(String(exit), /Unsupported/)
      })
    )

    for (const [option, recipe] of Object.entries(refused)) {
      it.live(`${option} is refused when the layer is built, and nothing was done`, () =>
        Effect.gen(function* () {
          const { layer, ...stage } = yield* setUp
          const error = yield* Effect.flip(Effect.provide(Effect.scoped(recipe(stage)), layer))
          assert.isTrue(isZooKeeperError(error) && error.reason._tag === "Unsupported", String(error))
          yield* noneLeft(stage)
        })
      )
    }
  })
}

it("there is no other recipe", () => {
  const folder = new URL("../../packages/recipes/src/", import.meta.url)
  // They are services, or a layer with options.
  const isRecipe = (file: string) =>
    /^export const (Service:|layer = \()/m.test(fs.readFileSync(new URL(file, folder), "utf8"))
  const all = fs.readdirSync(folder).filter((file) => file.endsWith(".ts") && isRecipe(file))
  assert.deepStrictEqual(
    all.map((file) => file.slice(0, -3)),
    Object.keys(recipes).sort()
  )
})
