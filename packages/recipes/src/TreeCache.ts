/**
 * A live local copy of a node and everything below it.
 *
 * @since 0.1.0
 */
import { type Node, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Bounds, CacheChange, CacheFailure } from "./Cache.ts"
import { BUFFER } from "./internal/Broadcast.ts"
import { checkCount } from "./internal/invalid.ts"
import { MAX_NODES, mirror } from "./internal/mirror.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * What to cache.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Bounds {
  /** The topmost node, which need not exist. */
  readonly path: string
  /** Leaves out a node and everything below it. Default: nothing is left out. */
  readonly filter?: ((path: string) => boolean) | undefined
}

/**
 * A copy of a subtree, kept up by one recursive watch, or before ZooKeeper 3.6 by two watches on each node. Without a
 * connection it shows what was last seen; once there is one again, or a new session, it is compared with the server as a
 * whole.
 *
 * After the end of its scope whoever asks or subscribes is interrupted, as by a queue that was shut down.
 *
 * @category models
 * @since 0.1.0
 */
export interface TreeCache {
  /** Waits until everything was read once. */
  readonly ready: Effect.Effect<void, CacheFailure>
  /** A node, once the cache is ready; none when there is none. */
  readonly get: (path: string) => Effect.Effect<Option.Option<Node>, CacheFailure>
  /** All nodes by their paths, once the cache is ready. */
  readonly nodes: Effect.Effect<ReadonlyMap<string, Node>, CacheFailure>
  /** What is there, as if it had just been added, and every change from then on. */
  readonly changes: Stream.Stream<CacheChange, CacheFailure>
}

/**
 * Caches a subtree until the scope closes. Returns before everything was read; see `ready`. Fails with `InvalidArgument` for
 * bounds that are no whole numbers above 0.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<TreeCache, ZooKeeperError, ZooKeeper | Scope.Scope> {
  const { buffer = BUFFER, filter = () => true, maxNodes = MAX_NODES, path } = options
  const zk = yield* ZooKeeper
  yield* checkCount("treeCache", path, "maxNodes", maxNodes)
  yield* checkCount("treeCache", path, "buffer", buffer)
  const { changes, content } = yield* mirror(zk, { path, depth: Infinity, includes: filter, maxNodes, buffer })
  return {
    ready: Effect.asVoid(content),
    get: (path) => Effect.map(content, (nodes) => Option.fromUndefinedOr(nodes.get(path))),
    nodes: Effect.map(content, (nodes) => new Map(nodes)),
    changes
  }
})

/**
 * A tree cache as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, TreeCache> = factory(make)
