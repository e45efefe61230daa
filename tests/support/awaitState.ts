/**
 * Waiting for a state instead of sleeping: the wait ends when the state is there, or fails with what was seen.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { sleep, type TimedOut, within } from "./realTime.ts"

export interface AwaitOptions {
  /** What is waited for, in words: `the second candidate leads`. */
  readonly describe: string
  /** Default 1 minute: the machine may be busy. */
  readonly within?: Duration.Input
}

const LIMIT = "1 minute"

const show = (seen: ReadonlyArray<unknown>): string =>
  seen.length === 0 ? "nothing was seen" : `seen: ${seen.map((value) => inspect(value, { depth: 6 })).join(", then ")}`

/** Runs `effect` again and again until what it returns satisfies `predicate`, and returns that. */
export const awaitState = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  predicate: (value: A) => boolean,
  options: AwaitOptions
): Effect.Effect<A, E | TimedOut, R> => {
  const last: Array<A> = []
  let looks = 0
  let at = performance.now()
  // A look that hangs is something else than one that sees the wrong thing to the end.
  const looked = () => `${looks} looks, the last ended ${Math.round(performance.now() - at)} ms ago`
  const poll = Effect.gen(function* () {
    while (true) {
      const value = yield* effect
      last[0] = value
      looks++
      at = performance.now()
      if (predicate(value)) return value
      yield* sleep("20 millis")
    }
  })
  return within(poll, options.within ?? LIMIT, () => `${options.describe}: did not happen; ${show(last)} (${looked()})`)
}

/** Takes elements of `stream` until one satisfies `predicate`, and returns all that were taken. */
export const awaitElement = <A, E, R>(
  stream: Stream.Stream<A, E, R>,
  predicate: (element: A) => boolean,
  options: AwaitOptions
): Effect.Effect<ReadonlyArray<A>, E | TimedOut, R> => {
  const seen: Array<A> = []
  const take = Stream.takeUntil(stream, predicate).pipe(
    Stream.runForEach((element) => Effect.sync(() => seen.push(element))),
    Effect.flatMap(() => {
      const last = seen.at(-1)
      return last !== undefined && predicate(last)
        ? Effect.succeed(seen)
        : Effect.die(new Error(`${options.describe}: the stream ended; ${show(seen)}`))
    })
  )
  return within(take, options.within ?? LIMIT, () => `${options.describe}: did not happen; ${show(seen)}`)
}
