/** From a contender whose turn has come to a holder: the lease is young, and from now on somebody looks after it. */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Op from "@effect-zookeeper/core/Op"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { TransactionFailed, ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ExclusiveHolder } from "../Holder.ts"
import type { Contender } from "./contender.ts"

/** When to stop: before the session can have expired, or as soon as the connection is gone. */
export type StopOn = "lease" | "suspended"

/** Runs an effect for as long as the lease allows. */
export const whileHeld = <A, E, R>(
  zk: ZooKeeper,
  stopOn: StopOn,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | LeaseLost, R> =>
  stopOn === "lease" ? zk.whileSession(effect) : zk.whileSession(zk.whileConnected(effect))

/** A transaction behind a check of the holder's node, whose name nobody else's node can have. */
const guardOf =
  (zk: ZooKeeper, node: string): ExclusiveHolder["guard"] =>
  (...ops) =>
    zk.transact(Op.check(node, "any"), ...ops).pipe(
      Effect.map(([, ...results]) => results as never),
      Effect.catchReason(
        "ZooKeeperError",
        "TransactionFailed",
        (reason, error): Effect.Effect<never, LeaseLost | ZooKeeperError> =>
          reason.index === 0
            ? Effect.fail(new LeaseLost({ why: "deleted" }))
            : Effect.fail(
                new ZooKeeperError({ ...error, reason: new TransactionFailed({ ...reason, index: reason.index - 1 }) })
              )
      )
    )

/** Holds until the scope closes. Fails when the place was lost before it could be held. */
export const hold = (
  zk: ZooKeeper,
  contender: Contender,
  stopOn: StopOn = "lease"
): Effect.Effect<ExclusiveHolder, LeaseLost, Scope.Scope> =>
  Effect.gen(function* () {
    yield* zk.whileSession(Effect.void)
    const lost = Deferred.makeUnsafe<never, LeaseLost>()
    const deleted = Effect.andThen(
      Effect.orElseSucceed(contender.gone, () => undefined),
      Effect.fail(new LeaseLost({ why: "deleted" }))
    )
    yield* Effect.forkScoped(
      Effect.catch(whileHeld(zk, stopOn, deleted), (error) => Deferred.fail(lost, error)),
      { startImmediately: true }
    )
    return {
      node: contender.node,
      fencingToken: contender.czxid,
      lost: Deferred.await(lost),
      guard: guardOf(zk, contender.node)
    }
  })
