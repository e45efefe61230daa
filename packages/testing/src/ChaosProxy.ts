/**
 * Stands in front of a real server and injects the same faults that the in-process servers know.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as net from "node:net"
import type { Faults } from "./Faults.ts"
import { FaultLine } from "./internal/FaultLine.ts"
import type { Accept } from "./internal/Peer.ts"
import { JUTE_MAX_BUFFER } from "./internal/Settings.ts"
import * as tcp from "./internal/tcp.ts"
import * as Timers from "./internal/Timers.ts"

/**
 * Which server to stand in front of.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Where the server is. Default `127.0.0.1`. */
  readonly host?: string | undefined
  readonly port: number
  /** The server's `jute.maxbuffer`, in bytes: behind a longer frame no faults of requests happen. Default 1048575. */
  readonly juteMaxBuffer?: number | undefined
}

/**
 * A running proxy.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChaosProxy {
  /** What to give to a client instead of the server's. */
  readonly connectString: string
  readonly port: number
  readonly faults: Faults
}

/** A connection to the real server, as something that takes a client's. */
const upstream =
  ({ host = "127.0.0.1", port }: Options, sockets: Set<net.Socket>): Accept =>
  (peer) => {
    const socket = net.connect({ host, port, noDelay: true })
    sockets.add(socket)
    socket.on("data", (chunk) => peer.write(chunk))
    socket.on("error", () => {})
    socket.on("close", () => {
      sockets.delete(socket)
      peer.end()
    })
    return {
      onChunk: (chunk) => void socket.write(Buffer.from(chunk)),
      // What the client said before it went arrives, as it does without a proxy.
      onClose: () => void socket.destroySoon()
    }
  }

/**
 * Starts a proxy on a free port of the loopback, for as long as the scope lives.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<ChaosProxy, never, Scope.Scope> {
  const line = new FaultLine(yield* Timers.make, options.juteMaxBuffer ?? JUTE_MAX_BUFFER)
  const sockets = new Set<net.Socket>()
  const listener = yield* Effect.acquireRelease(
    tcp.listen("127.0.0.1", 0, line.wrap(upstream(options, sockets))),
    ({ close }) =>
      Effect.suspend(() => {
        for (const socket of sockets) socket.destroy()
        return close
      })
  )
  return { connectString: `127.0.0.1:${listener.port}`, port: listener.port, faults: line.handle }
})
