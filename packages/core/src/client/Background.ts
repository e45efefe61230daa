/**
 * What is left to be done after an operation has returned: it ends with the service's scope, but may have a while for it.
 *
 * Effect's FiberSet does as much for 5 kB of every session, and most sessions have nothing to do in the background.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

type Fork = (effect: Effect.Effect<any, any>) => Fiber.Fiber<any, any>

export class Background {
  private readonly fork: Fork
  /** What is waited for at the end, and what is not. */
  private readonly fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  private readonly others = new Set<Fiber.Fiber<unknown, unknown>>()
  private isOver = false

  constructor(fork: Fork) {
    this.fork = fork
  }

  /** What has to be done, if there is time. */
  readonly run = <A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> => this.begin(effect, this.fibers)

  /** What is of no use without the session, such as a watch: the end does not wait for it. */
  readonly runMeanwhile = <A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> => this.begin(effect, this.others)

  private begin<A, E>(effect: Effect.Effect<A, E>, among: Set<Fiber.Fiber<unknown, unknown>>): Fiber.Fiber<A, E> {
    const fiber: Fiber.Fiber<A, E> = this.fork(effect)
    if (this.isOver) fiber.interruptUnsafe()
    else if (fiber.pollUnsafe() === undefined) {
      among.add(fiber)
      fiber.addObserver(() => among.delete(fiber))
    }
    return fiber
  }

  /** Waits for what goes on, and for what that begins, at most so long; the rest is interrupted. */
  end(within: Duration.Input): Effect.Effect<void> {
    return Effect.suspend(() => {
      const over = Effect.suspend(() => {
        this.isOver = true
        return Fiber.interruptAll([...this.fibers, ...this.others])
      })
      // Mostly there is nothing to wait for, and a timer with its race costs as much as closing does.
      return this.fibers.size === 0 ? over : Effect.andThen(Effect.timeoutOption(this.idle, within), over)
    })
  }

  private readonly idle: Effect.Effect<void> = Effect.suspend(() =>
    this.fibers.size === 0 ? Effect.void : Effect.andThen(Fiber.awaitAll([...this.fibers]), this.idle)
  )
}
