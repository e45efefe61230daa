/**
 * Runs a program for each element of a stream, one at a time.
 */
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as Stream from "effect/Stream"
import { CommandEnded, type CommandNotRunnable } from "../errors.ts"
import type { Program } from "./ProcessGroup.ts"
import { GRACE, run } from "./run.ts"

/** What becomes of an element that comes while the program runs: it waits, ends that run, or is passed over. */
export const overlaps = ["queue", "restart", "skip"] as const

export type Overlap = (typeof overlaps)[number]

/** Runs them all. A failure of the program is told and ends nothing; when the stream has ended, the last one counts. */
export const forEach = <A, E, R>(
  stream: Stream.Stream<A, E, R>,
  overlap: Overlap,
  programOf: (element: A) => Program
): Effect.Effect<void, E | CommandEnded | CommandNotRunnable, R> =>
  Effect.scoped(
    Effect.gen(function* () {
      let last = 0
      const running = yield* FiberHandle.make<void, CommandNotRunnable>()
      const runFor = (element: A) => {
        const program = programOf(element)
        return run(program, { grace: GRACE, inFront: false }).pipe(
          // It has no deadline.
          Effect.catchTag("LeaseLost", Effect.die),
          Effect.andThen(Effect.sync(() => (last = 0))),
          Effect.catchTag("CommandEnded", ({ status }) => {
            last = status
            return Effect.logWarning(`${program.command} ended with ${status}`)
          }),
          Effect.asVoid
        )
      }
      const makeRoom =
        overlap === "queue"
          ? FiberHandle.awaitEmpty(running)
          : overlap === "restart"
            ? FiberHandle.clear(running)
            : Effect.void
      const all = Stream.runForEach(stream, (element) =>
        Effect.andThen(makeRoom, FiberHandle.run(running, runFor(element), { onlyIfMissing: true }))
      )
      yield* Effect.raceFirst(FiberHandle.join(running), Effect.andThen(all, FiberHandle.awaitEmpty(running)))
      if (last !== 0) return yield* new CommandEnded({ status: last })
    })
  )
