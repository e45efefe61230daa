/** Which operations the library has, how each is called, and why the others cannot be done. */
import { ErrorCode } from "../model/ErrorCode.ts"
import * as Path from "../model/Path.ts"
import type { Call } from "../session/Session.ts"
import type { Operation } from "../wire/Operation.ts"
import { getACL, setACL } from "../wire/ops/acl.ts"
import { auth } from "../wire/ops/auth.ts"
import { getChildren, getChildren2 } from "../wire/ops/children.ts"
import { create } from "../wire/ops/create.ts"
import { getData, setData } from "../wire/ops/data.ts"
import { deleteNode } from "../wire/ops/delete.ts"
import { exists } from "../wire/ops/exists.ts"
import { multi, type MultiOp } from "../wire/ops/multi.ts"
import { closeSession, ping } from "../wire/ops/session.ts"
import { setWatches } from "../wire/ops/watches.ts"
import { operations as all } from "../wire/registry.ts"
import type { Client, MaybeFailure, Transaction, Watcher } from "./library.ts"
import { fromBuffer, toAclEntries, toBuffer, toMultiResult, toStat } from "./records.ts"

/** A client to call, and how its paths differ from the server's. */
export interface Target {
  readonly client: Client
  /** The client's own chroot, "" for none. */
  readonly root: string
  readonly watcher: Watcher
}

/** Called once with the answer; without an error, with the response. */
export type Done<Response> = (error: MaybeFailure, response?: Response) => void

type Send<Request, Response> = (target: Target, request: Request, done: Done<Response>) => void

const NO_NODE = { code: ErrorCode.NoNode }

/** What the library calls a path of the server's. The session itself asks for `/`, wherever the client is rooted. */
const inside = ({ root }: Target, path: string): string => Path.strip(root, path)

const watching = ({ watcher }: Target, watch: boolean): Watcher | undefined => (watch ? watcher : undefined)

/** Adds an operation; the library takes version 0 for none (museum 33), so it is put right afterwards. */
const addTo = (transaction: Transaction, target: Target, op: MultiOp): void => {
  const path = inside(target, op.path)
  switch (op._tag) {
    case "create":
      transaction.create(path, op.data === null ? undefined : toBuffer(op.data), toAclEntries(op.acl), op.flags)
      return
    case "delete":
      transaction.remove(path, op.version)
      break
    case "setData":
      transaction.setData(path, op.data === null ? null : toBuffer(op.data), op.version)
      break
    case "check":
      transaction.check(path, op.version)
      break
    default:
      throw new Error(`no ${op._tag} in transactions`)
  }
  transaction.ops.at(-1)!.version = op.version
}

const entry = <Request, Response>(
  operation: Operation<Request, Response>,
  send: Send<Request, Response>
): readonly [number, Send<any, any>] => [operation.code, send]

const sends: ReadonlyMap<number, Send<any, any>> = new Map([
  entry(create, (target, { acl, data, flags, path }, done) =>
    target.client.create(
      inside(target, path),
      data === null ? undefined : toBuffer(data),
      toAclEntries(acl),
      flags,
      (error, created) => (error ? done(error) : done(null, Path.prepend(target.root, created)))
    )
  ),
  entry(deleteNode, (target, { path, version }, done) => target.client.remove(inside(target, path), version, done)),
  entry(exists, (target, { path, watch }, done) =>
    target.client.exists(inside(target, path), watching(target, watch), (error, stat) =>
      error || stat === null ? done(error ?? NO_NODE) : done(null, toStat(stat))
    )
  ),
  entry(getData, (target, { path, watch }, done) =>
    target.client.getData(inside(target, path), watching(target, watch), (error, data, stat) =>
      error ? done(error) : done(null, { data: data === undefined ? null : fromBuffer(data), stat: toStat(stat) })
    )
  ),
  // The library cannot write null here; a server stores both as no bytes.
  entry(setData, (target, { data, path, version }, done) =>
    target.client.setData(inside(target, path), toBuffer(data ?? new Uint8Array(0)), version, (error, stat) =>
      error ? done(error) : done(null, toStat(stat))
    )
  ),
  entry(getACL, (target, { path }, done) =>
    target.client.getACL(inside(target, path), (error, acls, stat) =>
      error
        ? done(error)
        : done(null, {
            acl: acls.map(({ id: { id, scheme }, permission }) => ({ perms: permission, scheme, id })),
            stat: toStat(stat)
          })
    )
  ),
  entry(setACL, (target, { acl, path, version }, done) =>
    target.client.setACL(inside(target, path), toAclEntries(acl), version, (error, stat) =>
      error ? done(error) : done(null, toStat(stat))
    )
  ),
  entry(getChildren, (target, { path, watch }, done) =>
    target.client.getChildren(inside(target, path), watching(target, watch), (error, children) =>
      error ? done(error) : done(null, children ?? [])
    )
  ),
  entry(getChildren2, (target, { path, watch }, done) =>
    target.client.getChildren(inside(target, path), watching(target, watch), (error, children, stat) =>
      error ? done(error) : done(null, { children: children ?? [], stat: toStat(stat) })
    )
  ),
  entry(multi, (target, ops, done) => {
    const transaction = target.client.transaction()
    for (const op of ops) addTo(transaction, target, op)
    // A transaction that failed has both: an error and the results that say where.
    transaction.commit((error, results) =>
      results === undefined
        ? done(error)
        : done(
            null,
            results.map((result) => toMultiResult(result, (path) => Path.prepend(target.root, path)))
          )
    )
  })
])

/** Calls the library. The operation is one that it has. */
export const send = (target: Target, operation: Operation<any, any>, request: unknown, done: Done<any>): void =>
  sends.get(operation.code)!(target, request, done)

/** What the session does by itself, in the library's own way. */
const byItself: ReadonlySet<number> = new Set([ping.code, closeSession.code, auth.code, setWatches.code])

/** The operations that this driver cannot do, by their names in the protocol. */
export const unsupported: ReadonlyArray<string> = all
  .filter(({ code }) => !sends.has(code) && !byItself.has(code))
  .map(({ name }) => name)

const lacks: ReadonlySet<string> = new Set(unsupported)

/** Why an operation cannot be done, undefined when it can. */
export const whyNot = (name: string): string | undefined =>
  lacks.has(name)
    ? `node-zookeeper-client has no ${name}; the native driver (@effect-zookeeper/core/ZooKeeper) has it`
    : undefined

/** Why a request cannot be sent, undefined when it can. `fits` says whether there is room for another watch. */
export const refusalFor =
  (root: string, fits: (path: string) => boolean = () => true) =>
  ({ operation, request }: Call<any, any>): string | undefined => {
    const why = whyNot(operation.name)
    if (why !== undefined) return why
    if (!sends.has(operation.code)) return `the session sends ${operation.name} by itself`
    if (operation.code !== multi.code) {
      const { path, watch } = request as { readonly path: string; readonly watch?: boolean }
      return outside(root, path) ?? (watch === true && !fits(path) ? NO_ROOM : undefined)
    }
    for (const { _tag, path } of request as ReadonlyArray<MultiOp>) {
      const whyNotThis = whyNot(_tag) ?? outside(root, path)
      if (whyNotThis !== undefined) return whyNotThis
    }
    return undefined
  }

const NO_ROOM =
  "the client has so many watches that it could not register them again after a reconnect; the native driver can"

/** The session itself asks for `/`, wherever the client is rooted. */
const outside = (root: string, path: string): string | undefined =>
  root === "" || path === "/" || Path.isWithin(path, root)
    ? undefined
    : `'${path}' is outside of the adopted client's chroot '${root}'; the native driver reaches it`
