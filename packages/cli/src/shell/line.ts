/** One line of the shell: a command line, the wish to end, or nothing. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { ExitCode } from "../exit.ts"
import { split } from "../input/words.ts"
import * as Stderr from "../render/stderr.ts"
import * as Given from "./given.ts"

/** Runs a command line to its exit code; what there is to say has been said. */
export type Run<R> = (args: ReadonlyArray<string>) => Effect.Effect<number, never, R>

/** What came of a line: an exit code, or that it was the last one. */
export type Outcome = number | "last"

/** What ends the shell. */
export const ends: ReadonlyArray<string> = ["exit", "quit"]

/** `help ls` is what some type for `ls --help`. */
const meant = (words: ReadonlyArray<string>): ReadonlyArray<string> =>
  words[0] === "help" ? [...words.slice(1), "--help"] : words

const refused = (message: string, code: ExitCode) => Effect.as(Stderr.error(message), code)

export const perform = Effect.fnUntraced(function* <R>(run: Run<R>, text: string) {
  if (/^\s*(?:#|$)/.test(text)) return ExitCode.ok
  const read = split(text)
  if (Result.isFailure(read)) return yield* refused(read.failure, ExitCode.input)
  const words = read.success
  if (ends.includes(words[0]!)) return "last" as const
  const flag = Given.tooLate(words)
  if (flag === undefined) return yield* run(meant(words))
  return yield* refused(`${flag} is for the whole shell; end this one and start another with it`, ExitCode.usage)
})
