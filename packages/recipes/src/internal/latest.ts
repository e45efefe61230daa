/** The newest state of something, for whoever asks and for subscribers, of whom slow ones miss what lies between. */
import type * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"

export interface Latest<A, E> {
  /** The newest state, or why there will be none any more; waits for the first one. */
  readonly current: Effect.Effect<A, E>
  /** The newest state, and each one after it. */
  readonly states: Stream.Stream<A, E>
  readonly tell: (state: A) => Effect.Effect<void>
  /** The last thing that anybody gets: the first cause, and no state that is told later. */
  readonly end: (cause: Cause.Cause<E>) => Effect.Effect<void>
}

export const latest = <A, E>(): Effect.Effect<Latest<A, E>> =>
  Effect.map(PubSub.sliding<Effect.Effect<A, E>>({ capacity: 1, replay: 1 }), (states) => {
    const first = Deferred.makeUnsafe<void>()
    let newest: Effect.Effect<A, E> = Effect.never
    let isOver = false
    const publish = (state: Effect.Effect<A, E>) =>
      Effect.suspend(() => {
        if (isOver) return Effect.void
        newest = state
        Deferred.doneUnsafe(first, Effect.void)
        return PubSub.publish(states, state)
      })
    return {
      current: Effect.andThen(
        Deferred.await(first),
        Effect.suspend(() => newest)
      ),
      states: Stream.mapEffect(Stream.fromPubSub(states), (state) => state),
      tell: (state) => publish(Effect.succeed(state)),
      end: (cause) =>
        Effect.andThen(
          publish(Effect.failCause(cause)),
          Effect.sync(() => {
            isOver = true
          })
        )
    }
  })
