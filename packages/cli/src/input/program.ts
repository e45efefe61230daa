/**
 * A program to run, as the rest of the command line: `-- cmd args`.
 */
import * as Argument from "effect/cli/Argument"

const words = Argument.String("command").pipe(
  Argument.withDescription("The program to run and its arguments; put -- before it")
)

/** A program that must be there. */
export const programArgument = Argument.map(Argument.atLeast(words, 1), ([command, ...args]) => ({
  command: command!,
  args
}))

/** A program, or undefined. */
export const optionalProgramArgument = Argument.map(Argument.variadic(words), ([command, ...args]) =>
  command === undefined ? undefined : { command, args }
)
