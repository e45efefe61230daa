/** Lines as somebody types them, on a terminal that is a pair of streams. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { PassThrough } from "node:stream"
import * as Terminal from "../src/shell/Terminal.ts"

const opened = Effect.fnUntraced(function* (options: Partial<Terminal.Options> = {}) {
  const input = new PassThrough()
  const output = new PassThrough()
  const terminal = yield* Terminal.make({
    input,
    output,
    history: [],
    complete: () => Effect.succeed([[], ""]),
    ...options
  })
  /** Types, once the terminal asks. */
  const type = (text: string) => Effect.sync(() => void input.write(text))
  const typed = (text: string) => Effect.andThen(Effect.forkChild(type(text)), terminal.read("> "))
  return { input, output, terminal, type, typed }
})

describe("a terminal", () => {
  it.effect("gives lines, those that were pasted at once too, and none after the end", () =>
    Effect.gen(function* () {
      const { output, terminal, typed } = yield* opened()
      assert.deepStrictEqual(yield* typed("ls /\rget /a\r"), Option.some("ls /"))
      assert.include(String(output.read()), "> ")
      assert.deepStrictEqual(yield* terminal.read("> "), Option.some("get /a"))
      assert.deepStrictEqual(yield* typed("\u0004"), Option.none())
      assert.deepStrictEqual(yield* terminal.read("> "), Option.none())
    })
  )

  it.effect("throws away at Ctrl-C what was typed, also what is behind the cursor", () =>
    Effect.gen(function* () {
      const { typed } = yield* opened()
      const left = "\u001b[D"
      assert.deepStrictEqual(yield* typed(`rm -r /${left}${left}\u0003ls\r`), Option.some("ls"))
    })
  )

  it.effect("has the lines of before, the newest first", () =>
    Effect.gen(function* () {
      const { typed } = yield* opened({ history: ["get /new", "get /old"] })
      const up = "\u001b[A"
      assert.deepStrictEqual(yield* typed(`${up}\r`), Option.some("get /new"))
      assert.deepStrictEqual(yield* typed(`${up}${up}\r`), Option.some("get /old"))
    })
  )

  it.live("completes", () =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<string>()
      const { terminal, type } = yield* opened({
        complete: (line) =>
          Effect.as(
            Effect.sync(() => Deferred.doneUnsafe(asked, Effect.succeed(line))),
            [["/app"], "/a"]
          )
      })
      const line = yield* Effect.forkChild(terminal.read("> "), { startImmediately: true })
      yield* type("ls /a\t")
      assert.strictEqual(yield* Deferred.await(asked), "ls /a")
      yield* type("\r")
      assert.deepStrictEqual(yield* Fiber.join(line), Option.some("ls /app"))
    })
  )

  it.live("lends itself, and takes Ctrl-C as the end of what it was lent to", () =>
    Effect.gen(function* () {
      const modes: Array<boolean> = []
      const input = Object.assign(new PassThrough(), { setRawMode: (raw: boolean) => modes.push(raw) })
      const { terminal } = yield* opened({ input })
      const ended = yield* terminal.lend(
        Effect.andThen(
          Effect.sync(() => process.kill(process.pid, "SIGINT")),
          Effect.never
        )
      )
      assert.isTrue(Exit.hasInterrupts(ended))
      assert.deepStrictEqual(modes, [true, false, true])
      assert.deepStrictEqual(yield* terminal.lend(Effect.fail("no")), Exit.fail("no"))
    })
  )
})
