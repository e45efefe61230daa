/**
 * A live local copy of a node's children with their data.
 *
 * @since 0.1.0
 */
import * as Path from "@effect-zookeeper/core/Path"
import { type Node, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Bounds, CacheChange, CacheFailure } from "./Cache.ts"
import { BUFFER } from "./internal/Broadcast.ts"
import { checkCount } from "./internal/invalid.ts"
import { childrenOf, MAX_NODES, mirror } from "./internal/mirror.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * What to cache.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Bounds {
  /** The parent, which need not exist. */
  readonly path: string
  /** Whether to cache a child. Default: every one. */
  readonly filter?: ((name: string) => boolean) | undefined
}

/**
 * A copy of a node's children, kept up by one recursive watch, so for parents whose grandchildren seldom change; before
 * ZooKeeper 3.6 by a watch on each child. Without a connection it shows what was last seen.
 *
 * After the end of its scope whoever asks or subscribes is interrupted, as by a queue that was shut down.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChildrenCache {
  /** Waits until everything was read once. */
  readonly ready: Effect.Effect<void, CacheFailure>
  /** A child by its name, once the cache is ready; none when there is none. */
  readonly get: (name: string) => Effect.Effect<Option.Option<Node>, CacheFailure>
  /** All children by their names, sorted, once the cache is ready. */
  readonly children: Effect.Effect<ReadonlyMap<string, Node>, CacheFailure>
  /** What is there, as if it had just been added, and every change from then on. */
  readonly changes: Stream.Stream<CacheChange, CacheFailure>
}

/**
 * Caches children until the scope closes. Returns before everything was read; see `ready`. Fails with `InvalidArgument` for
 * bounds that are no whole numbers above 0.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<ChildrenCache, ZooKeeperError, ZooKeeper | Scope.Scope> {
  const { buffer = BUFFER, filter = () => true, maxNodes = MAX_NODES, path } = options
  const zk = yield* ZooKeeper
  yield* checkCount("childrenCache", path, "maxNodes", maxNodes)
  yield* checkCount("childrenCache", path, "buffer", buffer)
  const includes = (child: string) => filter(Path.name(child))
  // The parent is part of the copy, and not one of the children.
  const { changes, content } = yield* mirror(zk, { path, depth: 1, includes, maxNodes, buffer })
  return {
    ready: Effect.asVoid(content),
    get: (name) => Effect.map(content, (nodes) => Option.fromUndefinedOr(nodes.get(Path.join(path, name)))),
    children: Effect.map(content, (nodes) => childrenOf(path, nodes)),
    changes: Stream.filter(changes, (change) => change._tag === "Resync" || change.path !== path)
  }
})

/**
 * A children cache as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, ChildrenCache> = factory(make)
