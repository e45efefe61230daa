/** A listener on a TCP port that hands connections to a server, and leaves nothing open when it stops. */
import * as Effect from "effect/Effect"
import * as net from "node:net"
import type { Accept } from "./Peer.ts"

export interface Listener {
  readonly port: number
  readonly close: Effect.Effect<void>
}

const handle = (socket: net.Socket, accept: Accept): void => {
  socket.setNoDelay(true)
  // A reset is a close like any other.
  socket.on("error", () => {})
  let isGone = false
  const gone = (f: () => void) => () => {
    isGone = true
    f()
  }
  const receiver = accept({
    address: (socket.remoteAddress ?? "127.0.0.1").replace(/^::ffff:/, ""),
    port: socket.remotePort ?? 0,
    write: (bytes) => void socket.write(bytes),
    end: gone(() => socket.destroySoon()),
    destroy: gone(() => socket.resetAndDestroy())
  })
  if (receiver === undefined) return void socket.destroy()
  socket.on("data", (chunk) => {
    if (!isGone) receiver.onChunk(chunk)
  })
  socket.on("close", () => {
    if (isGone) return
    isGone = true
    receiver.onClose()
  })
}

/** Listens on `host`; port 0 takes any free one. A port that is taken is a defect of the test. */
export const listen = (host: string, port: number, accept: Accept): Effect.Effect<Listener> =>
  Effect.callback((resume) => {
    const sockets = new Set<net.Socket>()
    const server = net.createServer((socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
      handle(socket, accept)
    })
    server.on("error", (error) => resume(Effect.die(error)))
    server.listen(port, host, () => {
      const close = Effect.callback<void>((closed) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => closed(Effect.void))
      })
      resume(Effect.succeed({ port: (server.address() as net.AddressInfo).port, close }))
    })
    return Effect.sync(() => server.close())
  })
