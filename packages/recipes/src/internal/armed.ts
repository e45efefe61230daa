/** Reads that leave a watch behind, each with somebody who waits for it. */
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import type { Once, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import { patientlyAnew } from "./patience.ts"

/** Who waits, under a name for each watch. Interrupting one gives its watch up; they fail when the session is over. */
export interface Waiting extends FiberMap.FiberMap<string, void, ZooKeeperError> {}

/** Reads, and from then on waits for the event in place of whoever did so under this name. */
export const armed = <A>(
  zk: ZooKeeper,
  waiting: Waiting,
  name: string,
  once: Effect.Effect<Once<A>, ZooKeeperError>,
  tell: (event: WatchEvent) => void
): Effect.Effect<A, ZooKeeperError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(restore(patientlyAnew(zk, once)), ({ next, value }) =>
      // Whoever is interrupted before it waits would leave its watch behind.
      Effect.as(FiberMap.run(waiting, name, Effect.map(next, tell), { startImmediately: true }), value)
    )
  )
