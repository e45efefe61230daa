/**
 * What a failure means to the caller of `zk`: the exit code, and the line on stderr.
 */
import * as ErrorCode from "@effect-zookeeper/core/ErrorCode"
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { CacheFull } from "@effect-zookeeper/recipes/Cache"
import type { Reason, ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as CliError from "effect/cli/CliError"
import type {
  AnsweredNo,
  CommandEnded,
  CommandNotRunnable,
  InputError,
  OutputError,
  UnavailableError,
  UsageError,
  WaitRanOut
} from "./errors.ts"

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

export type Failure =
  | ZooKeeperError
  | LeaseLost
  | CacheFull
  | UsageError
  | InputError
  | UnavailableError
  | AnsweredNo
  | OutputError
  | WaitRanOut
  | CommandEnded
  | CommandNotRunnable
  | CliError.CliError

export interface Ending {
  /** Also what a program that was run has ended with. */
  readonly code: number
  /** Undefined when there is nothing to add. */
  readonly message?: string
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

const codeOf = (reason: Reason): ExitCode => {
  const name = reason._tag === "TransactionFailed" ? (ErrorCode.nameOf(reason.code) ?? reason._tag) : reason._tag
  return byReason[name] ?? ExitCode.no
}

/** What to do about it in terms of `zk`, where the library's own words do not say. */
const hint = ({ operation, reason }: ZooKeeperError): string | undefined => {
  switch (reason._tag) {
    case "NoNode":
      return operation.startsWith("create") ? "its parent is missing; -p creates parents" : undefined
    case "NotEmpty":
      return "zk rm -r removes what is below too"
    case "NoAuth":
      return "see --auth"
    case "ConnectFailed":
      return operation === "fourLetterWord"
        ? "is --host, or --connect (or ZK_CONNECT), right?"
        : "is --connect (or ZK_CONNECT) right?"
    case "NodeExists":
      return operation.startsWith("create") ? "zk set changes its data" : undefined
    default:
      return undefined
  }
}

export const endingOf = (failure: Failure): Ending => {
  switch (failure._tag) {
    case "ZooKeeperError": {
      const more = hint(failure)
      return {
        code: codeOf(failure.reason),
        message: more === undefined ? failure.message : `${failure.message} (${more})`
      }
    }
    case "LeaseLost":
      return { code: ExitCode.session, message: failure.message }
    case "WaitRanOut":
      return { code: ExitCode.waitRanOut, message: failure.message }
    case "CommandEnded":
      return { code: failure.status }
    case "CommandNotRunnable":
      return { code: failure.code, message: failure.message }
    case "InputError":
      return { code: ExitCode.input, message: failure.message }
    case "CacheFull":
    case "UnavailableError":
      return { code: ExitCode.no, message: failure.message }
    case "AnsweredNo":
      return { code: ExitCode.no }
    case "OutputError":
      return failure.readerGone ? { code: ExitCode.ok } : { code: ExitCode.no, message: failure.message }
    case "ShowHelp":
      // The presenter has said it all.
      return { code: ExitCode.usage }
    default:
      return { code: ExitCode.usage, message: failure.message }
  }
}
