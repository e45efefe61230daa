/** Our public API, over whatever driver: a fiber for each outstanding operation, as an application has them. */
import * as Op from "@effect-zookeeper/core/Op"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { paths, type Result, sizes, type Spec, type Workload } from "../spec.ts"
import * as memory from "./memory.ts"
import { Meter } from "./Meter.ts"
import { loops } from "./fibers.ts"

const data = new Uint8Array(sizes.data).fill(66)
const writes = Array.from({ length: sizes.multi }, (_, index) => Op.set(paths.multi(index), data))

const operation =
  (zk: ZooKeeper, spec: Spec) =>
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

/** Streams of one element after the other, ended when enough was seen. */
const follow = <A>(spec: Spec, stream: (path: string) => Stream.Stream<A, unknown>) =>
  Effect.suspend(() => {
    const meter = new Meter(spec)
    const enough = Deferred.makeUnsafe<Result>()
    const seen = Effect.sync(() => {
      meter.done()
      if (!meter.goesOn) Deferred.doneUnsafe(enough, Effect.succeed(meter.measured))
    })
    const loop = (path: string) =>
      Effect.andThen(
        Stream.runForEach(stream(path), () => seen),
        Effect.never
      )
    return Effect.raceAllFirst([
      Deferred.await(enough),
      ...Array.from({ length: spec.depth }, (_, worker) => loop(paths.watch(worker)))
    ])
  })

const manyWatches = Effect.fnUntraced(function* (
  zk: ZooKeeper,
  spec: Spec
): Effect.fn.Return<Result, unknown, Scope.Scope> {
  const taken = memory.each(spec.depth)
  let onEvent = () => {}
  const watching = (index: number) =>
    Effect.flatMap(zk.watchScoped(paths.many(index)), (events) =>
      Effect.forkScoped(Stream.runForEach(events, () => Effect.sync(() => onEvent())))
    )
  yield* Effect.forEach(
    Array.from({ length: spec.depth }, (_, index) => index),
    watching,
    { concurrency: 256, discard: true }
  )
  const memoryTaken = taken()
  const meter = new Meter(spec)
  const ended = Deferred.makeUnsafe<void>()
  onEvent = () => {
    meter.done()
    if (!meter.goesOn) Deferred.doneUnsafe(ended, Effect.void)
  }
  yield* zk.exists(paths.manyWatched)
  yield* Deferred.await(ended)
  return { ...meter.measured, ...memoryTaken }
})

/** Loaded only for the rows that need them: what is imported takes memory. */
const others: Partial<
  Record<Workload, () => Promise<{ readonly run: (spec: Spec) => Effect.Effect<Result, unknown> }>>
> = {
  lock: () => import("./recipes/lock.ts"),
  contended: () => import("./recipes/lock.ts"),
  failoverClose: () => import("./recipes/failover.ts"),
  failoverExpiry: () => import("./recipes/failover.ts"),
  treeCache: () => import("./recipes/treeCache.ts"),
  startTcp: () => import("./startTestServer.ts"),
  startMemory: () => import("./startTestServer.ts")
}

export const run = (spec: Spec, open: Effect.Effect<ZooKeeper, unknown, Scope.Scope>): Promise<Result> => {
  const other = others[spec.workload]
  if (other !== undefined) return other().then(({ run }) => Effect.runPromise(run(spec)))
  if (spec.workload === "connectClose") return Effect.runPromise(loops(spec, () => Effect.scoped(open)))
  const measured = Effect.flatMap(open, (zk): Effect.Effect<Result, unknown, Scope.Scope> => {
    switch (spec.workload) {
      case "watchEvents":
        return follow(spec, (path) => zk.watch(path))
      case "watches":
        return manyWatches(zk, spec)
      case "stateStream":
      case "stateStreamBusy":
        return follow(spec, (path) => zk.changes.data(path))
      case "outstanding":
        return Effect.promise(() =>
          memory.outstanding(spec, () => {
            for (let i = 0; i < spec.depth; i++) Effect.runFork(zk.get(paths.data))
          })
        )
      default:
        return loops(spec, operation(zk, spec))
    }
  })
  // Taking the watches back one by one, under a flood of events, is not part of it: they end with the process.
  if (spec.workload === "watches") return Effect.runPromise(Scope.provide(measured, Scope.makeUnsafe()))
  return Effect.runPromise(Effect.scoped(measured))
}
