/** How many reads a state stream sends: one for each state that it tells, and none where the event says it all. */
import * as Metrics from "@effect-zookeeper/core/Metrics"
import { Transport } from "@effect-zookeeper/core/Transport"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

/** Of this process, by any session, found or missing. */
const reads = Effect.gen(function* () {
  // Counts are handed over when a chunk is worked off.
  yield* Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve)))
  let sum = 0
  for (const operation of ["getData", "getChildren2", "exists"]) {
    for (const result of ["ok", "NoNode"]) {
      sum += (yield* Metric.value(Metric.withAttributes(Metrics.operations, { operation, result }))).count
    }
  }
  return sum
})

type Step = readonly [act: (zk: ZooKeeper.ZooKeeper) => Effect.Effect<unknown, unknown>, change: string, reads: number]

const created: Step = [(zk) => zk.create("/a"), "created", 1]
const deleted: Step = [(zk) => zk.delete("/a"), "deleted", 0]

const follow = (
  changes: (zk: ZooKeeper.ZooKeeper) => Stream.Stream<{ readonly change: string }, unknown>,
  ...steps: ReadonlyArray<Step>
) =>
  Effect.gen(function* () {
    const server = yield* TestServer.make({ listen: "memory" })
    const session = Effect.provideService(ZooKeeper.make(), Transport, server.transport)
    const zk = yield* session
    const other = yield* session
    const told = yield* Queue.unbounded<{ readonly change: string }>()
    yield* Effect.forkScoped(Stream.runForEach(changes(zk), (each) => Queue.offer(told, each)))
    expect((yield* Queue.take(told)).change).toBe("initial")
    for (const [act, change, sent] of steps) {
      const before = yield* reads
      yield* act(other)
      expect((yield* Queue.take(told)).change).toBe(change)
      expect((yield* reads) - before, change).toBe(sent)
    }
  }).pipe(Effect.scoped)

it.effect("a stream of data", () =>
  follow((zk) => zk.changes.data("/a"), created, [(zk) => zk.set("/a", "2"), "changed", 1], deleted, created)
)

it.effect("a stream of children", () =>
  follow(
    (zk) => zk.changes.children("/a"),
    created,
    [(zk) => zk.create("/a/child"), "changed", 1],
    [(zk) => zk.delete("/a/child"), "changed", 1],
    deleted,
    created
  )
)

it.effect("a stream of a node's existence", () => follow((zk) => zk.changes.exists("/a"), created, deleted, created))
