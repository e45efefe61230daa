/** Reading and replacing the ACL of a node: getACL (6) and setACL (7). */
import type { Acl } from "../../model/Acl.ts"
import type { Stat } from "../../model/Stat.ts"
import { aclList } from "../acl.ts"
import { pathRequest } from "../fields.ts"
import { type Codec, read, write } from "../Operation.ts"
import { stat } from "../stat.ts"

export interface GetACLRequest {
  readonly path: string
}

export interface GetACLResponse {
  readonly acl: ReadonlyArray<Acl>
  readonly stat: Stat
}

export interface SetACLRequest {
  readonly path: string
  readonly acl: ReadonlyArray<Acl>
  /** Compared with the Stat's `aversion`; −1 for any. */
  readonly version: number
}

const getACLResponse: Codec<GetACLResponse> = {
  encode: (writer, value) => {
    aclList.encode(writer, value.acl)
    stat.encode(writer, value.stat)
  },
  decode: (reader) => ({ acl: aclList.decode(reader), stat: stat.decode(reader) })
}

const setACLRequest: Codec<SetACLRequest> = {
  encode: (writer, { acl, path, version }) => {
    writer.string(path)
    aclList.encode(writer, acl)
    writer.int(version)
  },
  decode: (reader) => ({ path: reader.string(), acl: aclList.decode(reader), version: reader.int() })
}

export const getACL = read<GetACLRequest, GetACLResponse>("getACL", 6, pathRequest, getACLResponse)
export const setACL = write("setACL", 7, setACLRequest, stat)
