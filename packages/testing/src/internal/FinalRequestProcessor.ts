/** Answers reads from the tree at hand and sets their watches (org.apache.zookeeper.server.FinalRequestProcessor). */
import { Perms } from "@effect-zookeeper/core/Acl"
import { ErrorCode } from "@effect-zookeeper/core/ErrorCode"
import { EventType } from "@effect-zookeeper/core/WatchEvent"
import type { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import type { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import type { Operation } from "@effect-zookeeper/core/wire/Operation"
import { getACL } from "@effect-zookeeper/core/wire/ops/acl"
import { whoAmI } from "@effect-zookeeper/core/wire/ops/auth"
import { getAllChildrenNumber, getChildren, getChildren2 } from "@effect-zookeeper/core/wire/ops/children"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { getEphemerals } from "@effect-zookeeper/core/wire/ops/ephemerals"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { multiRead, type MultiReadOp, type MultiReadResult } from "@effect-zookeeper/core/wire/ops/multi"
import {
  addWatch,
  AddWatchMode,
  checkWatches,
  removeWatches,
  setWatches,
  setWatches2,
  type SetWatches2,
  WatcherType
} from "@effect-zookeeper/core/wire/ops/watches"
import type { AclCheck } from "./AclCheck.ts"
import { type Change, type DataNode, type DataTree, statOf } from "./DataTree.ts"
import { KeeperException } from "./KeeperException.ts"
import type { Id } from "./Transaction.ts"
import { WatchManager, type WatcherMode } from "./WatchManager.ts"

/** Whoever may watch: a connection. */
export interface Watcher {
  readonly sessionId: bigint
  readonly auth: ReadonlyArray<Id>
  readonly notify: (type: number, path: string) => void
}

export type Body = ((writer: JuteWriter) => void) | undefined

const refuse = (code: number): never => {
  throw new KeeperException(code)
}

const answer =
  <Request, Response>(operation: Operation<Request, Response>, response: Response): Body =>
  (writer) =>
    operation.response.encode(writer, response)

export class FinalRequestProcessor {
  readonly tree: DataTree
  readonly acl: AclCheck
  readonly dataWatches = new WatchManager<Watcher>()
  readonly childWatches = new WatchManager<Watcher>()

  constructor(tree: DataTree, acl: AclCheck) {
    this.tree = tree
    this.acl = acl
  }

  private node(path: string): DataNode {
    return this.tree.get(path) ?? refuse(ErrorCode.NoNode)
  }

  private readable(path: string, watcher: Watcher): DataNode {
    const node = this.node(path)
    this.acl.require(node.acl, Perms.READ, watcher.auth)
    return node
  }

  /** The events of a change, in order: the node's own, each watcher once, then the parent's. */
  fire({ acl, parentAcl, path, type }: Change): void {
    const send = (watchers: Iterable<Watcher>, event: number, at: string, nodeAcl: Change["acl"]) => {
      // An event that the connection may not read is dropped, its watch spent (CVE-2024-23944; measured on 3.8.0).
      for (const watcher of watchers) {
        if (this.acl.allows(nodeAcl, Perms.READ, watcher.auth)) watcher.notify(event, at)
      }
    }
    const own = this.dataWatches.trigger(path, false)
    send(own, EventType[type], path, acl)
    if (type === "NodeDataChanged") return
    if (type === "NodeDeleted") {
      const children = this.childWatches.trigger(path, false)
      send(
        [...children].filter((watcher) => !own.has(watcher)),
        EventType.NodeDeleted,
        path,
        acl
      )
    }
    const parent = path.slice(0, path.lastIndexOf("/")) || "/"
    send(this.childWatches.trigger(parent, true), EventType.NodeChildrenChanged, parent, parentAcl)
  }

  /** Answers a request that changes nothing in the tree. Throws KeeperException, and what the codec throws. */
  read(type: number, reader: JuteReader, watcher: Watcher): Body {
    switch (type) {
      case exists.code: {
        const { path, watch } = exists.request.decode(reader)
        if (path.includes("\0")) refuse(ErrorCode.BadArguments)
        // Watched also when it is missing; no ACL check before 3.8.4 (measured on 3.8.0).
        if (watch) this.dataWatches.add(path, watcher, "standard")
        return answer(exists, statOf(this.node(path)))
      }
      case getData.code: {
        const { path, watch } = getData.request.decode(reader)
        const node = this.readable(path, watcher)
        if (watch) this.dataWatches.add(path, watcher, "standard")
        return answer(getData, { data: node.data, stat: statOf(node) })
      }
      case getACL.code: {
        const node = this.node(getACL.request.decode(reader).path)
        this.acl.require(node.acl, Perms.READ | Perms.ADMIN, watcher.auth)
        return answer(getACL, { acl: this.acl.masked(node.acl, watcher.auth), stat: statOf(node) })
      }
      case getChildren.code:
      case getChildren2.code: {
        const { path, watch } = getChildren.request.decode(reader)
        const node = this.readable(path, watcher)
        if (watch) this.childWatches.add(path, watcher, "standard")
        const children = [...node.children]
        return type === getChildren.code
          ? answer(getChildren, children)
          : answer(getChildren2, { children, stat: statOf(node) })
      }
      case getAllChildrenNumber.code: {
        const { path } = getAllChildrenNumber.request.decode(reader)
        this.readable(path, watcher)
        return answer(getAllChildrenNumber, this.descendants(path))
      }
      case getEphemerals.code: {
        const { prefixPath } = getEphemerals.request.decode(reader)
        const own = [...(this.tree.ephemerals.get(watcher.sessionId) ?? [])]
        return answer(
          getEphemerals,
          own.filter((path) => path.startsWith(prefixPath ?? ""))
        )
      }
      case whoAmI.code:
        return answer(
          whoAmI,
          watcher.auth.map((id) => ({ authScheme: id.scheme, user: this.acl.userName(id) }))
        )
      case multiRead.code: {
        const ops = multiRead.request.decode(reader)
        return answer(
          multiRead,
          ops.map((op) => this.multiReadOp(op, watcher))
        )
      }
      case setWatches.code:
        this.setWatches(
          { ...setWatches.request.decode(reader), persistentWatches: [], persistentRecursiveWatches: [] },
          watcher
        )
        return undefined
      case setWatches2.code:
        this.setWatches(setWatches2.request.decode(reader), watcher)
        return undefined
      case addWatch.code: {
        const { mode, path } = addWatch.request.decode(reader)
        if (mode !== AddWatchMode.PERSISTENT && mode !== AddWatchMode.PERSISTENT_RECURSIVE) {
          refuse(ErrorCode.MarshallingError)
        }
        this.watchBoth(path, watcher, mode === AddWatchMode.PERSISTENT ? "persistent" : "recursive")
        return answer(addWatch, 0)
      }
      case checkWatches.code:
      case removeWatches.code: {
        const { path, type: kind } = checkWatches.request.decode(reader)
        if (kind < WatcherType.CHILDREN || kind > WatcherType.ANY) refuse(ErrorCode.MarshallingError)
        const tables = [
          ...(kind === WatcherType.DATA ? [] : [this.childWatches]),
          ...(kind === WatcherType.CHILDREN ? [] : [this.dataWatches])
        ]
        const found = tables.map((table) => {
          if (type === removeWatches.code) return table.remove(path, watcher)
          // Cutting an ancestor off what is no path fails (measured on 3.8.0).
          const hasParent = path === "" || path.startsWith("/") || (path.includes("/") && !table.hasRecursive)
          return table.contains(path) || (hasParent ? false : refuse(ErrorCode.MarshallingError))
        })
        return found.includes(true) ? undefined : refuse(ErrorCode.NoWatcher)
      }
      default:
        return refuse(ErrorCode.Unimplemented)
    }
  }

  /** Everything below the path; the root counts what is under `/zookeeper` too (3 on an empty tree, measured on 3.8.0). */
  private descendants(path: string): number {
    if (path === "/") return this.tree.nodes.size - 1
    let count = 0
    for (const other of this.tree.nodes.keys()) if (other.startsWith(`${path}/`)) count++
    return count
  }

  private multiReadOp(op: MultiReadOp, watcher: Watcher): MultiReadResult {
    try {
      const node = this.readable(op.path, watcher)
      return op._tag === "getData"
        ? { _tag: "getData", data: node.data, stat: statOf(node) }
        : { _tag: "getChildren", children: [...node.children] }
    } catch (error) {
      if (!(error instanceof KeeperException)) throw error
      return { _tag: "error", err: error.code }
    }
  }

  private watchBoth(path: string, watcher: Watcher, mode: WatcherMode): void {
    this.dataWatches.add(path, watcher, mode)
    this.childWatches.add(path, watcher, mode)
  }

  /** What changed since `relativeZxid` fires at once, the rest is armed; persistent watches replay nothing. */
  private setWatches(request: SetWatches2, watcher: Watcher): void {
    const { relativeZxid } = request
    for (const path of request.dataWatches) {
      const node = this.tree.get(path)
      if (node === undefined) watcher.notify(EventType.NodeDeleted, path)
      else if (node.mzxid > relativeZxid) watcher.notify(EventType.NodeDataChanged, path)
      else this.dataWatches.add(path, watcher, "standard")
    }
    for (const path of request.existWatches) {
      if (this.tree.get(path) !== undefined) watcher.notify(EventType.NodeCreated, path)
      else this.dataWatches.add(path, watcher, "standard")
    }
    for (const path of request.childWatches) {
      const node = this.tree.get(path)
      if (node === undefined) watcher.notify(EventType.NodeDeleted, path)
      else if (node.pzxid > relativeZxid) watcher.notify(EventType.NodeChildrenChanged, path)
      else this.childWatches.add(path, watcher, "standard")
    }
    for (const path of request.persistentWatches) this.watchBoth(path, watcher, "persistent")
    for (const path of request.persistentRecursiveWatches) this.watchBoth(path, watcher, "recursive")
  }

  /** A connection ended, and its watches with it. */
  forget(watcher: Watcher): void {
    this.dataWatches.removeAll(watcher)
    this.childWatches.removeAll(watcher)
  }
}
