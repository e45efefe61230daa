/** Acquiring in several steps: all of it or nothing. */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

/** Gives up everything that a failed try has made, and keeps what a good one has until the scope closes. */
export const inScopeOfItsOwn = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.fork(yield* Effect.scope)
      return yield* Effect.onExit(restore(Scope.provide(effect, scope)), (exit) =>
        exit._tag === "Failure" ? Scope.close(scope, exit) : Effect.void
      )
    })
  )
