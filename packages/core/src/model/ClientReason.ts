/**
 * Why an operation failed on our side of the wire.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * No session could be opened within `connectTimeout`, or the `reconnect` Schedule has ended, or the ensemble has lost what
 * this session has seen of it; or no server answered a four-letter word. `attempts` names every host tried, with its cause.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ConnectFailed extends Data.TaggedError("ConnectFailed")<{
  readonly attempts: ReadonlyArray<{ readonly host: string; readonly cause: string }>
}> {
  override get message(): string {
    const tried = this.attempts.map(({ cause, host }) => `${host}: ${cause}`).join("; ")
    return `no server of the ensemble could be used: ${tried === "" ? "none could be tried in time" : tried}`
  }
}

/**
 * The connection broke while the operation was on its way. `applied` of the error tells whether it may have been done.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ConnectionLost extends Data.TaggedError("ConnectionLost")<{ readonly detail: string }> {
  override get message(): string {
    return `the connection was lost: ${this.detail}`
  }
}

/**
 * The operation found no connection within `operationTimeout`, or was not answered so long after it was sent. The connection
 * stays; a late answer is dropped.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Timeout extends Data.TaggedError("Timeout")<{
  readonly millis: number
}> {
  override get message(): string {
    return `no answer within ${this.millis} ms`
  }
}

/**
 * The session that the operation belonged to is gone, with its ephemeral nodes and watches.
 *
 * @category reasons
 * @since 0.1.0
 */
export class SessionExpired extends Data.TaggedError("SessionExpired") {
  override get message(): string {
    return "the session has expired; its ephemeral nodes are gone"
  }
}

/**
 * The session was closed by its owner before the operation was done.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Closed extends Data.TaggedError("Closed") {
  override get message(): string {
    return "the session is closed"
  }
}

/**
 * A login was refused. It is never tried again in a loop: the session is over.
 *
 * @category reasons
 * @since 0.1.0
 */
export class AuthFailed extends Data.TaggedError("AuthFailed")<{
  readonly scheme: string
  readonly detail: string
}> {
  override get message(): string {
    return `the server refused the ${this.scheme} login: ${this.detail}`
  }
}

/**
 * The server sent something that the protocol does not allow, or an answer larger than `maxReply`. The connection was
 * dropped.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ProtocolViolation extends Data.TaggedError("ProtocolViolation")<{ readonly saw: string }> {
  override get message(): string {
    return `the server broke the protocol: ${this.saw}`
  }
}

/**
 * An argument that cannot work; nothing was sent. `problem` names the value and the remedy.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InvalidArgument extends Data.TaggedError("InvalidArgument")<{ readonly problem: string }> {
  override get message(): string {
    return this.problem
  }
}

/**
 * This driver or this server cannot do the operation; nothing was done.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Unsupported extends Data.TaggedError("Unsupported")<{
  readonly detail: string
}> {
  override get message(): string {
    return this.detail
  }
}

/**
 * More than `maxQueued` operations wait already; nothing was sent.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Overloaded extends Data.TaggedError("Overloaded")<{
  readonly queued: number
}> {
  override get message(): string {
    return `${this.queued} operations are waiting already; slow down or raise maxQueued`
  }
}

/**
 * A transaction was refused as a whole, none of its operations was done. `index` (from 0) and `code` tell which and why.
 *
 * @category reasons
 * @since 0.1.0
 */
export class TransactionFailed extends Data.TaggedError("TransactionFailed")<{
  readonly index: number
  readonly code: number
  readonly name: string
  readonly operation: string
  readonly path: string
}> {
  override get message(): string {
    return `nothing was done, because operation ${this.index} (${this.operation} ${this.path}) failed with ${this.name}`
  }
}

/**
 * The bytes of a node are not what the schema asks for.
 *
 * @category reasons
 * @since 0.1.0
 */
export class DecodeFailed extends Data.TaggedError("DecodeFailed")<{ readonly detail: string }> {
  override get message(): string {
    return `the data of the node cannot be decoded: ${this.detail}`
  }
}

/**
 * A reason that comes from this side of the wire.
 *
 * @category reasons
 * @since 0.1.0
 */
export type ClientReason =
  | ConnectFailed
  | ConnectionLost
  | Timeout
  | SessionExpired
  | Closed
  | AuthFailed
  | ProtocolViolation
  | InvalidArgument
  | Unsupported
  | Overloaded
  | TransactionFailed
  | DecodeFailed
