/**
 * The session's own time: how much has passed, by whichever of the two clocks says more.
 *
 * The monotonic clock stands still while a machine is suspended, the wall clock can be set back; a lease must count
 * both the suspension and the time after a clock was set back.
 */
import type * as Clock from "effect/Clock"

export class Elapsed {
  private readonly clock: Clock.Clock
  private monotonic: bigint
  private wall: number
  private passed = 0

  constructor(clock: Clock.Clock) {
    this.clock = clock
    this.monotonic = clock.monotonicTimeNanosUnsafe()
    this.wall = clock.currentTimeMillisUnsafe()
  }

  /** Milliseconds since this was made; never goes back. */
  now(): number {
    const monotonic = this.clock.monotonicTimeNanosUnsafe()
    const wall = this.clock.currentTimeMillisUnsafe()
    const byMonotonic = Number(monotonic - this.monotonic) / 1_000_000
    const byWall = wall - this.wall
    this.monotonic = monotonic
    this.wall = wall
    this.passed += Math.max(byMonotonic, byWall, 0)
    return this.passed
  }

  /** The wall clock's time at a moment of elapsed time. */
  toWall(moment: number): number {
    return this.clock.currentTimeMillisUnsafe() + (moment - this.now())
  }
}
