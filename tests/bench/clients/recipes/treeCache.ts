/** A copy of 100,000 nodes: what reading them takes, what each then takes, and what a change costs that is followed. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TreeCache from "@effect-zookeeper/recipes/TreeCache"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { paths, type Result, type Spec } from "../../spec.ts"
import * as memory from "../memory.ts"
import { Meter } from "../Meter.ts"

export const run = (spec: Spec): Effect.Effect<Result, unknown> =>
  Effect.scoped(
    Effect.gen(function* () {
      const zk = yield* ZooKeeper.make({ connect: spec.connect })
      const taken = memory.each(spec.depth)
      const begun = performance.now()
      const cache = yield* Effect.provideService(TreeCache.make({ path: paths.tree }), ZooKeeper.ZooKeeper, zk)
      yield* cache.ready
      const fillMicros = ((performance.now() - begun) * 1000) / spec.depth
      const memoryTaken = taken()
      // The other process begins to write when this is there.
      yield* zk.create(paths.following, "", { mode: "ephemeral" })
      const meter = new Meter(spec)
      yield* Stream.runForEachWhile(cache.changes, (change) =>
        Effect.sync(() => {
          if (change._tag === "Changed") meter.done()
          return meter.goesOn
        })
      )
      return { ...meter.measured, ...memoryTaken, fillMicros }
    })
  )
