/**
 * What a failure means to the caller of `zk`: the exit code, and the line on stderr.
 */
import * as ErrorCode from "@effect-zookeeper/core/ErrorCode"
import type { Reason } from "@effect-zookeeper/core/ZooKeeperError"
import type * as CliError from "effect/cli/CliError"
import type { Failure } from "./errors.ts"
import { messageOf } from "./message.ts"
import type { VerbFailed } from "./verb.ts"

export const ExitCode = {
  ok: 0,
  no: 1,
  usage: 2,
  noNode: 3,
  conflict: 4,
  noAuth: 5,
  connection: 6,
  session: 7,
  input: 8,
  waitRanOut: 124
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

export interface Ending {
  /** Also what a program that was run has ended with. */
  readonly code: number
  /** Undefined when there is nothing to add. */
  readonly message?: string | undefined
}

const byReason: { readonly [Tag in Reason["_tag"] | ErrorCode.ErrorName]?: ExitCode } = {
  NoNode: ExitCode.noNode,
  NodeExists: ExitCode.conflict,
  NotEmpty: ExitCode.conflict,
  BadVersion: ExitCode.conflict,
  NoAuth: ExitCode.noAuth,
  AuthFailed: ExitCode.noAuth,
  SessionClosedRequireSaslAuth: ExitCode.noAuth,
  ConnectFailed: ExitCode.connection,
  ConnectionLost: ExitCode.connection,
  Timeout: ExitCode.connection,
  SessionExpired: ExitCode.session,
  SessionMoved: ExitCode.session,
  UnknownSession: ExitCode.session,
  Closed: ExitCode.session,
  InvalidArgument: ExitCode.input,
  DecodeFailed: ExitCode.input,
  BadArguments: ExitCode.input,
  InvalidAcl: ExitCode.input
}

const codeOfReason = (reason: Reason): ExitCode => {
  const name = reason._tag === "TransactionFailed" ? (ErrorCode.nameOf(reason.code) ?? reason._tag) : reason._tag
  return byReason[name] ?? ExitCode.no
}

const codeOf = (failure: Failure): number => {
  switch (failure._tag) {
    case "ZooKeeperError":
      return codeOfReason(failure.reason)
    case "LeaseLost":
      return ExitCode.session
    case "UsageError":
      return ExitCode.usage
    case "InputError":
      return ExitCode.input
    case "WaitRanOut":
      return ExitCode.waitRanOut
    case "CommandEnded":
      return failure.status
    case "CommandNotRunnable":
      return failure.code
    case "OutputError":
      return failure.readerGone ? ExitCode.ok : ExitCode.no
    case "AnsweredNo":
    case "CacheFull":
    case "UnavailableError":
      return ExitCode.no
  }
}

export const endingOf = (failure: VerbFailed | CliError.CliError): Ending => {
  if (failure._tag === "VerbFailed") return { code: codeOf(failure.failure), message: messageOf(failure) }
  // Of a command line that cannot be read the presenter has said it all.
  return failure._tag === "ShowHelp" ? { code: ExitCode.usage } : { code: ExitCode.usage, message: failure.message }
}
