/**
 * Items that are taken by one consumer at a time, and are there again when it dies before it is done with them.
 *
 * @since 0.1.0
 */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import { type Data, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Dialect } from "./Dialect.ts"
import type { ExclusiveHolder } from "./Holder.ts"
import { type Try, unlessBusy, untilHeld, within } from "./internal/contend.ts"
import { hold, type StopOn } from "./internal/hold.ts"
import { invalid } from "./internal/invalid.ts"
import { itemsIn, layoutOf } from "./internal/itemLayout.ts"
import { put } from "./internal/offering.ts"
import { ensureAll } from "./internal/parents.ts"
import { patientlyAnew } from "./internal/patience.ts"
import type { Queue as Line } from "./internal/queue.ts"
import { namesBelow, nextClaim } from "./internal/taking.ts"
import { works } from "./internal/works.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * Which queue, and how to take from it.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node below which the items stand; made when it is missing. */
  readonly path: string
  /**
   * Whose programs share the path. Default `curator`: DistributedQueue and DistributedPriorityQueue with a `lockPath`.
   * `kazoo` is LockingQueue. `apache` is Apache's own DistributedQueue and Curator's SimpleDistributedQueue, whose consumers
   * know no claims: only let them offer.
   */
  readonly dialect?: Dialect | undefined
  /**
   * Where the claims stand, in the dialects `curator` and `apache`: all programs must say the same. Default: `-locks` behind
   * the path.
   */
  readonly lockPath?: string | undefined
  /** Stop holding an item before the session can have expired (`lease`, default), or as soon as the connection is gone. */
  readonly stopOn?: StopOn | undefined
}

/**
 * How an item is put in.
 *
 * @category options
 * @since 0.1.0
 */
export interface OfferOptions {
  /**
   * Smaller ones come first, and items of one priority in the order in which they were put in. In the dialect `kazoo` from 0
   * to 999, by default 100. In `curator` 32 bits with a sign; items without one come before those with 0 or more, so either
   * all of a queue should have one or none, as with Curator itself. `apache` has none.
   */
  readonly priority?: number | undefined
}

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
  readonly consume: (...ops: ReadonlyArray<Op.Op<any>>) => Effect.Effect<void, ZooKeeperError | LeaseLost>
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
 * A queue as one process sees it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Queue {
  /**
   * Puts an item in, at the end of those of its priority. When the answer is lost, it is found out whether it was done, and
   * it is done again if it was not: so it is never put in twice. Only when the session ends before that does it fail with
   * `applied: "unknown"`. Interrupted, it may have been done. Fails with `InvalidArgument` for a priority that the dialect
   * does not have, and for data that the server would not take (1 MB).
   */
  readonly offer: (data: Data, options?: OfferOptions) => Effect.Effect<void, ZooKeeperError>
  /** As `offer`, all of them or none, in one transaction of at most 1 MB. */
  readonly offerAll: (items: Iterable<Data>, options?: OfferOptions) => Effect.Effect<void, ZooKeeperError>
  /**
   * The operation that puts an item in, for a transaction of one's own; its result is the item's path. With `consume` of
   * another queue's item it moves work on, exactly once. Fails with `InvalidArgument` for a priority that the dialect does not
   * have.
   */
  readonly entry: (data: Data, options?: OfferOptions) => Effect.Effect<Op.Op<string>, ZooKeeperError>
  /**
   * Waits for an item and claims it. It is given back when the scope closes, to its place in the queue, unless it was
   * consumed; and when the session expires. Heed `lost`. Interrupted, it leaves nothing behind.
   */
  readonly take: Effect.Effect<Item, ZooKeeperError, Scope.Scope>
  /** As `take`; none when there was no item to be had within `wait` (default: none now, as far as the server knows). */
  readonly tryTake: (options?: {
    readonly wait?: Duration.Input | undefined
  }) => Effect.Effect<Option.Option<Item>, ZooKeeperError, Scope.Scope>
  /**
   * Waits for an item, runs the body with it, and consumes it if the body has not done so. It is given back when the body
   * fails or is interrupted. The body is interrupted before the item can be somebody else's, and then this fails with
   * `LeaseLost`. The body has a scope of its own: what it forks and acquires there ends with the item, too.
   */
  readonly withItem: <A, E, R>(
    body: (item: Item) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  /** As `withItem`; none when there was no item to be had within `wait` (default: none now, as far as the server knows). */
  readonly tryWithItem: <A, E, R>(
    body: (item: Item) => Effect.Effect<A, E, R>,
    options?: { readonly wait?: Duration.Input | undefined }
  ) => Effect.Effect<Option.Option<A>, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  /** How many items there are, with those that a consumer has, and whatever else stands there. One read. */
  readonly size: Effect.Effect<number, ZooKeeperError>
  /** What stands in the queue, in order. A read for each item. */
  readonly contents: Effect.Effect<ReadonlyArray<Entry>, ZooKeeperError>
}

/** An item, and how it is done with when its body is. */
interface Taken {
  readonly item: Item
  readonly finish: Effect.Effect<void, ZooKeeperError | LeaseLost>
}

/**
 * A queue below a path, whose nodes are made where they are missing: persistent ones, as the other libraries have them.
 * Fails with `InvalidArgument` for a `lockPath` in the dialect `kazoo`, or one that is the path itself.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<Queue, ZooKeeperError, ZooKeeper> {
  const zk = yield* ZooKeeper
  const { dialect = "curator", lockPath, path, stopOn = "lease" } = options
  if (dialect === "kazoo" && lockPath !== undefined) {
    return yield* invalid(
      "queue",
      path,
      "kazoo's queues have no lockPath: their claims stand in 'taken' below the path"
    )
  }
  if (lockPath === path) {
    return yield* invalid("queue", path, `lockPath is '${path}', where the items stand; it must be another path`)
  }
  const layout = layoutOf(dialect, path, lockPath ?? `${path}-locks`)
  const line: Line = { zk, path: layout.waiting, dialect, data: "" }
  yield* patientlyAnew(zk, ensureAll(zk, [layout.entries, layout.claims, layout.receipts], "persistent"))

  const entry: Queue["entry"] = (data, options) => {
    const name = layout.nameOf(options?.priority)
    if (name === undefined) {
      const problem = `priority is ${options?.priority}; it must be ${layout.priorities}`
      return Effect.fail(invalid("offer", path, problem))
    }
    return Effect.succeed(
      Op.create(Path.join(layout.entries, name), layout.encode(data), { mode: "persistentSequential" })
    )
  }
  const offerAll: Queue["offerAll"] = (items, options) =>
    Effect.flatMap(
      Effect.forEach(items, (data) => entry(data, options)),
      (ops) => (ops.length === 0 ? Effect.void : put(zk, layout, ops))
    )

  const once: Try<Taken> = (waits) =>
    Effect.gen(function* () {
      const claim = yield* nextClaim(zk, layout, line, waits)
      const { consume, entry, isConsumed, narrow } = claim
      // Somebody who knows no claims may have taken it away.
      const read = Effect.catchReason(zk.get(entry), "ZooKeeperError", "NoNode", () =>
        Effect.fail(new LeaseLost({ why: "deleted" }))
      )
      const [found, held] = yield* Effect.all([read, hold(zk, claim, stopOn)], { concurrency: "unbounded" })
      const [data, ...others] = layout.decode(found.data)
      const item: Item = {
        ...held,
        entry,
        data,
        others,
        guard: narrow(held.guard),
        lost: Effect.catch(held.lost, (error) => (isConsumed() ? Effect.never : Effect.fail(error))),
        consume: (...ops) => consume(held.guard, ops)
      }
      return { item, finish: Effect.suspend(() => (isConsumed() ? Effect.void : item.consume())) }
    })
  const takeOne = untilHeld(zk, once)
  const tryTakeOne = (options: { readonly wait?: Duration.Input | undefined } | undefined) =>
    within("queue", path, { acquire: takeOne, atOnce: unlessBusy(zk, once) }, options?.wait)
  const { tryWork, work } = works({ acquire: takeOne, tryAcquire: tryTakeOne }, (taken, body) =>
    Effect.tap(Effect.raceFirst(taken.item.lost, body(taken)), () => taken.finish)
  )

  return {
    offer: (data, options) => offerAll([data], options),
    offerAll,
    entry,
    take: Effect.map(takeOne, ({ item }) => item),
    tryTake: (options) =>
      Effect.map(
        tryTakeOne(options),
        Option.map(({ item }) => item)
      ),
    withItem: (body) => work(({ item }) => body(item)),
    tryWithItem: (body, options) => tryWork(({ item }) => body(item), options),
    size: Effect.map(
      zk.exists(layout.entries),
      Option.match({ onNone: () => 0, onSome: ({ numChildren }) => numChildren })
    ),
    contents: Effect.gen(function* () {
      const lists = [namesBelow(zk, layout.entries), namesBelow(zk, layout.claims)] as const
      const [names, claims] = yield* Effect.all(lists, { concurrency: "unbounded" })
      const taken = new Set(claims)
      const read = (name: string): Effect.Effect<ReadonlyArray<Entry>, ZooKeeperError> => {
        const entry = Path.join(layout.entries, name)
        return Effect.map(zk.getOption(entry), (found) => {
          if (Option.isNone(found)) return []
          const [data, ...others] = layout.decode(found.value.data)
          return [{ entry, data, others, isTaken: taken.has(name) }]
        })
      }
      return (yield* Effect.forEach(itemsIn(layout, names), read, { concurrency: 64 })).flat()
    })
  }
})

/**
 * A queue as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, Queue> = factory(make)
