/**
 * Acquiring that is broken off at every request: in a scope that another fiber closes whoever acquires does not wait for
 * ever, and whoever is interrupted leaves nothing in a scope that goes on.
 */
import * as Counter from "@effect-zookeeper/recipes/Counter"
import * as DelayQueue from "@effect-zookeeper/recipes/DelayQueue"
import * as DoubleBarrier from "@effect-zookeeper/recipes/DoubleBarrier"
import * as Election from "@effect-zookeeper/recipes/Election"
import * as EnsembleTracker from "@effect-zookeeper/recipes/EnsembleTracker"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as MultiLock from "@effect-zookeeper/recipes/MultiLock"
import * as NodeCache from "@effect-zookeeper/recipes/NodeCache"
import * as PersistentNode from "@effect-zookeeper/recipes/PersistentNode"
import * as PersistentWatch from "@effect-zookeeper/recipes/PersistentWatch"
import * as Queue from "@effect-zookeeper/recipes/Queue"
import * as Semaphore from "@effect-zookeeper/recipes/Semaphore"
import * as ServiceDiscovery from "@effect-zookeeper/recipes/ServiceDiscovery"
import * as TreeCache from "@effect-zookeeper/recipes/TreeCache"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { within } from "../support/realTime.ts"
import { awaitQueue, beside, type Client, holdBack, onServers, PATH, recordRequests, using } from "./support.ts"

const path = PATH

const recipes: Readonly<Record<string, (zk: Client) => Effect.Effect<unknown, unknown, Scope.Scope>>> = {
  Counter: (zk) => Effect.flatMap(using(zk)(Counter.make({ path })), ({ increment }) => increment),
  DoubleBarrier: (zk) => Effect.flatMap(using(zk)(DoubleBarrier.make({ path, size: 1 })), ({ enter }) => enter),
  Election: (zk) => Effect.flatMap(using(zk)(Election.make({ path })), ({ acquire }) => acquire),
  EnsembleTracker: (zk) => using(zk)(EnsembleTracker.make),
  Lock: (zk) => Effect.flatMap(using(zk)(Lock.make({ path })), ({ acquire }) => acquire),
  MultiLock: (zk) =>
    Effect.flatMap(using(zk)(MultiLock.make({ paths: [path, `${PATH}-__lock__`] })), ({ acquire }) => acquire),
  NodeCache: (zk) => using(zk)(NodeCache.make({ path })),
  PersistentNode: (zk) => using(zk)(PersistentNode.make({ path: `${PATH}/me` })),
  PersistentWatch: (zk) => using(zk)(PersistentWatch.make({ paths: [path] })),
  "an item": (zk) =>
    Effect.flatMap(using(zk)(Queue.make({ path, dialect: "kazoo" })), (queue) =>
      Effect.andThen(queue.offer("an item"), queue.take)
    ),
  "an item that is waited for": (zk) =>
    Effect.flatMap(using(zk)(Queue.make({ path, dialect: "kazoo" })), (queue) =>
      // It is put in only after nobody has found it.
      Effect.all([queue.take, Effect.andThen(zk.sync(), queue.offer("an item"))], { concurrency: 2 })
    ),
  "a delayed item that is waited for": (zk) =>
    Effect.flatMap(using(zk)(DelayQueue.make({ path })), (queue) =>
      Effect.andThen(queue.offer("an item", { after: "100 millis" }), queue.take)
    ),
  Semaphore: (zk) => using(zk)(Semaphore.make({ path, leases: 1, sizeNode: "/size" })),
  "a lease": (zk) => Effect.flatMap(using(zk)(Semaphore.make({ path, leases: 1 })), ({ acquire }) => acquire),
  "a lease of kazoo's": (zk) =>
    Effect.flatMap(using(zk)(Semaphore.make({ path, leases: 1, dialect: "kazoo" })), ({ acquire }) => acquire),
  ServiceDiscovery: (zk) =>
    Effect.flatMap(using(zk)(ServiceDiscovery.make({ path: "/" })), ({ register }) => register({ name: "recipe" })),
  ServiceProvider: (zk) =>
    Effect.flatMap(using(zk)(ServiceDiscovery.make({ path: "/" })), ({ provider }) => provider("recipe")),
  TreeCache: (zk) => using(zk)(TreeCache.make({ path }))
}

/** Where they leave nothing behind. */
const queuesOf = (name: string): ReadonlyArray<string> => {
  if (name === "a lease") return [`${PATH}/leases`, `${PATH}/locks`]
  if (name.startsWith("an item")) return [`${PATH}/taken`, `${PATH}/waiting`, `${PATH}/receipts`]
  if (name.startsWith("a delayed item")) return [`${PATH}-locks/waiting`, `${PATH}-locks/receipts`]
  return [path, `${PATH}-__lock__`]
}

/** More than any of them needs. */
const MOST_REQUESTS = 40

const ends = (acquiring: Fiber.Fiber<unknown, unknown>) =>
  within(Fiber.await(acquiring), "10 seconds", () => "it waits for ever")

describe("acquired in a scope that is closed", () => {
  for (const [name, acquire] of Object.entries(recipes)) {
    it.live(`before: ${name}`, () =>
      Effect.gen(function* () {
        const zk = yield* onServers()
        const scope = yield* Scope.make()
        yield* Scope.close(scope, Exit.void)
        yield* ends(yield* Effect.forkDetach(Scope.provide(acquire(zk), scope)))
      })
    )

    it.live(`meanwhile: ${name}`, () =>
      Effect.gen(function* () {
        for (let n = 1; n <= MOST_REQUESTS; n++) {
          const zk = yield* onServers()
          const { asked, letGo } = holdBack(zk, n)
          const scope = yield* Scope.make()
          const acquiring = yield* Effect.forkDetach(Scope.provide(acquire(zk), scope))
          const isHeldBack = yield* Effect.raceFirst(Effect.as(asked, true), Effect.as(Fiber.await(acquiring), false))
          const closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
          yield* letGo
          yield* ends(acquiring)
          yield* Fiber.join(closing)
          const other = yield* beside(zk)
          for (const queue of queuesOf(name)) yield* awaitQueue(other, 0, queue)
          if (!isHeldBack) return
        }
        assert.fail(`more than ${MOST_REQUESTS} requests`)
      })
    )
  }
})

/** What goes on in the background once it is made, so that it would ask again whenever something changes. */
const followers = ["NodeCache", "PersistentWatch", "Semaphore", "ServiceProvider", "TreeCache"]

describe("made by a fiber that is interrupted", () => {
  for (const name of followers) {
    it.live(`follows nothing any more: ${name}`, () =>
      Effect.gen(function* () {
        for (let n = 1; n <= MOST_REQUESTS; n++) {
          const zk = yield* onServers()
          yield* zk.create(path)
          const { asked, letGo } = holdBack(zk, n)
          const making = yield* Effect.forkChild(recipes[name]!(zk))
          const isHeldBack = yield* Effect.raceFirst(Effect.as(asked, true), Effect.as(Fiber.await(making), false))
          if (!isHeldBack) return
          // Before the answer can come, which would make it whole.
          const interrupting = yield* Effect.forkChild(Fiber.interrupt(making), { startImmediately: true })
          yield* letGo
          yield* Fiber.join(interrupting)
          // The first is answered after what was held back, so a watch that is taken off then is off before the second.
          yield* Effect.andThen(zk.sync(), zk.sync())
          const requests = recordRequests(zk)
          const other = yield* beside(zk)
          yield* Effect.andThen(other.set(path, "changed"), other.create("/size", "2"))
          // The events come before the first answer, and who follows asks before the second.
          yield* Effect.andThen(zk.sync(), zk.sync())
          assert.deepStrictEqual(requests, ["sync", "sync"], `interrupted at request ${n}`)
        }
        assert.fail(`more than ${MOST_REQUESTS} requests`)
      })
    )
  }
})
