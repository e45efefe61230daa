/**
 * The storage that Effect's cluster needs for its runners: who they are, and which of them has which shard.
 *
 * @since 0.1.0
 */
import * as Path from "@effect-zookeeper/core/Path"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { PersistenceError } from "effect/cluster/ClusterError"
import * as MachineId from "effect/cluster/MachineId"
import { RunnerStorage } from "effect/cluster/RunnerStorage"
import { ShardingConfig } from "effect/cluster/ShardingConfig"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { invalid } from "./internal/invalid.ts"
import { ensureAll } from "./internal/parents.ts"
import { runners } from "./internal/runners.ts"
import { shardLocks } from "./internal/shardLocks.ts"

/**
 * Where the cluster is.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node below which the runners and their shards stand, one for each cluster; made when it is missing. Default `/cluster`. */
  readonly path?: string | undefined
}

/** Entities run for as long after their runner has last heard of its locks; a session that is shorter could not hold them. */
const checkTimeout = (zk: ZooKeeper, path: string, expiration: Duration.Duration) => {
  const timeout = zk.session.negotiatedTimeout
  if (Duration.isGreaterThanOrEqualTo(timeout, expiration)) return Effect.void
  const problem =
    `the session's timeout is ${Duration.format(timeout)}, and shardLockExpiration ${Duration.format(expiration)}; ` +
    "ask for a sessionTimeout that is as long (servers grant 20 ticks at most, 40 seconds by default), " +
    "or for a shorter shardLockExpiration"
  return Effect.fail(invalid("cluster", path, problem))
}

/** A shard's node has the name of its group. */
const checkGroups = (path: string, groups: ReadonlyArray<string>) => {
  const bad = groups.find((group) => group.includes("/"))
  return bad === undefined
    ? Effect.void
    : Effect.fail(invalid("cluster", path, `the shard group '${bad}' has a slash; name it without`))
}

/**
 * The storage below a path. Fails with `InvalidArgument` for a session whose timeout is shorter than the
 * `shardLockExpiration` of the `ShardingConfig` (35 seconds by default).
 *
 * Runners and locks are ephemeral nodes: they go with the session, after its timeout, when a runner crashes. Every operation
 * fails with `PersistenceError` where ZooKeeper cannot answer; the cluster goes on asking, and stops its entities before
 * another runner can have their shards.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<RunnerStorage["Service"], ZooKeeperError, ZooKeeper | ShardingConfig> {
  const zk = yield* ZooKeeper
  const { assignedShardGroups, availableShardGroups, shardLockExpiration } = yield* ShardingConfig
  const { path = "/cluster" } = options
  const expiration = Duration.fromInputUnsafe(shardLockExpiration)
  yield* checkTimeout(zk, path, expiration)
  yield* checkGroups(path, [...availableShardGroups, ...assignedShardGroups])
  const [registry, shards] = [Path.join(path, "runners"), Path.join(path, "shards")]
  yield* ensureAll(zk, [registry, shards], "persistent")
  const { all, register, setHealth, unregister } = runners(zk, registry)
  const locks = shardLocks(zk, shards, Duration.toMillis(expiration))
  const { refail } = PersistenceError
  return {
    register: (runner, healthy) => refail(Effect.map(register(runner, healthy), MachineId.make)),
    unregister: (address) => refail(unregister(address)),
    getRunners: refail(all),
    setRunnerHealth: (address, healthy) => refail(setHealth(address, healthy)),
    acquire: (address, ids) => refail(locks.acquire(address, ids)),
    refresh: (address, ids) => refail(locks.refresh(address, ids)),
    release: (address, id) => refail(locks.release(address, id)),
    releaseAll: (address) => refail(locks.releaseAll(address))
  }
})

/**
 * The storage as a layer, in the place of Effect's `SqlRunnerStorage.layer`.
 *
 * ```ts
 * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
 * import * as ZooKeeperRunnerStorage from "@effect-zookeeper/recipes/ZooKeeperRunnerStorage"
 * import * as ShardingConfig from "effect/cluster/ShardingConfig"
 * import * as Layer from "effect/Layer"
 *
 * const storage = ZooKeeperRunnerStorage.layer({ path: "/app/cluster" }).pipe(
 *   Layer.provide(ZooKeeper.layer({ connect: "zk1:2181,zk2:2181,zk3:2181", sessionTimeout: "40 seconds" })),
 *   Layer.provide(ShardingConfig.layerFromEnv())
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<RunnerStorage, ZooKeeperError, ZooKeeper | ShardingConfig> =>
  Layer.effect(RunnerStorage, make(options))
