/** Reading and writing the data of a node: getData (4) and setData (5). */
import type { Stat } from "../../model/Stat.ts"
import { type Codec, read, write } from "../Operation.ts"
import { plain } from "../plain.ts"
import { stat } from "../stat.ts"

export interface GetDataRequest {
  readonly path: string
  readonly watch: boolean
}

export interface GetDataResponse {
  readonly data: Uint8Array | null
  readonly stat: Stat
}

export interface SetDataRequest {
  readonly path: string
  readonly data: Uint8Array | null
  /** −1 for any. */
  readonly version: number
}

export const getDataRequest: Codec<GetDataRequest> = {
  encode: (writer, { path, watch }) => {
    writer.string(path)
    writer.boolean(watch)
  },
  decode: (reader) => ({ path: reader.string(), watch: reader.boolean() })
}

const Decoded = plain<GetDataResponse>(function (reader) {
  this.data = reader.buffer()
  this.stat = stat.decode(reader)
})

export const getDataResponse: Codec<GetDataResponse> = {
  encode: (writer, value) => {
    writer.buffer(value.data)
    stat.encode(writer, value.stat)
  },
  decode: (reader) => new Decoded(reader)
}

export const setDataRequest: Codec<SetDataRequest> = {
  encode: (writer, { data, path, version }) => {
    writer.string(path)
    writer.buffer(data)
    writer.int(version)
  },
  decode: (reader) => ({ path: reader.string(), data: reader.buffer(), version: reader.int() })
}

export const getData = read("getData", 4, getDataRequest, getDataResponse)
export const setData = write("setData", 5, setDataRequest, stat)
