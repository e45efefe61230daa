/** `zk 4lw`: what a server says about itself, without a session. */
import * as FourLetterWord from "@effect-zookeeper/core/FourLetterWord"
import * as Ids from "@effect-zookeeper/core/Ids"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { root } from "../connection/flags.ts"
import * as Tls from "../connection/tls.ts"
import { UnavailableError } from "../errors.ts"
import { connectString, refine } from "../input/refine.ts"
import { type Json, print } from "../render/output.ts"
import { logging } from "../render/stderr.ts"
import * as Verb from "../verb.ts"

const asWord = (text: string): Result.Result<FourLetterWord.Word, string> =>
  FourLetterWord.isWord(text)
    ? Result.succeed(text)
    : Result.fail(`'${text}' is none of ${FourLetterWord.words.join(", ")}`)

/** The record with its 64-bit numbers as hexadecimal strings. */
const toJson = (value: unknown): Json =>
  JSON.parse(JSON.stringify(value, (_, field: unknown) => (typeof field === "bigint" ? Ids.toHex(field) : field)))

export const fourLetterWord = Verb.make(
  "4lw",
  {
    word: Argument.String("word").pipe(
      Argument.withDescription(`One of ${FourLetterWord.words.join(", ")}`),
      refine(asWord)
    ),
    host: Flag.String("host").pipe(
      Flag.withMetavar("HOST:PORT"),
      Flag.withDescription("The server to ask; the first of --connect that answers if absent"),
      refine(connectString),
      Flag.optional
    )
  },
  Effect.fnUntraced(function* ({ host, word }) {
    const flags = yield* root
    const { connect, timeout } = flags
    const tls = yield* Effect.provide(Tls.read(flags), logging)
    const text = yield* FourLetterWord.ask(
      Option.getOrElse(host, () => connect),
      word,
      { timeout: timeout === "infinity" ? "Infinity" : timeout, tls }
    )
    const answer = FourLetterWord.parse(word, text)
    switch (answer._tag) {
      case "NotWhitelisted":
        return yield* new UnavailableError({
          message: `the server does not answer ${word}; add it to its 4lw.commands.whitelist`
        })
      case "NotServing":
        return yield* new UnavailableError({ message: "the server is not part of a quorum, or still starting" })
      case "NotUnderstood":
      case "Answered":
        return yield* print({
          text: Effect.succeed(text),
          json: () => ({ word, text, value: answer._tag === "Answered" ? toJson(answer.value) : null })
        })
    }
  })
).pipe(Command.withDescription("Send a four-letter word to a server"))
