/** Work in the background of which the caller awaits the beginning. */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * Forks the work for the life of the scope. Returns once it says that it has begun, and fails when it fails before. Why it
 * ended later goes to `onEnd`, be it a failure or the end of the scope: nobody looks at the fiber itself.
 */
export const begin = <E>(
  work: (begun: Effect.Effect<unknown>) => Effect.Effect<unknown, E>,
  onEnd: (cause: Cause.Cause<E>) => Effect.Effect<unknown>
): Effect.Effect<void, E, Scope.Scope> =>
  Effect.gen(function* () {
    const begun = yield* Deferred.make<void, E>()
    // Runs after the work was stopped. Who goes on then is interrupted, as by a queue that was shut down, and so is the
    // caller: the scope may be closed by another fiber.
    yield* Effect.addFinalizer(() =>
      Effect.andThen(Deferred.failCause(begun, Cause.interrupt()), onEnd(Cause.interrupt()))
    )
    yield* Effect.forkScoped(
      Effect.catchCause(work(Deferred.succeed(begun, undefined)), (cause) =>
        Effect.flatMap(Deferred.failCause(begun, cause), (isFirst) => (isFirst ? Effect.void : onEnd(cause)))
      )
    )
    yield* Deferred.await(begun)
  })
