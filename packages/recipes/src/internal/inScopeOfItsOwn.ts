/** Acquiring in several steps: all of it or nothing. */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

/** Keeps what a try has made until the scope closes, if it is good; else, as when it failed, all of that is given up. */
export const keepingIf = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  isGood: (value: A) => boolean
): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.fork(yield* Effect.scope)
      return yield* Effect.onExit(restore(Scope.provide(effect, scope)), (exit) =>
        exit._tag === "Success" && isGood(exit.value) ? Effect.void : Scope.close(scope, exit)
      )
    })
  )

/** Gives up everything that a failed try has made, and keeps what a good one has until the scope closes. */
export const inScopeOfItsOwn = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Scope.Scope> =>
  keepingIf(effect, () => true)
