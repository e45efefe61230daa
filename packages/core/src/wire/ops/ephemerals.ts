/** Listing the session's own ephemeral nodes: getEphemerals (103). */
import { strings } from "../fields.ts"
import { type Codec, read } from "../Operation.ts"

export interface GetEphemeralsRequest {
  /** What the paths start with, as text: `/a` also finds `/ab`. Null, empty and `/` find all. */
  readonly prefixPath: string | null
}

const getEphemeralsRequest: Codec<GetEphemeralsRequest> = {
  encode: (writer, { prefixPath }) => writer.string(prefixPath),
  decode: (reader) => ({ prefixPath: reader.nullableString() })
}

export const getEphemerals = read("getEphemerals", 103, getEphemeralsRequest, strings)
