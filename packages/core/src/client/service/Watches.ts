/**
 * How an application follows nodes: the next change, the newest state, or every event.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Stat } from "../../model/Stat.ts"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { Node } from "../Data.ts"

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
 * One element of {@link Watches.changes}`.data`: the node as it is now, and how it came to be so.
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
 * One element of {@link Watches.changes}`.children`. A change of a child's data is none of its parent's children.
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
 * One element of {@link Watches.changes}`.exists`. A change of the data is none of the node's existence.
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
 * An element of {@link Watches.watch}: an event, or the mark of a gap in which events may have been missed. After it the
 * watch is registered again: what changes from then on is told, and a read with this session shows what changed before.
 *
 * @category models
 * @since 0.1.0
 */
export type WatchElement = { readonly _tag: "Event"; readonly event: WatchEvent } | { readonly _tag: "Resync" }

/**
 * Watches that survive reconnects and renewed sessions.
 *
 * @category models
 * @since 0.1.0
 */
export interface Watches {
  /**
   * A value and an effect of the next event, for those who want one change only. `data` and `children` fail with `NoNode`;
   * with `exists` the next event may be the creation of a node that is not there. Events from the read on count, none is
   * lost between the two.
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
   * is over, and when the node cannot be read: with `NoAuth`, or `ProtocolViolation` when it is larger than `maxReply`.
   * Nothing is queued: a state is read when it is pulled. Since 3.8.4 and 3.9.2 a server does not tell of changes to whoever
   * may not read the node any more (CVE-2024-23944), so a permission that is taken away shows with the next read only.
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
    /** Of `zk.config`, the members of the ensemble, which stands outside every chroot. */
    readonly config: () => Stream.Stream<DataChange, ZooKeeperError>
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
}
