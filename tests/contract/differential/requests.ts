/**
 * The requests of the differential test, as a Schema that generates and shrinks them, and what each is on the wire.
 *
 * A path that begins with `~` stands below a node of its own for each sequence. Members of a union that occur more often
 * are generated more often. Two things are never sent: op 13 outside of a multi, which the real server does not answer
 * when it succeeds, and op 21 with other flags than 5 and 6, which kills it (measured on 3.8.0).
 */
import { byCode } from "@effect-zookeeper/core/wire/registry"
import type { Acl } from "@effect-zookeeper/core/Acl"
import type { AnyOperation } from "@effect-zookeeper/core/wire/registry"
import * as Schema from "effect/Schema"

const times = <A>(n: number, values: ReadonlyArray<A>): ReadonlyArray<A> =>
  Array.from({ length: n }, () => values).flat()

const own = ["~", "~/a", "~/b", "~/a/x", "~/a/y", "~/b/x", "~/a/x/z", "~/q", "~/q/x", "~/a/"] as const
const invalid = ["", "foo", "//", "/a//b", "/a/", "/./x", "a/b", "/nul\0l", "/..", "/\u0001", "/\uf8ff"] as const
const servers = ["/", "/zookeeper", "/zookeeper/config", "/zookeeper/quota"] as const

const Path = Schema.Literals([...times(25, own), ...invalid, ...servers, "~/é"])
/** Nothing that sequences have in common loses its permissions. */
const OwnPath = Schema.Literals([...times(5, own), ...invalid])
const Paths = Schema.Array(Path).check(Schema.isMaxLength(2))
const Data = Schema.NullOr(Schema.Literals(["", "x", "hello"]))
const Version = Schema.Literals([-1, -1, -1, 0, 1, 2, -2])
const Flags = Schema.Literals([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, -1])

/** Entries as `scheme:id:perms`, several with commas between them. */
const AclText = Schema.Literals([
  ...times(60, ["world:anyone:31"]),
  "",
  "world:anyone:1",
  "world:anyone:15",
  "world:anyone:0",
  "world:x:31",
  "auth::31",
  "auth::31,world:anyone:1",
  "digest:bob:ikIaKsbtGweaHnb/jKn7OHqbunM=:31,world:anyone:31,world:anyone:31",
  "ip:127.0.0.1:5,digest:a:b:16",
  "ip:::1:31",
  "ip:127.0.0.0/8:31",
  "ip:127.0.0.0/33:31",
  "ip:127.0.0.1/:31",
  "ip:+127.0.0.01:31",
  "super::31",
  "digest:a:b:c:31",
  "digest:a:b::31",
  "digest:ab:31",
  "digest::x:31",
  "sasl:bob:31",
  "::31"
])

const created = { path: Path, data: Data, acl: AclText, flags: Flags }
const Create = Schema.Struct({ op: Schema.Literals(["create", "create2", "createContainer"]), ...created })
const CreateTTL = Schema.Struct({
  op: Schema.Literal("createTTL"),
  ...created,
  flags: Schema.Literals([5, 6]),
  ttl: Schema.Literals([1_000_000, 0, -1, 2 ** 40, 2 ** 40 - 1])
})
const Delete = Schema.Struct({ op: Schema.Literal("delete"), path: Path, version: Version })
const SetData = Schema.Struct({ op: Schema.Literal("setData"), path: Path, data: Data, version: Version })
const Check = Schema.Struct({ op: Schema.Literal("check"), path: Path, version: Version })
const MultiOp = Schema.Union([Create, Create, CreateTTL, Delete, SetData, Check])
const Multi = Schema.Struct({ op: Schema.Literal("multi"), ops: Schema.Array(MultiOp).check(Schema.isMaxLength(4)) })

const watch = Schema.Boolean
const Read = Schema.Struct({
  op: Schema.Literals(["exists", "getData", "getChildren", "getChildren2"]),
  path: Path,
  watch
})
const AtPath = Schema.Struct({ op: Schema.Literals(["getACL", "sync", "getAllChildrenNumber"]), path: Path })
const ReadOp = Schema.Struct({ op: Schema.Literals(["getData", "getChildren"]), path: Path, watch })
const MultiRead = Schema.Struct({
  op: Schema.Literal("multiRead"),
  ops: Schema.Array(ReadOp).check(Schema.isMaxLength(3))
})
const SetACL = Schema.Struct({ op: Schema.Literal("setACL"), path: OwnPath, acl: AclText, version: Version })
const Ephemerals = Schema.Struct({
  op: Schema.Literal("getEphemerals"),
  prefixPath: Schema.NullOr(Schema.Literals(["", "/", "~", "~/a"]))
})

/** Counted from the first transaction of the sequence. */
const relativeZxid = Schema.Literals([-1, 0, 1, 2, 4, 8, 16, 32])
const oneShot = { relativeZxid, dataWatches: Paths, existWatches: Paths, childWatches: Paths }
const Watches = Schema.Union([
  Schema.Struct({ op: Schema.Literal("setWatches"), ...oneShot }),
  Schema.Struct({
    op: Schema.Literal("setWatches2"),
    ...oneShot,
    persistentWatches: Paths,
    persistentRecursiveWatches: Paths
  }),
  Schema.Struct({ op: Schema.Literal("addWatch"), path: Path, mode: Schema.Literals([0, 1, 0, 1, 2]) }),
  Schema.Struct({ op: Schema.Literal("addWatch"), path: Path, mode: Schema.Literals([0, 1, 0, 1, 2]) }),
  Schema.Struct({
    op: Schema.Literals(["checkWatches", "removeWatches"]),
    path: Path,
    type: Schema.Literals([1, 2, 3, 3, 4, 0])
  })
])

const Login = Schema.Struct({
  op: Schema.Literal("auth"),
  login: Schema.Literals(["digest:bob:pw", "digest:a:b", "digest:super:secret", "digest:x", "digest:", "ip:x"])
})
/** Limits for the sequence's own node. */
const Quota = Schema.Struct({
  op: Schema.Literal("quota"),
  count: Schema.Literals([-1, 3, 6]),
  bytes: Schema.Literals([-1, 12])
})
const Other = Schema.Union([
  Schema.Struct({ op: Schema.Literals(["whoAmI", "reconfig", "deleteContainer"]) }),
  Login,
  Quota,
  Ephemerals
])

export const Request = Schema.Union([
  ...([Create, Create, Create, Create, CreateTTL, Delete, Delete, SetData, SetData, Multi, Multi] as const),
  ...([Read, Read, Read, AtPath, MultiRead, SetACL, Watches, Watches, Other] as const)
])
export type Request = typeof Request.Type

/** Where a sequence happens on one of the servers. */
export interface Place {
  /** What `~` stands for. */
  readonly base: string
  readonly firstZxid: bigint
}

const acls = (text: string): ReadonlyArray<Acl> =>
  (text === "" ? [] : text.split(",")).map((entry) => {
    const [, scheme = "", id = "", perms = ""] = /^([^:]*):(.*):(\d+)$/.exec(entry) ?? []
    return { scheme, id, perms: Number(perms) }
  })

const numbers: Readonly<Record<string, number>> = {
  ...{ create: 1, delete: 2, exists: 3, getData: 4, setData: 5, getACL: 6, setACL: 7, getChildren: 8, sync: 9 },
  ...{ getChildren2: 12, multi: 14, create2: 15, reconfig: 16, checkWatches: 17, removeWatches: 18 },
  ...{ createContainer: 19, createTTL: 21, multiRead: 22, auth: 100, setWatches: 101, getEphemerals: 103 },
  ...{ getAllChildrenNumber: 104, setWatches2: 105, addWatch: 106, whoAmI: 107, quota: 14 }
}

/** Clients must not send it; its body is that of a delete, of the sequence's own node. */
const deleteContainer: AnyOperation = { ...byCode(2)!, code: 20 }

export const operationOf = ({ op }: Request): AnyOperation =>
  op === "deleteContainer" ? deleteContainer : byCode(numbers[op]!)!

/**
 * What has to find the queue of requests empty and to leave it so. Logins and whoAmI are answered beside it, and an unknown
 * operation ends the connection; while a setACL waits to be applied, those behind it are held against the old ACL, and a
 * multi whose flags nobody knows is then seen as done (all measured on 3.8.0).
 */
export const standsAlone = ({ op }: Request): boolean =>
  ["auth", "whoAmI", "deleteContainer", "multi", "setACL"].includes(op)

/** The field `value` as the wire has it. */
const field = (name: string, value: unknown, { base, firstZxid }: Place): unknown => {
  const full = (path: string) => path.replace(/^~/, base)
  if (name === "acl") return acls(value as string)
  if (name === "data") return value === null ? null : Buffer.from(value as string)
  if (name === "relativeZxid") return firstZxid + BigInt(value as number)
  if (typeof value === "string") return full(value)
  return Array.isArray(value) && typeof value[0] === "string" ? value.map(full) : value
}

const body = ({ op, ...fields }: Request | typeof MultiOp.Type | typeof ReadOp.Type, place: Place): object => ({
  _tag: op,
  ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, field(name, value, place)]))
})

const quota = (count: number, bytes: number, base: string): ReadonlyArray<object> =>
  [
    ["", ""],
    ["/zookeeper_limits", `count=-1,bytes=-1,countHardLimit=${count},byteHardLimit=${bytes}`],
    ["/zookeeper_stats", "count=0,bytes=0"]
  ].map(([name, data]) => ({
    ...{ _tag: "create", path: `/zookeeper/quota${base}${name}`, data: Buffer.from(data!) },
    ...{ acl: acls("world:anyone:31"), flags: 0 }
  }))

/** What the operation's codec takes. */
export const bodyOf = (request: Request, place: Place): unknown => {
  switch (request.op) {
    case "multi":
    case "multiRead":
      return request.ops.map((each) => body(each, place))
    case "quota":
      return quota(request.count, request.bytes, place.base)
    case "auth": {
      const [scheme = "", ...rest] = request.login.split(":")
      return { type: 0, scheme, auth: Buffer.from(rest.join(":")) }
    }
    case "reconfig":
      return { joiningServers: null, leavingServers: null, newMembers: null, curConfigId: -1n }
    case "deleteContainer":
      return { path: place.base, version: -1 }
    case "whoAmI":
      return undefined
    default:
      return body(request, place)
  }
}
