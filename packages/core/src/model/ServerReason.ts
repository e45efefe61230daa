/**
 * Why a server refused: one class per error code, each saying what happened and what to do.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { type ErrorName, nameOf } from "./ErrorCode.ts"

/**
 * The server failed while it handled the request.
 *
 * @category reasons
 * @since 0.1.0
 */
export class SystemError extends Data.TaggedError("SystemError") {
  override get message(): string {
    return "the server had an internal error; its log says more"
  }
}

/**
 * An operation of a failed transaction that was not the cause.
 *
 * @category reasons
 * @since 0.1.0
 */
export class RuntimeInconsistency extends Data.TaggedError("RuntimeInconsistency") {
  override get message(): string {
    return "not done because another operation of the transaction failed"
  }
}

/**
 * The server found its own data inconsistent.
 *
 * @category reasons
 * @since 0.1.0
 */
export class DataInconsistency extends Data.TaggedError("DataInconsistency") {
  override get message(): string {
    return "the server found its data inconsistent; its log says more"
  }
}

/**
 * The server could not read the request.
 *
 * @category reasons
 * @since 0.1.0
 */
export class MarshallingError extends Data.TaggedError("MarshallingError") {
  override get message(): string {
    return "the server could not read the request"
  }
}

/**
 * The server does not know the operation, or has it switched off (TTL nodes need `extendedTypesEnabled`).
 *
 * @category reasons
 * @since 0.1.0
 */
export class Unimplemented extends Data.TaggedError("Unimplemented") {
  override get message(): string {
    return "the server does not know or does not allow this operation; it may be too old or have it switched off"
  }
}

/**
 * The server refused an argument that this client let through.
 *
 * @category reasons
 * @since 0.1.0
 */
export class BadArguments extends Data.TaggedError("BadArguments") {
  override get message(): string {
    return "the server refused an argument of the request"
  }
}

/**
 * The server does not know the session.
 *
 * @category reasons
 * @since 0.1.0
 */
export class UnknownSession extends Data.TaggedError("UnknownSession") {
  override get message(): string {
    return "the server does not know this session"
  }
}

/**
 * Reconfiguration: the new members are not in sync.
 *
 * @category reasons
 * @since 0.1.0
 */
export class NewConfigNoQuorum extends Data.TaggedError("NewConfigNoQuorum") {
  override get message(): string {
    return "no quorum of the new configuration is connected and in sync"
  }
}

/**
 * Reconfiguration: another one is under way.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ReconfigInProgress extends Data.TaggedError("ReconfigInProgress") {
  override get message(): string {
    return "another reconfiguration is in progress; try again when it is done"
  }
}

/**
 * A general error of the server.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ApiError extends Data.TaggedError("ApiError") {
  override get message(): string {
    return "the server answered with a general API error"
  }
}

/**
 * There is no node at the path, or for a create no parent.
 *
 * @category reasons
 * @since 0.1.0
 */
export class NoNode extends Data.TaggedError("NoNode") {
  override get message(): string {
    return "the node does not exist"
  }
}

/**
 * The ACL does not allow it.
 *
 * @category reasons
 * @since 0.1.0
 */
export class NoAuth extends Data.TaggedError("NoAuth") {
  override get message(): string {
    return "not allowed by the node's ACL (for create and delete: the parent's); log in with another identity"
  }
}

/**
 * The node's version is not the expected one.
 *
 * @category reasons
 * @since 0.1.0
 */
export class BadVersion extends Data.TaggedError("BadVersion") {
  override get message(): string {
    return "the node has another version; read it again"
  }
}

/**
 * The parent is an ephemeral node.
 *
 * @category reasons
 * @since 0.1.0
 */
export class NoChildrenForEphemerals extends Data.TaggedError("NoChildrenForEphemerals") {
  override get message(): string {
    return "the parent is ephemeral, and ephemeral nodes cannot have children"
  }
}

/**
 * There is a node at the path already.
 *
 * @category reasons
 * @since 0.1.0
 */
export class NodeExists extends Data.TaggedError("NodeExists") {
  override get message(): string {
    return "the node exists already"
  }
}

/**
 * The node to delete has children.
 *
 * @category reasons
 * @since 0.1.0
 */
export class NotEmpty extends Data.TaggedError("NotEmpty") {
  override get message(): string {
    return "the node has children; delete them first or use a recursive delete"
  }
}

/**
 * Unused by servers since 3.4.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InvalidCallback extends Data.TaggedError("InvalidCallback") {
  override get message(): string {
    return "the server refused a callback"
  }
}

/**
 * The ACL is not acceptable.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InvalidAcl extends Data.TaggedError("InvalidAcl") {
  override get message(): string {
    return "the ACL is empty, names an unknown scheme, or needs a login that this session does not have"
  }
}

/**
 * The session is served by another connection.
 *
 * @category reasons
 * @since 0.1.0
 */
export class SessionMoved extends Data.TaggedError("SessionMoved") {
  override get message(): string {
    return "the session has moved to another connection"
  }
}

/**
 * A write was sent to a server without a quorum.
 *
 * @category reasons
 * @since 0.1.0
 */
export class NotReadOnly extends Data.TaggedError("NotReadOnly") {
  override get message(): string {
    return "the server is in read-only mode because it has no quorum; writes must wait"
  }
}

/**
 * The session is a local one.
 *
 * @category reasons
 * @since 0.1.0
 */
export class EphemeralOnLocalSession extends Data.TaggedError("EphemeralOnLocalSession") {
  override get message(): string {
    return "this session is local to one server and cannot own ephemeral nodes"
  }
}

/**
 * There was no watch to remove.
 *
 * @category reasons
 * @since 0.1.0
 */
export class NoWatcher extends Data.TaggedError("NoWatcher") {
  override get message(): string {
    return "the server has no such watch of this connection"
  }
}

/**
 * Reconfiguration is switched off.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ReconfigDisabled extends Data.TaggedError("ReconfigDisabled") {
  override get message(): string {
    return "reconfiguration is disabled; the server needs reconfigEnabled=true"
  }
}

/**
 * A hard quota would be exceeded.
 *
 * @category reasons
 * @since 0.1.0
 */
export class QuotaExceeded extends Data.TaggedError("QuotaExceeded") {
  override get message(): string {
    return "a quota on the path or an ancestor would be exceeded"
  }
}

/**
 * The server sheds load (3.7 and later).
 *
 * @category reasons
 * @since 0.1.0
 */
export class ThrottledOp extends Data.TaggedError("ThrottledOp") {
  override get message(): string {
    return "the server is overloaded and dropped the request; try again later"
  }
}

/**
 * A code that no release up to 3.9 sends. The operation failed; nothing else is known.
 *
 * @category reasons
 * @since 0.1.0
 */
export class UnknownCode extends Data.TaggedError("UnknownCode")<{
  readonly code: number
}> {
  override get message(): string {
    return `the server answered with the unknown error code ${this.code}`
  }
}

const classes = {
  SystemError,
  RuntimeInconsistency,
  DataInconsistency,
  MarshallingError,
  Unimplemented,
  BadArguments,
  UnknownSession,
  NewConfigNoQuorum,
  ReconfigInProgress,
  ApiError,
  NoNode,
  NoAuth,
  BadVersion,
  NoChildrenForEphemerals,
  NodeExists,
  NotEmpty,
  InvalidCallback,
  InvalidAcl,
  SessionMoved,
  NotReadOnly,
  EphemeralOnLocalSession,
  NoWatcher,
  ReconfigDisabled,
  QuotaExceeded,
  ThrottledOp
} satisfies Partial<Record<ErrorName, new () => unknown>>

/**
 * A reason that a server gave for one operation.
 *
 * @category reasons
 * @since 0.1.0
 */
export type ServerReason = InstanceType<(typeof classes)[keyof typeof classes]> | UnknownCode

/**
 * The reason that a code stands for, but for those that end the session: they are ClientReasons.
 *
 * @category constructors
 * @since 0.1.0
 */
export const refusal = (code: number): ServerReason => {
  const name = nameOf(code)
  return name !== undefined && name in classes ? new classes[name as keyof typeof classes]() : new UnknownCode({ code })
}
