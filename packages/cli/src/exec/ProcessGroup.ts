/**
 * A program in a process group of its own: signals reach all that it started.
 *
 * Effect's ChildProcess forwards no single signal, loses the one that ended the program, and waits for a fixed time
 * between TERM and KILL.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { constants } from "node:os"
import { CommandEnded, CommandNotRunnable } from "../errors.ts"

export interface Program {
  readonly command: string
  readonly args: ReadonlyArray<string>
  /** Added to the environment of this process; undefined takes away. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** What it reads from its standard input; by default that of this process. */
  readonly input?: string | undefined
}

export interface ProcessGroup {
  /** The end of the program itself, in success if that was its own. */
  readonly ended: Effect.Effect<void, CommandEnded | CommandNotRunnable>
  /** Whether the program or anything that it left behind still runs. */
  readonly isAlive: () => boolean
  readonly send: (signal: NodeJS.Signals) => void
}

const notRunnable = (command: string, error: unknown): CommandNotRunnable => {
  const code = (error as NodeJS.ErrnoException).code
  return new CommandNotRunnable({
    message: `cannot run ${command}: ${code ?? String(error)}`,
    code: code === "ENOENT" ? 127 : 126
  })
}

const start = ({ args, command, env, input }: Program) =>
  spawn(command, args, {
    // A session, and so a process group, of its own.
    detached: true,
    env: { ...process.env, ...env },
    stdio: [input === undefined ? "inherit" : "pipe", "inherit", "inherit"]
  })

const nothing = (ended: ProcessGroup["ended"]): ProcessGroup => ({ ended, isAlive: () => false, send: () => {} })

/** Starts the program at once. */
export const spawnUnsafe = (program: Program): ProcessGroup => {
  const ended = Deferred.makeUnsafe<void, CommandEnded | CommandNotRunnable>()
  let child: ReturnType<typeof start>
  try {
    child = start(program)
  } catch (error) {
    return nothing(Effect.fail(notRunnable(program.command, error)))
  }
  child.once("error", (error) => Deferred.doneUnsafe(ended, Effect.fail(notRunnable(program.command, error))))
  child.once("exit", (code, signal) => {
    const status = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
    Deferred.doneUnsafe(ended, status === 0 ? Effect.void : Effect.fail(new CommandEnded({ status })))
  })
  // A program need not read its input.
  child.stdin?.on("error", () => {})
  child.stdin?.end(program.input)
  const { pid } = child
  if (pid === undefined) return nothing(Deferred.await(ended))
  const kill = (signal: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(-pid, signal)
    } catch (error) {
      // It runs as somebody else, by sudo: there, and out of reach.
      return (error as NodeJS.ErrnoException).code === "EPERM"
    }
  }
  return { ended: Deferred.await(ended), isAlive: () => kill(0), send: kill }
}
