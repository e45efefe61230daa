/** Deleting a node: delete (2). */
import { type Codec, nothing, write } from "../Operation.ts"

export interface DeleteRequest {
  readonly path: string
  /** −1 for any. */
  readonly version: number
}

export const deleteRequest: Codec<DeleteRequest> = {
  encode: (writer, { path, version }) => {
    writer.string(path)
    writer.int(version)
  },
  decode: (reader) => ({ path: reader.string(), version: reader.int() })
}

export const deleteNode = write("delete", 2, deleteRequest, nothing)
