/**
 * Items that are taken by one consumer at a time, and are there again when it dies before it is done with them.
 *
 * @since 0.1.0
 */
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import type { Dialect } from "./Dialect.ts"
import type { StopOn } from "./internal/hold.ts"
import { invalid } from "./internal/invalid.ts"
import { layoutOf } from "./internal/itemLayout.ts"
import { itemsOf } from "./internal/items.ts"
import type { Items } from "./Item.ts"
import { factory, type ServiceFactory } from "./Service.ts"

export type { Entry, Item } from "./Item.ts"

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
   * Where the claims stand, in the dialects `curator` and `apache`: all programs must say the same, and no other queue may have
   * its claims there, since they are called alike. Default: `-locks` behind the path.
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
 * A queue as one process sees it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Queue extends Items<[options?: OfferOptions]> {}

/**
 * A queue below a path, whose nodes are made where they are missing: persistent ones, as the other libraries have them.
 * Fails with `InvalidArgument` for a `lockPath` in the dialect `kazoo`, or one that is the path itself.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<Queue, ZooKeeperError, ZooKeeper> {
  const { dialect = "curator", lockPath, path } = options
  if (dialect === "kazoo" && lockPath !== undefined) {
    const problem = "kazoo's queues have no lockPath: their claims stand in 'taken' below the path"
    return yield* invalid("queue", path, problem)
  }
  const layout = layoutOf(dialect, path, lockPath)
  const nameOf = (options?: OfferOptions) => {
    const name = layout.nameOf(options?.priority)
    if (name !== undefined) return Effect.succeed(name)
    return Effect.fail(invalid("offer", path, `priority is ${options?.priority}; it must be ${layout.priorities}`))
  }
  return yield* itemsOf({ ...options, dialect }, { layout, nameOf, markOf: () => ({}) })
})

/**
 * A queue as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, Queue> = factory(make)
