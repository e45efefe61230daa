/** The pauses between passes over all hosts, as the `reconnect` Schedule says; it begins anew after each good connection. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { ConnectFailed } from "../model/ZooKeeperError.ts"

type Reconnects = Schedule.Schedule<unknown, ConnectFailed>

/** One step of the Schedule, its pause included; fails when there is none left. */
type Step = Effect.Success<ReturnType<typeof Schedule.toStepWithSleep<unknown, ConnectFailed, never, never>>>

export class Reconnect {
  private readonly schedule: Reconnects
  private step: Step | undefined

  constructor(schedule: Reconnects) {
    this.schedule = schedule
  }

  /** The next pause is the first one again. */
  reset(): void {
    this.step = undefined
  }

  /** Waits; false when the Schedule has ended. */
  pause(failure: ConnectFailed): Effect.Effect<boolean> {
    return Effect.flatMap(
      Effect.suspend(() => (this.step === undefined ? this.begin : Effect.succeed(this.step))),
      (step) => Effect.matchCause(step(failure), { onFailure: () => false, onSuccess: () => true })
    )
  }

  private readonly begin: Effect.Effect<Step> = Effect.suspend(() =>
    Effect.map(Schedule.toStepWithSleep(this.schedule), (step) => {
      this.step = step
      return step
    })
  )
}
