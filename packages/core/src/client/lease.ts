/** Work that runs only while the session certainly lives, or is connected, and is interrupted in time. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { LeaseLost } from "../model/LeaseLost.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import { catchUp, checkRoot } from "./catchUp.ts"
import type { View } from "./Attempt.ts"

/**
 * Makes sure that the lease is young: what is held from now on can be relied on for a while. The leader is asked if the
 * newest confirmed contact is old, as it is when nothing was held so far; where that proves nothing (`confirm:
 * "quorum"`), a transaction of nothing does. After an outage it is asked again until an answer can be trusted.
 */
export const confirm = (view: View): Effect.Effect<void, LeaseLost> => {
  const { session } = view
  const { info } = session
  const isYoung = Effect.map(Clock.currentTimeMillis, (now) => info.deadline - now >= (session.lease * 2) / 3)
  const unlessYoung = <E>(effect: Effect.Effect<void, E>): Effect.Effect<void, E> =>
    Effect.flatMap(isYoung, (young) => (young ? Effect.void : effect))
  // The session takes note of what was confirmed once a whole chunk is read, after this answer was told.
  const asked = Effect.andThen(catchUp(view, "/"), Effect.yieldNow)
  const proven = Effect.andThen(checkRoot(view), Effect.yieldNow)
  const grace = Effect.suspend(() => Effect.sleep(Duration.toMillis(info.negotiatedTimeout) / 12))
  const again: Effect.Effect<void, ZooKeeperError> = Effect.suspend(() =>
    unlessYoung(Effect.andThen(asked, unlessYoung(Effect.andThen(proven, unlessYoung(Effect.andThen(grace, again))))))
  )
  const isOver = ({ reason }: ZooKeeperError): boolean =>
    session.over !== undefined || reason._tag === "SessionExpired" || reason._tag === "Closed"
  return Effect.mapError(again, (error) => new LeaseLost({ why: isOver(error) ? "expired" : "deadline" }))
}

/**
 * Runs the effect until it ends or the session's deadline passes, whichever is first.
 */
export const whileSession = <A, E, R>(
  view: View,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | LeaseLost, R> => {
  const lost = Effect.flatMap(view.session.deadlinePassed, (why) => Effect.fail(new LeaseLost({ why })))
  return Effect.andThen(confirm(view), Effect.raceFirst(lost, effect))
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
