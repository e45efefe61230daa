/** The locks of a cluster's shards: an ephemeral node for each, with the address of the runner that has it. */
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import { text, type ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Clock from "effect/Clock"
import type { RunnerAddress } from "effect/cluster/RunnerAddress"
import type { ShardId } from "effect/cluster/ShardId"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Semaphore from "effect/Semaphore"
import { namesBelow } from "./listed.ts"
import { createBelow, orNoNode } from "./parents.ts"
import { addressOf } from "./runners.ts"

/** The session may end before the runner would have stopped its entities. */
export class TooShort extends Data.TaggedError("TooShort")<{ readonly left: number; readonly needed: number }> {
  override get message(): string {
    const [left, needed] = [Math.round(this.left), Math.round(this.needed)]
    return `the session is certain for ${left} ms more, and ${needed} are needed to stop in time`
  }
}

export interface ShardLocks {
  /**
   * Which of the shards the runner has then: those that were free, and those that it had. Fails unless it has them for long
   * enough to stop its entities in time.
   */
  readonly acquire: (
    address: RunnerAddress,
    shards: Iterable<ShardId>
  ) => Effect.Effect<Array<ShardId>, ZooKeeperError | TooShort>
  /** Which of the shards the runner still has. Fails as `acquire` does. */
  readonly refresh: (
    address: RunnerAddress,
    shards: Iterable<ShardId>
  ) => Effect.Effect<Array<ShardId>, ZooKeeperError | TooShort>
  readonly release: (address: RunnerAddress, shard: ShardId) => Effect.Effect<void, ZooKeeperError>
  readonly releaseAll: (address: RunnerAddress) => Effect.Effect<void, ZooKeeperError>
}

const unbounded = { concurrency: "unbounded" } as const

/** `expiration`, in ms: a runner that cannot refresh its locks for so long has stopped its entities. */
export const shardLocks = (zk: ZooKeeper, path: string, expiration: number): ShardLocks => {
  /** When the runner tried to lock what it has not asked to refresh since: it may not know that it has it. */
  const unknown = new Map<string, number>()
  const oneAtATime = Semaphore.makeUnsafe(1)
  const nodeOf = (shard: string) => Path.join(path, shard)

  const isHeld = (address: RunnerAddress, shard: string) =>
    Effect.map(
      zk.getOption(nodeOf(shard)),
      Option.exists((node) => node.stat.ephemeralOwner === zk.session.id && text(node) === addressOf(address))
    )

  const free = (address: RunnerAddress, shard: string): Effect.Effect<void, ZooKeeperError> =>
    Effect.flatMap(isHeld(address, shard), (held) => (held ? zk.delete(nodeOf(shard), { owned: true }) : Effect.void))

  const lock = (address: RunnerAddress, shard: string) => {
    const create = zk.create(nodeOf(shard), addressOf(address), { mode: "ephemeral" })
    return createBelow(zk, path, "persistent", create).pipe(
      Effect.as(true),
      // Somebody's; or ours, if this answer or an earlier one was lost.
      Effect.catchReason("ZooKeeperError", "NodeExists", () => isHeld(address, shard))
    )
  }

  /** The leader answers for the session, and a quorum for the leader. */
  const confirm = createBelow(zk, path, "persistent", orNoNode(zk.transact(Op.check(path, "any"))))

  /** The runner asks again within a third of the time, and waits for the answer as long (ShardingConfig). */
  const needed = (expiration * 2) / 3

  /** Fails unless the session is certain for long enough from then on. */
  const certain = (from: number) =>
    // The session counts an answer once it has read all that came with it.
    Effect.andThen(Effect.yieldNow, () => {
      const left = zk.session.deadline - from
      return left < needed ? Effect.fail(new TooShort({ left, needed })) : Effect.void
    })

  const acquire: ShardLocks["acquire"] = (address, shards) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      // Shards that others have are asked for all the time: reads cost the ensemble less than creates that fail.
      const taken = new Set(yield* namesBelow(zk, path))
      const attempt = (id: ShardId) => {
        const shard = id.toString()
        unknown.set(shard, now)
        return taken.has(shard) ? isHeld(address, shard) : lock(address, shard)
      }
      const acquired = yield* Effect.filter([...shards], attempt, unbounded)
      if (acquired.length === 0) return acquired
      yield* confirm
      yield* Effect.flatMap(Clock.currentTimeMillis, certain)
      return acquired
    }).pipe(oneAtATime.withPermit)

  /** Shards that the runner was too impatient to hear of, and is not to have any longer: nobody else could have them. */
  const freeUnknown = (address: RunnerAddress, before: number) =>
    Effect.suspend(() => {
      const old = [...unknown].filter(([, at]) => at <= before)
      const freeOne = ([shard, at]: [string, number]) =>
        // It may have tried again meanwhile.
        unknown.get(shard) !== at
          ? Effect.void
          : Effect.tap(free(address, shard), () => Effect.sync(() => unknown.delete(shard)))
      // Nobody waits for an acquisition that has nothing to do with it.
      return old.length === 0
        ? Effect.void
        : oneAtATime.withPermit(Effect.forEach(old, freeOne, { ...unbounded, discard: true }))
    })

  const refresh: ShardLocks["refresh"] = Effect.fnUntraced(function* (address, shards) {
    const all = [...shards]
    for (const id of all) unknown.delete(id.toString())
    const begun = yield* Clock.currentTimeMillis
    yield* confirm
    yield* certain(begun)
    yield* freeUnknown(address, begun - expiration)
    return yield* Effect.filter(all, (id) => isHeld(address, id.toString()), unbounded)
  })

  const release: ShardLocks["release"] = (address, shard) =>
    Effect.tap(free(address, shard.toString()), () => Effect.sync(() => unknown.delete(shard.toString())))

  const releaseAll: ShardLocks["releaseAll"] = (address) =>
    Effect.gen(function* () {
      yield* Effect.forEach(yield* namesBelow(zk, path), (shard) => free(address, shard), {
        ...unbounded,
        discard: true
      })
      unknown.clear()
    })

  return { acquire, refresh, release, releaseAll }
}
