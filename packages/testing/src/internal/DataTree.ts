/** The tree of nodes of one server: what transactions do to it and what reads see of it (org.apache.zookeeper.server.DataTree). */
import { type Acl, openUnsafe, readUnsafe } from "@effect-zookeeper/core/Acl"
import * as Path from "@effect-zookeeper/core/Path"
import type { Stat } from "@effect-zookeeper/core/Stat"
import type { MultiResult } from "@effect-zookeeper/core/wire/ops/multi"
import * as Quota from "./Quota.ts"
import type { CreateTxn, NodeKind, Transaction, Txn } from "./Transaction.ts"

export interface DataNode {
  data: Uint8Array | null
  acl: ReadonlyArray<Acl>
  readonly czxid: bigint
  mzxid: bigint
  pzxid: bigint
  readonly ctime: number
  mtime: number
  version: number
  /** How many children were ever created; the wire shows `2 * cversion - numChildren`. */
  cversion: number
  aversion: number
  /** The session of an ephemeral node, else 0. */
  readonly owner: bigint
  readonly kind: NodeKind
  readonly ttl: number
  readonly children: Set<string>
}

/** One change that watches may wait for; ACLs as they were when it happened, because events are filtered by READ. */
export interface Change {
  readonly type: "NodeCreated" | "NodeDeleted" | "NodeDataChanged"
  readonly path: string
  readonly acl: ReadonlyArray<Acl>
  /** Of the parent, for creations and deletions. */
  readonly parentAcl: ReadonlyArray<Acl>
}

/** What a transaction brought, for the answer. */
export type Outcome = MultiResult | { readonly _tag: "multi"; readonly results: ReadonlyArray<MultiResult> }

const int32 = (value: number): number => value | 0

const node = (fields: Partial<DataNode>): DataNode => ({
  data: new Uint8Array(0),
  acl: openUnsafe,
  czxid: 0n,
  mzxid: 0n,
  pzxid: 0n,
  ctime: 0,
  mtime: 0,
  version: 0,
  cversion: 0,
  aversion: 0,
  owner: 0n,
  kind: "persistent",
  ttl: 0,
  children: new Set(),
  ...fields
})

export const statOf = (from: DataNode): Stat => ({
  czxid: from.czxid,
  mzxid: from.mzxid,
  ctime: from.ctime,
  mtime: from.mtime,
  version: from.version,
  cversion: int32(from.cversion * 2 - from.children.size),
  aversion: from.aversion,
  ephemeralOwner: from.owner,
  dataLength: from.data === null ? 0 : from.data.length,
  numChildren: from.children.size,
  pzxid: from.pzxid
})

/** These cannot be deleted. */
export const specialPaths: ReadonlySet<string> = new Set(["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"])

export class DataTree {
  /** By path. The root is here as `/`; the empty path names it too (measured on 3.8.0). */
  readonly nodes = new Map<string, DataNode>()
  readonly ephemerals = new Map<bigint, Set<string>>()
  readonly containers = new Set<string>()
  readonly ttls = new Set<string>()
  /** The ensemble's sessions and their timeouts in ms. */
  readonly sessions = new Map<bigint, number>()
  readonly quotas = new Quota.Quotas(this)
  lastZxid = 0n

  constructor(config: string = "", configVersion: bigint = 0n) {
    this.nodes.set("/", node({ children: new Set(["zookeeper"]) }))
    this.nodes.set("/zookeeper", node({ children: new Set(["config", "quota"]) }))
    this.nodes.set("/zookeeper/quota", node({}))
    const inEnsemble = config !== ""
    this.nodes.set(
      "/zookeeper/config",
      node({
        data: Buffer.from(config),
        acl: readUnsafe,
        aversion: -1,
        mzxid: configVersion,
        version: inEnsemble ? -1 : 0
      })
    )
  }

  get(path: string): DataNode | undefined {
    return this.nodes.get(path === "" ? "/" : path)
  }

  /** As many as a real server counts: it keeps the root twice, as `/` and as the empty path. */
  get nodeCount(): number {
    return this.nodes.size + 1
  }

  get ephemeralCount(): number {
    let count = 0
    for (const paths of this.ephemerals.values()) count += paths.size
    return count
  }

  get approximateDataSize(): number {
    let size = 0
    for (const [path, { data }] of this.nodes) size += path.length + (data === null ? 0 : data.length)
    return size
  }

  /** Applies a transaction; `changes` gets what happened, in order. */
  apply({ sessionId, time, txn, zxid }: Transaction, changes: Array<Change>): Outcome {
    this.lastZxid = zxid
    switch (txn._tag) {
      case "multi":
        return { _tag: "multi", results: txn.txns.map((each) => this.applyOne(each, zxid, time, sessionId, changes)) }
      case "failedMulti":
        return { _tag: "multi", results: txn.codes.map((err) => ({ _tag: "error", err })) }
      case "createSession":
        this.sessions.set(sessionId, txn.timeOut)
        return { _tag: "check" }
      case "closeSession":
        this.sessions.delete(sessionId)
        for (const path of [...(this.ephemerals.get(sessionId) ?? [])]) this.delete(path, zxid, changes)
        this.ephemerals.delete(sessionId)
        return { _tag: "check" }
      default:
        return this.applyOne(txn, zxid, time, sessionId, changes)
    }
  }

  private applyOne(txn: Txn, zxid: bigint, time: number, sessionId: bigint, changes: Array<Change>): MultiResult {
    switch (txn._tag) {
      case "create":
        return this.create(txn, zxid, time, sessionId, changes)
      case "delete":
        this.delete(txn.path, zxid, changes)
        return { _tag: "delete" }
      case "setData": {
        const target = this.existing(txn.path)
        const before = target.data
        target.data = txn.data
        target.mzxid = zxid
        target.mtime = time
        target.version = txn.version
        this.quotas.changed(txn.path, 0, (txn.data?.length ?? 0) - (before?.length ?? 0))
        changes.push({ type: "NodeDataChanged", path: txn.path, acl: target.acl, parentAcl: [] })
        return { _tag: "setData", stat: statOf(target) }
      }
      case "setACL": {
        const target = this.existing(txn.path)
        target.acl = txn.acl
        target.aversion = txn.aversion
        return { _tag: "setData", stat: statOf(target) }
      }
      case "error":
        return { _tag: "error", err: txn.code }
      default:
        return { _tag: "check" }
    }
  }

  private existing(path: string): DataNode {
    const found = this.get(path)
    if (found === undefined) throw new Error(`a transaction for ${path}, which does not exist`)
    return found
  }

  private create(txn: CreateTxn, zxid: bigint, time: number, sessionId: bigint, changes: Array<Change>): MultiResult {
    const { acl, answer, data, kind, parentCVersion, path, ttl } = txn
    const parentPath = Path.parent(path)
    const parent = this.existing(parentPath)
    const owner = kind === "ephemeral" ? sessionId : 0n
    const made = node({ data, acl, czxid: zxid, mzxid: zxid, pzxid: zxid, ctime: time, mtime: time, owner, kind, ttl })
    parent.children.add(Path.name(path))
    parent.cversion = parentCVersion
    parent.pzxid = zxid
    this.nodes.set(path, made)
    if (kind === "container") this.containers.add(path)
    if (kind === "ttl") this.ttls.add(path)
    if (kind === "ephemeral") {
      const owned = this.ephemerals.get(owner)
      if (owned === undefined) this.ephemerals.set(owner, new Set([path]))
      else owned.add(path)
    }
    this.quotas.created(path)
    this.quotas.changed(path, 1, data?.length ?? 0)
    changes.push({ type: "NodeCreated", path, acl, parentAcl: parent.acl })
    return answer === "create" ? { _tag: "create", path } : { _tag: "create2", path, stat: statOf(made) }
  }

  private delete(path: string, zxid: bigint, changes: Array<Change>): void {
    const gone = this.existing(path)
    const parent = this.existing(Path.parent(path))
    this.nodes.delete(path)
    parent.children.delete(Path.name(path))
    parent.pzxid = zxid
    this.containers.delete(path)
    this.ttls.delete(path)
    this.ephemerals.get(gone.owner)?.delete(path)
    this.quotas.deleted(path)
    this.quotas.changed(path, -1, -(gone.data?.length ?? 0))
    changes.push({ type: "NodeDeleted", path, acl: gone.acl, parentAcl: parent.acl })
  }

  /** Containers that were used and are empty, and TTL nodes whose time is over (ContainerManager). */
  reapable(now: number): ReadonlyArray<string> {
    const paths: Array<string> = []
    for (const path of this.containers) {
      const { children, cversion } = this.existing(path)
      if (children.size === 0 && cversion > 0) paths.push(path)
    }
    for (const path of this.ttls) {
      const { children, mtime, ttl } = this.existing(path)
      if (children.size === 0 && now - mtime > ttl) paths.push(path)
    }
    return paths
  }
}
