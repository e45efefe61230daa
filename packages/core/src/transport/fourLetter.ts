/** A four-letter word to one server and its answer as text: a connection of its own, outside any session. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Connection, Target } from "./Connection.ts"
import { OpenFailed } from "./Connection.ts"
import type { Transport } from "./Transport.ts"

/** Asks, and gathers what comes until the server closes; fails when it does not within `timeout` ms. */
export const ask = (
  transport: Transport,
  target: Target,
  word: string,
  timeout: number
): Effect.Effect<string, OpenFailed> =>
  Effect.suspend(() => {
    const chunks: Array<Buffer> = []
    let connection: Connection | undefined
    let finish: (() => void) | undefined
    let finished = false
    const close = () => {
      finished = true
      finish?.()
    }
    const receiver = { onChunk: (chunk: Buffer) => void chunks.push(Buffer.from(chunk)), onClose: close }
    const answer = Effect.flatMap(transport.open(target, receiver), (opened) => {
      connection = opened
      opened.write(Buffer.from(word, "latin1"))
      return Effect.callback<string>((resume) => {
        finish = () => resume(Effect.succeed(Buffer.concat(chunks).toString("utf8")))
        if (finished) finish()
      })
    })
    return answer.pipe(
      Effect.timeoutOrElse({
        duration: Duration.millis(timeout),
        orElse: () => Effect.fail(new OpenFailed({ cause: `no answer to '${word}' in ${timeout} ms` }))
      }),
      Effect.ensuring(Effect.sync(() => connection?.destroy()))
    )
  })
