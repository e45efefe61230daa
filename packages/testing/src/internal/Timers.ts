/** Time for the callbacks of the server: Effect's Clock, so that a TestClock drives all of it, until the scope closes. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

export interface Timers {
  /** In ms since 1970. */
  readonly now: () => number
  /** Calls `f` after `ms`, unless the effect's result is called first. */
  readonly after: (ms: number, f: () => void) => () => void
}

export const make = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const run = Effect.runForkWith(yield* Effect.context<never>())
  const sleeping = new Set<Fiber.Fiber<void>>()
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const fiber of sleeping) fiber.interruptUnsafe()
    })
  )
  const timers: Timers = {
    now: () => clock.currentTimeMillisUnsafe(),
    after: (ms, f) => {
      const fiber = run(Effect.andThen(Effect.sleep(ms), Effect.sync(f)))
      sleeping.add(fiber)
      fiber.addObserver(() => sleeping.delete(fiber))
      return () => fiber.interruptUnsafe()
    }
  }
  return timers
})
