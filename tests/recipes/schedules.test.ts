/**
 * Locks, elections and semaphores through hundreds of random faults on an in-process cluster, with a virtual clock.
 *
 * Left out are the faults that the lease does not cover: partitions between servers, and clients that stand still.
 */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Election from "@effect-zookeeper/recipes/Election"
import type { Holder } from "@effect-zookeeper/recipes/Holder"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as ReadWriteLock from "@effect-zookeeper/recipes/ReadWriteLock"
import * as Semaphore from "@effect-zookeeper/recipes/Semaphore"
import * as Faults from "@effect-zookeeper/testing/Faults"
import * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { type Client, PATH as path, queue, using } from "./support.ts"

const CLIENTS = 4
const STEPS = 10

type Work = (held: Holder & { readonly fencingToken?: bigint | undefined }) => Effect.Effect<void, unknown>

interface Recipe {
  /** How many schedules: more for those that decide more, and are quick. 500 in all. */
  readonly schedules: number
  readonly atATime: number
  readonly below: ReadonlyArray<string>
  readonly make: (zk: Client) => Effect.Effect<(work: Work) => Effect.Effect<unknown, unknown>, unknown, Scope.Scope>
}

const recipes: Readonly<Record<string, Recipe>> = {
  "a lock": {
    schedules: 150,
    atATime: 1,
    below: [path],
    make: (zk) => Effect.map(using(zk)(Lock.make({ path })), (lock) => lock.withLock)
  },
  "a write lock": {
    schedules: 100,
    atATime: 1,
    below: [path],
    make: (zk) => Effect.map(using(zk)(ReadWriteLock.make({ path })), ({ write }) => write.withLock)
  },
  "an election": {
    schedules: 150,
    atATime: 1,
    below: [path],
    make: (zk) => Effect.map(using(zk)(Election.make({ path })), (election) => election.whileLeader)
  },
  "an election of two": {
    schedules: 50,
    atATime: 2,
    below: [path],
    make: (zk) => Effect.map(using(zk)(Election.make({ path, leaders: 2 })), (election) => election.whileLeader)
  },
  "a semaphore": {
    schedules: 50,
    atATime: 2,
    below: [`${path}/locks`, `${path}/leases`],
    make: (zk) => Effect.map(using(zk)(Semaphore.make({ path, leases: 2 })), (semaphore) => semaphore.withLease)
  }
}

/** The same numbers for the same seed (mulberry32). */
const randomOf = (seed: number) => (below: number) => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) % below
}

const step = Effect.fnUntraced(function* (
  cluster: TestCluster.TestClusterShape,
  clients: ReadonlyArray<Client>,
  random: (below: number) => number
) {
  const server = cluster.servers[random(cluster.servers.length)]!
  const leader = (yield* cluster.leader) ?? server
  const back = (undo: Effect.Effect<void>) => Effect.andThen(TestClock.adjust(500 + random(6000)), undo)
  const faults: ReadonlyArray<Effect.Effect<string>> = [
    Effect.as(server.dropConnections, `connections to ${server.id} reset`),
    Effect.as(cluster.expireSession(clients[random(CLIENTS)]!.session.id), "a session expired"),
    Effect.as(Effect.andThen(leader.kill, back(leader.restart)), "the leader killed"),
    Effect.as(Effect.andThen(leader.freeze, back(leader.resume)), "the leader frozen"),
    Effect.as(Effect.andThen(server.freeze, back(server.resume)), `${server.id} frozen`),
    Effect.as(Effect.andThen(server.cutClients, back(server.healClients)), `${server.id} cut off from clients`),
    Effect.as(server.faults.inject(Faults.dropAfterCommit()), `a reply of ${server.id} dropped`),
    Effect.succeed("nothing")
  ]
  const what = yield* faults[random(faults.length)]!
  const wait = 100 + random(2500)
  yield* TestClock.adjust(wait)
  return `${what}, ${wait} ms`
})

const schedule = Effect.fnUntraced(function* ({ atATime, below, make }: Recipe, seed: number) {
  const random = randomOf(seed)
  const cluster = yield* TestCluster.TestCluster
  const clients = yield* Effect.forEach(Array(CLIENTS).keys(), () =>
    ZooKeeper.make({ connect: cluster.connectString, sessionTimeout: "4 seconds" })
  )
  yield* clients[0]!.create("/counter")
  let inside = 0
  let entered = 0
  const problems: Array<string> = []
  const writes: Array<{ readonly mzxid: bigint; readonly token: bigint }> = []
  const trace: Array<string> = []
  const work: Work = (held) =>
    Effect.gen(function* () {
      entered++
      if (++inside > atATime) problems.push(`${inside} at a time after step ${trace.length}`)
      for (let write = 0; write < 3; write++) {
        yield* Effect.sleep(20 + random(400))
        const [{ mzxid }] = yield* held.guard(Op.set("/counter", ""))
        if (held.fencingToken !== undefined) writes.push({ mzxid, token: held.fencingToken })
      }
    }).pipe(Effect.ensuring(Effect.sync(() => inside--)))
  const takes = yield* Effect.forEach(clients, make)
  const loops = yield* Effect.forEach(takes, (take) =>
    // What fails here fails by the faults; it tries again.
    Effect.forkChild(Effect.forever(Effect.andThen(Effect.ignore(take(work)), Effect.sleep("50 millis"))))
  )
  for (let at = 0; at < STEPS; at++) trace.push(yield* step(cluster, clients, random))
  const before = entered
  yield* TestClock.adjust("30 seconds")
  if (entered < before + 5) problems.push(`no progress after the last fault: ${entered - before} in 30 s`)
  yield* Effect.forkChild(Effect.forEach(loops, Fiber.interrupt, { concurrency: "unbounded", discard: true }))
  yield* TestClock.adjust("10 seconds")
  for (const each of below) {
    const left = yield* queue(clients[0]!, each)
    if (left.length > 0) problems.push(`left behind: ${left.join()}`)
  }
  const tokens = writes.toSorted((a, b) => (a.mzxid < b.mzxid ? -1 : 1)).map(({ token }) => token)
  if (tokens.some((token, index) => index > 0 && token < tokens[index - 1]!)) problems.push("tokens went back")
  assert.deepStrictEqual(problems, [], `seed ${seed}: ${trace.join("; ")}`)
})

for (const [name, recipe] of Object.entries(recipes)) {
  it.effect(
    `${name}: one after the other through random schedules, and nothing stays behind`,
    () =>
      Effect.forEach(
        Array(recipe.schedules).keys(),
        (seed) =>
          schedule(recipe, seed).pipe(
            Effect.scoped,
            Random.withSeed(`${seed}`),
            Effect.provide(TestCluster.layerMemory(), { local: true })
          ),
        { discard: true }
      ),
    240_000
  )
}
