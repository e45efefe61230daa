/** A program on another library, on the other side of a pipe. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { awaitState } from "../support/awaitState.ts"
import { type TimedOut, within } from "../support/realTime.ts"
import type { NoPeer, Peer as Program } from "./provide.ts"

/** Some recipe in the other program. */
export interface Thing {
  /** Whether it was acquired within so many seconds. */
  readonly acquire: (seconds: number) => Effect.Effect<boolean, TimedOut>
  readonly release: Effect.Effect<string, TimedOut>
  /** Whether somebody has asked for it. */
  readonly isAsked: Effect.Effect<boolean, TimedOut>
  /** Asks everybody for it. */
  readonly askBack: Effect.Effect<string, TimedOut>
  readonly leads: Effect.Effect<boolean, TimedOut>
  readonly resign: Effect.Effect<string, TimedOut>
  readonly join: Effect.Effect<string, TimedOut>
  readonly leave: Effect.Effect<string, TimedOut>
  readonly members: Effect.Effect<string, TimedOut>
  /** Changes what an instance of a service tells. */
  readonly update: (weight: number, isEnabled: boolean) => Effect.Effect<string, TimedOut>
  /** The instances of a service that it chooses from. */
  readonly chosen: Effect.Effect<string, TimedOut>
  /** Gives the number after it. */
  readonly add: (n: number) => Effect.Effect<string, TimedOut>
  readonly value: Effect.Effect<string, TimedOut>
  readonly raise: Effect.Effect<string, TimedOut>
  readonly lower: Effect.Effect<string, TimedOut>
  /** Whether there was no barrier within so many seconds. */
  readonly wait: (seconds: number) => Effect.Effect<boolean, TimedOut>
  readonly enter: Effect.Effect<string, TimedOut>
  /** Puts an item in, with what else the kind of queue wants. */
  readonly offer: (...words: ReadonlyArray<string | number>) => Effect.Effect<string, TimedOut>
  /** An item that it gets within so many seconds, `none` else. */
  readonly take: (seconds: number) => Effect.Effect<string, TimedOut>
  /** Is done with the item that it took last. */
  readonly consume: Effect.Effect<boolean, TimedOut>
  readonly giveBack: Effect.Effect<boolean, TimedOut>
  /** Takes out the items with that id, and gives their number. */
  readonly remove: (id: string) => Effect.Effect<string, TimedOut>
}

export interface Peer {
  /** Makes a recipe of this kind. */
  readonly make: (kind: string, path: string, id?: string) => Effect.Effect<Thing, TimedOut>
}

/** Starts the program with a session of its own; it ends with the scope. */
export const start = Effect.fnUntraced(function* (
  provide: Effect.Effect<Program, NoPeer>,
  connect: string
): Effect.fn.Return<Peer, NoPeer | TimedOut, Scope.Scope> {
  const { args, command, env } = yield* provide
  const lines: Array<string> = []
  let errors = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(command, [...args, connect], { env: { ...process.env, ...env }, stdio: "pipe" })
      createInterface(child.stdout).on("line", (line) => lines.push(line))
      child.stderr.on("data", (data: Buffer) => {
        errors = (errors + data.toString()).slice(-2000)
      })
      return child
    }),
    (child) => Effect.sync(() => void child.kill("SIGKILL"))
  )
  let expected = 0
  const answer = (what: string) => {
    const index = expected++
    return within(
      Effect.map(
        awaitState(
          Effect.sync(() => lines[index]),
          (line) => line !== undefined,
          { describe: what, within: "90 seconds" }
        ),
        (line) => line!
      ),
      "90 seconds",
      () => `${what}: no answer; ${lines.join("; ")} ${errors}`
    )
  }
  const ask = (...words: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      const line = words.join(" ")
      child.stdin.write(`${line}\n`)
      return Effect.filterOrElse(
        answer(line),
        (said) => !said.startsWith("error"),
        (said) => Effect.die(new Error(`${line}: ${said} ${errors}`))
      )
    })
  yield* answer("the peer starts")
  let count = 0
  return {
    make: Effect.fnUntraced(function* (kind: string, path: string, id = "peer") {
      const name = `thing${count++}`
      yield* ask("new", name, kind, path, id)
      const isTrue = (said: string) => said === "true"
      return {
        acquire: (seconds) => Effect.map(ask("acquire", name, `${seconds}`), isTrue),
        release: ask("release", name),
        isAsked: Effect.map(ask("isAsked", name), isTrue),
        askBack: ask("askBack", name),
        leads: Effect.map(ask("leads", name), isTrue),
        resign: ask("resign", name),
        join: ask("join", name),
        leave: ask("leave", name),
        members: ask("members", name),
        update: (weight, isEnabled) => ask("update", name, `${weight}`, `${isEnabled}`),
        chosen: ask("chosen", name),
        add: (n) => ask("add", name, `${n}`),
        value: ask("value", name),
        raise: ask("raise", name),
        lower: ask("lower", name),
        wait: (seconds) => Effect.map(ask("wait", name, `${seconds}`), isTrue),
        enter: ask("enter", name),
        offer: (...words) => ask("offer", name, ...words.map(String)),
        take: (seconds) => ask("take", name, `${seconds}`),
        consume: Effect.map(ask("consume", name), isTrue),
        giveBack: Effect.map(ask("giveBack", name), isTrue),
        remove: (id) => ask("remove", name, id)
      }
    })
  }
})
