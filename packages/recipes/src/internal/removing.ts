/** Taking an item out of its queue without working on it: with a claim, so never out of a consumer's hands. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import { claim } from "./claim.ts"
import { inScopeOfItsOwn } from "./inScopeOfItsOwn.ts"
import type { Layout } from "./itemLayout.ts"
import { patientlyAnew } from "./patience.ts"

/** Whether it was there to be had. Fails with `applied: "unknown"` when the session ends before that is known. */
export const removeItem = (zk: ZooKeeper, layout: Layout, name: string): Effect.Effect<boolean, ZooKeeperError> =>
  patientlyAnew(zk, inScopeOfItsOwn(claim(zk, layout, name))).pipe(
    Effect.flatMap(({ consume }) => consume(zk.transact, [])),
    Effect.as(true),
    Effect.scoped,
    Effect.catchTags({
      Beaten: () => Effect.succeed(false),
      // The claim is gone, and the item is still there.
      LeaseLost: () => removeItem(zk, layout, name)
    })
  )
