/**
 * Waiting in real time, whatever clock a test runs on: sockets and processes do not obey TestClock.
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Something did not happen in time; the message says what was waited for and what was seen instead. */
export class TimedOut extends Data.TaggedError("TimedOut")<{ readonly message: string }> {}

export const sleep = (duration: Duration.Input): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = setTimeout(() => resume(Effect.void), Duration.toMillis(duration))
    return Effect.sync(() => clearTimeout(timer))
  })

/** Bounds `effect`. `seen` is called when the time is over. */
export const within = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  limit: Duration.Input,
  seen: () => string
): Effect.Effect<A, E | TimedOut, R> =>
  Effect.raceFirst(
    effect,
    Effect.flatMap(sleep(limit), () =>
      Effect.fail(new TimedOut({ message: `${seen()} (waited ${Duration.format(Duration.fromInputUnsafe(limit))})` }))
    )
  )
