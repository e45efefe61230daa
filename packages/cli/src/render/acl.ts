/** An entry of an ACL in JSON. */
import * as Acl from "@effect-zookeeper/core/Acl"

export const toJson = ({ id, perms, scheme }: Acl.Acl) => ({ scheme, id, perms: Acl.formatPerms(perms) })
