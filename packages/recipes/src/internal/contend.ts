/** Contending until it is one's turn and then holding: what locks and elections have in common. */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { isZooKeeperError, type ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Role } from "../Dialect.ts"
import type { ExclusiveHolder } from "../Holder.ts"
import { awaitTurn, type Busy, enter, type Queue } from "./contender.ts"
import { hold, type StopOn } from "./hold.ts"
import type { Member } from "./sequence.ts"

export interface Contest {
  readonly queue: Queue
  readonly role: Role
  /** Those of the members before this one that stand in its way, nearest last; it waits for one of them to go. */
  readonly ahead: (before: ReadonlyArray<Member>) => ReadonlyArray<Member>
  readonly stopOn: StopOn
  /** Told of each stage, in order. */
  readonly onStage: (stage: "queued" | "held" | "out") => Effect.Effect<void>
}

const once = (
  zk: ZooKeeper,
  contest: Contest,
  waits: boolean
): Effect.Effect<ExclusiveHolder, ZooKeeperError | LeaseLost | Busy, Scope.Scope> =>
  Effect.gen(function* () {
    const { ahead, onStage, queue, role, stopOn } = contest
    const contender = yield* enter(zk, queue, role)
    yield* Effect.acquireRelease(onStage("queued"), () => onStage("out"))
    const displaced = Effect.andThen(contender.gone, Effect.fail(new LeaseLost({ why: "deleted" })))
    yield* Effect.raceFirst(displaced, awaitTurn(zk, queue.path, contender, ahead, waits))
    const holder = yield* hold(zk, contender, stopOn)
    yield* onStage("held")
    return holder
  })

/** Gives up everything that a failed try has made, and keeps what a good one has until the scope closes. */
const inScopeOfItsOwn = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Effect.Effect<A, E, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.fork(yield* Effect.scope)
      return yield* Effect.onExit(restore(Scope.provide(effect, scope)), (exit) =>
        exit._tag === "Failure" ? Scope.close(scope, exit) : Effect.void
      )
    })
  )

/** A place goes with its session, even if a new one has come in its stead. */
const isDisplaced = (zk: ZooKeeper, error: unknown): boolean =>
  error instanceof LeaseLost ||
  (isZooKeeperError(error) && error.reason._tag === "SessionExpired" && zk.driver.over === undefined)

/** Takes a place anew, at the end of the queue, whenever it is lost with its node or its session. */
const again = (
  zk: ZooKeeper,
  contest: Contest,
  waits: boolean
): Effect.Effect<ExclusiveHolder, ZooKeeperError | Busy, Scope.Scope> =>
  Effect.catchIf(
    inScopeOfItsOwn(once(zk, contest, waits)),
    (error): error is LeaseLost => isDisplaced(zk, error),
    () => again(zk, contest, waits)
  )

/** Waits for the turn and holds until the scope closes. Fails only when the session is over, or refuses the path. */
export const contend = (zk: ZooKeeper, contest: Contest): Effect.Effect<ExclusiveHolder, ZooKeeperError, Scope.Scope> =>
  Effect.catchTag(again(zk, contest, true), "Busy", Effect.die)

/** As `contend`, none when it was not the contender's turn within `wait`, or not at once where there is no `wait`. */
export const acquireWithin = (
  zk: ZooKeeper,
  contest: Contest,
  wait: Duration.Input | undefined
): Effect.Effect<Option.Option<ExclusiveHolder>, ZooKeeperError, Scope.Scope> =>
  wait === undefined
    ? again(zk, contest, false).pipe(
        Effect.asSome,
        Effect.catchTag("Busy", () => Effect.succeedNone)
      )
    : Effect.timeoutOption(contend(zk, contest), wait)
