/** Our public API with default options, over node-zookeeper-client instead of our own protocol code. */
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import * as Op from "@effect-zookeeper/core/Op"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { paths, type Result, sizes, type Spec } from "../spec.ts"
import * as memory from "./memory.ts"
import { Meter } from "./Meter.ts"

const data = new Uint8Array(sizes.data).fill(66)
const writes = Array.from({ length: sizes.multi }, (_, index) => Op.set(paths.multi(index), data))

const operation =
  (zk: ZooKeeper, { workload }: Spec) =>
  (worker: number): Effect.Effect<unknown, unknown> => {
    switch (workload) {
      case "getData":
      case "outstanding":
        return zk.get(paths.data)
      case "getData100K":
        return zk.get(paths.big)
      case "setData":
        return zk.set(paths.data, data)
      case "exists":
        return zk.exists(paths.data)
      case "createDelete":
        return Effect.andThen(zk.create(paths.own(worker), data), zk.delete(paths.own(worker)))
      case "children":
        return zk.childrenWithStat(paths.children)
      case "multi":
        return zk.transact(...writes)
      default:
        throw new Error(`no loop for ${workload}`)
    }
  }

const workers = <A>({ depth }: Spec, run: (worker: number) => Effect.Effect<A, unknown>) =>
  Array.from({ length: depth }, (_, worker) => run(worker))

const together = (effects: ReadonlyArray<Effect.Effect<unknown, unknown>>) =>
  Effect.all(effects, { concurrency: "unbounded", discard: true })

const loops = (spec: Spec, one: (worker: number) => Effect.Effect<unknown, unknown>) =>
  Effect.suspend(() => {
    const meter = new Meter(spec)
    const loop = Effect.fnUntraced(function* (worker: number) {
      while (meter.goesOn) {
        yield* one(worker)
        meter.done()
      }
    })
    return Effect.map(together(workers(spec, loop)), () => meter.measured)
  })

const states = (zk: ZooKeeper, spec: Spec) =>
  Effect.suspend(() => {
    const meter = new Meter(spec)
    const follow = (worker: number) =>
      Stream.runForEachWhile(zk.changes.data(paths.watch(worker)), () =>
        Effect.sync(() => {
          meter.done()
          return meter.goesOn
        })
      )
    return Effect.map(Effect.raceAll(workers(spec, follow)), () => meter.measured)
  })

export const run = (spec: Spec): Promise<Result> => {
  const open = NodeZookeeperClient.make({ connect: spec.connect })
  if (spec.workload === "connectClose") return Effect.runPromise(loops(spec, () => Effect.scoped(open)))
  const measured = Effect.flatMap(open, (zk): Effect.Effect<Result, unknown> => {
    switch (spec.workload) {
      case "stateStream":
        return states(zk, spec)
      case "outstanding":
        return Effect.promise(() =>
          memory.outstanding(spec, () => Effect.runFork(together(workers(spec, operation(zk, spec)))))
        )
      case "idle":
        return Effect.promise(memory.idle)
      default:
        return loops(spec, operation(zk, spec))
    }
  })
  return Effect.runPromise(Effect.scoped(measured))
}
