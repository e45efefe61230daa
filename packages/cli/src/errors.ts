/**
 * What can go wrong before or beside an operation of ZooKeeper; and with that, all that a verb can fail with. See
 * message.ts and exit.ts for what becomes of it.
 */
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type { CacheFull } from "@effect-zookeeper/recipes/Cache"
import * as Data from "effect/Data"

/** The command line cannot be meant so: flags that exclude each other, a path that must not be removed. */
export class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

/** A value that cannot be read or is not what it was said to be: a missing file, a wrong digit, data that is no JSON. */
export class InputError extends Data.TaggedError("InputError")<{ readonly message: string }> {}

/** Something that this installation cannot do. */
export class UnavailableError extends Data.TaggedError("UnavailableError")<{ readonly message: string }> {}

/** The answer was given and it is "no". */
export class AnsweredNo extends Data.TaggedError("AnsweredNo") {}

/** Standard output takes nothing more. */
export class OutputError extends Data.TaggedError("OutputError")<{
  readonly message: string
  /** The reader has gone, as `head` does: no reason to complain. */
  readonly readerGone: boolean
}> {}

/** What was waited for did not come in the time that was given. */
export class WaitRanOut extends Data.TaggedError("WaitRanOut")<{ readonly message: string }> {}

/** The program that was run has not ended well: its exit code, or 128 and the number of the signal. */
export class CommandEnded extends Data.TaggedError("CommandEnded")<{ readonly status: number }> {}

/** There is no such program (127), or it cannot be run (126). */
export class CommandNotRunnable extends Data.TaggedError("CommandNotRunnable")<{
  readonly message: string
  readonly code: 126 | 127
}> {}

/** Why a verb has failed. */
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
