/** A lock taken and given back, alone or with so many who wait, all in one session. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as Effect from "effect/Effect"
import { paths, type Result, type Spec } from "../../spec.ts"
import { loops } from "../fibers.ts"

export const run = (spec: Spec): Effect.Effect<Result, unknown> =>
  Effect.scoped(
    Effect.gen(function* () {
      const zk = yield* ZooKeeper.make({ connect: spec.connect })
      const lock = yield* Effect.provideService(Lock.make({ path: paths.lock }), ZooKeeper.ZooKeeper, zk)
      const holders = spec.workload === "lock" ? 1 : spec.depth + 1
      return yield* loops(spec, () => lock.withLock(() => Effect.void), holders)
    })
  )
