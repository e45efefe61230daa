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

/** Waits until a node is gone; at once when there is none. Changes of its data do not count. */
export const awaitGone = (zk: ZooKeeper, node: string): Effect.Effect<void, ZooKeeperError> =>
  Effect.gen(function* () {
    while (true) {
      const seen = yield* look(zk, node)
      if (Option.isNone(seen)) return
      const { type } = yield* seen.value.next
      if (type === "NodeDeleted") return
    }
  })
