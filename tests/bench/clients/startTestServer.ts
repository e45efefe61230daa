/** From nothing to the first answered request of a TestServer, over TCP or in memory. */
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { Transport } from "@effect-zookeeper/core/Transport"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import type { Result, Spec } from "../spec.ts"

const overTcp = Effect.flatMap(TestServer.make(), ({ connectString }) => ZooKeeper.make({ connect: connectString }))

const inMemory = Effect.flatMap(TestServer.make({ listen: "memory" }), ({ connectString, transport }) =>
  Effect.provideService(ZooKeeper.make({ connect: connectString }), Transport, transport)
)

export const run = (spec: Spec): Effect.Effect<Result, unknown> =>
  Effect.gen(function* () {
    const open = spec.workload === "startTcp" ? overTcp : inMemory
    const begun = performance.now()
    const taken: Array<number> = []
    while (performance.now() - begun < spec.warmMillis + spec.millis) {
      const from = performance.now()
      const answered = Effect.flatMap(open, (zk) => Effect.map(zk.exists("/"), () => performance.now()))
      const until = yield* Effect.scoped(answered)
      if (from - begun > spec.warmMillis) taken.push((until - from) * 1000)
    }
    taken.sort((a, b) => a - b)
    const micros = taken.reduce((sum, each) => sum + each, 0)
    return { ops: taken.length, micros, cpuMicros: 0, p50: taken[taken.length >> 1]! }
  })
