/**
 * Standard output: the answer of a command, and nothing else, in the format that was asked for.
 */
import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import * as Predicate from "effect/Predicate"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { root } from "../connection/flags.ts"
import { OutputError } from "../errors.ts"

export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** The same answer three times; each is made only when it is asked for. */
export interface Answer<E = never, R = never> {
  readonly text: Effect.Effect<string | Uint8Array, E, R>
  readonly json: () => Json
  /** The lines of `-o ndjson`; without it there is one, the JSON. */
  readonly items?: () => ReadonlyArray<Json>
}

const gone: ReadonlySet<unknown> = new Set(["EPIPE", "ERR_STREAM_DESTROYED"])

const toOutputError = ({ reason }: PlatformError): OutputError => {
  const code = Predicate.hasProperty(reason.cause, "code") ? String(reason.cause.code) : reason.message
  return new OutputError({ message: `cannot write to standard output: ${code}`, readerGone: gone.has(code) })
}

/** Writes to standard output as it is. */
export const write = Effect.fnUntraced(function* (chunk: string | Uint8Array) {
  if (chunk.length === 0) return
  const stdio = yield* Stdio.Stdio
  yield* Stream.make(chunk).pipe(Stream.run(stdio.stdout()), Effect.mapError(toOutputError))
})

export const line = (json: Json): string => `${JSON.stringify(json)}\n`

/** Writes the answer of a command. */
export const print = Effect.fnUntraced(function* <E, R>(answer: Answer<E, R>) {
  const { output } = yield* root
  switch (output) {
    case "text":
      return yield* write(yield* answer.text)
    case "json":
      return yield* write(line(answer.json()))
    case "ndjson":
      return yield* write((answer.items?.() ?? [answer.json()]).map(line).join(""))
  }
})
