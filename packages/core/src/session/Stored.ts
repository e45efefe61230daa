/** What the store is told of a session: each identity once, and that there is nothing left to resume. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Identity } from "./Session.ts"
import type { SessionStore } from "./SessionStore.ts"

export class Stored {
  private readonly store: SessionStore
  private readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  private saving: { readonly id: bigint; readonly fiber: Fiber.Fiber<void> } | undefined

  constructor(store: SessionStore, fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>) {
    this.store = store
    this.fork = fork
  }

  /**
   * Completes once the identity is saved, or could not be. In a fiber of its own: a connection that breaks meanwhile, or
   * is given up because this takes too long, does not begin it anew.
   */
  save(identity: Identity): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.saving?.id !== identity.id) {
        const saved = Effect.catch(this.store.save(identity), ({ message }) =>
          Effect.logWarning(`The session cannot be resumed by another process: ${message}`)
        )
        this.saving = { id: identity.id, fiber: this.fork(Effect.andThen(this.stopped(), saved)) }
      }
      return Effect.asVoid(Fiber.await(this.saving.fiber))
    })
  }

  /** Whoever comes next begins a session of his own. */
  readonly clear: Effect.Effect<void> = Effect.suspend(() =>
    Effect.andThen(this.stopped(), Effect.ignore(this.store.clear))
  )

  /** What is being saved would take the place of what follows. */
  private stopped(): Effect.Effect<void> {
    return this.saving === undefined ? Effect.void : Fiber.interrupt(this.saving.fiber)
  }
}
