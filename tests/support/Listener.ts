/**
 * A TCP server on a free loopback port that can stop and start listening, for as long as a scope lasts.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as net from "node:net"
import { freePorts } from "./zookeeper/ports.ts"

export interface Listener {
  readonly port: number
  readonly connectString: string
  /** The connections that are open now. */
  readonly sockets: ReadonlySet<net.Socket>
  /** Stops listening: new connections are refused by the kernel, open ones stay. */
  readonly refuse: Effect.Effect<void>
  /** Listens again, on the same port. */
  readonly listen: Effect.Effect<void>
}

/** Calls `onConnection` for every connection; all are destroyed when the scope ends. */
export const make = Effect.fnUntraced(function* (
  onConnection: (socket: net.Socket) => void
): Effect.fn.Return<Listener, never, Scope.Scope> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    onConnection(socket)
  })
  const bind = (port: number) =>
    Effect.callback<void, Error>((resume) => {
      const failed = (error: Error) => resume(Effect.fail(error))
      server.once("error", failed)
      server.listen(port, "127.0.0.1", () => {
        server.off("error", failed)
        resume(Effect.void)
      })
    })
  // Not awaited: `close` calls back only once the open connections are gone too.
  const refuse = Effect.sync(() => void server.close())
  const port = yield* Effect.gen(function* () {
    const [free = 0] = yield* freePorts(1)
    yield* bind(free)
    return free
  }).pipe(Effect.retry({ times: 3 }), Effect.orDie)
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
  )
  // While nobody listens the port is free for any other program on this machine, which mostly has it for a moment only.
  const listen = bind(port).pipe(Effect.retry({ times: 100, schedule: Schedule.spaced("100 millis") }), Effect.orDie)
  return { port, connectString: `127.0.0.1:${port}`, sockets, refuse, listen }
})
