/**
 * One holder at a time: contenders queue below a path, and each waits for the one before it only.
 *
 * @since 0.1.0
 */
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import { type Data, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Dialect } from "./Dialect.ts"
import type { ExclusiveHolder, Held, Revocable } from "./Holder.ts"
import { plain } from "./internal/contend.ts"
import type { StopOn } from "./internal/hold.ts"
import { locking } from "./internal/locking.ts"
import type { Standing } from "./internal/queue.ts"
import { nearest } from "./internal/sequence.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * How to lock.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node below which the contenders queue; made when it is missing. */
  readonly path: string
  /** What this contender tells of itself. Default: nothing. */
  readonly data?: Data | undefined
  /** Whose programs share the path. Default `curator` (InterProcessMutex). */
  readonly dialect?: Dialect | undefined
  /** Stop holding before the session can have expired (`lease`, default), or as soon as the connection is gone. */
  readonly stopOn?: StopOn | undefined
  /**
   * Whether a holder that locks again by `withLock` or `tryWithLock`, in the same fiber or a child of it, gets what it has.
   * Default false: it waits for itself.
   */
  readonly reentrant?: boolean | undefined
}

/**
 * Somebody in the queue: the node that stands for it, and what it tells of itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Contender extends Standing {}

/**
 * A lock whose holders get an `H`.
 *
 * @category models
 * @since 0.1.0
 */
export interface LockOf<H extends Held> {
  /**
   * Waits for the lock and runs the body under it. The body is interrupted before the lock can be somebody else's, and
   * then this fails with `LeaseLost`. A place that is lost while it waits is taken anew, at the end of the queue. The body
   * has a scope of its own: what it forks and acquires there ends with the lock, too.
   */
  readonly withLock: <A, E, R>(
    body: (held: H) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  /** As `withLock`; none when the lock was not free within `wait` (default: not at all). Leaves no node behind. */
  readonly tryWithLock: <A, E, R>(
    body: (held: H) => Effect.Effect<A, E, R>,
    options?: { readonly wait?: Duration.Input | undefined }
  ) => Effect.Effect<Option.Option<A>, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  /** Waits for the lock and holds it until the scope closes; heed `lost` of the holder. Never reentrant. */
  readonly acquire: Effect.Effect<H, ZooKeeperError, Scope.Scope>
  /** As `acquire`; none when the lock was not free within `wait` (default: not at all). Leaves no node behind then. */
  readonly tryAcquire: (options?: {
    readonly wait?: Duration.Input | undefined
  }) => Effect.Effect<Option.Option<H>, ZooKeeperError, Scope.Scope>
  /** Who holds the lock and who waits for it, in order, whatever library they use. */
  readonly contenders: Effect.Effect<ReadonlyArray<Contender>, ZooKeeperError>
  /**
   * Asks one of `contenders` to give the lock back, or its place: `askedBack` of its holder completes, and Curator's
   * `RevocationListener` is called. It may go on as it likes; whoever needs the lock waits for it as ever. What the
   * contender told of itself is overwritten with `__REVOKE__`. Nothing happens to one that is gone. Asked again after a
   * lost answer; fails with `InvalidArgument` for what stands below another path.
   */
  readonly askBack: (contender: Contender) => Effect.Effect<void, ZooKeeperError>
}

/**
 * The one holder of a lock.
 *
 * @category models
 * @since 0.1.0
 */
export interface LockHolder extends ExclusiveHolder, Revocable {}

/**
 * A lock that one holder has at a time.
 *
 * @category models
 * @since 0.1.0
 */
export type Lock = LockOf<LockHolder>

/**
 * A lock below a path. Nothing is created before somebody locks.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<Lock, ZooKeeperError, ZooKeeper> {
  const zk = yield* ZooKeeper
  const { data = "", dialect = "curator", path, reentrant = false, stopOn = "lease" } = options
  const queue = { zk, path, dialect, data }
  return locking({ ...plain, queue, role: "lock", ahead: nearest(), stopOn }, reentrant, (held) => held).lock
})

/**
 * A lock as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, Lock> = factory(make)
