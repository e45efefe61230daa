/**
 * Putting items in, each once: an ephemeral node that is made in the same transaction tells whether it was done when the
 * answer is lost. The items themselves do not: somebody may have consumed them by then.
 */
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import { stands } from "./claim.ts"
import type { Layout } from "./itemLayout.ts"
import { createBelow, orNoNode } from "./parents.ts"
import { isUnanswered } from "./patience.ts"

/** All of them or none. */
export const put = (
  zk: ZooKeeper,
  { entries, offered }: Layout,
  items: ReadonlyArray<Op.Op<string>>
): Effect.Effect<void, ZooKeeperError> =>
  Effect.suspend(() => {
    const { epoch } = zk.session
    const receipt = Path.join(offered, randomUUID())
    const transaction = Effect.asVoid(zk.transact(Op.create(receipt, "", { mode: "ephemeral" }), ...items))
    const once = createBelow(zk, [entries, offered], "persistent", orNoNode(transaction))
    const done: Effect.Effect<void, ZooKeeperError> = Effect.catchIf(once, isUnanswered, (error) =>
      // The receipt goes with its session, and with it what it says.
      Effect.flatMap(
        Effect.mapError(stands(zk, receipt, epoch), () => error),
        (is) => {
          if (is === undefined) return Effect.fail(error)
          return is ? Effect.void : done
        }
      )
    )
    const forget = Effect.forkDetach(Effect.ignore(zk.delete(receipt, { guaranteed: true })), {
      startImmediately: true
    })
    return Effect.ensuring(done, forget)
  })
