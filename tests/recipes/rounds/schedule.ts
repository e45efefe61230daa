/**
 * One random schedule of faults on a virtual cluster whose clients meet at a double barrier, round after round: they must
 * go on after the last fault, and nothing may stay behind.
 */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as DoubleBarrier from "@effect-zookeeper/recipes/DoubleBarrier"
import * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { playing, stageOf } from "../mutualExclusion/alone.ts"
import { ClientProcess } from "../mutualExclusion/ClientProcess.ts"
import type { Step } from "../mutualExclusion/plan.ts"
import { type Random as Dice, randomOf } from "../mutualExclusion/randomOf.ts"
import { driven, perform, SESSION_TIMEOUT, until } from "../mutualExclusion/schedule.ts"
import { Witness } from "../mutualExclusion/testimony.ts"
import { PATH as path, queue, using } from "../support.ts"

/** Exactly as many as it takes, so that one who hears nothing more keeps all others waiting. */
const SIZE = 3
const SHAPE = { steps: 8, servers: 3, clients: SIZE, length: 12_000, longest: 9000 }

/** Takes part again and again; a member that was lost comes back. Counts what it has begun. */
const meet = (
  name: string,
  barrier: DoubleBarrier.DoubleBarrier,
  random: Dice,
  witness: Witness,
  onBegin: () => void
) =>
  barrier
    .within(({ node }) =>
      Effect.suspend(() => {
        onBegin()
        witness.holding.set(name, node)
        return Effect.ensuring(
          Effect.sleep(random(300)),
          Effect.sync(() => witness.holding.delete(name))
        )
      })
    )
    .pipe(
      Effect.catchTag("LeaseLost", () => Effect.void),
      Effect.andThen(Effect.suspend(() => Effect.sleep(random(300)))),
      Effect.forever
    )

const play = Effect.fnUntraced(function* (seed: number, steps: ReadonlyArray<Step>) {
  const cluster = yield* TestCluster.TestCluster
  const witness = yield* Witness.make(() => 0)
  const observer = yield* ZooKeeper.make({ connect: cluster.connectString, sessionTimeout: "60 seconds" })
  const begun: Array<number> = Array(SIZE).fill(0)
  const all = yield* Effect.forEach(
    Array(SIZE).keys(),
    Effect.fnUntraced(function* (index) {
      const name = `client ${index}`
      const process = new ClientProcess()
      const zk = yield* process.run(ZooKeeper.make({ connect: cluster.connectString, sessionTimeout: SESSION_TIMEOUT }))
      const barrier = yield* using(zk)(DoubleBarrier.make({ path, size: SIZE }))
      const meeting = meet(name, barrier, randomOf(seed * SIZE + index), witness, () => begun[index]!++)
      const loop = yield* Effect.forkChild(process.run(meeting))
      return { loop, player: { name, process, zk, trustsSync: true } }
    })
  )
  const players = all.map(({ player }) => player)
  yield* perform(stageOf({ cluster, observer, players, witness }), steps)
  const before = [...begun]
  const problems: Array<string> = []
  const goesOn = Effect.sync(() => begun.every((count, index) => count >= before[index]! + 3))
  if (!(yield* until(goesOn, 120)))
    problems.push(`from ${before.join()} to ${begun.join()} in a minute after the last fault`)
  yield* Effect.forkChild(
    Effect.forEach(all, ({ loop }) => Fiber.interrupt(loop), { concurrency: "unbounded", discard: true })
  )
  const isEmpty = Effect.map(queue(observer), ({ length }) => length === 0)
  if (!(yield* until(isEmpty, 60))) problems.push(`left behind: ${(yield* driven(queue(observer))).join()}`)
  return { problems, begun: begun.reduce((sum, count) => sum + count, 0) }
})

/** How often members began. */
export const run = playing("rounds", SHAPE, play)
