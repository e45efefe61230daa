/** An ACL in bytes: its entries, each as permissions, scheme and id. */
import type { Acl } from "../model/Acl.ts"
import type { Codec } from "./Operation.ts"

export const acl: Codec<Acl> = {
  encode: (writer, value) => {
    writer.int(value.perms)
    writer.string(value.scheme)
    writer.string(value.id)
  },
  decode: (reader) => ({ perms: reader.int(), scheme: reader.string(), id: reader.string() })
}

/** The whole ACL of a node. Null is written as it is and read as empty: a server refuses both alike. */
export const aclList: Codec<ReadonlyArray<Acl>> = {
  encode: (writer, value) => writer.vector(value, acl.encode),
  decode: (reader) => reader.vector(acl.decode, 12)
}
