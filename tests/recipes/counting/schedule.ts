/** One random schedule of faults on a virtual cluster whose clients all count in one node: what came of it is added up. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Counter from "@effect-zookeeper/recipes/Counter"
import * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { playing, stageOf } from "../mutualExclusion/alone.ts"
import { ClientProcess } from "../mutualExclusion/ClientProcess.ts"
import type { Step } from "../mutualExclusion/plan.ts"
import { randomOf } from "../mutualExclusion/randomOf.ts"
import { driven, perform, SESSION_TIMEOUT, SHAPE } from "../mutualExclusion/schedule.ts"
import { Witness } from "../mutualExclusion/testimony.ts"
import { PATH as path, using } from "../support.ts"
import { count, judge, type Tally } from "./tally.ts"

const play = Effect.fnUntraced(function* (seed: number, steps: ReadonlyArray<Step>) {
  const cluster = yield* TestCluster.TestCluster
  const witness = yield* Witness.make(() => 0)
  const observer = yield* ZooKeeper.make({ connect: cluster.connectString, sessionTimeout: "60 seconds" })
  const tally: Tally = { done: [], unknown: [], refused: 0 }
  let isOver = false
  const all = yield* Effect.forEach(
    Array(SHAPE.clients).keys(),
    Effect.fnUntraced(function* (index) {
      const process = new ClientProcess()
      const zk = yield* process.run(ZooKeeper.make({ connect: cluster.connectString, sessionTimeout: SESSION_TIMEOUT }))
      const counter = yield* process.run(using(zk)(Counter.make({ path })))
      const random = randomOf(seed * SHAPE.clients + index)
      const loop = yield* Effect.forkChild(process.run(count(counter, random, tally, () => isOver)))
      return { loop, player: { name: `client ${index}`, process, zk, trustsSync: true } }
    })
  )
  const players = all.map(({ player }) => player)
  yield* perform(stageOf({ cluster, observer, players, witness }), steps)
  const before = tally.done.length
  for (let left = 120; left > 0 && tally.done.length < before + SHAPE.clients; left--) yield* TestClock.adjust(500)
  const problems = tally.done.length < before + SHAPE.clients ? ["it does not go on after the last fault"] : []
  isOver = true
  yield* driven(Effect.forEach(all, ({ loop }) => Fiber.join(loop)))
  const counter = yield* using(observer)(Counter.make({ path }))
  const total = yield* driven(Effect.andThen(observer.sync(), counter.get))
  return { tally, problems: [...problems, ...judge(tally, total)] }
})

/** What was counted, and nothing twice. */
export const run = playing("counter", SHAPE, play)
