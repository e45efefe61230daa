/** Locks and elections on an ensemble whose servers are killed and frozen, while connections break and sessions end. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Election from "@effect-zookeeper/recipes/Election"
import type { ExclusiveHolder } from "@effect-zookeeper/recipes/Holder"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { awaitState } from "../support/awaitState.ts"
import * as Proxy from "../support/Proxy.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import { awaitQueue, type Client, expire, PATH as path, using } from "./support.ts"

const CLIENTS = 5

interface Contest {
  readonly zk: Client
  /** Takes the lock, or the lead, once. */
  readonly take: (work: (held: ExclusiveHolder) => Effect.Effect<void, unknown>) => Effect.Effect<void, unknown>
}

const recipes: Readonly<Record<string, (zk: Client) => Effect.Effect<Contest, unknown, never>>> = {
  "a lock": (zk) => Effect.map(using(zk)(Lock.make({ path })), (lock) => ({ zk, take: (work) => lock.withLock(work) })),
  "an election": (zk) =>
    Effect.map(Effect.scoped(using(zk)(Election.make({ path }))), (election) => ({
      zk,
      take: (work) => election.whileLeader((leader) => work(leader as ExclusiveHolder))
    }))
}

for (const [name, make] of Object.entries(recipes)) {
  describe(name, () => {
    it.live("has one holder at a time, whose guarded writes are in order, whatever goes wrong", () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make()
        const proxies = yield* Effect.forEach(ensemble.servers, ({ port }) => Proxy.make({ port }))
        const connect = proxies.map(({ connectString }) => connectString).join(",")
        const clients = yield* Effect.forEach(
          Array(CLIENTS).keys(),
          () => ZooKeeper.make({ connect, sessionTimeout: "3 seconds", connectTimeout: "1 minute" }),
          { concurrency: CLIENTS }
        )
        const observer = yield* ZooKeeper.make({ connect: ensemble.connectString, sessionTimeout: "30 seconds" })
        yield* observer.create("/counter", "")

        let inside = 0
        const overlaps: Array<number> = []
        const writes: Array<{ readonly mzxid: bigint; readonly token: bigint }> = []
        const work = (held: ExclusiveHolder) =>
          Effect.gen(function* () {
            if (++inside > 1) overlaps.push(inside)
            for (let write = 0; write < 3; write++) {
              const [{ mzxid }] = yield* held.guard(Op.set("/counter", `${held.fencingToken}`))
              writes.push({ mzxid, token: held.fencingToken })
            }
          }).pipe(Effect.ensuring(Effect.sync(() => inside--)))

        const contests = yield* Effect.forEach(clients, make)
        const loops = yield* Effect.forEach(contests, ({ take }) =>
          // What fails here fails by the faults; it tries again.
          Effect.forkChild(Effect.forever(Effect.ignore(take(work))))
        )
        const progress = (what: string) => {
          const before = writes.length
          return awaitState(
            Effect.sync(() => writes.length),
            (now) => now > before + 30,
            { describe: `work goes on after ${what}`, within: "60 seconds" }
          )
        }
        yield* progress("the start")
        for (let round = 0; round < 2; round++) {
          yield* Effect.forEach(proxies, ({ cut }) => cut)
          yield* progress("broken connections")
          yield* expire(clients[round]!, ensemble.servers[0].connectString)
          yield* progress("a lost session")
          const leader = yield* ensemble.leader
          yield* leader.kill
          yield* progress("the leader's death")
          yield* leader.start
          const [follower] = yield* ensemble.followers
          yield* follower.freeze
          yield* progress("a frozen follower")
          yield* follower.resume
          yield* progress("its thawing")
        }
        yield* Effect.forEach(loops, Fiber.interrupt, { concurrency: "unbounded", discard: true })
        assert.deepStrictEqual(overlaps, [])
        const inOrder = writes.toSorted((a, b) => (a.mzxid < b.mzxid ? -1 : 1)).map(({ token }) => token)
        assert.deepStrictEqual(
          inOrder,
          inOrder.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        )
        yield* awaitQueue(observer, 0)
      })
    )
  })
}

it.live("a standby on another server takes over when the session of the leader ends on a third one", () =>
  Effect.gen(function* () {
    const ensemble = yield* RealEnsemble.make()
    const [one, two] = yield* Effect.forEach(ensemble.servers.slice(0, 2), ({ connectString }) =>
      ZooKeeper.make({ connect: connectString, sessionTimeout: "2 seconds", onExpired: "fail" })
    )
    const a = yield* using(one!)(Election.make({ path }))
    const b = yield* using(two!)(Election.make({ path }))
    const first = yield* Effect.forkChild(Effect.exit(a.whileLeader(() => Effect.never)))
    yield* awaitState(a.role, (role) => role === "Leader", { describe: "leads" })
    const second = yield* Effect.forkChild(b.whileLeader(() => Effect.succeed("took over")))
    yield* awaitState(b.role, (role) => role === "Standby", { describe: "stands by" })
    yield* expire(one!, ensemble.servers[2].connectString)
    assert.strictEqual(yield* Fiber.join(second), "took over")
    yield* Fiber.join(first)
  })
)
