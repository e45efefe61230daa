/** What does not end a watch: no answer came, and the session goes on or is followed by another. */
import * as Effect from "effect/Effect"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { View } from "../Attempt.ts"
import { isFull, isLost, ROOM } from "../passing.ts"

const isPassing = (view: View, error: ZooKeeperError): boolean =>
  view.session.over === undefined && (isLost(error) || isFull(error) || error.reason._tag === "SessionExpired")

/** Does again what failed in passing: what is watched is still there to be watched. */
export const outlasting = <A, R>(
  view: View,
  effect: Effect.Effect<A, ZooKeeperError, R>
): Effect.Effect<A, ZooKeeperError, R> =>
  Effect.catchIf(
    effect,
    (error) => isPassing(view, error),
    (error) => {
      const again = Effect.suspend(() => outlasting(view, effect))
      return isFull(error) ? Effect.delay(again, ROOM) : again
    }
  )
