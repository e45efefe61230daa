/** Codecs of single values, for records that consist of one. */
import type { Codec } from "./Operation.ts"

export const int: Codec<number> = {
  encode: (writer, value) => writer.int(value),
  decode: (reader) => reader.int()
}

export const string: Codec<string> = {
  encode: (writer, value) => writer.string(value),
  decode: (reader) => reader.string()
}

export const buffer: Codec<Uint8Array | null> = {
  encode: (writer, value) => writer.buffer(value),
  decode: (reader) => reader.buffer()
}

export const strings: Codec<ReadonlyArray<string>> = {
  encode: (writer, value) => writer.vector(value, string.encode),
  decode: (reader) => reader.strings()
}

/** `{ ustring path }`, the request of several operations. */
export const pathRequest: Codec<{ readonly path: string }> = {
  encode: (writer, { path }) => writer.string(path),
  decode: (reader) => ({ path: reader.string() })
}
