/** A terminal on which lines are typed, with what Node's readline knows: editing, history, completion. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as readline from "node:readline"
import type { ReadStream } from "node:tty"
import * as Signals from "../exec/signals.ts"
import type { Completion } from "./complete.ts"

export interface Options {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  /** The newest first. */
  readonly history: ReadonlyArray<string>
  readonly complete: (line: string) => Effect.Effect<Completion>
}

export interface Terminal {
  /** The next line; none when there will be no more (Ctrl-D). Ctrl-C throws away what was typed. */
  readonly read: (prompt: string) => Effect.Effect<Option.Option<string>>
  /** Does something that has the terminal for itself meanwhile; Ctrl-C ends it. */
  readonly lend: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<Exit.Exit<A, E>, never, R>
}

const end = { ctrl: true, name: "e" }
const killToBegin = { ctrl: true, name: "u" }

class Lines implements Terminal {
  private readonly input: Partial<Pick<ReadStream, "setRawMode">>
  private readonly lines: readline.Interface
  /** Typed while nobody asked: what was pasted may be many. */
  private readonly typed: Array<string> = []
  private asking: ((line: Option.Option<string>) => void) | undefined
  private isClosed = false

  constructor({ complete, history, input, output }: Options, run: (effect: Effect.Effect<void>) => unknown) {
    this.input = input as Partial<ReadStream>
    this.lines = readline.createInterface({
      input,
      output,
      terminal: true,
      history: [...history],
      historySize: history.length + 1000,
      removeHistoryDuplicates: true,
      completer: (line: string, give: (error: null, completion: [Array<string>, string]) => void) =>
        run(Effect.map(complete(line), ([candidates, end]) => give(null, [[...candidates], end])))
    })
    this.lines.on("line", (line) => this.answer(line))
    this.lines.on("close", () => {
      this.isClosed = true
      this.asking?.(Option.none())
    })
    this.lines.on("SIGINT", () => {
      output.write("^C\n")
      this.lines.write(null, end)
      this.lines.write(null, killToBegin)
      this.lines.prompt()
    })
  }

  private answer(line: string): void {
    if (this.asking === undefined) this.typed.push(line)
    else this.asking(Option.some(line))
  }

  readonly read = (prompt: string): Effect.Effect<Option.Option<string>> =>
    Effect.callback((resume) => {
      const line = this.typed.shift()
      if (line !== undefined) return resume(Effect.succeedSome(line))
      if (this.isClosed) return resume(Effect.succeedNone)
      this.asking = (line) => {
        this.asking = undefined
        resume(Effect.succeed(line))
      }
      this.lines.setPrompt(prompt)
      this.lines.prompt()
      return Effect.sync(() => {
        this.asking = undefined
      })
    })

  readonly lend: Terminal["lend"] = (work) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        if (!this.isClosed) this.lines.pause()
        this.input.setRawMode?.(false)
      }),
      () =>
        Effect.flatMap(Effect.forkChild(work), (fiber) => {
          const giveBack = Signals.take(["SIGINT"], () => fiber.interruptUnsafe())
          return Effect.ensuring(Fiber.await(fiber), Effect.sync(giveBack))
        }),
      () =>
        Effect.sync(() => {
          if (this.isClosed) return
          this.input.setRawMode?.(true)
          this.lines.resume()
        })
    )

  close(): void {
    this.lines.close()
  }
}

/** Takes the terminal until the scope closes. */
export const make = (options: Options): Effect.Effect<Terminal, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.map(Effect.context<never>(), (context) => new Lines(options, Effect.runForkWith(context))),
    (lines) => Effect.sync(() => lines.close())
  )
