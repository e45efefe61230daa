/**
 * What every recipe that holds something hands out: a node that stands for it, and the means not to rely on it too long.
 *
 * @since 0.1.0
 */
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { Op } from "@effect-zookeeper/core/Op"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as Effect from "effect/Effect"

/**
 * Something that is held, by one node or by several.
 *
 * @category models
 * @since 0.1.0
 */
export interface Held {
  /** Fails as soon as it can no longer be relied on, and once it was given back; never succeeds. */
  readonly lost: Effect.Effect<never, LeaseLost>
  /**
   * A transaction that commits only while every node that stands for it exists, else it fails with `LeaseLost`. It
   * protects where interruption cannot: against a blocked event loop, a frozen process, a slow request on its way.
   * Otherwise it fails as `transact` does: with `TransactionFailed`, whose index counts these operations, or with
   * `applied: "unknown"` for a lost answer.
   */
  readonly guard: <const Ops extends ReadonlyArray<Op<any>>>(
    ...ops: Ops
  ) => Effect.Effect<Op.Results<Ops>, ZooKeeperError | LeaseLost>
}

/**
 * Something that is held by one node.
 *
 * @category models
 * @since 0.1.0
 */
export interface Holder extends Held {
  /** The path of the ephemeral node that stands for it. */
  readonly node: string
}

/**
 * Something that others can ask for: a lock.
 *
 * @category models
 * @since 0.1.0
 */
export interface Revocable {
  /**
   * Completes when somebody asks for it back, by `askBack` of the lock or Curator's `Revoker`, at once if that was before it
   * was held; never fails. Nothing is taken away: it is for the holder to give it back, say by
   * `Effect.raceFirst(work, held.askedBack)`. What is asked while there is no connection is heard of with the next one;
   * once it is lost or given back, nothing is heard any more.
   */
  readonly askedBack: Effect.Effect<void>
}

/**
 * Something that one holder has at a time.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExclusiveHolder extends Holder {
  /**
   * Grows from holder to holder: the czxid of the node. Pass it along to other systems, and let them refuse a smaller one
   * than they have seen.
   */
  readonly fencingToken: bigint
}
