/**
 * Keeps what a Stream of events brings, so that a test can count it and check its order.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/**
 * An event came with another path than expected.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnexpectedPath extends Data.TaggedError("UnexpectedPath")<{
  readonly index: number
  readonly expected: string
  readonly got: string
}> {
  override get message(): string {
    return `event ${this.index} is of '${this.got}', expected '${this.expected}'`
  }
}

/**
 * What was recorded, and ways to wait for more.
 *
 * @category models
 * @since 0.1.0
 */
export interface EventRecorder<A, E> {
  /** As given, to tell recorders apart. */
  readonly id: string
  readonly count: Effect.Effect<number>
  readonly events: Effect.Effect<ReadonlyArray<A>>
  /** Waits until there are `n` events, the stream ends or the time is over; the count either way. */
  readonly awaitCount: (n: number, within: Duration.Input) => Effect.Effect<number>
  /** Compares the paths of all events so far, by index from 0, and fails at the first wrong one. */
  readonly expectPaths: (expected: (index: number) => string) => Effect.Effect<void, UnexpectedPath>
  /** Waits for the end of the stream, and fails as it does. */
  readonly done: Effect.Effect<void, E>
}

/**
 * Runs the stream in the background until the scope closes and records its elements.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* <A extends { readonly path: string }, E, R>(
  stream: Stream.Stream<A, E, R>,
  options: { readonly id?: string | undefined } = {}
): Effect.fn.Return<EventRecorder<A, E>, never, R | Scope.Scope> {
  const events: Array<A> = []
  const waiters = new Set<() => void>()
  let end: Exit.Exit<void, E> | undefined
  const changed = () => {
    for (const waiter of waiters) waiter()
  }
  const waitFor = (isReached: () => boolean) =>
    Effect.callback<void>((resume) => {
      const waiter = () => {
        if (!isReached()) return
        waiters.delete(waiter)
        resume(Effect.void)
      }
      waiters.add(waiter)
      waiter()
      return Effect.sync(() => waiters.delete(waiter))
    })
  yield* Effect.forkScoped(
    Stream.runForEach(stream, (event) =>
      Effect.sync(() => {
        events.push(event)
        changed()
      })
    ).pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          end = exit
          changed()
        })
      )
    ),
    { startImmediately: true }
  )
  return {
    id: options.id ?? "recorder",
    count: Effect.sync(() => events.length),
    events: Effect.sync(() => events.slice()),
    awaitCount: (n, within) =>
      waitFor(() => events.length >= n || end !== undefined).pipe(
        Effect.timeoutOption(within),
        Effect.map(() => events.length)
      ),
    expectPaths: (expected) =>
      Effect.suspend(() => {
        const index = events.findIndex(({ path }, i) => path !== expected(i))
        return index === -1
          ? Effect.void
          : Effect.fail(new UnexpectedPath({ index, expected: expected(index), got: events[index]!.path }))
      }),
    done: Effect.andThen(
      waitFor(() => end !== undefined),
      Effect.suspend(() => end ?? Exit.void)
    )
  }
})
