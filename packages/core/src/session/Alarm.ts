/**
 * One wake-up at a time by Effect's Clock, so that TestClock drives the session as the real clock does.
 *
 * Wake-ups mostly move to later: then the one that is set is left to ring, and whoever is woken looks again.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Elapsed } from "./Elapsed.ts"

export class Alarm {
  private readonly clock: Clock.Clock
  private readonly elapsed: Elapsed
  private readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  private readonly ring: (late: number) => void
  private setFor = Infinity
  private sleeper: Fiber.Fiber<void> | undefined

  constructor(
    clock: Clock.Clock,
    elapsed: Elapsed,
    fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>,
    ring: (late: number) => void
  ) {
    this.clock = clock
    this.elapsed = elapsed
    this.fork = fork
    this.ring = ring
  }

  /** Rings at `at` or, when an earlier time is set already, then. Infinity sets nothing. */
  set(at: number): void {
    if (at >= this.setFor) return
    this.cancel()
    this.setFor = at
    // Never 0: a virtual clock does not sleep for that at all, and would ring again before what was sent has been flushed.
    const delay = Math.max(1, Math.ceil(at - this.elapsed.now()))
    this.sleeper = this.fork(
      Effect.flatMap(this.clock.sleep(Duration.millis(delay)), () =>
        Effect.sync(() => {
          this.setFor = Infinity
          this.sleeper = undefined
          this.ring(this.elapsed.now() - at)
        })
      )
    )
  }

  cancel(): void {
    this.sleeper?.interruptUnsafe()
    this.sleeper = undefined
    this.setFor = Infinity
  }
}
