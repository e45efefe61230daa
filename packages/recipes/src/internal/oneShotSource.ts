/**
 * The source of a live copy where watches fire once (before ZooKeeper 3.6, and over drivers that know no others): every
 * read leaves a watch behind, which is told at most once and replaced by the next read.
 *
 * So no more touches wait than there are watches.
 */
import type { Once, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { patientlyAnew } from "./patience.ts"
import { reconnects } from "./reconnects.ts"
import type { Source, Touch } from "./Source.ts"

const none = Effect.succeedNone

const nodeOf = ({ path }: WatchEvent): Touch => ({ _tag: "Node", path })

/** `top` is the node whose parent nobody lists, so that its creation has to be watched for. */
export const oneShotSource = Effect.fnUntraced(function* (
  zk: ZooKeeper,
  top: string
): Effect.fn.Return<Source, never, Scope.Scope> {
  const touches = yield* Queue.unbounded<Touch, ZooKeeperError>()
  /** Who waits for the watches, by their kinds and paths. */
  const waiting = yield* FiberMap.make<string>()

  /** Reads, and from then on waits for the change in place of whoever did. */
  const armed = <A>(
    kind: "data" | "children" | "exists",
    path: string,
    once: Effect.Effect<Once<A>, ZooKeeperError>,
    touchOf: (event: WatchEvent) => Touch | undefined
  ): Effect.Effect<A, ZooKeeperError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(patientlyAnew(zk, once)), ({ next, value }) => {
        const told = Effect.match(next, {
          onFailure: (error) => void Queue.failCauseUnsafe(touches, Cause.fail(error)),
          onSuccess: (event) => {
            const touch = touchOf(event)
            if (touch !== undefined) Queue.offerUnsafe(touches, touch)
          }
        })
        // Whoever is interrupted before it waits would leave its watch behind.
        return Effect.as(FiberMap.run(waiting, `${kind} ${path}`, told, { startImmediately: true }), value)
      })
    )

  const exists = (path: string): Effect.Effect<boolean, ZooKeeperError> =>
    Effect.map(armed("exists", path, zk.once.exists(path), nodeOf), Option.isSome)

  const node = (path: string): ReturnType<Source["node"]> =>
    Effect.asSome(armed("data", path, zk.once.data(path), nodeOf)).pipe(
      Effect.catchReason("ZooKeeperError", "NoNode", () =>
        // If it came to be between the two, there is something to read.
        path === top ? Effect.flatMap(exists(path), (isThere) => (isThere ? node(path) : none)) : none
      )
    )

  yield* Effect.forkScoped(
    Stream.runForEach(reconnects(zk), () => Queue.offer(touches, { _tag: "Everything" })),
    { startImmediately: true }
  )
  return {
    touches: Stream.fromQueue(touches),
    node,
    names: (path) =>
      // A deletion is told by the watch on the data.
      armed("children", path, zk.once.children(path), ({ type }) =>
        type === "NodeDeleted" ? undefined : { _tag: "Children", path }
      ).pipe(Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeed([]))),
    tellsListedOnly: true,
    forget: (path) =>
      Effect.andThen(FiberMap.remove(waiting, `data ${path}`), FiberMap.remove(waiting, `children ${path}`))
  }
})
