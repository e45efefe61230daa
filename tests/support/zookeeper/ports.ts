/** Free ports on the loopback address. */
import * as Effect from "effect/Effect"
import * as net from "node:net"

// Below what kernels hand out to outgoing connections, so that a server that is restarted finds its port free.
const FIRST = 10_000
const COUNT = 20_000

const isFree = (port: number): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const server = net.createServer()
    server.once("error", () => resume(Effect.succeed(false)))
    server.listen(port, "127.0.0.1", () => server.close(() => resume(Effect.succeed(true))))
  })

/** As many ports, free a moment ago: whoever binds one must be ready to find it taken. */
export const freePorts = Effect.fnUntraced(function* (count: number) {
  const ports: Array<number> = []
  while (ports.length < count) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (!ports.includes(port) && (yield* isFree(port))) ports.push(port)
  }
  return ports
})
