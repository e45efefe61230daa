/**
 * What an application does with single nodes.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Acl } from "../../model/Acl.ts"
import type { CreateMode } from "../../model/CreateMode.ts"
import type { Stat } from "../../model/Stat.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { Data, Node } from "../Data.ts"

/**
 * How a node is created.
 *
 * @category options
 * @since 0.1.0
 */
export interface CreateOptions {
  /** Default `persistent`. */
  readonly mode?: CreateMode | undefined
  /** Default: the session's `defaultAcl`. */
  readonly acl?: ReadonlyArray<Acl> | undefined
  /** For the modes `ttl` and `ttlSequential`, 1 ms to 2^40 − 1 ms. */
  readonly ttl?: Duration.Input | undefined
  /**
   * Puts a random id in front of the name (`_c_<uuid>-name`), so that a create whose answer was lost is found again
   * instead of being done twice, and one that fails or whose caller was interrupted is undone. A text says that the name
   * begins with this already, which must be unique. Meant for sequential and ephemeral nodes. Default false.
   */
  readonly protected?: boolean | string | undefined
  /**
   * Makes missing parents first, as empty nodes with the same ACL: persistent ones, or with `"container"` such as the server
   * removes some time after their last child went (3.5 and later). Default false.
   */
  readonly parents?: boolean | "container" | undefined
}

/**
 * A write that is only done to the version that was read.
 *
 * @category options
 * @since 0.1.0
 */
export interface VersionOption {
  /**
   * The version that the node must have, else `BadVersion`; absent for any, and 0 means 0. −1 is refused, since servers take
   * it for any; without ZOOKEEPER-4743 a node has it once in 2^32 changes.
   */
  readonly version?: number | undefined
}

/**
 * How data is written.
 *
 * @category options
 * @since 0.1.0
 */
export interface SetOptions extends VersionOption {
  /**
   * Creates the node where there is none: `true` as a persistent one with the session's `defaultAcl`, else as these options
   * say, none of which changes a node that is there. Not for sequential modes, and not together with `version`. Default
   * false.
   */
  readonly orCreate?: boolean | Omit<CreateOptions, "protected"> | undefined
}

/**
 * How a node is deleted.
 *
 * @category options
 * @since 0.1.0
 */
export interface DeleteOptions extends VersionOption {
  /**
   * Deletes everything below first; `version` is checked on the node itself, before anything is deleted and again at the
   * end. Not for `/`. Default false.
   */
  readonly recursive?: boolean | undefined
  /**
   * Goes on in the background when the answer is lost or there is no connection, until the node is gone or the session is
   * over. A node that does not exist is no failure. Default false.
   */
  readonly guaranteed?: boolean | undefined
  /**
   * Deletes nothing but an ephemeral node of this session: one that another session has put in its place, or none, is left
   * as it is and is no failure. Costs a `sync` and an `exists` more. Not together with `recursive`. Default false.
   */
  readonly owned?: boolean | undefined
}

/**
 * Nodes, one at a time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Nodes {
  /**
   * Creates a node and gives its path: for sequential modes with the counter at the end. Data is empty by default.
   * Fails with `NodeExists`, with `NoNode` when the parent is missing, `NoChildrenForEphemerals`, `NoAuth`, `InvalidAcl`.
   *
   * ```ts
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   * import * as Effect from "effect/Effect"
   *
   * const register = Effect.gen(function* () {
   *   const zk = yield* ZooKeeper.ZooKeeper
   *   yield* zk.create("/app/config", "color=red", { parents: true })
   *   // /app/workers/_c_<uuid>-worker-0000000007; gone with the session, and made once even if the answer is lost.
   *   return yield* zk.create("/app/workers/worker-", "host:8080", {
   *     mode: "ephemeralSequential",
   *     protected: true,
   *     parents: true
   *   })
   * })
   * ```
   */
  readonly create: (path: string, data?: Data, options?: CreateOptions) => Effect.Effect<string, ZooKeeperError>
  /** As `create`, and gives the Stat too (3.5 and later). Not for protected nodes. */
  readonly create2: (
    path: string,
    data?: Data,
    options?: Omit<CreateOptions, "protected">
  ) => Effect.Effect<{ readonly path: string; readonly stat: Stat }, ZooKeeperError>
  /**
   * Deletes a node. Fails with `NoNode`, `NotEmpty` (unless `recursive`), `BadVersion`, `NoAuth`. A recursive delete is
   * many operations: it may end half-done, and everything is there again for another try but what it deleted.
   */
  readonly delete: (path: string, options?: DeleteOptions) => Effect.Effect<void, ZooKeeperError>
  /** The node's Stat, none when it does not exist. */
  readonly exists: (path: string) => Effect.Effect<Option.Option<Stat>, ZooKeeperError>
  /**
   * The node's data and Stat. Fails with `NoNode`, `NoAuth`. Reads are answered by the connected server, which may lag
   * behind the leader: `sync` first where that matters.
   *
   * ```ts
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   * import * as Effect from "effect/Effect"
   *
   * const color = Effect.gen(function* () {
   *   const zk = yield* ZooKeeper.ZooKeeper
   *   yield* zk.sync("/app/config")
   *   const { data, stat } = yield* zk.get("/app/config")
   *   yield* zk.set("/app/config", "color=blue", { version: stat.version })
   *   return data
   * })
   * ```
   */
  readonly get: (path: string) => Effect.Effect<Node, ZooKeeperError>
  /** As `get`, none when the node does not exist. */
  readonly getOption: (path: string) => Effect.Effect<Option.Option<Node>, ZooKeeperError>
  /** As `get`, the data alone and as text (UTF-8). */
  readonly getString: (path: string) => Effect.Effect<string, ZooKeeperError>
  /**
   * Replaces the data, and gives the Stat after it. Fails with `NoNode`, `BadVersion`, `NoAuth`; with `orCreate` as `create`
   * does, but with `NodeExists` only where somebody creates and deletes the node all the time.
   *
   * ```ts
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   *
   * const publish = (version: string) =>
   *   ZooKeeper.ZooKeeper.use((zk) => zk.set("/app/release", version, { orCreate: { parents: true } }))
   * ```
   */
  readonly set: (path: string, data: Data, options?: SetOptions) => Effect.Effect<Stat, ZooKeeperError>
  /** The names of the children, in no order. Fails with `NoNode`, `NoAuth`. */
  readonly children: (path: string) => Effect.Effect<ReadonlyArray<string>, ZooKeeperError>
  /** As `children`, with the Stat of the node. */
  readonly childrenWithStat: (
    path: string
  ) => Effect.Effect<{ readonly children: ReadonlyArray<string>; readonly stat: Stat }, ZooKeeperError>
  /** Who may do what with the node, and its Stat. Fails with `NoNode`, `NoAuth`. */
  readonly getAcl: (
    path: string
  ) => Effect.Effect<{ readonly acl: ReadonlyArray<Acl>; readonly stat: Stat }, ZooKeeperError>
  /** Replaces the ACL; `version` is compared with the node's `aversion`. Fails with `InvalidAcl` and as `set` does. */
  readonly setAcl: (
    path: string,
    acl: ReadonlyArray<Acl>,
    options?: VersionOption
  ) => Effect.Effect<Stat, ZooKeeperError>
  /** How many nodes are below the path, at any depth (3.6 and later). */
  readonly allChildrenNumber: (path: string) => Effect.Effect<number, ZooKeeperError>
  /** Makes the node and its missing parents, empty and persistent; none of them is changed if it exists. */
  readonly ensurePath: (
    path: string,
    options?: { readonly acl?: ReadonlyArray<Acl> | undefined }
  ) => Effect.Effect<void, ZooKeeperError>
  /** Makes the node that `/` stands for, and its missing parents: the chroot of the connect string, or the namespace. */
  readonly ensureRoot: Effect.Effect<void, ZooKeeperError>
  /**
   * The ephemeral nodes of this session whose paths begin with a prefix (3.6 and later), by default all, in no order. The
   * prefix is compared as text: `/app` also finds `/apple`, and `/app/` does not. Fails with `InvalidArgument` for one that
   * does not begin with `/`.
   */
  readonly getEphemerals: (prefix?: string) => Effect.Effect<ReadonlyArray<string>, ZooKeeperError>
  /** Waits until the connected server has caught up with the leader as of now, whatever the path is (default `/`). */
  readonly sync: (path?: string) => Effect.Effect<void, ZooKeeperError>
}
