/** Whether a node is there, followed one change at a time and through every break of the connection. */
import type { Node, Once, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { patiently } from "./patience.ts"

/** The node and its next change; none when there is no node, and then no watch stays behind. */
export const look = (zk: ZooKeeper, node: string): Effect.Effect<Option.Option<Once<Node>>, ZooKeeperError> =>
  patiently(zk.once.data(node)).pipe(
    Effect.asSome,
    Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeedNone)
  )

/** Takes off a watch that nobody is going to wait for. */
export const unwatch = ({ next }: Once<unknown>): Effect.Effect<void, ZooKeeperError> =>
  Effect.raceFirst(Effect.asVoid(next), Effect.void)

/**
 * Waits until a node is gone; at once when there is none. Changes of its data do not count. A node that was made after the
 * transaction `upTo` is another one of the same name.
 */
export const awaitGone = (zk: ZooKeeper, node: string, upTo?: bigint): Effect.Effect<void, ZooKeeperError> =>
  Effect.gen(function* () {
    while (true) {
      const seen = yield* look(zk, node)
      if (Option.isNone(seen)) return
      if (upTo !== undefined && seen.value.value.stat.czxid > upTo) return yield* unwatch(seen.value)
      const { type } = yield* seen.value.next
      if (type === "NodeDeleted") return
    }
  })
