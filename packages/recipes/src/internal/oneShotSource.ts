/**
 * The source of a live copy where watches fire once (before ZooKeeper 3.6, and over drivers that know no others): every
 * read leaves a watch behind, which is told at most once and replaced by the next read.
 *
 * So no more touches wait than there are watches.
 */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { armed } from "./armed.ts"
import { onReconnect } from "./onReconnect.ts"
import type { Source, Touch } from "./Source.ts"

const none = Effect.succeedNone

/** `top` is the node whose parent nobody lists, so that its creation has to be watched for. */
export const oneShotSource = Effect.fnUntraced(function* (
  zk: ZooKeeper,
  top: string
): Effect.fn.Return<Source, never, Scope.Scope> {
  const touches = yield* Queue.unbounded<Touch, ZooKeeperError>()
  /** Who waits for the watches, by their kinds and paths. */
  const waiting = yield* FiberMap.make<string, void, ZooKeeperError>()

  const tell = (touch: Touch) => Queue.offerUnsafe(touches, touch)
  const tellNode = ({ path }: WatchEvent) => tell({ _tag: "Node", path })
  const exists = (path: string): Effect.Effect<boolean, ZooKeeperError> =>
    Effect.map(armed(zk, waiting, `exists ${path}`, zk.once.exists(path), tellNode), Option.isSome)

  const node = (path: string): ReturnType<Source["node"]> =>
    Effect.asSome(armed(zk, waiting, `data ${path}`, zk.once.data(path), tellNode)).pipe(
      Effect.catchReason("ZooKeeperError", "NoNode", () =>
        // If it came to be between the two, there is something to read.
        path === top ? Effect.flatMap(exists(path), (isThere) => (isThere ? node(path) : none)) : none
      )
    )

  const over = Effect.raceFirst(
    FiberMap.join(waiting),
    onReconnect(zk, () => tell({ _tag: "Everything" }))
  )
  yield* Effect.forkScoped(
    Effect.catchCause(over, (cause) => Queue.failCause(touches, cause)),
    { startImmediately: true }
  )
  return {
    touches: Stream.fromQueue(touches),
    node,
    names: (path) =>
      armed(zk, waiting, `children ${path}`, zk.once.children(path), ({ type }) => {
        // The watch on the data tells of that.
        if (type !== "NodeDeleted") tell({ _tag: "Children", path })
      }).pipe(Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeed([]))),
    tellsListedOnly: true,
    forget: (path) =>
      Effect.andThen(FiberMap.remove(waiting, `data ${path}`), FiberMap.remove(waiting, `children ${path}`))
  }
})
