/** Work in the background of which the caller awaits the beginning. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * Forks the work for the life of the scope. Returns once it says that it has begun, and fails when it fails before; what
 * it fails with later goes to `onFailure`.
 */
export const begin = <E>(
  work: (begun: Effect.Effect<unknown>) => Effect.Effect<unknown, E>,
  onFailure: (error: E) => Effect.Effect<unknown>
): Effect.Effect<void, E, Scope.Scope> =>
  Effect.gen(function* () {
    const begun = yield* Deferred.make<void, E>()
    yield* Effect.forkScoped(
      Effect.catch(work(Deferred.succeed(begun, undefined)), (error) =>
        Effect.flatMap(Deferred.fail(begun, error), (isFirst) => (isFirst ? Effect.void : onFailure(error)))
      )
    )
    yield* Deferred.await(begun)
  })
