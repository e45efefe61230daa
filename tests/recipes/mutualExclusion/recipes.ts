/** The recipes whose holders are watched: how to hold once, how many may hold at a time, and where their nodes stand. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Election from "@effect-zookeeper/recipes/Election"
import type { Holder } from "@effect-zookeeper/recipes/Holder"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as MultiLock from "@effect-zookeeper/recipes/MultiLock"
import * as Partitioner from "@effect-zookeeper/recipes/Partitioner"
import * as Queue from "@effect-zookeeper/recipes/Queue"
import * as ReadWriteLock from "@effect-zookeeper/recipes/ReadWriteLock"
import * as Semaphore from "@effect-zookeeper/recipes/Semaphore"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

const path = "/recipe"

const using =
  (zk: ZooKeeper.ZooKeeper) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, ZooKeeper.ZooKeeper>> =>
    Effect.provideService(effect, ZooKeeper.ZooKeeper, zk)

/** What runs while something is held. */
export type Work = (held: Holder & { readonly fencingToken?: bigint | undefined }) => Effect.Effect<void, unknown>

/** Waits for its turn and holds for as long as the work takes. */
export type Take = (work: Work) => Effect.Effect<unknown, unknown>

export interface Recipe {
  readonly atATime: number
  /** Whether each holder's node has a name of its own, so that no late write takes the next one's for it. */
  readonly isNamedAlone: boolean
  readonly below: ReadonlyArray<string>
  readonly make: (zk: ZooKeeper.ZooKeeper) => Effect.Effect<Take, unknown, Scope.Scope>
}

export const recipes = {
  lock: {
    atATime: 1,
    isNamedAlone: true,
    below: [path],
    make: (zk) => Effect.map(using(zk)(Lock.make({ path })), (lock) => lock.withLock)
  },
  writeLock: {
    atATime: 1,
    isNamedAlone: true,
    below: [path],
    make: (zk) => Effect.map(using(zk)(ReadWriteLock.make({ path })), ({ write }) => write.withLock)
  },
  multiLock: {
    atATime: 1,
    isNamedAlone: true,
    below: [path, "/other"],
    make: (zk) =>
      Effect.map(
        using(zk)(MultiLock.make({ paths: [path, "/other"] })),
        (locks) => (work) =>
          locks.withLock(({ guard, holders: [first, second], lost }) =>
            work({ guard, lost, node: first!.node, fencingToken: second!.fencingToken })
          )
      )
  },
  partitioner: {
    atATime: 1,
    isNamedAlone: true,
    below: [`${path}/party`, `${path}/locks/one`],
    make: (zk) =>
      Effect.map(
        using(zk)(Partitioner.make({ path, items: ["one"], quiet: "200 millis" })),
        (partitioner) => (work) => partitioner.whilePartitioned(({ items }) => work(items.get("one")!))
      )
  },
  election: {
    atATime: 1,
    isNamedAlone: true,
    below: [path],
    make: (zk) => Effect.map(using(zk)(Election.make({ path })), (election) => election.whileLeader)
  },
  twoLeaders: {
    atATime: 2,
    isNamedAlone: true,
    below: [path],
    make: (zk) => Effect.map(using(zk)(Election.make({ path, leaders: 2 })), (election) => election.whileLeader)
  },
  semaphore: {
    atATime: 2,
    isNamedAlone: true,
    below: [`${path}/locks`, `${path}/leases`],
    make: (zk) => Effect.map(using(zk)(Semaphore.make({ path, leases: 2 })), (semaphore) => semaphore.withLease)
  },
  /** One item, which everybody takes and nobody consumes. */
  item: {
    atATime: 1,
    isNamedAlone: false,
    below: [`${path}/taken`, `${path}/waiting`, `${path}/receipts`],
    make: (zk) =>
      Effect.gen(function* () {
        const queue = yield* using(zk)(Queue.make({ path, dialect: "kazoo" }))
        yield* Effect.ignore(zk.create(`${path}/entries/entry-100-0000000000`))
        return (work) => Effect.scoped(Effect.flatMap(queue.take, (item) => Effect.raceFirst(item.lost, work(item))))
      })
  }
} as const satisfies Record<string, Recipe>

export type RecipeName = keyof typeof recipes
