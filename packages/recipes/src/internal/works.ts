/** Work under what was acquired: it begins once that is held, and ends with it. */
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Held } from "../Holder.ts"

/** Gives up after `wait`, which is at once if absent. */
export interface WaitOption {
  readonly wait?: Duration.Input | undefined
}

export interface Acquiring<H> {
  readonly acquire: Effect.Effect<H, ZooKeeperError, Scope.Scope>
  readonly tryAcquire: (options?: WaitOption) => Effect.Effect<Option.Option<H>, ZooKeeperError, Scope.Scope>
}

interface Works<H> {
  readonly work: <A, E, R>(
    body: (held: H) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  readonly tryWork: <A, E, R>(
    body: (held: H) => Effect.Effect<A, E, R>,
    options?: WaitOption
  ) => Effect.Effect<Option.Option<A>, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
}

/** Runs the body while something is held. */
export type Under<H, F = LeaseLost> = <A, E, R>(
  held: H,
  body: (held: H) => Effect.Effect<A, E, R>
) => Effect.Effect<A, E | F, R>

/** Interrupts the body when what it works under is lost. */
export const whileHeld = <H extends Held, A, E, R>(
  held: H,
  body: (held: H) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | LeaseLost, R> => Effect.raceFirst(held.lost, body(held))

export const works = <H>(
  { acquire, tryAcquire }: Acquiring<H>,
  under: Under<NoInfer<H>, LeaseLost | ZooKeeperError>
): Works<H> => ({
  work: (body) => Effect.scoped(Effect.flatMap(acquire, (held) => under(held, body))),
  tryWork: (body, options) =>
    Effect.scoped(
      Effect.flatMap(tryAcquire(options), (held) =>
        Option.isNone(held) ? Effect.succeedNone : Effect.asSome(under(held.value, body))
      )
    )
})
