/** Work that runs only while the session certainly lives, or is connected, and is interrupted in time. */
import * as Effect from "effect/Effect"
import { LeaseLost } from "../model/LeaseLost.ts"
import { sync } from "./admin.ts"
import type { View } from "./Attempt.ts"

/**
 * Runs the effect until it ends or the session's deadline passes, whichever is first. The lease may be old when nothing
 * was held so far, so the leader is asked once before the effect starts.
 */
export const whileSession = <A, E, R>(
  view: View,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | LeaseLost, R> => {
  const lost = Effect.flatMap(view.session.deadlinePassed, (why) => Effect.fail(new LeaseLost({ why })))
  const confirmed = Effect.mapError(sync(view), () => new LeaseLost({ why: "deadline" }))
  return Effect.andThen(confirmed, Effect.raceFirst(lost, effect))
}

/** Runs the effect until it ends or the connection is gone, whichever is first. */
export const whileConnected = <A, E, R>(
  view: View,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | LeaseLost, R> => {
  const { session } = view
  const lost = Effect.callback<never, LeaseLost>((resume) => {
    const gone = () => resume(Effect.fail(new LeaseLost({ why: "disconnected" })))
    if (!session.info.connected) return gone()
    const stop = session.onState((state) => {
      if (state._tag !== "Connected") gone()
    })
    return Effect.sync(stop)
  })
  return Effect.raceFirst(lost, effect)
}
