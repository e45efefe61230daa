/** From a contender whose turn has come to a holder: the lease is young, and from now on somebody looks after it. */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Op from "@effect-zookeeper/core/Op"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { TransactionFailed, ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ExclusiveHolder, Held, Holder } from "../Holder.ts"
import type { LockHolder } from "../Lock.ts"
import type { Contender } from "./contender.ts"

/** When to stop: before the session can have expired, or as soon as the connection is gone. */
export type StopOn = "lease" | "suspended"

/** Fails in time, when what the contender stands for cannot be relied on much longer; `begun` from when on it will. */
const untilLost = (
  zk: ZooKeeper,
  stopOn: StopOn,
  { gone }: Contender,
  begun: Deferred.Deferred<void>
): Effect.Effect<never, LeaseLost> => {
  const displaced = Effect.mapError(gone, (error) =>
    error._tag === "LeaseLost" ? error : new LeaseLost({ why: "expired" })
  )
  const watching = Effect.andThen(Deferred.succeed(begun, undefined), displaced)
  return zk.whileSession(stopOn === "lease" ? watching : zk.whileConnected(watching))
}

/**
 * The failure of a transaction as those see it who have put in what follows the first so many operations: where one of these
 * failed, what was held is gone.
 */
export const behind = <A>(
  first: number,
  transaction: Effect.Effect<A, ZooKeeperError | LeaseLost>
): Effect.Effect<A, ZooKeeperError | LeaseLost> =>
  Effect.catchReason(
    transaction,
    "ZooKeeperError",
    "TransactionFailed",
    (reason, error): Effect.Effect<never, LeaseLost | ZooKeeperError> =>
      reason.index < first
        ? Effect.fail(new LeaseLost({ why: "deleted" }))
        : Effect.fail(
            new ZooKeeperError({ ...error, reason: new TransactionFailed({ ...reason, index: reason.index - first }) })
          )
  )

/**
 * A transaction behind a check of each node of the holder, whose names nobody else's nodes can have. Nothing is sent once
 * the loss is known.
 */
export const guardOf =
  (zk: ZooKeeper, nodes: ReadonlyArray<string>, lost: Deferred.Deferred<never, LeaseLost>): Held["guard"] =>
  (...ops) => {
    const checks = nodes.map((node) => Op.check(node, "any"))
    const checked = Effect.map(zk.transact(...checks, ...ops), (results) => results.slice(checks.length) as never)
    return Effect.suspend(() => (Deferred.isDoneUnsafe(lost) ? Deferred.await(lost) : behind(checks.length, checked)))
  }

/** Holds until the scope closes. Fails when the place was lost before it could be held. */
export const hold = (
  zk: ZooKeeper,
  contender: Contender,
  stopOn: StopOn
): Effect.Effect<LockHolder, LeaseLost | ZooKeeperError, Scope.Scope> =>
  Effect.gen(function* () {
    const { czxid, ephemeralOwner } = yield* contender.stat
    const lost = Deferred.makeUnsafe<never, LeaseLost>()
    const begun = Deferred.makeUnsafe<void>()
    const guarding = untilLost(zk, stopOn, contender, begun)
    yield* Effect.forkScoped(
      Effect.catch(guarding, (error) => Deferred.fail(lost, error)),
      { startImmediately: true }
    )
    // What was released is held no more, whoever still has a hand on it.
    yield* Effect.addFinalizer(() => Deferred.fail(lost, new LeaseLost({ why: "deleted" })))
    // Until then the leader is asked, which may take long, and nobody would hear of a loss.
    yield* Effect.raceFirst(Deferred.await(lost), Deferred.await(begun))
    // The guard looks after the session of now, which may not be the one that the node belongs to.
    if (ephemeralOwner !== zk.session.id) return yield* new LeaseLost({ why: "expired" })
    return {
      node: contender.node,
      fencingToken: czxid,
      lost: Deferred.await(lost),
      guard: guardOf(zk, [contender.node], lost),
      askedBack: contender.asked
    }
  })

/** What there is to several holders at a time: their tokens would not order them. */
export const shared = ({ guard, lost, node }: ExclusiveHolder): Holder => ({ guard, lost, node })
