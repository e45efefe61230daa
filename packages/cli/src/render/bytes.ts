/**
 * A node's bytes for people, for programs and for JSON.
 */
import * as Effect from "effect/Effect"
import { InputError } from "../errors.ts"

export const forms = ["auto", "text", "json", "hex", "base64"] as const

export type Form = (typeof forms)[number]

/** The bytes as text when they are UTF-8, else undefined. */
const utf8 = (bytes: Uint8Array): string | undefined => {
  try {
    // Without ignoreBOM a leading U+FEFF would be dropped, and the text would not be the bytes.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Bytes in JSON: text where they are UTF-8, base64 where they are not or where that is asked for. */
export const toJson = (bytes: Uint8Array, as: Form = "auto") => {
  const text = as === "base64" ? undefined : utf8(bytes)
  return text === undefined
    ? { data: Buffer.from(bytes).toString("base64"), encoding: "base64" as const }
    : { data: text, encoding: "utf8" as const }
}

/** Text that ends its line, if there is any. */
export const withNewline = (text: string): string => (text === "" || text.endsWith("\n") ? text : `${text}\n`)

/** As `hexdump -C`: offset, sixteen bytes, and the characters that can be printed. */
export const hexdump = (bytes: Uint8Array): string => {
  const lines: Array<string> = []
  for (let offset = 0; offset < bytes.length; offset += 16) {
    const row = [...bytes.subarray(offset, offset + 16)]
    const digits = row.map((byte) => byte.toString(16).padStart(2, "0"))
    const hex = `${digits.slice(0, 8).join(" ").padEnd(23)}  ${digits.slice(8).join(" ").padEnd(23)}`
    const characters = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("")
    lines.push(`${offset.toString(16).padStart(8, "0")}  ${hex}  |${characters}|\n`)
  }
  return lines.join("")
}

const escape = (character: string): string => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`

/** Text that cannot move the cursor or change the terminal: a node's data must not. */
export const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, escape)

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

const prettyJson = (bytes: Uint8Array): string | undefined => {
  const value = parseJson(bytes)
  return typeof value === "object" && value !== null ? `${JSON.stringify(value, null, 2)}\n` : undefined
}

/** On a terminal: objects and lists of JSON indented, text with a newline at its end, all else as a hexdump. */
const forTerminal = (bytes: Uint8Array): string => {
  const text = utf8(bytes)
  return text === undefined ? hexdump(bytes) : (prettyJson(bytes) ?? withNewline(printable(text)))
}

/** What `zk get` writes. Where it does not write to a terminal, `auto` and `text` are the bytes and nothing else. */
export const render = (
  bytes: Uint8Array,
  as: Form,
  terminal: boolean
): Effect.Effect<string | Uint8Array, InputError> => {
  switch (as) {
    case "auto":
      return Effect.succeed(terminal ? forTerminal(bytes) : bytes)
    case "text":
      return Effect.succeed(terminal ? withNewline(printable(new TextDecoder().decode(bytes))) : bytes)
    case "hex":
      return Effect.succeed(`${Buffer.from(bytes).toString("hex")}\n`)
    case "base64":
      return Effect.succeed(`${Buffer.from(bytes).toString("base64")}\n`)
    case "json": {
      const value = parseJson(bytes)
      return value === undefined
        ? Effect.fail(new InputError({ message: "the data of the node is not JSON; --as hex shows what it is" }))
        : Effect.succeed(`${JSON.stringify(value, null, 2)}\n`)
    }
  }
}
