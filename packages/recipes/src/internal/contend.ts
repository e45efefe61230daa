/** Contending until it is one's turn and then holding: what locks, semaphores and elections have in common. */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Role } from "../Dialect.ts"
import type { LockHolder } from "../Lock.ts"
import { awaitTurn, Busy, enter } from "./contender.ts"
import { hold, type StopOn } from "./hold.ts"
import { inScopeOfItsOwn, keepingIf } from "./inScopeOfItsOwn.ts"
import { checkDuration } from "./invalid.ts"
import { forRoom, isPassing, isRenewed } from "./patience.ts"
import type { Queue } from "./queue.ts"
import type { Ahead } from "./sequence.ts"

export interface Contest {
  readonly queue: Queue
  readonly role: Role
  readonly ahead: Ahead
  /** Gives an effect that completes when `ahead` may answer otherwise than now. */
  readonly recheck: Effect.Effect<Effect.Effect<void>>
  readonly stopOn: StopOn
  /** Told of each stage, in order. */
  readonly onStage: (stage: "queued" | "held" | "out") => Effect.Effect<void>
}

/** What most recipes have in common: the order alone decides, and nobody wants to know of stages. */
export const plain: Pick<Contest, "recheck" | "onStage"> = {
  recheck: Effect.succeed(Effect.never),
  onStage: () => Effect.void
}

/** Takes a place, waits for the turn and holds, once. */
export const once = (
  contest: Contest,
  waits: boolean
): Effect.Effect<LockHolder, ZooKeeperError | LeaseLost | Busy, Scope.Scope> =>
  Effect.gen(function* () {
    const { ahead, onStage, queue, recheck, role, stopOn } = contest
    const contender = yield* enter(queue, role)
    yield* Effect.acquireRelease(onStage("queued"), () => onStage("out"))
    yield* Effect.raceFirst(contender.gone, awaitTurn(queue, contender, ahead, recheck, waits))
    const holder = yield* hold(queue.zk, contender, stopOn)
    yield* onStage("held")
    return holder
  })

/** A place goes with its session, even if a new one has come in its stead. */
const isDisplaced = (zk: ZooKeeper, error: unknown): boolean => error instanceof LeaseLost || isRenewed(zk, error)

/** What was tried without waiting, or `Busy` where there was none of it. */
export const orBusy = <A, E, R>(tried: Effect.Effect<Option.Option<A>, E, R>): Effect.Effect<A, E | Busy, R> =>
  Effect.flatMap(tried, (held) => (Option.isSome(held) ? Effect.succeed(held.value) : new Busy()))

/** A try to get a place and hold it: it fails with `Busy` instead of waiting, if it does not wait. */
export type Try<A> = (waits: boolean) => Effect.Effect<A, ZooKeeperError | LeaseLost | Busy, Scope.Scope>

/**
 * Takes a place anew, at the end of the queue, whenever it is lost with its node or its session: so no LeaseLost is left.
 */
const again = <A>(
  zk: ZooKeeper,
  attempt: Try<A>,
  waits: boolean
): Effect.Effect<A, ZooKeeperError | Busy, Scope.Scope> =>
  Effect.catchIf(
    inScopeOfItsOwn(attempt(waits)),
    (error): error is LeaseLost => isDisplaced(zk, error) || (waits && isPassing(error)),
    (error) => Effect.andThen(forRoom(error), again(zk, attempt, waits))
  )

/** Waits and holds until the scope closes. Fails only when the session is over, or refuses the path. */
export const untilHeld = <A>(zk: ZooKeeper, attempt: Try<A>): Effect.Effect<A, ZooKeeperError, Scope.Scope> =>
  Effect.catchTag(again(zk, attempt, true), "Busy", Effect.die)

/** As `untilHeld`, none when it would have to wait now. */
export const unlessBusy = <A>(
  zk: ZooKeeper,
  attempt: Try<A>
): Effect.Effect<Option.Option<A>, ZooKeeperError, Scope.Scope> =>
  again(zk, attempt, false).pipe(
    Effect.asSome,
    Effect.catchTag("Busy", () => Effect.succeedNone)
  )

/** Waits for the turn and holds until the scope closes. */
export const contend = (contest: Contest): Effect.Effect<LockHolder, ZooKeeperError, Scope.Scope> =>
  untilHeld(contest.queue.zk, (waits) => once(contest, waits))

/** As `contend`, none when it is somebody else's turn now. */
export const tryContend = (contest: Contest): Effect.Effect<Option.Option<LockHolder>, ZooKeeperError, Scope.Scope> =>
  unlessBusy(contest.queue.zk, (waits) => once(contest, waits))

/** Something that is waited for, and how to get it without waiting. */
export interface Wanted<A> {
  readonly acquire: Effect.Effect<A, ZooKeeperError, Scope.Scope>
  readonly atOnce: Effect.Effect<Option.Option<A>, ZooKeeperError, Scope.Scope>
}

/**
 * As `acquire`, none when it did not succeed within `wait`, which is not at all if absent. What comes in the moment in which
 * the time is over is given up, too.
 */
export const within = <A>(
  operation: string,
  path: string | undefined,
  { acquire, atOnce }: Wanted<A>,
  wait: Duration.Input | undefined
): Effect.Effect<Option.Option<A>, ZooKeeperError, Scope.Scope> =>
  Effect.flatMap(checkDuration(operation, path, "wait", wait ?? 0), (time) =>
    keepingIf(Duration.isPositive(time) ? Effect.timeoutOption(acquire, time) : atOnce, Option.isSome)
  )
