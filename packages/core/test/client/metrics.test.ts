import * as Metrics from "@effect-zookeeper/core/Metrics"
import { Transport } from "@effect-zookeeper/core/Transport"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"

const results = (operation: string, result: string) =>
  Effect.map(Metric.value(Metric.withAttributes(Metrics.operations, { operation, result })), ({ count }) => count)

/** Counts are handed over when a chunk is worked off, and a caller goes on in the middle of it. */
const chunkDone = Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve)))

describe("metrics", () => {
  it.effect("count operations by result, bytes, requests, events, watches and states", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make({ listen: "memory" })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const zk = yield* Effect.provideService(ZooKeeper.make(), Transport, server.transport)
          yield* zk.create("/a", "1")
          yield* Effect.forEach(Array.from({ length: 10 }), () => zk.get("/a"), { concurrency: "unbounded" })
          yield* Effect.flip(zk.get("/missing"))
          yield* chunkDone
          assert.strictEqual(yield* results("create", "ok"), 1)
          assert.strictEqual(yield* results("getData", "ok"), 10)
          assert.strictEqual(yield* results("getData", "NoNode"), 1)
          assert.isAbove((yield* Metric.value(Metrics.latency)).count, 0)
          assert.isAbove((yield* Metric.value(Metrics.bytesSent)).count, 100)
          assert.isAbove((yield* Metric.value(Metrics.bytesReceived)).count, 100)
          assert.isAbove((yield* Metric.value(Metrics.leaseMargin)).value, 0)

          const changes = yield* Effect.scoped(
            Effect.gen(function* () {
              const stream = yield* zk.changes.dataScoped("/a")
              assert.strictEqual((yield* Metric.value(Metrics.watches)).count, 1)
              yield* zk.set("/a", "2")
              return yield* Stream.runCollect(Stream.take(stream, 1))
            })
          )
          assert.strictEqual(changes.length, 1)
          yield* chunkDone
          assert.strictEqual((yield* Metric.value(Metrics.watchEvents)).count, 1)
        })
      )
      assert.strictEqual((yield* Metric.value(Metrics.watches)).count, 0)
      assert.strictEqual((yield* Metric.value(Metrics.inFlight)).count, 0)
      const closed = yield* Metric.value(Metric.withAttributes(Metrics.states, { state: "Closed" }))
      assert.strictEqual(closed.count, 1)
    })
  )
})
