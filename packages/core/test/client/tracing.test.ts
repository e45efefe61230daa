import { Transport } from "@effect-zookeeper/core/Transport"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"

/** A tracer that keeps its spans. */
const recorder = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer }
}

describe("tracing", () => {
  it.effect("every operation is a span with the conventional attributes, failures with their type", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const server = yield* TestServer.make({ listen: "memory" })
      const zk = yield* Effect.provideService(
        ZooKeeper.make({ connect: `${server.connectString}/app` }),
        Transport,
        server.transport
      )
      yield* zk.ensureRoot
      const traced = Effect.provideService(Tracer.Tracer, tracer)
      yield* traced(zk.create("/a", "1"))
      yield* Effect.flip(traced(zk.get("/missing")))
      assert.deepStrictEqual(
        spans.map(({ attributes, kind, name }) => [name, kind, Object.fromEntries(attributes)]),
        [
          [
            "zookeeper.create",
            "client",
            {
              "db.system.name": "zookeeper",
              "db.operation.name": "create",
              "db.namespace": "/app",
              "zookeeper.path": "/a",
              "server.address": "127.0.0.1",
              "server.port": server.port
            }
          ],
          [
            "zookeeper.get",
            "client",
            {
              "db.system.name": "zookeeper",
              "db.operation.name": "get",
              "db.namespace": "/app",
              "zookeeper.path": "/missing",
              "server.address": "127.0.0.1",
              "server.port": server.port,
              "error.type": "NoNode"
            }
          ]
        ]
      )
      assert.isTrue(spans.every((span) => span.status._tag === "Ended"))
    })
  )

  it.effect("every read of a state stream is a span", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const server = yield* TestServer.make({ listen: "memory" })
      const zk = yield* Effect.provideService(ZooKeeper.make(), Transport, server.transport)
      yield* zk.create("/a", "0")
      const seen = yield* Queue.unbounded<unknown>()
      yield* Stream.runForEach(zk.changes.data("/a"), (change) => Queue.offer(seen, change)).pipe(
        Effect.provideService(Tracer.Tracer, tracer),
        Effect.forkScoped
      )
      yield* Queue.take(seen)
      yield* zk.set("/a", "1")
      yield* Queue.take(seen)
      assert.deepStrictEqual(
        spans.map(({ name }) => name).filter((name) => name === "zookeeper.get"),
        ["zookeeper.get", "zookeeper.get"]
      )
    })
  )

  it.effect("there is no span without a tracer, and none where tracing is off", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const server = yield* TestServer.make({ listen: "memory" })
      const zk = yield* Effect.provideService(ZooKeeper.make(), Transport, server.transport)
      yield* zk.create("/a")
      yield* zk.create("/b").pipe(Effect.withTracerEnabled(false), Effect.provideService(Tracer.Tracer, tracer))
      assert.deepStrictEqual(spans, [])
    })
  )
})
