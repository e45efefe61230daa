/**
 * What the caches have in common: their options, their changes, and why they give up.
 *
 * @since 0.1.0
 */
import type { Node } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Data from "effect/Data"

/**
 * There are more nodes than the cache may hold. It has given up and is empty, since a part would look like the whole.
 *
 * @category errors
 * @since 0.1.0
 */
export class CacheFull extends Data.TaggedError("CacheFull")<{
  /** The path that was to be cached. */
  readonly path: string
  readonly maxNodes: number
}> {
  override get message(): string {
    return `there are more than ${this.maxNodes} nodes to cache below ${this.path}; filter them, or raise maxNodes`
  }
}

/**
 * Why a cache gives up: it would grow too large, or the session is over or may not read.
 *
 * @category errors
 * @since 0.1.0
 */
export type CacheFailure = CacheFull | ZooKeeperError

/**
 * A change of a cache, in the order in which it happened there. `Resync` stands for changes that a slow subscriber has
 * missed: read the cache again.
 *
 * @category models
 * @since 0.1.0
 */
export type CacheChange =
  | {
      readonly _tag: "Added" | "Changed" | "Removed"
      readonly path: string
      /** The node as it is now; of a removed one, as it was last seen. */
      readonly node: Node
    }
  | { readonly _tag: "Resync" }

/**
 * Bounds of a cache.
 *
 * @category options
 * @since 0.1.0
 */
export interface Bounds {
  /** More nodes than these below the path are a failure, `CacheFull`; at least 1. Default 100,000. */
  readonly maxNodes?: number | undefined
  /** How many changes wait for a slow subscriber before they are replaced by one `Resync`; at least 1. Default 4,096. */
  readonly buffer?: number | undefined
}
