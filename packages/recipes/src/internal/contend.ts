/** Contending until it is one's turn and then holding: what locks and elections have in common. */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { Role } from "../Dialect.ts"
import type { ExclusiveHolder } from "../Holder.ts"
import { awaitTurn, enter, type Queue } from "./contender.ts"
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
  contest: Contest
): Effect.Effect<ExclusiveHolder, ZooKeeperError | LeaseLost, Scope.Scope> =>
  Effect.gen(function* () {
    const { ahead, onStage, queue, role, stopOn } = contest
    const contender = yield* enter(zk, queue, role)
    yield* Effect.acquireRelease(onStage("queued"), () => onStage("out"))
    const displaced = Effect.andThen(contender.gone, Effect.fail(new LeaseLost({ why: "deleted" })))
    yield* Effect.raceFirst(displaced, awaitTurn(zk, queue.path, contender, ahead))
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

/** What a failure of a try means: a place goes with its session, even if a new one has come in its stead. */
const reading = (zk: ZooKeeper, error: ZooKeeperError | LeaseLost): ZooKeeperError | LeaseLost =>
  error._tag === "ZooKeeperError" && error.reason._tag === "SessionExpired" && zk.driver.over === undefined
    ? new LeaseLost({ why: "expired" })
    : error

/**
 * Waits for the turn and holds until the scope closes. A place that is lost, with its node or its session, is taken anew
 * at the end of the queue, unless the session is over for good.
 */
export const contend = (zk: ZooKeeper, contest: Contest): Effect.Effect<ExclusiveHolder, ZooKeeperError, Scope.Scope> =>
  inScopeOfItsOwn(once(zk, contest)).pipe(
    Effect.mapError((error) => reading(zk, error)),
    Effect.catchTag("LeaseLost", () => contend(zk, contest))
  )
