/**
 * Whether a transaction was done whose answer is lost: it made or deleted an ephemeral node of a name that nobody else has.
 */
import * as Op from "@effect-zookeeper/core/Op"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import { patiently } from "./patience.ts"

/** A check passes through the leader, so what is read after it is not from before. */
export const isThere = (zk: ZooKeeper, node: string): Effect.Effect<boolean, ZooKeeperError> =>
  Effect.as(zk.transact(Op.check(node, "any")), true).pipe(
    Effect.catchReason("ZooKeeperError", "TransactionFailed", () => Effect.succeed(false))
  )

/**
 * Whether the receipt stands after all that was sent in this epoch, asked until there is an answer. It goes with its
 * session, and with it what it says: then this fails with the error that was the reason to ask.
 */
export const stands = (
  zk: ZooKeeper,
  receipt: string,
  epoch: number,
  error: ZooKeeperError
): Effect.Effect<boolean, ZooKeeperError> =>
  patiently(isThere(zk, receipt)).pipe(
    // Whatever comes in the way of finding out, it is still the first that may have been done.
    Effect.mapError(() => error),
    Effect.filterOrFail(
      () => zk.session.epoch === epoch,
      () => error
    )
  )
