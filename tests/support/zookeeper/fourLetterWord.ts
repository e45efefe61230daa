/** The text protocol that operators use: a word, an answer, the end. */
import * as Effect from "effect/Effect"
import * as net from "node:net"
import { type TimedOut, within } from "../realTime.ts"

/** What the server answers to `word`; "" when it refuses the connection or says nothing. */
export const fourLetterWord = (port: number, word: string): Effect.Effect<string, TimedOut> => {
  let answer = ""
  return within(
    Effect.callback<string>((resume) => {
      const socket = net.connect(port, "127.0.0.1", () => socket.write(word))
      socket.on("data", (chunk) => (answer += chunk.toString()))
      socket.on("error", () => {})
      socket.on("close", () => resume(Effect.succeed(answer)))
      return Effect.sync(() => socket.destroy())
    }),
    "5 seconds",
    () => `${word} on port ${port} has no end; so far: ${answer}`
  )
}
