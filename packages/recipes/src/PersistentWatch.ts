/**
 * The events of a set of paths, for the life of the application and for any number of subscribers.
 *
 * @since 0.1.0
 */
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import { type WatchElement, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { begin } from "./internal/begin.ts"
import { Broadcast, BUFFER } from "./internal/Broadcast.ts"
import { inScopeOfItsOwn } from "./internal/inScopeOfItsOwn.ts"
import { checkCount } from "./internal/invalid.ts"
import { rearmed } from "./internal/rearmed.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * What to watch.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The paths, which need not exist. */
  readonly paths: ReadonlyArray<string>
  /** Also everything below them (ZooKeeper 3.6 and later). Default false. */
  readonly recursive?: boolean | undefined
  /** How many events wait for a slow subscriber before they are replaced by one `Resync`; at least 1. Default 4,096. */
  readonly buffer?: number | undefined
}

/**
 * Something that happened at a watched path or below it, or the mark of a gap: after a `Resync` any of the paths may have
 * changed, so whoever keeps a state reads it again.
 *
 * @category models
 * @since 0.1.0
 */
export type Happening =
  | {
      readonly _tag: "Event"
      /** The path of the options that it belongs to. */
      readonly watched: string
      readonly event: WatchEvent
    }
  | { readonly _tag: "Resync" }

/**
 * Persistent watches that survive reconnects and renewed sessions. Before ZooKeeper 3.6, and over a driver that has none,
 * watches fire once and are set again after each event: there a `Resync` also follows when the node was created or
 * deleted, and when it counts more changes than were seen.
 *
 * After the end of its scope subscribers are interrupted, as by a queue that was shut down.
 *
 * @category models
 * @since 0.1.0
 */
export interface PersistentWatch {
  /** Every event from the subscription on. Fails when the session is over. */
  readonly events: Stream.Stream<Happening, ZooKeeperError>
}

const RESYNC: Happening = { _tag: "Resync" }

/**
 * Watches until the scope closes. Returns once every watch is registered. Fails with `Unsupported` when it is to watch
 * everything below the paths, and the server or the driver has no such watches; with `InvalidArgument` for a `buffer` that
 * is no whole number above 0.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<PersistentWatch, ZooKeeperError, ZooKeeper | Scope.Scope> {
  const zk = yield* ZooKeeper
  const { buffer = BUFFER, paths, recursive = false } = options
  yield* checkCount("persistentWatch", undefined, "buffer", buffer)
  const broadcast = new Broadcast<Happening, ZooKeeperError>(RESYNC, buffer)
  const follow = (watched: string) => {
    const publish = (element: WatchElement) =>
      broadcast.publish(element._tag === "Resync" ? RESYNC : { _tag: "Event", watched, event: element.event })
    const lasting = (begun: Effect.Effect<unknown>) =>
      Effect.scoped(
        Effect.flatMap(Effect.tap(zk.watchScoped(watched, { recursive, buffer }), begun), (elements) =>
          Stream.runForEach(elements, (element) => Effect.sync(() => publish(element)))
        )
      )
    return begin<ZooKeeperError>(
      (begun) =>
        recursive
          ? lasting(begun)
          : Effect.catchReason(lasting(begun), "ZooKeeperError", "Unsupported", () =>
              rearmed(zk, watched, publish, begun)
            ),
      (cause) => Effect.sync(() => broadcast.end(cause))
    )
  }
  yield* Effect.forEach(new Set(paths), follow, { concurrency: 16, discard: true })
  return { events: broadcast.stream(() => []) }
}, inScopeOfItsOwn)

/**
 * A persistent watch as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, PersistentWatch> = factory(make)
