/** Generators for both records of every operation. */
import type { AnyOperation } from "@effect-zookeeper/core/wire/registry"
import { auth, sasl, whoAmI } from "@effect-zookeeper/core/wire/ops/auth"
import { getACL, setACL } from "@effect-zookeeper/core/wire/ops/acl"
import { getAllChildrenNumber, getChildren, getChildren2 } from "@effect-zookeeper/core/wire/ops/children"
import { create, create2, createContainer, createTTL } from "@effect-zookeeper/core/wire/ops/create"
import { getData, setData } from "@effect-zookeeper/core/wire/ops/data"
import { deleteNode } from "@effect-zookeeper/core/wire/ops/delete"
import { getEphemerals } from "@effect-zookeeper/core/wire/ops/ephemerals"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { multi, multiRead } from "@effect-zookeeper/core/wire/ops/multi"
import { reconfig } from "@effect-zookeeper/core/wire/ops/reconfig"
import { closeSession, ping } from "@effect-zookeeper/core/wire/ops/session"
import { sync } from "@effect-zookeeper/core/wire/ops/sync"
import { addWatch, checkWatches, removeWatches, setWatches, setWatches2 } from "@effect-zookeeper/core/wire/ops/watches"
import * as Schema from "effect/Schema"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

export const int = Schema.Union([
  Schema.Int.check(Schema.isInt32()),
  Schema.Literals([0, -1, -0x8000_0000, 0x7fff_ffff])
])

const LONG = { minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n }
export const long = Schema.Union([
  Schema.BigInt.check(Schema.isBetweenBigInt(LONG)),
  Schema.Literals([0n, -1n, LONG.minimum, LONG.maximum, 0xffff_ffffn, 0x1_0000_0000n])
])

/** Times in ms, from long before 1970 to the last that a number holds exactly. */
export const millis = Schema.Union([
  between(-(2 ** 52), 2 ** 52),
  Schema.Literals([0, -1, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])
])

/** Half of a character outside the basic plane: UTF-8 has no bytes for it. */
const isWhole = (value: string): boolean => Buffer.from(value).toString() === value

/** One to four bytes of UTF-8 at their borders, the byte order mark, the replacement character, and what comes. */
export const text = Schema.Union([
  Schema.String.check(Schema.makeFilter(isWhole)),
  Schema.Literals([
    "/",
    "/a",
    "\u0000",
    "\u007f",
    "\u0080",
    "é",
    "\u07ff",
    "\u0800",
    "\ufeff",
    "\ufffd",
    "/日本",
    "a😀b"
  ])
])
export const nullableText = Schema.NullOr(text)
export const texts = Schema.Array(text)
export const data = Schema.NullOr(Schema.Uint8Array)
const path = text

const acl = Schema.Array(Schema.Struct({ perms: int, scheme: text, id: text }))
export const stat = Schema.Struct({
  czxid: long,
  mzxid: long,
  ctime: millis,
  mtime: millis,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: long,
  dataLength: int,
  numChildren: int,
  pzxid: long
})

const watched = Schema.Struct({ path, watch: Schema.Boolean })
const versioned = Schema.Struct({ path, version: int })
const typed = Schema.Struct({ path, type: int })
const pathOnly = Schema.Struct({ path })
const createFields = { path, data, acl, flags: int }
const setDataFields = { path, data, version: int }
const pathAndStat = { path: text, stat }
const dataAndStat = { data, stat }
const watches = { relativeZxid: long, dataWatches: texts, existWatches: texts, childWatches: texts }

const error = Schema.TaggedStruct("error", { err: int })

export interface Case {
  readonly operation: AnyOperation
  readonly request: Schema.Schema<any>
  readonly response: Schema.Schema<any>
}

const one = (operation: AnyOperation, request: Schema.Schema<any>, response: Schema.Schema<any>): Case => ({
  operation,
  request,
  response
})

export const cases: ReadonlyArray<Case> = [
  one(create, Schema.Struct(createFields), text),
  one(create2, Schema.Struct(createFields), Schema.Struct(pathAndStat)),
  one(createContainer, Schema.Struct(createFields), Schema.Struct(pathAndStat)),
  one(createTTL, Schema.Struct({ ...createFields, ttl: millis }), Schema.Struct(pathAndStat)),
  one(deleteNode, versioned, Schema.Undefined),
  one(exists, watched, stat),
  one(getData, watched, Schema.Struct(dataAndStat)),
  one(setData, Schema.Struct(setDataFields), stat),
  one(getACL, pathOnly, Schema.Struct({ acl, stat })),
  one(setACL, Schema.Struct({ path, acl, version: int }), stat),
  one(getChildren, watched, texts),
  one(getChildren2, watched, Schema.Struct({ children: texts, stat })),
  one(getAllChildrenNumber, pathOnly, int),
  one(sync, pathOnly, text),
  one(
    multi,
    Schema.Array(
      Schema.Union([
        Schema.TaggedStruct("create", createFields),
        Schema.TaggedStruct("create2", createFields),
        Schema.TaggedStruct("createContainer", createFields),
        Schema.TaggedStruct("createTTL", { ...createFields, ttl: millis }),
        Schema.TaggedStruct("delete", { path, version: int }),
        Schema.TaggedStruct("setData", setDataFields),
        Schema.TaggedStruct("check", { path, version: int })
      ])
    ),
    Schema.Array(
      Schema.Union([
        Schema.TaggedStruct("create", { path }),
        Schema.TaggedStruct("create2", pathAndStat),
        Schema.TaggedStruct("delete", {}),
        Schema.TaggedStruct("setData", { stat }),
        Schema.TaggedStruct("check", {}),
        error
      ])
    )
  ),
  one(
    multiRead,
    Schema.Array(
      Schema.Union([
        Schema.TaggedStruct("getData", { path, watch: Schema.Boolean }),
        Schema.TaggedStruct("getChildren", { path, watch: Schema.Boolean })
      ])
    ),
    Schema.Array(
      Schema.Union([
        Schema.TaggedStruct("getData", dataAndStat),
        Schema.TaggedStruct("getChildren", { children: texts }),
        error
      ])
    )
  ),
  one(setWatches, Schema.Struct(watches), Schema.Undefined),
  one(
    setWatches2,
    Schema.Struct({ ...watches, persistentWatches: texts, persistentRecursiveWatches: texts }),
    Schema.Undefined
  ),
  one(addWatch, Schema.Struct({ path, mode: int }), int),
  one(removeWatches, typed, Schema.Undefined),
  one(checkWatches, typed, Schema.Undefined),
  one(auth, Schema.Struct({ type: int, scheme: text, auth: data }), Schema.Undefined),
  one(sasl, Schema.Struct({ token: data }), data),
  one(whoAmI, Schema.Undefined, Schema.Array(Schema.Struct({ authScheme: text, user: text }))),
  one(ping, Schema.Undefined, Schema.Undefined),
  one(closeSession, Schema.Undefined, Schema.Undefined),
  one(
    reconfig,
    Schema.Struct({
      joiningServers: nullableText,
      leavingServers: nullableText,
      newMembers: nullableText,
      curConfigId: long
    }),
    Schema.Struct(dataAndStat)
  ),
  one(getEphemerals, Schema.Struct({ prefixPath: nullableText }), texts)
]
