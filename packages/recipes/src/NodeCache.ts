/**
 * A live local copy of one node.
 *
 * @since 0.1.0
 */
import { type DataChange, type Node, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { begin } from "./internal/begin.ts"
import { inScopeOfItsOwn } from "./internal/inScopeOfItsOwn.ts"
import { latest } from "./internal/latest.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * What to cache.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node, which need not exist. */
  readonly path: string
}

/**
 * A copy of a node. Without a connection it shows what was last seen; once there is one again, or a new session, the node
 * is read again if it changed.
 *
 * After the end of its scope whoever asks or subscribes is interrupted, as by a queue that was shut down.
 *
 * @category models
 * @since 0.1.0
 */
export interface NodeCache {
  /** Waits until the node was read once. */
  readonly ready: Effect.Effect<void, ZooKeeperError>
  /** The node, once it was read; none while it does not exist. */
  readonly get: Effect.Effect<Option.Option<Node>, ZooKeeperError>
  /** The node now and after every change; a slow subscriber gets the newest. */
  readonly changes: Stream.Stream<DataChange, ZooKeeperError>
}

/**
 * Caches a node until the scope closes. Returns once it is watched, before it was read; see `ready`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<NodeCache, ZooKeeperError, ZooKeeper | Scope.Scope> {
  const zk = yield* ZooKeeper
  const { current, end, states, tell } = yield* latest<DataChange, ZooKeeperError>()
  yield* begin<ZooKeeperError>(
    (begun) =>
      Effect.scoped(
        Effect.flatMap(Effect.tap(zk.changes.dataScoped(options.path), begun), (changes) =>
          Stream.runForEach(changes, tell)
        )
      ),
    end
  )
  return {
    ready: Effect.asVoid(current),
    get: Effect.map(current, ({ node }) => node),
    changes: states
  }
}, inScopeOfItsOwn)

/**
 * A node cache as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, NodeCache> = factory(make)
