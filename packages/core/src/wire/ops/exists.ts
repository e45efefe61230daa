/** Asking whether a node exists: exists (3). */
import { type Codec, read } from "../Operation.ts"
import { stat } from "../stat.ts"

export interface ExistsRequest {
  readonly path: string
  /** Armed also when the answer is NoNode. */
  readonly watch: boolean
}

const existsRequest: Codec<ExistsRequest> = {
  encode: (writer, { path, watch }) => {
    writer.string(path)
    writer.boolean(watch)
  },
  decode: (reader) => ({ path: reader.string(), watch: reader.boolean() })
}

export const exists = read("exists", 3, existsRequest, stat)
