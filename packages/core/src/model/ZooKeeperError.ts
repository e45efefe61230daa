/**
 * The one error of every operation: what was asked, why it failed, and whether it may have been done all the same.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"
import { AuthFailed, type ClientReason, SessionExpired } from "./ClientReason.ts"
import { ErrorCode } from "./ErrorCode.ts"
import { refusal, type ServerReason } from "./ServerReason.ts"

export * from "./ClientReason.ts"
export * from "./ServerReason.ts"

/**
 * Marks a value as a {@link ZooKeeperError}.
 *
 * @category type IDs
 * @since 0.1.0
 */
export const TypeId: TypeId = "~@effect-zookeeper/core/ZooKeeperError"

/**
 * The type of {@link TypeId}.
 *
 * @category type IDs
 * @since 0.1.0
 */
export type TypeId = "~@effect-zookeeper/core/ZooKeeperError"

/**
 * Why an operation failed.
 *
 * @category reasons
 * @since 0.1.0
 */
export type Reason = ServerReason | ClientReason

/**
 * The reason that a code on the wire stands for, for whichever operation the server sends it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromCode = (code: number): Reason => {
  switch (code) {
    case ErrorCode.SessionExpired:
      return new SessionExpired()
    case ErrorCode.AuthFailed:
      return new AuthFailed({ scheme: "auth", detail: "it refused an identity" })
    case ErrorCode.SessionClosedRequireSaslAuth:
      return new AuthFailed({ scheme: "sasl", detail: "it serves nobody who has not logged in" })
    default:
      return refusal(code)
  }
}

/**
 * What is known about the server's state after a failure.
 *
 * - `no`: not one byte of the request left this process, or the server refused it: safe to send again;
 * - `unknown`: the server may have done it.
 *
 * @category models
 * @since 0.1.0
 */
export type Applied = "no" | "unknown"

/**
 * What a {@link ZooKeeperError} is made of.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fields {
  /** The operation, by the name of the method: `get`, `create`, `transact`. */
  readonly operation: string
  /** The path as the caller wrote it, where there is one. */
  readonly path?: string
  /** The session, where there was one when the operation failed: none after an expiry. */
  readonly sessionId?: bigint
  /** The last transaction that the server had applied which refused the operation; not of transactions. */
  readonly zxid?: bigint
  /** Whether the server may have done it all the same. */
  readonly applied: Applied
  readonly reason: Reason
}

/**
 * A failed operation. Handle one reason with `Effect.catchReason("ZooKeeperError", "NoNode", …)`, or all of them with
 * `Effect.catchTag("ZooKeeperError", …)`. docs/errors.md has every reason with what to do about it.
 *
 * ```ts run
 * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const zk = yield* ZooKeeper.ZooKeeper
 *   const color = yield* zk
 *     .getString("/config")
 *     .pipe(Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeed("red")))
 *   yield* Console.log(color) // => red
 *   yield* zk.set("/config", "blue")
 * }).pipe(
 *   Effect.catchTag("ZooKeeperError", (error) =>
 *     Console.log(error.applied, error.message) // => no set /config: the node does not exist
 *   )
 * )
 *
 * await Effect.runPromise(program.pipe(Effect.provide(ZooKeeper.layer({ connect: "127.0.0.1:2181" }))))
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class ZooKeeperError extends Data.TaggedError("ZooKeeperError")<Fields> {
  readonly [TypeId]: TypeId = TypeId
  override readonly cause = this.reason

  override get message(): string {
    const subject = this.path === undefined ? this.operation : `${this.operation} ${this.path}`
    const doubt = this.applied === "unknown" ? " (it may have been done all the same)" : ""
    return `${subject}: ${this.reason.message}${doubt}`
  }

  /** True when sending the same operation again is safe and may help soon: after `ConnectionLost` and `ThrottledOp`. */
  get isRetryable(): boolean {
    return this.applied === "no" && (this.reason._tag === "ConnectionLost" || this.reason._tag === "ThrottledOp")
  }
}

/**
 * Makes an error without a stack trace of its own: in a socket callback it would only show the event loop, and it is
 * what an error costs most (measured: 5 of 6 µs).
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (fields: () => Fields): ZooKeeperError => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return new ZooKeeperError(fields())
  } finally {
    Error.stackTraceLimit = limit
  }
}

/**
 * True for a {@link ZooKeeperError}, also one of another copy of this library.
 *
 * @category guards
 * @since 0.1.0
 */
export const isZooKeeperError = (u: unknown): u is ZooKeeperError => Predicate.hasProperty(u, TypeId)
