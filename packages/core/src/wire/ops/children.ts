/** Listing children: getChildren (8), getChildren2 (12) and getAllChildrenNumber (104). */
import type { Stat } from "../../model/Stat.ts"
import { int, pathRequest, strings } from "../fields.ts"
import { type Codec, read } from "../Operation.ts"
import { stat } from "../stat.ts"

export interface GetChildrenRequest {
  readonly path: string
  readonly watch: boolean
}

export interface GetChildren2Response {
  /** Names, in no particular order. */
  readonly children: ReadonlyArray<string>
  readonly stat: Stat
}

export interface GetAllChildrenNumberRequest {
  readonly path: string
}

export const getChildrenRequest: Codec<GetChildrenRequest> = {
  encode: (writer, { path, watch }) => {
    writer.string(path)
    writer.boolean(watch)
  },
  decode: (reader) => ({ path: reader.string(), watch: reader.boolean() })
}

const getChildren2Response: Codec<GetChildren2Response> = {
  encode: (writer, value) => {
    strings.encode(writer, value.children)
    stat.encode(writer, value.stat)
  },
  decode: (reader) => ({ children: strings.decode(reader), stat: stat.decode(reader) })
}

export const getChildren = read("getChildren", 8, getChildrenRequest, strings)
export const getChildren2 = read("getChildren2", 12, getChildrenRequest, getChildren2Response)

/** Descendants at any depth; for `/` these include `/zookeeper` and what is below it. */
export const getAllChildrenNumber = read<GetAllChildrenNumberRequest, number>(
  "getAllChildrenNumber",
  104,
  pathRequest,
  int
)
