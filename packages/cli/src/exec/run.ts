/**
 * Runs a program as a part of what holds something: it cannot start after the end has begun, nor outlive the holder.
 */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { CommandEnded, CommandNotRunnable } from "../errors.ts"
import { Shell } from "../shell/Shell.ts"
import { type ProcessGroup, type Program, spawnUnsafe } from "./ProcessGroup.ts"
import * as Signals from "./signals.ts"

export interface Limits {
  /** The milliseconds between TERM and KILL, at most. */
  readonly grace: number
  /** When it must have ended, in ms since 1970; read again and again, since it moves on. By default there is no such time. */
  readonly deadline?: () => number
  /** Whether the signals to this process go to the program and end it alone. */
  readonly inFront: boolean
}

/** The grace where nothing is lost by waiting. */
export const GRACE = 2_000

const POLL = 10

/** How long the system may take to bury what was killed. */
const BURIAL = 1_000

/** Waits for the end of the whole group, until a moment that may still change. */
const awaitEnd = Effect.fnUntraced(function* (group: ProcessGroup, until: () => number) {
  while (group.isAlive()) {
    const left = until() - (yield* Clock.currentTimeMillis)
    if (left <= 0) return
    yield* Effect.sleep(Math.min(POLL, left))
  }
})

/** TERM, and KILL after the grace or at the deadline, whichever is first; what outlives that is waited for until the deadline. */
const stop = ({ deadline, grace }: Limits, command: string) =>
  Effect.fnUntraced(function* (group: ProcessGroup) {
    if (!group.isAlive()) return
    const now = yield* Clock.currentTimeMillis
    // Also the deadline can come nearer meanwhile: the session may turn out to have expired.
    const until = () => Math.min(now + grace, deadline?.() ?? Infinity)
    const left = until() - now
    if (left > 0) {
      yield* Effect.logInfo(`TERM to ${command}, KILL in ${Math.round(left)} ms`)
      group.send("SIGTERM")
      yield* awaitEnd(group, until)
    }
    if (!group.isAlive()) return
    yield* Effect.logWarning(`KILL to ${command}`)
    group.send("SIGKILL")
    const killed = yield* Clock.currentTimeMillis
    yield* awaitEnd(group, () => killed + BURIAL)
    if (!group.isAlive()) return
    yield* Effect.logError(`${command} cannot be ended from here and still runs; what is held is kept while it can be`)
    if (deadline !== undefined) yield* awaitEnd(group, deadline)
  })

/** Fails when there is just time for the grace. */
const timeToGo = ({ deadline, grace }: Limits): Effect.Effect<never, LeaseLost> =>
  deadline === undefined
    ? Effect.never
    : Effect.gen(function* () {
        while (true) {
          const left = deadline() - grace - (yield* Clock.currentTimeMillis)
          if (left <= 0) return yield* new LeaseLost({ why: "deadline" })
          yield* Effect.sleep(left)
        }
      })

/** Whether the program was ended from here: what was held is lost, and so it was interrupted or had no time left. */
const wasTakenAway = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) &&
  Option.match(Cause.findErrorOption(exit.cause), {
    onNone: () => Cause.hasInterruptsOnly(exit.cause),
    onSome: (error) => error instanceof LeaseLost
  })

/**
 * Runs the program to its end. Interrupted, or when its time is over, it gets TERM and then KILL, with all that it started;
 * what it leaves behind at its own end gets them too.
 */
export const run = (
  program: Program,
  limits: Limits
): Effect.Effect<void, CommandEnded | CommandNotRunnable | LeaseLost> => {
  let asked: NodeJS.Signals | undefined
  const start = Effect.map(Shell, (shell) => {
    // What stands on the standard input of a shell are its next lines.
    const isFed = shell?.isInteractive === false
    const group = spawnUnsafe(isFed ? { ...program, input: program.input ?? "" } : program)
    const passOn = (signal: NodeJS.Signals) => {
      if (Signals.ending.some((ending) => ending === signal)) asked = signal
      group.send(signal)
    }
    return { group, giveBack: limits.inFront ? Signals.take(Signals.passedOn, passOn) : () => {} }
  })
  const release = stop(limits, program.command)
  return Effect.acquireUseRelease(
    start,
    ({ group }) => Effect.raceFirst(group.ended, timeToGo(limits)),
    ({ giveBack, group }, exit) =>
      Effect.ensuring(
        release(group),
        Effect.sync(() => {
          giveBack()
          // It came when the program had to go anyway: then it is meant for this process, which would start it again.
          if (asked !== undefined && wasTakenAway(exit)) process.kill(process.pid, asked)
        })
      )
  )
}
