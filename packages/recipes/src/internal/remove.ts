/** Deleting a node that stands for this session when its work is over, and saying so where the server refuses. */
import type { DeleteOptions, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"

/** The node goes, or is gone, with the session. */
const isOver = ({ reason }: ZooKeeperError): boolean => reason._tag === "SessionExpired" || reason._tag === "Closed"

/** Goes on in the background if it must. Nobody can do anything about a refusal here, but somebody may wait for the node. */
export const remove = (zk: ZooKeeper, node: string, options?: Pick<DeleteOptions, "owned">): Effect.Effect<void> =>
  Effect.catch(zk.delete(node, { ...options, guaranteed: true }), (error) =>
    isOver(error)
      ? Effect.void
      : Effect.logWarning(`${node} stays, if it is there, until its session ends: ${error.message}`)
  )
