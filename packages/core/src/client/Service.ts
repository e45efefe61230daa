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
   * instead of being done twice, and one that fails or whose caller was interrupted is undone. A text says that the name
   * begins with this already, which must be unique. For sequential and ephemeral nodes.
   */
  readonly protected?: boolean | string | undefined
  /** Makes missing parents first, as empty persistent nodes with the same ACL. Default false. */
  readonly parents?: boolean | undefined
}

/**
 * A write that is only done to the version that was read.
 *
 * @category options
 * @since 0.1.0
 */
export interface VersionOption {
  /** The version that the node must have, else `BadVersion`; absent for any, and 0 means 0. */
  readonly version?: number | undefined
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
   * end. Default false.
   */
  readonly recursive?: boolean | undefined
  /**
   * Goes on in the background when the answer is lost or there is no connection, until the node is gone or the session is
   * over. A node that does not exist is no failure. Default false.
   */
  readonly guaranteed?: boolean | undefined
}

/**
 * A change of the ensemble's membership: either `members`, or `joining` and `leaving`.
 *
 * @category options
 * @since 0.1.0
 */
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
  /** `resynced` says that the connection was away meanwhile, so that more than one change may lie before it. */
  readonly change: "initial" | "created" | "changed" | "deleted" | "recreated" | "resynced"
}

/**
 * One element of {@link ZooKeeper.changes}`.children`. A change of a child's data is none of its parent's children.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChildrenChange {
  readonly path: string
  /** The names, sorted; none while the node does not exist. */
  readonly children: Option.Option<ReadonlyArray<string>>
  readonly change: "initial" | "created" | "changed" | "deleted" | "recreated" | "resynced"
}

/**
 * One element of {@link ZooKeeper.changes}`.exists`. A change of the data is none of the node's existence.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExistsChange {
  readonly path: string
  /** None while the node does not exist. */
  readonly stat: Option.Option<Stat>
  readonly change: "initial" | "created" | "deleted" | "recreated" | "resynced"
}

/**
 * An element of {@link ZooKeeper.watch}: an event, or the mark of a gap in which events may have been missed. After it the
 * watch is registered again: what changes from then on is told, and a read with this session shows what changed before.
 *
 * @category models
 * @since 0.1.0
 */
export type WatchElement = { readonly _tag: "Event"; readonly event: WatchEvent } | { readonly _tag: "Resync" }

/**
 * A session with a ZooKeeper ensemble.
 *
 * What holds for every operation:
 *
 * - It fails with a `ZooKeeperError`, whose `applied` says whether the server may have done it all the same.
 * - Bad input (a malformed path, an impossible version) fails with `InvalidArgument` before anything is sent.
 * - While the session has no connection it waits, at most for `operationTimeout`, then fails with `Timeout`.
 * - When the connection breaks under it, a read, and a write that had not left, is sent again by the `retry` Schedule;
 *   another write fails with `ConnectionLost` and `applied: "unknown"`.
 * - When the session expires it fails with `SessionExpired`, also if a new session follows; after the end, with the
 *   reason of the end: `Closed`, `SessionExpired`, `AuthFailed`.
 * - Interrupting it takes it back if it waits, and otherwise drops its answer: the server may do it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ZooKeeper {
  /** What is known about the session now: its id, state, states as a Stream, deadline and more. */
  readonly session: SessionInfo

  /**
   * Creates a node and gives its path, which for sequential modes has the counter appended. Data is empty by default.
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
  /** The data as text (UTF-8). */
  readonly getString: (path: string) => Effect.Effect<string, ZooKeeperError>
  /** Replaces the data, and gives the Stat after it. Fails with `NoNode`, `BadVersion`, `NoAuth`. */
  readonly set: (path: string, data: Data, options?: VersionOption) => Effect.Effect<Stat, ZooKeeperError>
  /** The names of the children, in no order. Fails with `NoNode`, `NoAuth`. */
  readonly children: (path: string) => Effect.Effect<ReadonlyArray<string>, ZooKeeperError>
  /** As `children`, with the Stat of the node. */
  readonly childrenWithStat: (
    path: string
  ) => Effect.Effect<{ readonly children: ReadonlyArray<string>; readonly stat: Stat }, ZooKeeperError>
  /** Who may do what with the node. */
  readonly getAcl: (
    path: string
  ) => Effect.Effect<{ readonly acl: ReadonlyArray<Acl>; readonly stat: Stat }, ZooKeeperError>
  /** Replaces the ACL; `version` is compared with the node's `aversion`. Fails with `InvalidAcl` and as `set` does. */
  readonly setAcl: (
    path: string,
    acl: ReadonlyArray<Acl>,
    options?: VersionOption
  ) => Effect.Effect<Stat, ZooKeeperError>
  /** Waits until the connected server has caught up with the leader as of now. The path (default `/`) says nothing more. */
  readonly sync: (path?: string) => Effect.Effect<void, ZooKeeperError>

  /**
   * Does all operations or none of them; the result is the tuple of their results. Fails with `TransactionFailed`, which
   * names the operation that failed and why. A transaction whose answer was lost is not repeated.
   *
   * ```ts
   * import * as Op from "@effect-zookeeper/core/Op"
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   * import * as Console from "effect/Console"
   * import * as Effect from "effect/Effect"
   *
   * const move = Effect.gen(function* () {
   *   const zk = yield* ZooKeeper.ZooKeeper
   *   const { data, stat } = yield* zk.get("/jobs/new/7")
   *   const [path] = yield* zk.transact(
   *     Op.create("/jobs/done/7", data),
   *     Op.delete("/jobs/new/7", { version: stat.version })
   *   )
   *   yield* Console.log(path)
   * }).pipe(
   *   Effect.catchReason("ZooKeeperError", "TransactionFailed", ({ index, name }) => Console.log(index, name))
   * )
   * ```
   */
  readonly transact: <const Ops extends ReadonlyArray<Op<any>>>(
    ...ops: Ops
  ) => Effect.Effect<Op.Results<Ops>, ZooKeeperError>
  /** Several reads in one request (3.6 and later); each has a result of its own. */
  readonly multiRead: <const Reads extends ReadonlyArray<Read<any>>>(
    ...reads: Reads
  ) => Effect.Effect<Read.Results<Reads>, ZooKeeperError>
  /**
   * Replaces the data by what `f` makes of it, if nobody else did meanwhile; else reads and tries again by `retry`. A write
   * whose answer was lost fails with `applied: "unknown"`, since another client may have written the same bytes;
   * `idempotent` says that `f` may be applied twice, and tries again then too.
   *
   * ```ts
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   *
   * const count = ZooKeeper.ZooKeeper.use((zk) =>
   *   zk.update("/app/visits", (node) => String(Number(ZooKeeper.text(node)) + 1))
   * )
   * ```
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
  /**
   * Changes the ensemble's membership, and gives the new configuration. Fails with `ReconfigDisabled`,
   * `ReconfigInProgress`, `NewConfigNoQuorum`, `BadVersion`, `NoAuth`.
   */
  readonly reconfig: (options: ReconfigOptions) => Effect.Effect<Node, ZooKeeperError>
  /**
   * Logs in with one more identity, now and on every later connection. Identities are never taken away. A login that the
   * server refuses fails with `AuthFailed` and ends the session.
   */
  readonly addAuth: (scheme: string, credentials: Redacted.Redacted) => Effect.Effect<void, ZooKeeperError>

  /** Makes the node and its missing parents, empty and persistent; none of them is changed if it exists. */
  readonly ensurePath: (
    path: string,
    options?: { readonly acl?: ReadonlyArray<Acl> | undefined }
  ) => Effect.Effect<void, ZooKeeperError>
  /** Makes the node that the chroot of the connect string names. */
  readonly ensureRoot: Effect.Effect<void, ZooKeeperError>
  /**
   * Asks one server (the connected one unless named) for its state over a connection of its own; see
   * {@link FourLetterWord}. A word that the server does not allow is an answer, not a failure.
   */
  readonly fourLetterWord: <W extends FourLetterWord.Word>(
    word: W,
    host?: string
  ) => Effect.Effect<FourLetterWord.Answer<W>, ZooKeeperError>
  /** Closes this session for good, its ephemeral nodes with it, and opens a new one in its place: the next epoch. */
  readonly restart: Effect.Effect<void, ZooKeeperError>

  /**
   * A value and an effect of the next event, for those who want one change only. `data` and `children` fail with `NoNode`;
   * `exists` waits for a node that is not there. Events from the read on count, none is lost between the two.
   *
   * ```ts
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   * import * as Effect from "effect/Effect"
   *
   * const waitForDeletion = Effect.gen(function* () {
   *   const zk = yield* ZooKeeper.ZooKeeper
   *   const { next } = yield* zk.once.data("/locks/report")
   *   const event = yield* next
   *   return event.type === "NodeDeleted"
   * })
   * ```
   */
  readonly once: {
    readonly data: (path: string) => Effect.Effect<Once<Node>, ZooKeeperError>
    readonly children: (path: string) => Effect.Effect<Once<ReadonlyArray<string>>, ZooKeeperError>
    readonly exists: (path: string) => Effect.Effect<Once<Option.Option<Stat>>, ZooKeeperError>
  }
  /**
   * State streams: the present state at once, then again after every change, the newest one for slow consumers. They
   * follow a node through its deletion and creation, through reconnects and renewed sessions; they fail when the session
   * is over, or with `NoAuth` when it may not read. Nothing is queued: a state is read when it is pulled.
   *
   * ```ts
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   * import * as Console from "effect/Console"
   * import * as Effect from "effect/Effect"
   * import * as Option from "effect/Option"
   * import * as Stream from "effect/Stream"
   *
   * const follow = Effect.gen(function* () {
   *   const zk = yield* ZooKeeper.ZooKeeper
   *   yield* zk.changes.children("/app/workers").pipe(
   *     Stream.runForEach(({ change, children }) =>
   *       Console.log(change, Option.getOrElse(children, () => []).join(" "))
   *     )
   *   )
   * })
   * ```
   */
  readonly changes: {
    readonly data: (path: string) => Stream.Stream<DataChange, ZooKeeperError>
    readonly children: (path: string) => Stream.Stream<ChildrenChange, ZooKeeperError>
    readonly exists: (path: string) => Stream.Stream<ExistsChange, ZooKeeperError>
    /** As `data`; returns once the watch is registered, and gives it up with the scope. */
    readonly dataScoped: (
      path: string
    ) => Effect.Effect<Stream.Stream<DataChange, ZooKeeperError>, ZooKeeperError, Scope.Scope>
    /** As `children`; returns once the watch is registered, and gives it up with the scope. */
    readonly childrenScoped: (
      path: string
    ) => Effect.Effect<Stream.Stream<ChildrenChange, ZooKeeperError>, ZooKeeperError, Scope.Scope>
    /** As `exists`; returns once the watch is registered, and gives it up with the scope. */
    readonly existsScoped: (
      path: string
    ) => Effect.Effect<Stream.Stream<ExistsChange, ZooKeeperError>, ZooKeeperError, Scope.Scope>
  }
  /**
   * Raw events of a persistent watch (3.6 and later, else `Unsupported`), with a `Resync` wherever some may be missing:
   * after a reconnect, a new session, or when the consumer fell behind by more than `buffer` events.
   *
   * ```ts
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   * import * as Console from "effect/Console"
   * import * as Effect from "effect/Effect"
   * import * as Stream from "effect/Stream"
   *
   * const log = Effect.gen(function* () {
   *   const zk = yield* ZooKeeper.ZooKeeper
   *   yield* zk.watch("/app", { recursive: true }).pipe(
   *     Stream.runForEach((element) =>
   *       element._tag === "Event"
   *         ? Console.log(element.event.type, element.event.path)
   *         : Console.log("read everything again")
   *     )
   *   )
   * })
   * ```
   */
  readonly watch: (path: string, options?: WatchOptions) => Stream.Stream<WatchElement, ZooKeeperError>
  /** As `watch`; returns once the watch is registered, and gives it up with the scope. */
  readonly watchScoped: (
    path: string,
    options?: WatchOptions
  ) => Effect.Effect<Stream.Stream<WatchElement, ZooKeeperError>, ZooKeeperError, Scope.Scope>

  /**
   * Runs the effect while the session certainly lives; interrupts it before the session can have expired, and fails with
   * `LeaseLost`. Asks the leader first when the last confirmed contact is old, and at every heartbeat while it runs. What
   * it cannot cover stands in docs/design.md under "The lease": above all a blocked event loop and uninterruptible code.
   *
   * ```ts
   * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
   * import * as Console from "effect/Console"
   * import * as Effect from "effect/Effect"
   *
   * const serve = Effect.gen(function* () {
   *   const zk = yield* ZooKeeper.ZooKeeper
   *   yield* zk.create("/app/primary", "host:8080", { mode: "ephemeral" })
   *   return yield* zk.whileSession(Effect.never)
   * }).pipe(Effect.catchTag("LeaseLost", ({ why }) => Console.log(`stopped: ${why}`)))
   * ```
   */
  readonly whileSession: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | LeaseLost, R>
  /**
   * Runs the effect while the session is connected; interrupts it as soon as the connection is gone, and fails with
   * `LeaseLost { why: "disconnected" }`. A connection says nothing about the leader: for mutual exclusion use
   * `whileSession`.
   */
  readonly whileConnected: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | LeaseLost, R>
  /**
   * The same session seen from below a path: `namespace("/app").get("/x")` reads `/app/x`. Nothing is created, and closing
   * stays with the session. A path that is none is a defect.
   */
  readonly namespace: (path: string) => ZooKeeper
  /** The driver underneath, for recipes and other builders of this kind. */
  readonly driver: Session
}

/**
 * How a path is watched.
 *
 * @category options
 * @since 0.1.0
 */
export interface WatchOptions {
  /** Also everything below. Default false. */
  readonly recursive?: boolean | undefined
  /** How many events wait for a slow consumer before they are replaced by one `Resync`, at least 1. Default 4,096. */
  readonly buffer?: number | undefined
}
