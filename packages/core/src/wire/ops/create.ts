/** Making nodes: create (1), create2 (15), createContainer (19) and createTTL (21). */
import type { Acl } from "../../model/Acl.ts"
import type { Stat } from "../../model/Stat.ts"
import { aclList } from "../acl.ts"
import { string } from "../fields.ts"
import { type Codec, write } from "../Operation.ts"
import { stat } from "../stat.ts"

export interface CreateRequest {
  readonly path: string
  readonly data: Uint8Array | null
  readonly acl: ReadonlyArray<Acl>
  /** model/CreateMode. */
  readonly flags: number
}

export interface CreateTTLRequest extends CreateRequest {
  /** In ms. With flags other than 5 and 6 this must not be −1: that combination kills the server (3.8.0 to 3.9.5). */
  readonly ttl: number
}

export interface Create2Response {
  readonly path: string
  readonly stat: Stat
}

export const createRequest: Codec<CreateRequest> = {
  encode: (writer, { acl, data, flags, path }) => {
    writer.string(path)
    writer.buffer(data)
    aclList.encode(writer, acl)
    writer.int(flags)
  },
  decode: (reader) => ({
    path: reader.string(),
    data: reader.buffer(),
    acl: aclList.decode(reader),
    flags: reader.int()
  })
}

export const createTTLRequest: Codec<CreateTTLRequest> = {
  encode: (writer, value) => {
    createRequest.encode(writer, value)
    writer.millis(value.ttl)
  },
  decode: (reader) => ({
    path: reader.string(),
    data: reader.buffer(),
    acl: aclList.decode(reader),
    flags: reader.int(),
    ttl: reader.millis()
  })
}

export const create2Response: Codec<Create2Response> = {
  encode: (writer, value) => {
    writer.string(value.path)
    stat.encode(writer, value.stat)
  },
  decode: (reader) => ({ path: reader.string(), stat: stat.decode(reader) })
}

export const create = write("create", 1, createRequest, string)
export const create2 = write("create2", 15, createRequest, create2Response)
export const createContainer = write("createContainer", 19, createRequest, create2Response)
export const createTTL = write("createTTL", 21, createTTLRequest, create2Response)
