/** Leases as Curator's InterProcessSemaphoreV2 has them: a line of locks, of which only the head waits among the leases. */
import * as Path from "@effect-zookeeper/core/Path"
import type { Data, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { ExclusiveHolder } from "../Holder.ts"
import { contend, type Contest, once, plain, tryContend, untilHeld } from "./contend.ts"
import type { StopOn } from "./hold.ts"
import { present, type Standing } from "./queue.ts"
import { beyond, nearest } from "./sequence.ts"

/** Where leases are handed out, and to whom. */
export interface Terms {
  readonly zk: ZooKeeper
  readonly path: string
  readonly data: Data
  readonly stopOn: StopOn
}

export interface Leases {
  readonly acquire: Effect.Effect<ExclusiveHolder, ZooKeeperError, Scope.Scope>
  /** None when there is no free lease now. */
  readonly acquireNow: Effect.Effect<Option.Option<ExclusiveHolder>, ZooKeeperError, Scope.Scope>
  readonly holders: Effect.Effect<ReadonlyArray<Standing>, ZooKeeperError>
}

/** `count` says how many there are, and `recheck` gives an effect that completes when there may be another number. */
export const curatorLeases = (
  { data, path, stopOn, zk }: Terms,
  count: () => number,
  recheck: Contest["recheck"]
): Leases => {
  const queueBelow = (name: string) => ({ zk, path: Path.join(path, name), dialect: "curator", data }) as const
  const line: Contest = { ...plain, queue: queueBelow("locks"), role: "lock", ahead: nearest(), stopOn }
  const leases: Contest = {
    ...plain,
    queue: queueBelow("leases"),
    role: "lease",
    // Curator waits until there are at most so many leases; the first ones in order are never more than that either.
    ahead: beyond(count),
    recheck,
    stopOn
  }
  return {
    // The order among the leases keeps their number right, so it does no harm if the place in the line is lost meanwhile.
    // Whoever loses its place among the leases takes one in the line again: behind a head of Curator's, which waits until
    // there are few enough nodes, whosever they are, the two would wait for each other.
    acquire: untilHeld(zk, (waits) =>
      Effect.flatMap(Effect.scope, (scope) =>
        Effect.scoped(Effect.andThen(contend(line), Effect.provideService(once(leases, waits), Scope.Scope, scope)))
      )
    ),
    acquireNow: tryContend(leases),
    holders: present(leases.queue)
  }
}
