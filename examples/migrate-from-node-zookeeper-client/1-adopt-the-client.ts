/**
 * A worker of a shop, on node-zookeeper-client and callbacks, with the first part in Effect: the job under the lock uses
 * the service, over the client that the callbacks use.
 *
 * `1-adopt-the-client.ts NAME`, with ZK_CONNECT set. Ends when the shop is closed.
 */
import * as NodeZookeeperClient from "@effect-zookeeper/core/NodeZookeeperClient"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import zookeeper from "node-zookeeper-client"

const WORKERS = "/effect-zookeeper-shop/workers"
const LOCK = "/effect-zookeeper-shop/lock"
const RATE = "/effect-zookeeper-shop/rate"
const PRICE = "/effect-zookeeper-shop/price"

const name = process.argv[2] ?? "nobody"
const client = zookeeper.createClient(process.env["ZK_CONNECT"] ?? "127.0.0.1:2181", { sessionTimeout: 10_000 })
const runtime = ManagedRuntime.make(NodeZookeeperClient.layerFrom(client))

const fail = (error: Error): never => {
  console.log(`ends: ${error.message}`)
  process.exit(1)
}

/** A callback that goes on with the results; nobody is there to be told of a failure. */
const or =
  <Results extends ReadonlyArray<unknown>>(then: (...results: Results) => void) =>
  (error: Error | null, ...results: Results): void =>
    error ? fail(error) : then(...results)

/** Stands in line, waits for the one before to leave, and leaves when the work calls back. */
const locked = (work: (done: () => void) => void, then: () => void) =>
  client.create(
    `${LOCK}/lock-`,
    zookeeper.CreateMode.EPHEMERAL_SEQUENTIAL,
    or((node) => {
      const look = (): void =>
        client.getChildren(
          LOCK,
          or((names) => {
            const line = names.toSorted((a, b) => Number(a.slice(-10)) - Number(b.slice(-10)))
            const place = line.indexOf(node.slice(LOCK.length + 1))
            if (place === 0) return work(() => client.remove(node, -1, or(then)))
            client.exists(
              `${LOCK}/${line[place - 1]}`,
              look,
              or((stat) => (stat === null ? look() : undefined))
            )
          })
        )
      look()
    })
  )

const publish = Effect.fnUntraced(function* (rate: string, version: number) {
  const zk = yield* ZooKeeper.ZooKeeper
  const published = yield* zk.get(PRICE)
  if (Number.parseInt(ZooKeeper.text(published)) >= version) return
  const price = (100 + Number(rate)).toFixed(2)
  yield* zk.set(PRICE, `${version} ${price}`, { version: published.stat.version })
  yield* Console.log(`publishes ${price}`)
})

/** Reads the rate, and again once it has changed and what followed from it is done. */
const follow = (): void => {
  let awaited = 2
  const next = (): void => (--awaited === 0 ? follow() : undefined)
  client.getData(
    RATE,
    next,
    or((data, { version }) => {
      const rate = data.toString()
      if (rate === "closed") return void runtime.dispose().then(() => client.close())
      locked((done) => void runtime.runPromise(publish(rate, version)).then(done, fail), next)
    })
  )
}

client.once("expired", () => fail(new Error("the session has expired")))
client.once("connected", () => client.create(`${WORKERS}/${name}`, zookeeper.CreateMode.EPHEMERAL, or(follow)))
client.connect()
