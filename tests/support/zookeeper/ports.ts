/** Free ports on the loopback address. */
import * as Effect from "effect/Effect"
import * as net from "node:net"

// Below what kernels hand out to outgoing connections, so that a server that is restarted finds its port free.
const FIRST = 10_000
/** Each worker of a test run has so many of its own: a port that a test leaves for a moment is taken by no other one. */
const COUNT = 2500
const MOST_WORKERS = 7

const worker = Number(process.env["VITEST_POOL_ID"] ?? 0) % (MOST_WORKERS + 1)

const handedOut = new Set<number>()

const isFree = (port: number): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const server = net.createServer()
    server.once("error", () => resume(Effect.succeed(false)))
    server.listen(port, "127.0.0.1", () => server.close(() => resume(Effect.succeed(true))))
  })

/** As many ports, free a moment ago and none twice: whoever binds one must still be ready to find it taken. */
export const freePorts = Effect.fnUntraced(function* (count: number) {
  const ports: Array<number> = []
  while (ports.length < count) {
    const port = FIRST + COUNT * worker + Math.floor(Math.random() * COUNT)
    if (handedOut.has(port)) continue
    handedOut.add(port)
    if (yield* isFree(port)) ports.push(port)
  }
  return ports
})
