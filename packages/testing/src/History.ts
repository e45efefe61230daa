/**
 * Records concurrent operations: what was asked, what came back, and which was over before which began.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/**
 * One operation of one process. Each invocation and each completion is a moment; by default moments are counted, not
 * measured: every one is the next number.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operation<Input, Output> {
  readonly process: string
  readonly input: Input
  readonly invoked: number
  /** Absent when nobody knows whether it was done: it may have happened at any time since, or never. */
  readonly completed?: { readonly at: number; readonly output: Output }
}

/**
 * What a failed operation means for the history: `"no"` did not happen, `"unknown"` may have.
 *
 * @category models
 * @since 0.1.0
 */
export type Applied = "no" | "unknown"

/**
 * A history that is being made.
 *
 * @category models
 * @since 0.1.0
 */
export interface History<Input, Output> {
  /** Runs an operation and records it. A failure is recorded as `applied` says; by default it may have been done. */
  readonly record: <E, R>(
    process: string,
    input: Input,
    effect: Effect.Effect<Output, E, R>,
    applied?: (error: Exit.Exit<Output, E>) => Applied
  ) => Effect.Effect<Output, E, R>
  readonly operations: Effect.Effect<ReadonlyArray<Operation<Input, Output>>>
}

/**
 * How to record.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Gives the present moment, a number that never goes back. Histories that are to be put together, such as those of
   * several operating-system processes, need one that they share. Default: a counter of this history.
   */
  readonly moment?: (() => number) | undefined
}

/**
 * Starts an empty history.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Input, Output>(options: Options = {}): Effect.Effect<History<Input, Output>> =>
  Effect.sync(() => {
    const operations = new Set<Operation<Input, Output>>()
    let count = 0
    const moment = options.moment ?? (() => count++)
    return {
      record: (process, input, effect, applied = () => "unknown") =>
        Effect.suspend(() => {
          const started: Operation<Input, Output> = { process, input, invoked: moment() }
          operations.add(started)
          return Effect.onExit(effect, (exit) =>
            Effect.sync(() => {
              if (Exit.isFailure(exit) && applied(exit) === "unknown") return
              operations.delete(started)
              if (Exit.isSuccess(exit)) {
                operations.add({ ...started, completed: { at: moment(), output: exit.value } })
              }
            })
          )
        }),
      operations: Effect.sync(() => [...operations].sort((a, b) => a.invoked - b.invoked))
    }
  })
