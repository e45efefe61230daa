/** Asking for what somebody holds, in the way of Curator: its Revoker overwrites the data of the node (LockInternals). */
import * as Path from "@effect-zookeeper/core/Path"
import { type Node, text } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import { invalid } from "./invalid.ts"
import { patiently } from "./patience.ts"
import type { Queue, Standing } from "./queue.ts"

const MESSAGE = "__REVOKE__"

/** Whether somebody asks for what the node stands for. */
export const isAsked = (node: Node): boolean => node.data.length === MESSAGE.length && text(node) === MESSAGE

/** Asks for it once, or again after a lost answer: the name is unique, so it is never another one's node. */
export const ask = ({ path, zk }: Queue, { node }: Standing): Effect.Effect<void, ZooKeeperError> =>
  Path.join(path, Path.name(node)) === node
    ? patiently(zk.set(node, MESSAGE)).pipe(
        Effect.asVoid,
        Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.void)
      )
    : Effect.fail(invalid("askBack", node, `it is no contender of the lock '${path}'; give one of its contenders`))
