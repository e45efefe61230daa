/**
 * A barrier that whoever comes waits at: while its node is there nobody gets past.
 *
 * @since 0.1.0
 */
import * as Path from "@effect-zookeeper/core/Path"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type Dialect, parentMode } from "./Dialect.ts"
import { caughtUp } from "./internal/caughtUp.ts"
import { createBelow } from "./internal/parents.ts"
import { patientlyAnew } from "./internal/patience.ts"
import { awaitGone } from "./internal/presence.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * Which barrier.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node that is the barrier; what is above it is made when it is raised. */
  readonly path: string
  /**
   * Whose programs share the path: as they do, missing parents are made. The barrier itself is the same for all. Default
   * `curator` (containers).
   */
  readonly dialect?: Dialect | undefined
}

/**
 * A barrier. It belongs to no session: it stays up until somebody lowers it, whatever becomes of who raised it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Barrier {
  readonly path: string
  /**
   * Puts the barrier up; one that is up already stays as it is. It is not told which of the two, because with a lost answer
   * nobody could know. After such a loss, of the session too, it looks as soon as there is a connection: it is no failure if
   * the barrier is up; else it fails with `applied: "unknown"`, for somebody may have lowered it again. This call never puts
   * it up twice. What had not left fails as with every operation, with `applied: "no"`.
   */
  readonly raise: Effect.Effect<void, ZooKeeperError>
  /**
   * Takes the barrier down and lets everybody past who waits; where there is none it is no failure. A lost answer is taken
   * as with `raise`: this call never takes down a second barrier, which somebody has raised meanwhile. Fails with `NotEmpty`
   * if there is something below the node.
   */
  readonly lower: Effect.Effect<void, ZooKeeperError>
  /**
   * Waits until the barrier that is up now was lowered, through every disconnect and beyond the end of a session, even if
   * another one was raised in its place by then; at once where there is none. A barrier whose `raise` has returned, in
   * whichever program, is not missed: the connected server catches up with the leader first. Fails when the session is over
   * for good, and with `NoAuth` where the node may not be read.
   */
  readonly wait: Effect.Effect<void, ZooKeeperError>
  /** Whether it is up, once the connected server has caught up with the leader. */
  readonly isUp: Effect.Effect<boolean, ZooKeeperError>
  /**
   * Whether it is up, as the connected server knows it, now and after every change. Whoever is slow, or disconnected, gets
   * the newest state and may not see one that was over soon: use `wait` to get past.
   */
  readonly states: Stream.Stream<boolean, ZooKeeperError>
}

/**
 * A barrier. Nothing is created before somebody raises it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* ({
  dialect = "curator",
  path
}: Options): Effect.fn.Return<Barrier, ZooKeeperError, ZooKeeper> {
  const zk = yield* ZooKeeper
  const found = caughtUp(zk, path, zk.exists(path))
  const isUp = Effect.map(found, Option.isSome)
  /** What was asked for and not answered has succeeded if it is as it should be. Nobody can tell whether it did otherwise. */
  const settled = (write: Effect.Effect<unknown, ZooKeeperError>, wanted: boolean) =>
    Effect.catchIf(
      Effect.asVoid(write),
      ({ applied }) => applied === "unknown",
      (error) =>
        patientlyAnew(zk, isUp).pipe(
          Effect.mapError(() => error),
          Effect.flatMap((isUp) => (isUp === wanted ? Effect.void : Effect.fail(error)))
        )
    )
  const create = Effect.suspend(() => createBelow(zk, Path.parent(path), parentMode(dialect), zk.create(path)))
  return {
    path,
    raise: Effect.catchReason(settled(create, true), "ZooKeeperError", "NodeExists", () => Effect.void),
    lower: Effect.catchReason(settled(zk.delete(path), false), "ZooKeeperError", "NoNode", () => Effect.void),
    wait: Effect.flatMap(patientlyAnew(zk, found), (stat) =>
      Option.isNone(stat) ? Effect.void : patientlyAnew(zk, awaitGone(zk, path, stat.value.czxid))
    ),
    isUp,
    states: Stream.changes(Stream.map(zk.changes.exists(path), ({ stat }) => Option.isSome(stat)))
  }
})

/**
 * A barrier as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, Barrier> = factory(make)
