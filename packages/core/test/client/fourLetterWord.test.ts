/** What is refused before any server is asked. */
import * as FourLetterWord from "@effect-zookeeper/core/FourLetterWord"
import { assert, describe, it } from "@effect/vitest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

const refused: ReadonlyArray<readonly [connect: string, word: string, timeout: Duration.Input, says: RegExp]> = [
  ["h:0", "srvr", "1 second", /the connect string 'h:0' cannot be used: the port in 'h:0'/],
  ["h", "server", "1 second", /'server' is not a four-letter word/],
  ["h", "srvr", 0, /timeout must be a duration above zero, not 0/],
  ["h", "srvr", "soon" as Duration.Input, /timeout must be a duration above zero, not 'soon'/]
]

describe("a four-letter word without a session", () => {
  it.effect.each(refused.map(([connect, word, timeout, says]) => ({ connect, word, timeout, says })))(
    "$connect $word $timeout",
    ({ connect, says, timeout, word }) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(FourLetterWord.ask(connect, word, { timeout }))
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.match(error.message, says)
      })
  )
})
