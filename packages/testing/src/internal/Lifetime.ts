/** Starting and stopping one after the other, with nothing opened once the scope has closed. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"

export interface Lifetime {
  /** Waits for its turn. Not interrupted half-way: a listener that nobody knows of would stay open. */
  readonly inTurn: (what: Effect.Effect<void>) => Effect.Effect<void>
  /** As `inTurn`; afterwards it is a mistake of the test. */
  readonly whileOpen: (what: Effect.Effect<void>) => Effect.Effect<void>
}

/** `end` runs last, when the scope closes. */
export const make = (end: Effect.Effect<void>): Effect.Effect<Lifetime, never, Scope.Scope> =>
  Effect.suspend(() => {
    const turns = Semaphore.makeUnsafe(1)
    let isOver = false
    const inTurn: Lifetime["inTurn"] = (what) => turns.withPermit(Effect.uninterruptible(what))
    const whileOpen: Lifetime["whileOpen"] = (what) =>
      inTurn(
        Effect.suspend(() =>
          isOver
            ? Effect.die(new Error("the scope has closed, and with it the server; start it within the scope"))
            : what
        )
      )
    const over = Effect.sync(() => {
      isOver = true
    })
    return Effect.as(
      Effect.addFinalizer(() => inTurn(Effect.andThen(over, end))),
      { inTurn, whileOpen }
    )
  })
