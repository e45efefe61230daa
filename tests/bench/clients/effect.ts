/** Ours, over the public API with default options: a fiber for each outstanding operation, as an application has them. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { paths, type Result, sizes, type Spec } from "../spec.ts"
import * as memory from "./memory.ts"
import { Meter } from "./Meter.ts"

const data = new Uint8Array(sizes.data).fill(66)
const writes = Array.from({ length: sizes.multi }, (_, index) => Op.set(paths.multi(index), data))

const operation =
  (zk: ZooKeeper.ZooKeeper, spec: Spec) =>
  (worker: number): Effect.Effect<unknown, unknown> => {
    switch (spec.workload) {
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
        throw new Error(`no loop for ${spec.workload}`)
    }
  }

const workers = (count: number, run: (worker: number) => Effect.Effect<void, unknown>) =>
  Effect.forEach(
    Array.from({ length: count }, (_, worker) => worker),
    run,
    { concurrency: "unbounded", discard: true }
  )

const loops = (spec: Spec, one: (worker: number) => Effect.Effect<unknown, unknown>) =>
  Effect.suspend(() => {
    const meter = new Meter(spec)
    const loop = (worker: number) =>
      Effect.gen(function* () {
        while (meter.goesOn) {
          yield* one(worker)
          meter.done()
        }
      })
    return Effect.map(workers(spec.depth, loop), () => meter.measured)
  })

/** Streams of one element after the other, ended when enough was seen. */
const follow = <A>(spec: Spec, stream: (path: string) => Stream.Stream<A, unknown>) =>
  Effect.suspend(() => {
    const meter = new Meter(spec)
    const loop = (worker: number) =>
      Stream.runForEachWhile(stream(paths.watch(worker)), () =>
        Effect.sync(() => {
          meter.done()
          return meter.goesOn
        })
      )
    return Effect.map(
      Effect.raceAll(Array.from({ length: spec.depth }, (_, worker) => loop(worker))),
      () => meter.measured
    )
  })

export const run = (spec: Spec): Promise<Result> => {
  const open = ZooKeeper.make({ connect: spec.connect })
  if (spec.workload === "connectClose") return Effect.runPromise(loops(spec, () => Effect.scoped(open)))
  const measured = Effect.flatMap(open, (zk): Effect.Effect<Result, unknown> => {
    switch (spec.workload) {
      case "watchEvents":
        return follow(spec, (path) => zk.watch(path))
      case "stateStream":
        return follow(spec, (path) => zk.changes.data(path))
      case "outstanding":
        return Effect.promise(() =>
          memory.outstanding(spec, () => Effect.runFork(workers(spec.depth, () => zk.get(paths.data))))
        )
      case "idle":
        return Effect.promise(memory.idle)
      default:
        return loops(spec, operation(zk, spec))
    }
  })
  return Effect.runPromise(Effect.scoped(measured))
}
