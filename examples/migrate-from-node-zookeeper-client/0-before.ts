/**
 * A worker of a shop, on node-zookeeper-client and callbacks: it is in the list of workers while it runs, follows the rate
 * of the tax, and publishes the price for each rate under a lock, so that one of the workers does it.
 *
 * `0-before.ts NAME`, with ZK_CONNECT set. Ends when the shop is closed.
 */
import zookeeper from "node-zookeeper-client"

const WORKERS = "/effect-zookeeper-shop/workers"
const LOCK = "/effect-zookeeper-shop/lock"
const RATE = "/effect-zookeeper-shop/rate"
const PRICE = "/effect-zookeeper-shop/price"

const name = process.argv[2] ?? "nobody"
const client = zookeeper.createClient(process.env["ZK_CONNECT"] ?? "127.0.0.1:2181", { sessionTimeout: 10_000 })

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

const publish = (rate: string, version: number, done: () => void): void =>
  client.getData(
    PRICE,
    or((data) => {
      if (Number.parseInt(data.toString()) >= version) return done()
      const price = (100 + Number(rate)).toFixed(2)
      client.setData(
        PRICE,
        Buffer.from(`${version} ${price}`),
        -1,
        or(() => {
          console.log(`publishes ${price}`)
          done()
        })
      )
    })
  )

/** Reads the rate, and again once it has changed and what followed from it is done. */
const follow = (): void => {
  let awaited = 2
  const next = (): void => (--awaited === 0 ? follow() : undefined)
  client.getData(
    RATE,
    next,
    or((data, { version }) => {
      const rate = data.toString()
      if (rate === "closed") return client.close()
      locked((done) => publish(rate, version, done), next)
    })
  )
}

client.once("expired", () => fail(new Error("the session has expired")))
client.once("connected", () => client.create(`${WORKERS}/${name}`, zookeeper.CreateMode.EPHEMERAL, or(follow)))
client.connect()
