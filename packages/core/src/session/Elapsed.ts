/**
 * The session's own time: how much has passed, by whichever of the two clocks says more.
 *
 * The monotonic clock stands still while a machine is suspended, the wall clock can be set back; a lease must count
 * both the suspension and the time after a clock was set back.
 */
import type * as Clock from "effect/Clock"

/** The wall clock shows whole ms, so that much (and what lies between reading the two) is no jump. */
const COARSE = 2

export class Elapsed {
  private readonly clock: Clock.Clock
  private readonly monotonic: bigint
  private readonly wall: number
  /** How far the wall clock is ahead of the monotonic one since both were first read. */
  private lead = 0
  /** What only the wall clock counted. */
  private suspended = 0
  private passed = 0

  constructor(clock: Clock.Clock) {
    this.clock = clock
    this.monotonic = clock.monotonicTimeNanosUnsafe()
    this.wall = clock.currentTimeMillisUnsafe()
  }

  /** Milliseconds since this was made; never goes back. */
  now(): number {
    const monotonic = Number(this.clock.monotonicTimeNanosUnsafe() - this.monotonic) / 1_000_000
    const jump = this.clock.currentTimeMillisUnsafe() - this.wall - monotonic - this.lead
    if (Math.abs(jump) > COARSE) {
      this.lead += jump
      // A jump back only says that the clock was set.
      if (jump > 0) this.suspended += jump
    }
    this.passed = Math.max(this.passed, monotonic + this.suspended)
    return this.passed
  }

  /** The wall clock's time at a moment of elapsed time. */
  toWall(moment: number): number {
    return this.clock.currentTimeMillisUnsafe() + (moment - this.now())
  }
}
