/** Those who must stop before the session can have expired: who waits for the deadline, and is told when it passes. */
import * as Effect from "effect/Effect"

/** What is known of the session at a time. */
export interface Lease {
  readonly epoch: number
  /** Elapsed time, −Infinity while there is no lease. */
  readonly deadline: number
  /** Whether there is a session at all. */
  readonly isAlive: boolean
}

interface Waiter {
  readonly epoch: number
  readonly passed: (lease: Lease) => void
}

export class DeadlineWatch {
  private readonly waiters = new Set<Waiter>()
  private readonly lease: () => Lease
  private readonly guard: (change: 1 | -1) => void

  /** `guard` counts those who wait: for as long as there are any, the leader is asked to confirm the session. */
  constructor(lease: () => Lease, guard: (change: 1 | -1) => void) {
    this.lease = lease
    this.guard = guard
  }

  /** Completes when the deadline of the present session passes, or the session is over. */
  readonly passed: Effect.Effect<"deadline" | "expired"> = Effect.callback((resume) => {
    const { epoch } = this.lease()
    const waiter: Waiter = {
      epoch,
      passed: (lease) => {
        this.guard(-1)
        resume(Effect.succeed(lease.epoch !== epoch || !lease.isAlive ? "expired" : "deadline"))
      }
    }
    this.waiters.add(waiter)
    this.guard(1)
    return Effect.sync(() => {
      if (this.waiters.delete(waiter)) this.guard(-1)
    })
  })

  /** Tells those whose time is up. */
  look(now: number): void {
    if (this.waiters.size === 0) return
    const lease = this.lease()
    for (const waiter of [...this.waiters]) {
      if (now < lease.deadline && waiter.epoch === lease.epoch) continue
      this.waiters.delete(waiter)
      waiter.passed(lease)
    }
  }
}
