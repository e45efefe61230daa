/** Reads that see everything that was done before they were asked for, in whichever program. */
import * as Op from "@effect-zookeeper/core/Op"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"

/** A sync, or with a driver that has none a transaction of nothing: it passes through the leader, whatever it finds. */
const sync = (zk: ZooKeeper, path: string): Effect.Effect<unknown, ZooKeeperError> =>
  zk.driver.unsupported("sync") === undefined
    ? zk.sync(path)
    : Effect.catchReason(zk.transact(Op.check(path, "any")), "ZooKeeperError", "TransactionFailed", () => Effect.void)

/** Has the connected server catch up with the leader first. */
export const caughtUp = <A>(
  zk: ZooKeeper,
  path: string,
  read: Effect.Effect<A, ZooKeeperError>
): Effect.Effect<A, ZooKeeperError> => Effect.andThen(sync(zk, path), read)
