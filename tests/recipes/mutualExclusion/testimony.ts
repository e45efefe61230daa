/** What contenders saw and did, written down as it happens: plain data, so that several processes can put theirs together. */
import * as History from "@effect-zookeeper/testing/History"
import type * as HistoryChecker from "@effect-zookeeper/testing/HistoryChecker"
import * as Effect from "effect/Effect"

export type HoldOperation = History.Operation<"acquire" | "release", boolean>
export type RegisterInput = HistoryChecker.RegisterInput<string>
export type RegisterOutput = string | boolean | void
export type RegisterOperation = History.Operation<RegisterInput, RegisterOutput>

/** A time in which nothing promises that the work of a process is interrupted before the next holder starts. */
export interface Uncovered {
  readonly process: string
  readonly from: number
  readonly to: number
  readonly why: string
}

/** A write that was accepted: when, in the ensemble's own order, and with which token. */
export interface Accepted {
  readonly process: string
  readonly mzxid: string
  readonly token: string
}

export interface Testimony {
  readonly holds: ReadonlyArray<HoldOperation>
  readonly register: ReadonlyArray<RegisterOperation>
  readonly accepted: ReadonlyArray<Accepted>
  /** Guarded writes that were refused, since what they were guarded by was gone. */
  readonly refused: number
  readonly problems: ReadonlyArray<string>
  readonly uncovered: ReadonlyArray<Uncovered>
}

export const merge = (all: ReadonlyArray<Testimony>): Testimony => ({
  holds: all.flatMap(({ holds }) => holds),
  register: all.flatMap(({ register }) => register),
  accepted: all.flatMap(({ accepted }) => accepted),
  refused: all.reduce((sum, { refused }) => sum + refused, 0),
  problems: all.flatMap(({ problems }) => problems),
  uncovered: all.flatMap(({ uncovered }) => uncovered)
})

/** Writes down what happens to the contenders of one process. `moment` is the clock that all of them share. */
export class Witness {
  readonly accepted: Array<Accepted> = []
  readonly problems: Array<string> = []
  readonly uncovered: Array<Uncovered> = []
  refused = 0
  /** How often something was held. */
  entered = 0
  /** The nodes of those who hold now. */
  readonly holding = new Map<string, string>()
  readonly moment: () => number
  readonly register: History.History<RegisterInput, RegisterOutput>
  private readonly holds: History.History<"acquire" | "release", boolean>

  private constructor(
    moment: () => number,
    holds: History.History<"acquire" | "release", boolean>,
    register: History.History<RegisterInput, RegisterOutput>
  ) {
    this.moment = moment
    this.holds = holds
    this.register = register
  }

  static make(moment: () => number): Effect.Effect<Witness> {
    return Effect.map(
      Effect.all([
        History.make<"acquire" | "release", boolean>({ moment }),
        History.make<RegisterInput, RegisterOutput>({ moment })
      ]),
      ([holds, register]) => new Witness(moment, holds, register)
    )
  }

  /** The work has begun, under what was held. */
  began(process: string, node: string): Effect.Effect<boolean> {
    this.entered++
    this.holding.set(process, node)
    return this.holds.record(process, "acquire", Effect.succeed(true))
  }

  /** The work is over, or was interrupted. */
  ended(process: string): Effect.Effect<boolean> {
    this.holding.delete(process)
    return this.holds.record(process, "release", Effect.succeed(true))
  }

  get testimony(): Effect.Effect<Testimony> {
    const { accepted, problems, refused, uncovered } = this
    return Effect.map(Effect.all([this.holds.operations, this.register.operations]), ([holds, register]) => ({
      holds,
      register,
      accepted,
      refused,
      problems,
      uncovered
    }))
  }
}
