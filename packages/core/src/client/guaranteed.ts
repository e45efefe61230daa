/** Deletions that go on until the node is gone, for nodes that stand for something (Curator's guaranteed delete). */
import * as Effect from "effect/Effect"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { View } from "./Attempt.ts"
import { isFull, isUnanswered, ROOM } from "./passing.ts"

/** Then its ephemeral nodes are gone, and what else there is was not promised. */
const isOver = ({ reason }: ZooKeeperError): boolean => reason._tag === "SessionExpired"

/**
 * Carries out a deletion. When an answer is lost or rubbish, or there is no room, begins again in the background, which does no harm
 * here, until an answer comes or the session that began is over; without a connection it is left to the background at once.
 */
export const guarantee = (
  view: View,
  deletion: Effect.Effect<void, ZooKeeperError>
): Effect.Effect<void, ZooKeeperError> =>
  Effect.suspend(() => {
    const { epoch } = view.session.info
    const gone = Effect.catchReason(deletion, "ZooKeeperError", "NoNode", () => Effect.void)
    const again: Effect.Effect<void> = Effect.suspend(() =>
      view.session.info.epoch !== epoch
        ? Effect.void
        : Effect.catch(gone, (error) => {
            if (isUnanswered(error)) return again
            if (isFull(error)) return Effect.delay(again, ROOM)
            return isOver(error) ? Effect.void : Effect.logWarning(`cannot undo: ${error.message}`)
          })
    )
    const inBackground = Effect.sync(() => view.background(again))
    // Whoever waited for a connection here would hold up its own end: a loser's of a race, a releasing scope's.
    return view.session.info.connected
      ? Effect.catchIf(
          gone,
          (error) => isUnanswered(error) || isFull(error),
          () => inBackground
        )
      : inBackground
  })
