/** Values of the protocol between our shapes and the library's. */
import type { Acl } from "../model/Acl.ts"
import type { Stat } from "../model/Stat.ts"
import { acl as aclEntry } from "../wire/acl.ts"
import { JuteWriter } from "../wire/JuteWriter.ts"
import type { MultiResult } from "../wire/ops/multi.ts"
import type { AclEntry, OpResult, StatRecord } from "./library.ts"

export const toLong = (bytes: Buffer): bigint => bytes.readBigInt64BE(0)

export const fromLong = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export const toStat = (record: StatRecord): Stat => ({
  czxid: toLong(record.czxid),
  mzxid: toLong(record.mzxid),
  ctime: Number(toLong(record.ctime)),
  mtime: Number(toLong(record.mtime)),
  version: record.version,
  cversion: record.cversion,
  aversion: record.aversion,
  ephemeralOwner: toLong(record.ephemeralOwner),
  dataLength: record.dataLength,
  numChildren: record.numChildren,
  pzxid: toLong(record.pzxid)
})

/** A copy: the library reads some data only when it writes the request. */
export const toBuffer = (data: Uint8Array): Buffer => Buffer.from(data)

/** The library makes a buffer of its own for each node's data. */
export const fromBuffer = (data: Buffer): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.length)

/** Entries that write themselves, so that no class of the library's copy is needed and no permission is refused. */
export const toAclEntries = (acl: ReadonlyArray<Acl>): ReadonlyArray<AclEntry> =>
  acl.map((entry) => {
    const writer = new JuteWriter(64)
    aclEntry.encode(writer, entry)
    const bytes = writer.written()
    return { toRecord: () => ({ byteLength: () => bytes.length, serialize: (to, at) => bytes.copy(to, at) }) }
  })

const CREATE = 1
const DELETE = 2
const SET_DATA = 5
const CHECK = 13

/** The library refuses to read results of other types. */
export const toMultiResult = (result: OpResult, fromPath: (path: string) => string): MultiResult => {
  switch (result.type) {
    case CREATE:
      return { _tag: "create", path: fromPath(result.path ?? "") }
    case DELETE:
      return { _tag: "delete" }
    case SET_DATA:
      return { _tag: "setData", stat: toStat(result.stat!) }
    case CHECK:
      return { _tag: "check" }
    default:
      return { _tag: "error", err: result.err ?? 0 }
  }
}
