/**
 * Putting items in, each once: a receipt in the same transaction tells whether it was done when the answer is lost. The items
 * themselves do not: somebody may have consumed them by then.
 */
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import type { Layout } from "./itemLayout.ts"
import { createBelow, orNoNode } from "./parents.ts"
import { isUnanswered } from "./patience.ts"
import { stands } from "./receipt.ts"

/** All of them or none. */
export const put = (
  zk: ZooKeeper,
  { entries, receipts }: Layout,
  items: ReadonlyArray<Op.Op<string>>
): Effect.Effect<void, ZooKeeperError> =>
  Effect.suspend(() => {
    const { epoch } = zk.session
    const receipt = Path.join(receipts, randomUUID().replaceAll("-", ""))
    const transaction = Effect.asVoid(zk.transact(Op.create(receipt, "", { mode: "ephemeral" }), ...items))
    const once = createBelow(zk, [entries, receipts], "persistent", orNoNode(transaction))
    const done: Effect.Effect<void, ZooKeeperError> = Effect.catchIf(once, isUnanswered, (error) =>
      Effect.flatMap(stands(zk, receipt, epoch, error), (is) => (is ? Effect.void : done))
    )
    // Nobody has to wait for that.
    const forget = Effect.forkDetach(Effect.ignore(zk.delete(receipt, { guaranteed: true })), {
      startImmediately: true
    })
    return Effect.ensuring(done, forget)
  })
