/**
 * Several locks as one: all of them are held, or none.
 *
 * @since 0.1.0
 */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Held, Holder } from "./Holder.ts"
import { orBusy, type Try, unlessBusy, untilHeld, within } from "./internal/contend.ts"
import { guardOf } from "./internal/hold.ts"
import { checkSet, invalid } from "./internal/invalid.ts"
import { type Acquiring, whileHeld, works } from "./internal/works.ts"
import * as Lock from "./Lock.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * Which locks, and how to lock each of them.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Omit<Lock.Options, "path" | "reentrant"> {
  /**
   * The nodes below which the contenders queue, one for each lock: at least one, and none twice. However they are listed,
   * they are locked in the order of their names, so that programs that list them differently do not wait for each other.
   */
  readonly paths: ReadonlyArray<string>
}

/**
 * What can be one of several: a Lock, either lock of a ReadWriteLock, a Semaphore.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lockable<H extends Holder = Holder> {
  /** Waits for it and holds it until the scope closes. */
  readonly acquire: Effect.Effect<H, ZooKeeperError, Scope.Scope>
  /** As `acquire`, none when it was not free within `wait` (default: not at all). */
  readonly tryAcquire: (options?: {
    readonly wait?: Duration.Input | undefined
  }) => Effect.Effect<Option.Option<H>, ZooKeeperError, Scope.Scope>
}

/**
 * The holders of locks, each of the kind that its lock has.
 *
 * @category models
 * @since 0.1.0
 */
export type HoldersOf<Locks extends ReadonlyArray<Lockable>> = {
  readonly [I in keyof Locks]: Locks[I] extends Lockable<infer H> ? H : never
}

/**
 * All of them, held: `lost` fails as soon as any of them is lost, and `guard` commits only while the nodes of all exist.
 *
 * @category models
 * @since 0.1.0
 */
export interface MultiHolder<Holders extends ReadonlyArray<Holder>> extends Held {
  /** Who holds each of them, as they were listed. A fencing token is that of one lock; there is none for all. */
  readonly holders: Holders
}

/**
 * Locks that are taken one after the other, the last one first given back. Whoever waits for one of them holds those before it,
 * and when it loses one of these, it gives back all and begins anew.
 *
 * @category models
 * @since 0.1.0
 */
export interface MultiLock<Holders extends ReadonlyArray<Holder>> {
  /**
   * Waits for all locks and runs the body under them. The body is interrupted before any of them can be somebody else's,
   * and then this fails with `LeaseLost`. The body has a scope of its own: what it forks and acquires there ends with the
   * locks, too.
   */
  readonly withLock: <A, E, R>(
    body: (held: MultiHolder<Holders>) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  /**
   * As `withLock`; none when they were not all free within `wait`, which is for all of them together (default: not at all).
   * Leaves no node behind.
   */
  readonly tryWithLock: <A, E, R>(
    body: (held: MultiHolder<Holders>) => Effect.Effect<A, E, R>,
    options?: { readonly wait?: Duration.Input | undefined }
  ) => Effect.Effect<Option.Option<A>, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  /** Waits for all locks and holds them until the scope closes; heed `lost` of the holder. Never reentrant. */
  readonly acquire: Effect.Effect<MultiHolder<Holders>, ZooKeeperError, Scope.Scope>
  /**
   * As `acquire`; none when they were not all free within `wait`, which is for all of them together (default: not at all).
   * Leaves no node behind then.
   */
  readonly tryAcquire: (options?: {
    readonly wait?: Duration.Input | undefined
  }) => Effect.Effect<Option.Option<MultiHolder<Holders>>, ZooKeeperError, Scope.Scope>
}

/** Takes the locks in an order of their indices. */
const inOrder = <H extends Holder>(
  zk: ZooKeeper,
  locks: ReadonlyArray<Lockable<H>>,
  order: ReadonlyArray<number>
): MultiLock<ReadonlyArray<H>> => {
  const attempt: Try<MultiHolder<ReadonlyArray<H>>> = (waits) =>
    Effect.gen(function* () {
      const lost = Deferred.makeUnsafe<never, LeaseLost>()
      const holders: Array<H> = []
      for (const index of order) {
        const { acquire, tryAcquire } = locks[index]!
        // Who has lost one of them may be behind others now, who wait for what it holds.
        const holder = yield* Effect.raceFirst(Deferred.await(lost), waits ? acquire : orBusy(tryAcquire()))
        yield* Effect.forkScoped(
          Effect.catch(holder.lost, (error) => Deferred.fail(lost, error)),
          { startImmediately: true }
        )
        holders[index] = holder
      }
      // What was released is held no more, whoever still has a hand on it.
      yield* Effect.addFinalizer(() => Deferred.fail(lost, new LeaseLost({ why: "deleted" })))
      const nodes = holders.map(({ node }) => node)
      return { holders, lost: Deferred.await(lost), guard: guardOf(zk, nodes, lost) }
    })
  const acquire = untilHeld(zk, attempt)
  const atOnce = unlessBusy(zk, attempt)
  const acquiring: Acquiring<MultiHolder<ReadonlyArray<H>>> = {
    acquire,
    tryAcquire: (options) => within("lock", undefined, { acquire, atOnce }, options?.wait)
  }
  const { tryWork, work } = works(acquiring, whileHeld)
  return { ...acquiring, withLock: work, tryWithLock: tryWork }
}

/**
 * A lock for each path, all held by one holder at a time. Nothing is created before somebody locks. Fails with
 * `InvalidArgument` for no path at all, and for one that is listed twice, which would wait for itself.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<MultiLock<ReadonlyArray<Lock.LockHolder>>, ZooKeeperError, ZooKeeper> {
  const { paths, ...each } = options
  yield* checkSet("lock", undefined, "path", paths)
  const locks = yield* Effect.forEach(paths, (path) => Lock.make({ ...each, path }))
  const order = [...paths.keys()].sort((a, b) => (paths[a]! < paths[b]! ? -1 : 1))
  return inOrder(yield* ZooKeeper, locks, order)
})

/**
 * Locks of any kind as one, over the same ZooKeeper service and namespace. They are taken in the order in which they are
 * listed: all programs must list those that they have in common in one order, or they may wait for each other for ever. Fails
 * with `InvalidArgument` for none, and for one that is listed twice, which would wait for itself; two locks that were made
 * for one path are not told apart from others, and do wait.
 *
 * ```ts
 * import * as Lock from "@effect-zookeeper/recipes/Lock"
 * import * as MultiLock from "@effect-zookeeper/recipes/MultiLock"
 * import * as ReadWriteLock from "@effect-zookeeper/recipes/ReadWriteLock"
 * import * as Effect from "effect/Effect"
 *
 * const publish = Effect.gen(function* () {
 *   const catalog = yield* ReadWriteLock.make({ path: "/catalog" })
 *   const press = yield* Lock.make({ path: "/press" })
 *   const both = yield* MultiLock.all([catalog.read, press])
 *   return yield* both.withLock(({ holders: [, { fencingToken }] }) => Effect.succeed(fencingToken))
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const all = Effect.fnUntraced(function* <const Locks extends ReadonlyArray<Lockable>>(
  locks: Locks
): Effect.fn.Return<MultiLock<HoldersOf<Locks>>, ZooKeeperError, ZooKeeper> {
  if (locks.length === 0) return yield* invalid("lock", undefined, "there is no lock; list one at least")
  const twice = locks.findIndex((lock, index) => locks.indexOf(lock) < index)
  if (twice !== -1) {
    const places = `${locks.indexOf(locks[twice]!)} and ${twice}`
    return yield* invalid("lock", undefined, `the locks at ${places} of the list are the same one; list it once`)
  }
  return inOrder<Holder>(yield* ZooKeeper, locks, [...locks.keys()]) as MultiLock<HoldersOf<Locks>>
})

/**
 * Locks as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, MultiLock<ReadonlyArray<Lock.LockHolder>>> = factory(make)
