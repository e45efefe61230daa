/**
 * The parts of a transaction as values whose types carry their results.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Result from "effect/Result"
import type { Acl } from "../model/Acl.ts"
import type { CreateMode } from "../model/CreateMode.ts"
import type { Stat } from "../model/Stat.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { Data, Node } from "./Data.ts"

declare const ResultOf: unique symbol

/**
 * One operation of a transaction. `A` is the type of its result.
 *
 * ```ts
 * import * as Op from "@effect-zookeeper/core/Op"
 * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
 *
 * const init = ZooKeeper.ZooKeeper.use((zk) =>
 *   zk.transact(
 *     Op.check("/app", "any"),
 *     Op.create("/app/queue", "", { mode: "container" }),
 *     Op.set("/app/version", "2", { version: 0 })
 *   )
 * )
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export type Op<A> = (Create | Set | Delete | Check) & { readonly [ResultOf]?: A }

/**
 * What {@link create} makes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Create {
  readonly _tag: "create"
  readonly path: string
  readonly data: Data
  readonly mode: CreateMode
  readonly acl: ReadonlyArray<Acl> | undefined
  readonly ttl: Duration.Input | undefined
}

/**
 * What {@link set} makes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Set {
  readonly _tag: "set"
  readonly path: string
  readonly data: Data
  readonly version: number | undefined
}

/**
 * What {@link delete} makes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Delete {
  readonly _tag: "delete"
  readonly path: string
  readonly version: number | undefined
}

/**
 * What {@link check} makes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Check {
  readonly _tag: "check"
  readonly path: string
  readonly version: number | "any"
}

/**
 * The types that belong to {@link Op}.
 *
 * @category models
 * @since 0.1.0
 */
export declare namespace Op {
  /** The tuple of results of a tuple of operations. */
  export type Results<Ops extends ReadonlyArray<Op<any>>> = {
    readonly [K in keyof Ops]: Ops[K] extends Op<infer A> ? A : never
  }
}

/**
 * Creates a node; the result is its path. Persistent, empty and with the session's default ACL unless told otherwise.
 *
 * @category constructors
 * @since 0.1.0
 */
export const create = (
  path: string,
  data: Data = "",
  options?: {
    readonly mode?: CreateMode | undefined
    readonly acl?: ReadonlyArray<Acl> | undefined
    readonly ttl?: Duration.Input | undefined
  }
): Op<string> => ({
  _tag: "create",
  path,
  data,
  mode: options?.mode ?? "persistent",
  acl: options?.acl,
  ttl: options?.ttl
})

/**
 * Replaces a node's data; the result is its Stat. Without `version` any version will do; 0 means 0.
 *
 * @category constructors
 * @since 0.1.0
 */
export const set = (path: string, data: Data, options?: { readonly version?: number | undefined }): Op<Stat> => ({
  _tag: "set",
  path,
  data,
  version: options?.version
})

/**
 * Deletes a node. Without `version` any version will do.
 *
 * @category constructors
 * @since 0.1.0
 */
const delete_ = (path: string, options?: { readonly version?: number | undefined }): Op<void> => ({
  _tag: "delete",
  path,
  version: options?.version
})

export { delete_ as delete }

/**
 * Demands that a node exists, with this version unless `"any"`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const check = (path: string, version: number | "any"): Op<void> => ({ _tag: "check", path, version })

/**
 * One part of a `multiRead`. `A` is the type of its result.
 *
 * @category models
 * @since 0.1.0
 */
export type Read<A> = (
  | { readonly _tag: "get"; readonly path: string }
  | { readonly _tag: "children"; readonly path: string }
) & { readonly [ResultOf]?: A }

/**
 * The types that belong to {@link Read}.
 *
 * @category models
 * @since 0.1.0
 */
export declare namespace Read {
  /** The tuple of results of a tuple of reads; each fails by itself. */
  export type Results<Reads extends ReadonlyArray<Read<any>>> = {
    readonly [K in keyof Reads]: Reads[K] extends Read<infer A> ? Result.Result<A, ZooKeeperError> : never
  }
}

/**
 * Reads a node's data and Stat.
 *
 * @category constructors
 * @since 0.1.0
 */
export const get = (path: string): Read<Node> => ({ _tag: "get", path })

/**
 * Reads the names of a node's children.
 *
 * @category constructors
 * @since 0.1.0
 */
export const children = (path: string): Read<ReadonlyArray<string>> => ({ _tag: "children", path })
