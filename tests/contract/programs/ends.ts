/** Uses everything that opens sockets or sets timers, closes it, and says so. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as ChaosProxy from "@effect-zookeeper/testing/ChaosProxy"
import * as Faults from "@effect-zookeeper/testing/Faults"
import * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"

const use = Effect.gen(function* () {
  const server = yield* TestServer.make()
  yield* Effect.replicateEffect(TestServer.make(), 20, { discard: true })
  const cluster = yield* TestCluster.make()
  const proxy = yield* ChaosProxy.make({ port: server.port })
  for (const connect of [proxy.connectString, cluster.connectString]) {
    const zk = yield* ZooKeeper.make({ connect, releaseTimeout: "100 millis" })
    yield* zk.create("/a", "", { mode: "ephemeral" })
  }
  yield* cluster.servers[0]!.freeze
  yield* cluster.servers[1]!.kill
  yield* proxy.faults.inject(Faults.delay("1 hour"), Faults.mute)
})

await Effect.runPromise(use.pipe(Effect.scoped, Effect.provide(Logger.layer([]))))
console.log("closed")
