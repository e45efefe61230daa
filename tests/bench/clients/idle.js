/**
 * One process that has connected and does nothing: `node --expose-gc idle.js '<Spec as JSON>'` prints the Result as JSON.
 *
 * Plain JavaScript, for Node takes 20 MiB to strip types, in which much of what is to be measured would find room.
 */
import { execFileSync } from "node:child_process"
import { createRequire } from "node:module"

const { client, connect } = JSON.parse(process.argv[2])

/** Lists what of effect our session imports; in another process, so that the asking takes no memory of this one. */
const listing = `
import { registerHooks } from "node:module"
const seen = new Set()
registerHooks({
  resolve: (specifier, context, next) => {
    const found = next(specifier, context)
    if (specifier.startsWith("effect/") && !context.parentURL.includes("/node_modules/")) seen.add(found.url)
    return found
  }
})
await import("@effect-zookeeper/core/ZooKeeper")
console.log(JSON.stringify([...seen]))
`

/** Keeps a session of ours. */
const holding = async (module) => {
  const Effect = await import("effect/Effect")
  const { make } = await import(`@effect-zookeeper/core/${module}`)
  await new Promise((resolve) => {
    const session = Effect.tap(make({ connect }), () => Effect.sync(resolve))
    Effect.runFork(Effect.scoped(Effect.andThen(session, Effect.never)))
  })
}

const clients = {
  /** Node alone. */
  bare: () => {},
  /** The modules of effect that ours imports, and nothing of ours. */
  imports: async () => {
    const args = ["--input-type=module", "-e", listing]
    const listed = execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" })
    await Promise.all(JSON.parse(listed).map((module) => import(module)))
  },
  effect: () => holding("ZooKeeper"),
  driver: () => holding("NodeZookeeperClient"),
  nzc: async () => {
    const library = createRequire(import.meta.url)("node-zookeeper-client")
    const session = library.createClient(connect, { sessionTimeout: 10_000 })
    await new Promise((resolve) => {
      session.once("connected", resolve)
      session.connect()
    })
  }
}

await clients[client]()
await new Promise((resolve) => setTimeout(resolve, 300))
globalThis.gc()
globalThis.gc()
const { external, heapUsed, rss } = process.memoryUsage()
const result = { ops: 1, micros: 1, cpuMicros: 0, heapBytes: heapUsed + external, rssBytes: rss }
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
