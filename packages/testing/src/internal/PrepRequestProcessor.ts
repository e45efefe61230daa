/** Turns a write request into a transaction or a refusal, checking in the order of the real one (PrepRequestProcessor). */
import { type Acl, Perms } from "@effect-zookeeper/core/Acl"
import * as CreateMode from "@effect-zookeeper/core/CreateMode"
import { ErrorCode } from "@effect-zookeeper/core/ErrorCode"
import * as Path from "@effect-zookeeper/core/Path"
import { setACL } from "@effect-zookeeper/core/wire/ops/acl"
import { CHECK, type CheckVersionRequest, checkVersionRequest } from "@effect-zookeeper/core/wire/ops/check"
import {
  create,
  create2,
  createContainer,
  type CreateTTLRequest,
  createTTL
} from "@effect-zookeeper/core/wire/ops/create"
import { setData, type SetDataRequest } from "@effect-zookeeper/core/wire/ops/data"
import { deleteNode, type DeleteRequest } from "@effect-zookeeper/core/wire/ops/delete"
import { multi, type MultiOp } from "@effect-zookeeper/core/wire/ops/multi"
import { reconfig } from "@effect-zookeeper/core/wire/ops/reconfig"
import { JuteError } from "@effect-zookeeper/core/wire/JuteError"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import type { AclCheck } from "./AclCheck.ts"
import { type DataTree, specialPaths } from "./DataTree.ts"
import { KeeperException } from "./KeeperException.ts"
import type { Id, NodeKind, Txn } from "./Transaction.ts"

/** Internal to servers; a client that sends it is refused with BadArguments (measured on 3.8.0). */
export const DELETE_CONTAINER = 20

/** A node as the operations of one multi leave it, before anything is applied (ChangeRecord). */
interface ChangeRecord {
  readonly version: number
  readonly cversion: number
  readonly aversion: number
  readonly kind: NodeKind
  readonly childCount: number
  readonly dataLength: number
  readonly acl: ReadonlyArray<Acl>
}

export interface PrepOptions {
  readonly acl: AclCheck
  readonly extendedTypesEnabled: boolean
  readonly enforceQuota: boolean
  /** A local session cannot own ephemerals. */
  readonly isLocal: boolean
}

const TTL_MAX = 0xff_ffff_ffff

const kinds: ReadonlyMap<number, NodeKind> = new Map([
  [CreateMode.flags.ephemeral, "ephemeral"],
  [CreateMode.flags.ephemeralSequential, "ephemeral"]
])

const isTtlMode = (flags: number): boolean => flags === CreateMode.flags.ttl || flags === CreateMode.flags.ttlSequential

/** `%010d` of a signed int32. */
const suffix = (counter: number): string =>
  counter < 0 ? `-${String(-counter).padStart(9, "0")}` : String(counter).padStart(10, "0")

const refuse = (code: number): never => {
  throw new KeeperException(code)
}

const nextVersion = (current: number, expected: number): number => {
  if (expected !== -1 && expected !== current) refuse(ErrorCode.BadVersion)
  return (current + 1) | 0
}

const validatePath = (path: string): void => {
  if (Path.problem(path) !== undefined) refuse(ErrorCode.BadArguments)
}

/** The parent as plain text, which may be no path at all; the empty one is the root. */
const parentOf = (path: string): string => {
  const slash = path.lastIndexOf("/")
  if (slash === -1 || path.includes("\0")) refuse(ErrorCode.BadArguments)
  return path.slice(0, slash)
}

class Prep {
  private readonly tree: DataTree
  private readonly options: PrepOptions
  private readonly auth: ReadonlyArray<Id>
  private readonly records = new Map<string, ChangeRecord | undefined>()

  constructor(tree: DataTree, options: PrepOptions, auth: ReadonlyArray<Id>) {
    this.tree = tree
    this.options = options
    this.auth = auth
  }

  private record(path: string): ChangeRecord | undefined {
    const key = path === "" ? "/" : path
    if (this.records.has(key)) return this.records.get(key)
    const node = this.tree.get(key)
    return node && { ...node, childCount: node.children.size, dataLength: node.data?.length ?? 0 }
  }

  private existing(path: string): ChangeRecord {
    return this.record(path) ?? refuse(ErrorCode.NoNode)
  }

  private put(path: string, record: ChangeRecord | undefined): void {
    this.records.set(path === "" ? "/" : path, record)
  }

  private checkQuota(path: string, count: number, bytes: number): void {
    if (this.options.enforceQuota) this.tree.quotas.check(path, count, bytes)
  }

  create(type: number, request: Omit<CreateTTLRequest, "ttl">, ttl: number): Txn {
    const { data, flags } = request
    if (!Object.values(CreateMode.flags).includes(flags)) refuse(ErrorCode.BadArguments)
    const hasTtl = isTtlMode(flags)
    if (hasTtl && !this.options.extendedTypesEnabled) refuse(ErrorCode.Unimplemented)
    // A createTTL with other flags and ttl -1 would kill a real server (3.8.0 to 3.9.5).
    if (hasTtl ? ttl <= 0 || ttl > TTL_MAX : type === createTTL.code) refuse(ErrorCode.BadArguments)
    if (kinds.get(flags) === "ephemeral" && this.options.isLocal) refuse(ErrorCode.EphemeralOnLocalSession)
    const parentPath = parentOf(request.path)
    const acl = this.options.acl.fixup(request.acl, this.auth)
    const parent = this.existing(parentPath)
    this.options.acl.require(parent.acl, Perms.CREATE, this.auth)
    const isSequential = flags === 2 || flags === 3 || flags === CreateMode.flags.ttlSequential
    const path = isSequential ? request.path + suffix(parent.cversion) : request.path
    validatePath(path)
    if (this.record(path) !== undefined) refuse(ErrorCode.NodeExists)
    if (parent.kind === "ephemeral") refuse(ErrorCode.NoChildrenForEphemerals)
    this.checkQuota(path, 1, data?.length ?? 0)
    const kind =
      type === createContainer.code ? "container" : type === createTTL.code ? "ttl" : (kinds.get(flags) ?? "persistent")
    const parentCVersion = (parent.cversion + 1) | 0
    this.put(parentPath, { ...parent, cversion: parentCVersion, childCount: parent.childCount + 1 })
    this.put(path, { version: 0, cversion: 0, aversion: 0, kind, childCount: 0, dataLength: data?.length ?? 0, acl })
    return {
      _tag: "create",
      path,
      data,
      acl,
      kind,
      ttl: kind === "ttl" ? ttl : 0,
      parentCVersion,
      answer: type === create.code ? "create" : "create2"
    }
  }

  delete({ path, version }: DeleteRequest): Txn {
    if (specialPaths.has(path)) refuse(ErrorCode.BadArguments)
    const parentPath = parentOf(path)
    const parent = this.existing(parentPath)
    this.options.acl.require(parent.acl, Perms.DELETE, this.auth)
    const node = this.existing(path)
    nextVersion(node.version, version)
    if (node.childCount > 0) refuse(ErrorCode.NotEmpty)
    this.put(parentPath, { ...parent, childCount: parent.childCount - 1 })
    this.put(path, undefined)
    return { _tag: "delete", path }
  }

  setData({ data, path, version }: SetDataRequest): Txn {
    validatePath(path)
    const node = this.existing(path)
    this.options.acl.require(node.acl, Perms.WRITE, this.auth)
    const dataLength = data?.length ?? 0
    this.checkQuota(path, 0, dataLength - node.dataLength)
    const next = nextVersion(node.version, version)
    this.put(path, { ...node, version: next, dataLength })
    return { _tag: "setData", path, data, version: next }
  }

  setACL(path: string, asked: ReadonlyArray<Acl>, version: number): Txn {
    validatePath(path)
    const acl = this.options.acl.fixup(asked, this.auth)
    const node = this.existing(path)
    this.options.acl.require(node.acl, Perms.ADMIN, this.auth)
    const aversion = nextVersion(node.aversion, version)
    this.put(path, { ...node, acl, aversion })
    return { _tag: "setACL", path, acl, aversion }
  }

  check({ path, version }: CheckVersionRequest): Txn {
    validatePath(path)
    const node = this.existing(path)
    this.options.acl.require(node.acl, Perms.READ, this.auth)
    nextVersion(node.version, version)
    return { _tag: "check" }
  }

  multiOp(op: MultiOp): Txn {
    switch (op._tag) {
      case "create":
      case "create2":
      case "createContainer":
        // Inside a multi the flags decide, not the number of the operation; so create2 is answered as create, and a TTL
        // mode without a ttl fails the whole request (measured on 3.8.0).
        if (isTtlMode(op.flags)) throw new JuteError("a TTL mode without a ttl")
        return this.create(op.flags === CreateMode.flags.container ? createContainer.code : create.code, op, -1)
      case "createTTL":
        return this.create(createTTL.code, op, op.ttl)
      case "delete":
        return this.delete(op)
      case "setData":
        return this.setData(op)
      case "check":
        return this.check(op)
    }
  }

  /** All or nothing: what the operations before the culprit left is thrown away with this object. */
  multi(ops: ReadonlyArray<MultiOp>): Txn {
    const txns: Array<Txn> = []
    for (const [index, op] of ops.entries()) {
      try {
        txns.push(this.multiOp(op))
      } catch (error) {
        if (!(error instanceof KeeperException)) throw error
        const codes = ops.map((_, i) =>
          i < index ? ErrorCode.Ok : i === index ? error.code : ErrorCode.RuntimeInconsistency
        )
        return { _tag: "failedMulti", codes }
      }
    }
    return { _tag: "multi", txns }
  }

  request(type: number, reader: JuteReader): Txn {
    switch (type) {
      case create.code:
      case create2.code:
      case createContainer.code:
        return this.create(type, create.request.decode(reader), -1)
      case createTTL.code: {
        const request = createTTL.request.decode(reader)
        return this.create(type, request, request.ttl)
      }
      case deleteNode.code:
        return this.delete(deleteNode.request.decode(reader))
      case setData.code:
        return this.setData(setData.request.decode(reader))
      case setACL.code: {
        const { acl, path, version } = setACL.request.decode(reader)
        return this.setACL(path, acl, version)
      }
      case CHECK:
        this.check(checkVersionRequest.decode(reader))
        // Up to 3.9 a check that succeeds outside a multi is never answered.
        return refuse(ErrorCode.Unimplemented)
      case multi.code:
        return this.multi(multi.request.decode(reader))
      case reconfig.code:
        reconfig.request.decode(reader)
        return refuse(ErrorCode.ReconfigDisabled)
      case DELETE_CONTAINER:
        return refuse(ErrorCode.BadArguments)
      default:
        return refuse(ErrorCode.Unimplemented)
    }
  }
}

/** What a request of a client comes to; also a refusal is a transaction and takes a zxid (measured on 3.8.0). */
export const prepare = (
  tree: DataTree,
  options: PrepOptions,
  auth: ReadonlyArray<Id>,
  type: number,
  body: Buffer
): Txn => {
  try {
    return new Prep(tree, options, auth).request(type, new JuteReader().reset(body))
  } catch (error) {
    return { _tag: "error", code: error instanceof KeeperException ? error.code : ErrorCode.MarshallingError }
  }
}

/** What the container task does to one path, if it is still to be done. */
export const prepareReap = (tree: DataTree, path: string): Txn | undefined =>
  tree.get(path)?.children.size === 0 ? { _tag: "delete", path } : undefined
