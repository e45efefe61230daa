/**
 * A worker of a shop, in Effect: its place in the list, the rate as a Stream, and the lock are those of the library; it is
 * still node-zookeeper-client that talks to the servers.
 *
 * `2-streams-and-a-lock.ts NAME`, with ZK_CONNECT set. Ends when the shop is closed.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as PersistentNode from "@effect-zookeeper/recipes/PersistentNode"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

const WORKERS = "/effect-zookeeper-shop/workers"
const LOCK = "/effect-zookeeper-shop/lock"
const RATE = "/effect-zookeeper-shop/rate"
const PRICE = "/effect-zookeeper-shop/price"

const name = process.argv[2] ?? "nobody"

class Place extends PersistentNode.Service<Place>()("shop/Place", { path: `${WORKERS}/${name}` }) {}
class PriceLock extends Lock.Service<PriceLock>()("shop/PriceLock", { path: LOCK }) {}

const publish = Effect.fnUntraced(function* (rate: string, version: number) {
  const zk = yield* ZooKeeper.ZooKeeper
  const lock = yield* PriceLock
  yield* lock.withLock(
    Effect.fnUntraced(function* (held) {
      const published = yield* zk.get(PRICE)
      if (Number.parseInt(ZooKeeper.text(published)) >= version) return
      const price = (100 + Number(rate)).toFixed(2)
      yield* held.guard(Op.set(PRICE, `${version} ${price}`, { version: published.stat.version }))
      yield* Console.log(`publishes ${price}`)
    })
  )
})

const worker = Effect.gen(function* () {
  const zk = yield* ZooKeeper.ZooKeeper
  yield* zk.changes.data(RATE).pipe(
    Stream.map(({ node }) => Option.getOrThrow(node)),
    Stream.takeWhile((node) => ZooKeeper.text(node) !== "closed"),
    Stream.runForEach((node) =>
      // It looks first whether somebody did it already, so it may be tried again.
      Effect.retry(publish(ZooKeeper.text(node), node.stat.version), { times: 3 })
    )
  )
})

const session = NodeZookeeperClient.layerConfig({ connect: Config.String("ZK_CONNECT") })

worker.pipe(
  Effect.provide(Layer.provideMerge(Layer.mergeAll(Place.layer, PriceLock.layer), session)),
  Effect.tapError((error) => Console.log(`ends: ${error.message}`)),
  NodeRuntime.runMain
)
