/**
 * One transaction that several modules of an application put together: each adds its part and gets its own results.
 *
 * @since 0.1.0
 */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { Op } from "@effect-zookeeper/core/Op"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { TransactionFailed, ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Data from "effect/Data"
import * as Exit from "effect/Exit"
import type { Held } from "./Holder.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * Nothing of a part is known to be done, because something else was in the way: another part, the connection, a lost
 * lease, an interruption.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotCommitted extends Data.TaggedError("NotCommitted")<{
  /** Why the transaction failed, or was given up. */
  readonly cause: unknown
  /** Whether the server may have done it all the same, as an error of the transaction itself would say. */
  readonly applied: "no" | "unknown"
}> {
  override get message(): string {
    const { applied, cause } = this
    const what = applied === "no" ? "was not committed" : "may not have been committed"
    return `the transaction ${what}: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

/**
 * The results of a part once the transaction was committed. Fails with `TransactionFailed`, its index within the part,
 * when it was the part's own operation that the server refused, else with `NotCommitted`.
 *
 * @category models
 * @since 0.1.0
 */
export type Results<Ops extends ReadonlyArray<Op<any>>> = Effect.Effect<Op.Results<Ops>, ZooKeeperError | NotCommitted>

/**
 * A transaction that is being put together. It can be used again and again: a commit takes the parts that are there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transaction {
  /** Adds operations after those that are there; gives an effect of their results, which waits for the commit. */
  readonly add: <const Ops extends ReadonlyArray<Op<any>>>(...ops: Ops) => Effect.Effect<Results<Ops>>
  /** Does all parts or none of them. Without a part it does nothing. */
  readonly commit: Effect.Effect<void, ZooKeeperError>
  /** As `commit`, and only while what is held is: while every node that stands for it exists. */
  readonly commitUnder: (held: Held) => Effect.Effect<void, ZooKeeperError | LeaseLost>
}

/**
 * There is nothing to set.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {}

interface Part {
  readonly ops: ReadonlyArray<Op<any>>
  readonly results: Deferred.Deferred<ReadonlyArray<unknown>, ZooKeeperError | NotCommitted>
}

/** What a part learns of a failure: its own operation by its own index, anything else as the reason of others. */
const failureOf = (part: Part, start: number, error: ZooKeeperError | LeaseLost): ZooKeeperError | NotCommitted => {
  if (error._tag === "ZooKeeperError" && error.reason._tag === "TransactionFailed") {
    const index = error.reason.index - start
    if (index >= 0 && index < part.ops.length) {
      return new ZooKeeperError({ ...error, reason: new TransactionFailed({ ...error.reason, index }) })
    }
  }
  return new NotCommitted({ cause: error, applied: error._tag === "ZooKeeperError" ? error.applied : "no" })
}

/** What a part learns of the end of the whole, whatever that is. */
const resultsOf = (
  part: Part,
  start: number,
  exit: Exit.Exit<ReadonlyArray<unknown>, ZooKeeperError | LeaseLost>
): Effect.Effect<ReadonlyArray<unknown>, ZooKeeperError | NotCommitted> => {
  if (Exit.isSuccess(exit)) return Effect.succeed(exit.value.slice(start, start + part.ops.length))
  const error = Cause.squash(exit.cause)
  if (error instanceof ZooKeeperError || error instanceof LeaseLost) return Effect.fail(failureOf(part, start, error))
  const cause = Cause.hasInterrupts(exit.cause) ? "interrupted" : error
  return Effect.fail(new NotCommitted({ cause, applied: "unknown" }))
}

/**
 * An empty transaction.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  _options: Options = {}
): Effect.fn.Return<Transaction, never, ZooKeeper> {
  const zk = yield* ZooKeeper
  let parts: Array<Part> = []
  const commit = <E extends ZooKeeperError | LeaseLost>(
    transact: (ops: ReadonlyArray<Op<any>>) => Effect.Effect<ReadonlyArray<unknown>, E>
  ): Effect.Effect<void, E> =>
    Effect.suspend(() => {
      const taken = parts
      parts = []
      if (taken.length === 0) return Effect.void
      const tell = (what: (part: Part, start: number) => void) => {
        let start = 0
        for (const part of taken) {
          what(part, start)
          start += part.ops.length
        }
      }
      const settle = (exit: Exit.Exit<ReadonlyArray<unknown>, E>) =>
        tell((part, start) => Deferred.doneUnsafe(part.results, resultsOf(part, start, exit)))
      return Effect.asVoid(
        Effect.onExit(
          Effect.suspend(() => transact(taken.flatMap(({ ops }) => ops))),
          (exit) => Effect.sync(() => settle(exit))
        )
      )
    })
  return {
    add: (...ops) =>
      Effect.sync(() => {
        const results = Deferred.makeUnsafe<ReadonlyArray<unknown>, ZooKeeperError | NotCommitted>()
        parts.push({ ops, results })
        return Deferred.await(results) as Results<typeof ops>
      }),
    commit: commit((ops) => zk.transact(...ops) as Effect.Effect<ReadonlyArray<unknown>, ZooKeeperError>),
    commitUnder: ({ guard }) =>
      commit((ops) => guard(...ops) as Effect.Effect<ReadonlyArray<unknown>, ZooKeeperError | LeaseLost>)
  }
})

/**
 * A transaction as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, Transaction> = factory(make)
