/** Waiting out what passes by itself: a session without a connection, and answers that were lost on the way. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { isZooKeeperError, type ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/** The server, or the session, has no room at the moment. */
const isFull = (error: unknown): boolean =>
  isZooKeeperError(error) && (error.reason._tag === "ThrottledOp" || error.reason._tag === "Overloaded")

/** The session may still be there, and so may what it holds: whoever waits goes on waiting. */
export const isPassing = (error: unknown): boolean =>
  isFull(error) ||
  (isZooKeeperError(error) && (error.reason._tag === "ConnectionLost" || error.reason._tag === "Timeout"))

/** It may have been done, and the session may still be there. */
export const isUnanswered = (error: unknown): error is ZooKeeperError =>
  isPassing(error) && (error as ZooKeeperError).applied === "unknown"

/** The session is over and another one follows. */
export const isRenewed = (zk: ZooKeeper, error: unknown): boolean =>
  isZooKeeperError(error) && error.reason._tag === "SessionExpired" && zk.driver.over === undefined

/** Waits where asking again at once would only be refused again. */
export const forRoom = (error: unknown): Effect.Effect<void> =>
  isFull(error) ? Effect.sleep("100 millis") : Effect.void

/** Operations wait for a connection themselves, so this is only how soon to ask again once it has broken. */
export const pause = Schedule.jittered(Schedule.spaced("100 millis"))

/** Does it again until it was answered. Only for what may be done twice, such as reads. */
export const patiently = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(effect, { schedule: pause, while: isPassing })

/** As `patiently`, for what belongs to no session: the next one is asked as well. */
export const patientlyAnew = <A, E, R>(zk: ZooKeeper, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(effect, { schedule: pause, while: (error) => isPassing(error) || isRenewed(zk, error) })
