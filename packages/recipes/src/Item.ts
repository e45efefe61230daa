/**
 * What queues of every kind hand out, and how it is put in and taken.
 *
 * @since 0.1.0
 */
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { Op } from "@effect-zookeeper/core/Op"
import type { Data } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { ExclusiveHolder } from "./Holder.ts"

/**
 * An item that this consumer has claimed. `node` is the claim, and `guard` a transaction that commits only while it stands.
 *
 * @category models
 * @since 0.1.0
 */
export interface Item extends ExclusiveHolder {
  /** The path of the item itself. */
  readonly entry: string
  readonly data: Uint8Array
  /** What Curator's `putMulti` has put into the same node behind it; nothing else does so. */
  readonly others: ReadonlyArray<Uint8Array>
  /** Fails when the claim cannot be relied on any longer, and once it was given back, but not once it was consumed. */
  readonly lost: ExclusiveHolder["lost"]
  /**
   * Takes the item out of the queue for good, in one transaction with these operations: what they do is done exactly once
   * for the item. Fails with `LeaseLost` when the claim is lost or the item was consumed before, and with
   * `TransactionFailed`, whose index counts these operations, when one of them failed: then the item is still there.
   *
   * When the answer is lost, it is found out whether it was done, and it is done again if it was not. Only when the session
   * ends before that does it fail with `applied: "unknown"`; then the item comes again if it was not done.
   */
  readonly consume: (...ops: ReadonlyArray<Op<any>>) => Effect.Effect<void, ZooKeeperError | LeaseLost>
}

/**
 * An item as others see it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  /** The path of the item. */
  readonly entry: string
  readonly data: Uint8Array
  /** As in {@link Item}. */
  readonly others: ReadonlyArray<Uint8Array>
  /** Whether a consumer has it. */
  readonly isTaken: boolean
}

/**
 * A queue of any kind as one process sees it: `How` is what is said of an item that is put in, and `Mark` what is known of one
 * besides its data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Items<How extends ReadonlyArray<unknown>, Mark = unknown> {
  /**
   * Puts an item in, behind those that it does not come before. When the answer is lost, it is found out whether it was done,
   * and it is done again if it was not: so it is never put in twice. Only when the session ends before that does it fail with
   * `applied: "unknown"`. Interrupted, it may have been done. Fails with `InvalidArgument` for what this queue cannot write
   * of an item, and for data that the server would not take (1 MB).
   */
  readonly offer: (data: Data, ...how: How) => Effect.Effect<void, ZooKeeperError>
  /** As `offer`, all of them or none, in one transaction of at most 1 MB. */
  readonly offerAll: (items: Iterable<Data>, ...how: How) => Effect.Effect<void, ZooKeeperError>
  /**
   * The operation that puts an item in, for a transaction of one's own; its result is the item's path. With `consume` of
   * another queue's item it moves work on, exactly once. Fails with `InvalidArgument` as `offer` does.
   */
  readonly entry: (data: Data, ...how: How) => Effect.Effect<Op<string>, ZooKeeperError>
  /**
   * Waits for an item and claims it. It is given back when the scope closes, to its place in the queue, unless it was
   * consumed; and when the session expires. Heed `lost`. Interrupted, it leaves nothing behind.
   */
  readonly take: Effect.Effect<Item & Mark, ZooKeeperError, Scope.Scope>
  /** As `take`; none when there was no item to be had within `wait` (default: none now, as far as the server knows). */
  readonly tryTake: (options?: {
    readonly wait?: Duration.Input | undefined
  }) => Effect.Effect<Option.Option<Item & Mark>, ZooKeeperError, Scope.Scope>
  /**
   * Waits for an item, runs the body with it, and consumes it if the body has not done so. It is given back when the body
   * fails or is interrupted. The body is interrupted before the item can be somebody else's, and then this fails with
   * `LeaseLost`. The body has a scope of its own: what it forks and acquires there ends with the item, too.
   */
  readonly withItem: <A, E, R>(
    body: (item: Item & Mark) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  /** As `withItem`; none when there was no item to be had within `wait` (default: none now, as far as the server knows). */
  readonly tryWithItem: <A, E, R>(
    body: (item: Item & Mark) => Effect.Effect<A, E, R>,
    options?: { readonly wait?: Duration.Input | undefined }
  ) => Effect.Effect<Option.Option<A>, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  /** How many items there are, with those that a consumer has, and whatever else stands there. One read. */
  readonly size: Effect.Effect<number, ZooKeeperError>
  /** What stands in the queue, in order. A read for each item. */
  readonly contents: Effect.Effect<ReadonlyArray<Entry & Mark>, ZooKeeperError>
}
