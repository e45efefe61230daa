/** Runs a program to its end. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"

/** `message` has the ends of what the program printed, `printed` has all. */
export class CommandFailed extends Data.TaggedError("CommandFailed")<{
  readonly message: string
  readonly printed: string
}> {}

const ends = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length <= 6 ? lines : [...lines.slice(0, 3), "...", ...lines.slice(-3)]

/** What the program printed on stdout and stderr together; fails with the end of it when it does not exit with 0. */
export const run = (
  command: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly timeout?: number } = {}
): Effect.Effect<string, CommandFailed> =>
  Effect.callback((resume) => {
    const { cwd, timeout = 300_000 } = options
    const child = execFile(command, args, { cwd, timeout, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) return resume(Effect.succeed(stdout + stderr))
      const printed = (stderr + stdout).trim()
      const shown = printed === "" ? error.message : ends(printed.split("\n")).join("\n")
      resume(Effect.fail(new CommandFailed({ message: `${command}: ${shown}`, printed })))
    })
    child.stdin?.end()
    return Effect.sync(() => child.kill())
  })
