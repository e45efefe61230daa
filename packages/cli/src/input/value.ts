/**
 * Data to write, from where the user has it: the argument itself, standard input (`-`) or a file (`@file`).
 */
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { InputError, UsageError } from "../errors.ts"
import { Shell } from "../shell/Shell.ts"

/** How the text of the value stands for its bytes; without either it is the bytes (an argument: as UTF-8). */
export interface Encoding {
  readonly base64: boolean
  readonly hex: boolean
}

/** The text is the bytes. */
export const plain: Encoding = { base64: false, hex: false }

export const encodingFlags = {
  base64: Flag.Boolean("base64").pipe(Flag.withDescription("The value is written in base64"), Flag.withDefault(false)),
  hex: Flag.Boolean("hex").pipe(
    Flag.withDescription("The value is written in hexadecimal digits"),
    Flag.withDefault(false)
  )
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/
/** Node would leave out what it does not know. */
export const isBase64 = (text: string): boolean => base64Text.test(text)

const hexText = /^(?:[0-9a-fA-F]{2})*$/

/** The bytes that are meant; spaces and line ends between digits do not count. */
export const decode = (bytes: Uint8Array, encoding: Encoding): Effect.Effect<Uint8Array, InputError | UsageError> => {
  if (encoding.base64 && encoding.hex) {
    return Effect.fail(new UsageError({ message: "--base64 and --hex exclude each other" }))
  }
  if (!encoding.base64 && !encoding.hex) return Effect.succeed(bytes)
  const text = decoder.decode(bytes).replaceAll(/\s/g, "")
  if (encoding.base64) {
    return isBase64(text)
      ? Effect.succeed(new Uint8Array(Buffer.from(text, "base64")))
      : Effect.fail(new InputError({ message: "the value is not base64" }))
  }
  return hexText.test(text)
    ? Effect.succeed(new Uint8Array(Buffer.from(text, "hex")))
    : Effect.fail(new InputError({ message: "the value is not hexadecimal: pairs of 0-9 and a-f" }))
}

/** The content of a file that the user named. */
export const readFile = Effect.fnUntraced(function* (file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  return yield* Effect.mapError(
    fileSystem.readFile(file),
    (error) => new InputError({ message: `cannot read ${file}: ${error.reason._tag}` })
  )
})

const readStdin = Effect.gen(function* () {
  if ((yield* Shell) !== undefined) {
    return yield* new UsageError({ message: "standard input has the lines of the shell; name a file: @FILE" })
  }
  const stdio = yield* Stdio.Stdio
  const chunks = yield* Effect.mapError(
    Stream.runCollect(stdio.stdin),
    (error) => new InputError({ message: `cannot read standard input: ${error.message}` })
  )
  return new Uint8Array(Buffer.concat(chunks))
})

/** The bytes of a value as it stands on the command line. */
export const read = Effect.fnUntraced(function* (source: string, encoding: Encoding) {
  const bytes =
    source === "-"
      ? yield* readStdin
      : source.startsWith("@")
        ? yield* readFile(source.slice(1))
        : encoder.encode(source)
  return yield* decode(bytes, encoding)
})
