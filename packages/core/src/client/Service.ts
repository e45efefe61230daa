/**
 * What a session can do for an application: every operation of ZooKeeper as an Effect.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Acl } from "../model/Acl.ts"
import type { CreateMode } from "../model/CreateMode.ts"
import type { LeaseLost } from "../model/LeaseLost.ts"
import type { Stat } from "../model/Stat.ts"
import type { WatchEvent } from "../model/WatchEvent.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { Session, SessionInfo } from "../session/Session.ts"
import type * as FourLetterWord from "../wire/FourLetterWord.ts"
import type { Data, Node } from "./Data.ts"
import type { Op, Read } from "./Op.ts"

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
   * instead of being done twice, and one whose caller was interrupted is undone. A text says that the name begins with
   * this already, which must be unique. For sequential and ephemeral nodes.
   */
  readonly protected?: boolean | string | undefined
  /** Makes missing parents first, as empty persistent nodes with the same ACL. Default false. */
  readonly parents?: boolean | undefined
}

/** @category options @since 0.1.0 */
export interface VersionOption {
  /** The version that the node must have; absent for any, and 0 means 0. */
  readonly version?: number | undefined
}

/** @category options @since 0.1.0 */
export interface DeleteOptions extends VersionOption {
  /** Deletes everything below first; `version` is checked on the node itself. Default false. */
  readonly recursive?: boolean | undefined
  /**
   * Goes on in the background when the answer is lost, until the node is gone or the session is over. A node that does
   * not exist is no failure. Default false.
   */
  readonly guaranteed?: boolean | undefined
}

/** @category options @since 0.1.0 */
export interface ReconfigOptions {
  /** `server.4=host:2888:3888;2181` entries to add or change. */
  readonly joining?: ReadonlyArray<string> | undefined
  /** Server ids to remove. */
  readonly leaving?: ReadonlyArray<string> | undefined
  /** The whole new membership, instead of the two others. */
  readonly members?: ReadonlyArray<string> | undefined
  /** The configuration version (hexadecimal zxid) to start from; absent for any. */
  readonly from?: bigint | undefined
}

/**
 * A value and the first change after it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Once<A> {
  readonly value: A
  /**
   * Completes with the next event of the path; fails when the session is over. Survives reconnects and renewed sessions.
   * Interrupting it gives the watch up.
   */
  readonly next: Effect.Effect<WatchEvent, ZooKeeperError>
}

/**
 * One element of {@link ZooKeeper.changes}`.data`: the node as it is now, and how it came to be so.
 *
 * @category models
 * @since 0.1.0
 */
export interface DataChange {
  readonly path: string
  /** None while the node does not exist. */
  readonly node: Option.Option<Node>
  readonly change: "initial" | "created" | "changed" | "deleted" | "recreated" | "resynced"
}

/** One element of `changes.children`: the names, sorted; none while the node does not exist. @category models @since 0.1.0 */
export interface ChildrenChange {
  readonly path: string
  readonly children: Option.Option<ReadonlyArray<string>>
  readonly change: "initial" | "created" | "changed" | "deleted" | "recreated" | "resynced"
}

/** One element of `changes.exists`. @category models @since 0.1.0 */
export interface ExistsChange {
  readonly path: string
  readonly stat: Option.Option<Stat>
  readonly change: "initial" | "created" | "deleted" | "recreated" | "resynced"
}

/**
 * An element of {@link ZooKeeper.watch}: an event, or the mark of a gap in which events may have been missed.
 *
 * @category models
 * @since 0.1.0
 */
export type WatchElement = { readonly _tag: "Event"; readonly event: WatchEvent } | { readonly _tag: "Resync" }

/**
 * A session with a ZooKeeper ensemble. Every operation waits while the session has no connection (at most
 * `operationTimeout`), fails with `ConnectionLost` when the connection breaks under it (reads are sent again first, by
 * the `retry` Schedule), and with `SessionExpired` or `Closed` when the session ends.
 *
 * @category models
 * @since 0.1.0
 */
export interface ZooKeeper {
  readonly session: SessionInfo

  /** Creates a node and gives its path, which for sequential modes has the counter appended. */
  readonly create: (path: string, data?: Data, options?: CreateOptions) => Effect.Effect<string, ZooKeeperError>
  /** As `create`, and gives the Stat too (3.5 and later). */
  readonly create2: (
    path: string,
    data?: Data,
    options?: CreateOptions
  ) => Effect.Effect<{ readonly path: string; readonly stat: Stat }, ZooKeeperError>
  readonly delete: (path: string, options?: DeleteOptions) => Effect.Effect<void, ZooKeeperError>
  /** The node's Stat, none when it does not exist. */
  readonly exists: (path: string) => Effect.Effect<Option.Option<Stat>, ZooKeeperError>
  readonly get: (path: string) => Effect.Effect<Node, ZooKeeperError>
  /** As `get`, none when the node does not exist. */
  readonly getOption: (path: string) => Effect.Effect<Option.Option<Node>, ZooKeeperError>
  /** The data as text. */
  readonly getString: (path: string) => Effect.Effect<string, ZooKeeperError>
  readonly set: (path: string, data: Data, options?: VersionOption) => Effect.Effect<Stat, ZooKeeperError>
  /** The names of the children, in no order. */
  readonly children: (path: string) => Effect.Effect<ReadonlyArray<string>, ZooKeeperError>
  readonly childrenWithStat: (
    path: string
  ) => Effect.Effect<{ readonly children: ReadonlyArray<string>; readonly stat: Stat }, ZooKeeperError>
  readonly getAcl: (
    path: string
  ) => Effect.Effect<{ readonly acl: ReadonlyArray<Acl>; readonly stat: Stat }, ZooKeeperError>
  /** `version` is compared with the node's `aversion`. */
  readonly setAcl: (
    path: string,
    acl: ReadonlyArray<Acl>,
    options?: VersionOption
  ) => Effect.Effect<Stat, ZooKeeperError>
  /** Waits until the connected server has caught up with the leader as of now. */
  readonly sync: (path?: string) => Effect.Effect<void, ZooKeeperError>

  /** Does all operations or none of them; the result is the tuple of their results. */
  readonly transact: <const Ops extends ReadonlyArray<Op<any>>>(
    ...ops: Ops
  ) => Effect.Effect<Op.Results<Ops>, ZooKeeperError>
  /** Several reads in one request (3.6 and later); each has a result of its own. */
  readonly multiRead: <const Reads extends ReadonlyArray<Read<any>>>(
    ...reads: Reads
  ) => Effect.Effect<Read.Results<Reads>, ZooKeeperError>
  /**
   * Replaces the data by what `f` makes of it, if nobody else did meanwhile, else reads and tries again by `retry`. When
   * the answer is lost it fails with `applied: "unknown"`, unless `idempotent` says that doing it twice does no harm.
   */
  readonly update: <E = never, R = never>(
    path: string,
    f: (node: Node) => Data | Effect.Effect<Data, E, R>,
    options?: { readonly idempotent?: boolean | undefined }
  ) => Effect.Effect<Stat, ZooKeeperError | E, R>

  /** The ephemeral nodes of this session below a prefix (3.6 and later). */
  readonly getEphemerals: (prefix?: string) => Effect.Effect<ReadonlyArray<string>, ZooKeeperError>
  /** How many nodes are below the path (3.6 and later). */
  readonly allChildrenNumber: (path: string) => Effect.Effect<number, ZooKeeperError>
  /** The identities of this connection (3.7 and later). */
  readonly whoAmI: Effect.Effect<ReadonlyArray<{ readonly scheme: string; readonly id: string }>, ZooKeeperError>
  /** The ensemble's configuration, `/zookeeper/config`, as text and Stat; never below the chroot. */
  readonly config: Effect.Effect<Node, ZooKeeperError>
  readonly reconfig: (options: ReconfigOptions) => Effect.Effect<Node, ZooKeeperError>
  /** Logs in with one more identity, now and on every later connection. */
  readonly addAuth: (scheme: string, credentials: Redacted.Redacted) => Effect.Effect<void, ZooKeeperError>

  /** Makes the node and its missing parents, empty and persistent; none of them is changed if it exists. */
  readonly ensurePath: (
    path: string,
    options?: { readonly acl?: ReadonlyArray<Acl> | undefined }
  ) => Effect.Effect<void, ZooKeeperError>
  /** Makes the node that the chroot of the connect string names. */
  readonly ensureRoot: Effect.Effect<void, ZooKeeperError>
  /** Asks one server (the connected one unless named) for its state; see {@link FourLetterWord}. */
  readonly fourLetterWord: <W extends FourLetterWord.Word>(
    word: W,
    host?: string
  ) => Effect.Effect<FourLetterWord.Answer<W>, ZooKeeperError>
  /** Closes this session for good and opens a new one in its place. */
  readonly restart: Effect.Effect<void, ZooKeeperError>

  /** A value and an effect of the next event, for those who want one change only. */
  readonly once: {
    readonly data: (path: string) => Effect.Effect<Once<Node>, ZooKeeperError>
    readonly children: (path: string) => Effect.Effect<Once<ReadonlyArray<string>>, ZooKeeperError>
    readonly exists: (path: string) => Effect.Effect<Once<Option.Option<Stat>>, ZooKeeperError>
  }
  /** State streams: the present state at once, then again after every change, the newest one for slow consumers. */
  readonly changes: {
    readonly data: (path: string) => Stream.Stream<DataChange, ZooKeeperError>
    readonly children: (path: string) => Stream.Stream<ChildrenChange, ZooKeeperError>
    readonly exists: (path: string) => Stream.Stream<ExistsChange, ZooKeeperError>
    /** As `data`; returns once the watch is registered. */
    readonly dataScoped: (
      path: string
    ) => Effect.Effect<Stream.Stream<DataChange, ZooKeeperError>, ZooKeeperError, Scope.Scope>
    readonly childrenScoped: (
      path: string
    ) => Effect.Effect<Stream.Stream<ChildrenChange, ZooKeeperError>, ZooKeeperError, Scope.Scope>
    readonly existsScoped: (
      path: string
    ) => Effect.Effect<Stream.Stream<ExistsChange, ZooKeeperError>, ZooKeeperError, Scope.Scope>
  }
  /** Raw events of a persistent watch (3.6 and later), with a `Resync` after any gap. */
  readonly watch: (path: string, options?: WatchOptions) => Stream.Stream<WatchElement, ZooKeeperError>
  /** As `watch`; returns once the watch is registered. */
  readonly watchScoped: (
    path: string,
    options?: WatchOptions
  ) => Effect.Effect<Stream.Stream<WatchElement, ZooKeeperError>, ZooKeeperError, Scope.Scope>

  /** Runs the effect while the session certainly lives; interrupts it before the session can have expired. */
  readonly whileSession: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | LeaseLost, R>
  /** Runs the effect while the session is connected; interrupts it as soon as the connection is gone. */
  readonly whileConnected: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | LeaseLost, R>
  /** The same session seen from below a path. */
  readonly namespace: (path: string) => ZooKeeper
  /** The driver underneath, for recipes and other builders of this kind. */
  readonly driver: Session
}

/** @category options @since 0.1.0 */
export interface WatchOptions {
  /** Also everything below. Default false. */
  readonly recursive?: boolean | undefined
  /** How many events wait for a slow consumer before they are replaced by one `Resync`. Default 4,096. */
  readonly buffer?: number | undefined
}
