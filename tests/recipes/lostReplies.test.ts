/** The connection breaks after the server did it and before its answer came, at every step of every holder's recipe (27, 28). */
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { getChildren } from "@effect-zookeeper/core/wire/ops/children"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { deleteNode } from "@effect-zookeeper/core/wire/ops/delete"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { sync } from "@effect-zookeeper/core/wire/ops/sync"
import * as Election from "@effect-zookeeper/recipes/Election"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as ReadWriteLock from "@effect-zookeeper/recipes/ReadWriteLock"
import * as Semaphore from "@effect-zookeeper/recipes/Semaphore"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { awaitState } from "../support/awaitState.ts"
import type { ProxiedRequest, Proxy } from "../support/Proxy.ts"
import { awaitQueue, type Client, PATH, proxied, queue, using } from "./support.ts"

const path = PATH

interface Recipe {
  readonly take: (zk: Client) => Effect.Effect<void, unknown, Scope.Scope>
  /** Where its nodes stand. */
  readonly below: ReadonlyArray<string>
  /** The steps that it takes twice. */
  readonly again: ReadonlyArray<string>
}

/** Recipes taken and given back once. */
const recipes: Readonly<Record<string, Recipe>> = {
  Lock: {
    below: [path],
    again: [],
    take: (zk: Client) => Effect.flatMap(using(zk)(Lock.make({ path })), (lock) => lock.withLock(() => zk.sync()))
  },
  "a read lock": {
    below: [path],
    again: [],
    take: (zk: Client) =>
      Effect.flatMap(using(zk)(ReadWriteLock.make({ path })), ({ read }) => read.withLock(() => zk.sync()))
  },
  "a downgraded lock": {
    below: [path],
    again: ["the look at its own node", "delete"],
    take: (zk: Client) =>
      Effect.flatMap(using(zk)(ReadWriteLock.make({ path })), ({ read, write }) =>
        write.withLock(() => read.withLock(() => zk.sync()))
      )
  },
  Election: {
    below: [path],
    again: [],
    take: (zk: Client) =>
      Effect.flatMap(using(zk)(Election.make({ path })), (election) => election.whileLeader(() => zk.sync()))
  },
  Semaphore: {
    below: [`${path}/leases`, `${path}/locks`],
    again: ["create", "the look at its own node", "the list of contenders", "delete"],
    take: (zk: Client) =>
      Effect.flatMap(Effect.scoped(using(zk)(Semaphore.make({ path, leases: 1 }))), (semaphore) =>
        semaphore.withLease(() => zk.sync())
      )
  }
}

const steps: Readonly<Record<string, (request: ProxiedRequest) => boolean>> = {
  create: ({ type }) => type === create.code,
  "the look at its own node": ({ type }) => type === getData.code,
  "the list of contenders": ({ type }) => type === getChildren.code,
  sync: ({ type }) => type === sync.code,
  delete: ({ type }) => type === deleteNode.code
}

/** Drops the n-th reply to a request of this kind. */
const dropNth = (proxy: Proxy, matches: (request: ProxiedRequest) => boolean, n: number) => {
  let count = 0
  return proxy.dropReplyTo((request) => matches(request) && ++count === n)
}

describe("a lost reply leaves no node behind, and the recipe goes on", () => {
  for (const [name, { again, below, take }] of Object.entries(recipes)) {
    for (const [step, matches] of Object.entries(steps)) {
      for (const n of again.includes(step) ? [1, 2] : [1]) {
        it.live(`${name}: ${step}${n === 1 ? "" : ", the second one"}`, () =>
          Effect.gen(function* () {
            const { other, proxy, zk } = yield* proxied()
            // The path is there from now on.
            yield* take(zk)
            const dropped = yield* dropNth(proxy, matches, n)
            const fiber = yield* Effect.forkChild(Effect.exit(take(zk)))
            yield* dropped
            yield* Fiber.join(fiber)
            for (const each of below) yield* awaitQueue(other, 0, each)
            // And whoever comes next gets it at once.
            yield* take(other)
            assert.strictEqual(zk.session.epoch, 1)
          })
        )
      }
    }
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

  it.live("a waiter can be interrupted at once while there is no connection, and its node goes later", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const mine = yield* using(other)(Lock.make({ path }))
      const theirs = yield* using(zk)(Lock.make({ path }))
      yield* mine.withLock(() =>
        Effect.gen(function* () {
          const waiter = yield* Effect.forkChild(theirs.withLock(() => Effect.void))
          yield* awaitQueue(other, 2)
          yield* proxy.refuse
          yield* proxy.cut
          yield* awaitState(
            Effect.sync(() => zk.session.connected),
            (connected) => !connected,
            { describe: "the connection is gone" }
          )
          yield* Fiber.interrupt(waiter)
          assert.isFalse(zk.session.connected)
          assert.strictEqual((yield* queue(other)).length, 2)
          yield* proxy.listen
          yield* awaitQueue(other, 1)
        })
      )
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
