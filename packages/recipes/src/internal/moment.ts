/** Time by both clocks: one stands still while a machine is suspended, the other may be set back. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

export interface Moment {
  readonly wall: number
  readonly monotonic: bigint
}

export const now = Effect.map(Clock.Clock, (clock): Moment => ({
  wall: clock.currentTimeMillisUnsafe(),
  monotonic: clock.monotonicTimeNanosUnsafe()
}))

/** The milliseconds from one to the other, by whichever clock says more. */
export const between = (from: Moment, to: Moment): number =>
  Math.max(to.wall - from.wall, Number(to.monotonic - from.monotonic) / 1_000_000)
