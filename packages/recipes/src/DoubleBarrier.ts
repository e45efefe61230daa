/**
 * A barrier at both ends of a piece of work: its members begin together, once there are enough, and end together.
 *
 * @since 0.1.0
 */
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Path from "@effect-zookeeper/core/Path"
import { type Data, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import { type Dialect, parentMode } from "./Dialect.ts"
import type { Holder } from "./Holder.ts"
import { untilHeld } from "./internal/contend.ts"
import { enterAs } from "./internal/contender.ts"
import { hold, shared, type StopOn } from "./internal/hold.ts"
import { checkCount } from "./internal/invalid.ts"
import { createBelow } from "./internal/parents.ts"
import { patiently } from "./internal/patience.ts"
import { round } from "./internal/round.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * Who begins and ends together.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node below which the members stand; made when it is missing. */
  readonly path: string
  /** How many members it takes to begin, at least 1. Every program must say the same. */
  readonly size: number
  /** What this member tells of itself. Default: nothing. */
  readonly data?: Data | undefined
  /** Whose programs share the path. Default `curator` (DistributedDoubleBarrier); `kazoo` is DoubleBarrier. */
  readonly dialect?: Exclude<Dialect, "apache"> | undefined
  /** Stop being in before the session can have expired (`lease`, default), or as soon as the connection is gone. */
  readonly stopOn?: StopOn | undefined
}

/**
 * A member that is in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Member extends Holder {
  /**
   * Leaves, and waits until all have left who are in now, through every disconnect and beyond the end of the session; who
   * comes for the next round meanwhile is not waited for. Fails with `LeaseLost` if this member is not in any more: then the
   * others may have ended without it. Interrupted, it has left all the same and waits no longer.
   */
  readonly leave: Effect.Effect<void, ZooKeeperError | LeaseLost>
}

/**
 * A double barrier.
 *
 * @category models
 * @since 0.1.0
 */
export interface DoubleBarrier {
  /**
   * Waits until `size` members are in, runs the body, leaves, and waits until all have left. The body is interrupted before
   * the others can take this member for gone, and then this fails with `LeaseLost`. If the body fails or is interrupted, this
   * member leaves at once and waits for nobody. The body has a scope of its own: what it forks and acquires there ends
   * before this member leaves.
   */
  readonly within: <A, E, R>(
    body: (held: Holder) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  /**
   * Waits until `size` members are in, this one among them, and stays in until it leaves or the scope closes, which waits for
   * nobody; heed `lost`. A member that loses its node while it waits, with its session or by hand, comes in anew.
   *
   * Interrupted, it leaves no node behind. If the last one had come in that moment the others have begun, and for them it is
   * a member that has left already.
   */
  readonly enter: Effect.Effect<Member, ZooKeeperError, Scope.Scope>
}

/**
 * A double barrier below a path. Nothing is created before somebody enters. Fails with `InvalidArgument` for a `size` below 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<DoubleBarrier, ZooKeeperError, ZooKeeper> {
  const zk = yield* ZooKeeper
  const { data = "", dialect = "curator", path, size, stopOn = "lease" } = options
  yield* checkCount("double barrier", path, "size", size)
  const { enterable, left, looked, opened, swept } = round(zk, path, size, dialect)

  /** One name for all tries, so that no member is counted twice. */
  const create = (node: string) =>
    patiently(createBelow(zk, path, parentMode(dialect), zk.create(node, data, { mode: "ephemeral" }))).pipe(
      Effect.catchReason("ZooKeeperError", "NodeExists", () => Effect.void)
    )
  const attempt = Effect.gen(function* () {
    yield* enterable
    const uuid = randomUUID()
    const node = Path.join(path, dialect === "kazoo" ? uuid.replaceAll("-", "") : uuid)
    let hasLeft = false
    const opening = yield* looked
    yield* Effect.addFinalizer(() => (hasLeft ? Effect.void : swept(node)))
    const contender = yield* enterAs(zk, node, create(node))
    yield* Effect.raceFirst(contender.gone, opened(contender, opening))
    const holder = shared(yield* hold(zk, contender, stopOn))
    const leave = Effect.tap(left(node, holder.lost), () =>
      Effect.sync(() => {
        hasLeft = true
      })
    )
    return { ...holder, leave }
  })
  const enter = untilHeld(zk, () => attempt)
  return {
    enter,
    within: (body) =>
      Effect.scoped(
        Effect.flatMap(enter, (member) =>
          Effect.tap(Effect.raceFirst(member.lost, Effect.scoped(body(member))), () => member.leave)
        )
      )
  }
})

/**
 * A double barrier as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, DoubleBarrier> = factory(make)
