/** What does not end a watch: no answer came, and the session goes on or is followed by another. */
import * as Effect from "effect/Effect"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { View } from "../Attempt.ts"

/** The server or the session has no room at the moment; it answers so at once. */
const isFull = ({ reason }: ZooKeeperError): boolean => reason._tag === "Overloaded" || reason._tag === "ThrottledOp"

const isPassing = (view: View, error: ZooKeeperError): boolean => {
  const { _tag } = error.reason
  const isLost = _tag === "ConnectionLost" || _tag === "Timeout" || _tag === "SessionExpired"
  return view.session.over === undefined && (isLost || isFull(error))
}

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
      return isFull(error) ? Effect.delay(again, "100 millis") : again
    }
  )
