/**
 * Connections through Node's sockets, TCP or TLS, reading into one buffer per connection.
 */
import * as Effect from "effect/Effect"
import * as net from "node:net"
import { type Connection, OpenFailed, type Receiver, type Target } from "./Connection.ts"

/** As much as one read brings at most. Larger frames are assembled by whoever receives the chunks. */
const READ_BUFFER = 64 * 1024

const describe = (error: Error & { code?: string }): string =>
  error.message === "" ? (error.code ?? error.name) : error.message

/** Opens a connection by `connect`; resolves at the socket's event `ready`. */
const opening = (
  target: Target,
  receiver: Receiver,
  connect: (options: net.NetConnectOpts) => net.Socket,
  ready: "connect" | "secureConnect"
): Effect.Effect<Connection, OpenFailed> =>
  Effect.callback((resume) => {
    let isOpen = false
    let lastError: string | undefined
    let isResting = false
    let waking: NodeJS.Timeout | undefined
    const wake = () => {
      isResting = false
      socket.resume()
    }
    const rest = () => {
      isResting = true
      if (waking === undefined) waking = setTimeout(wake, 1)
      else waking.refresh()
    }
    const options: net.NetConnectOpts = {
      host: target.address,
      port: target.port,
      noDelay: true,
      keepAlive: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BUFFER),
        callback: (length, buffer) => {
          receiver.onChunk((buffer as Buffer).subarray(0, length))
          return !isResting
        }
      }
    }
    let socket: net.Socket
    try {
      socket = connect(options)
    } catch (error) {
      // A certificate or key that is none.
      return resume(Effect.fail(new OpenFailed({ cause: describe(error as Error) })))
    }
    const silence = () => {
      clearTimeout(waking)
      socket.off("close", onClose)
      socket.destroy()
    }
    const onClose = () => {
      const cause = lastError ?? "closed by the server"
      if (isOpen) receiver.onClose(cause)
      else resume(Effect.fail(new OpenFailed({ cause })))
    }
    socket.on("close", onClose)
    // Stays for good: an error after destroy must not become an uncaught exception.
    socket.on("error", (error) => {
      lastError = describe(error)
    })
    socket.once(ready, () => {
      isOpen = true
      resume(
        Effect.succeed({
          write: (bytes) => {
            socket.write(bytes)
            return socket.writableLength === 0
          },
          rest,
          destroy: silence
        })
      )
    })
    return Effect.sync(silence)
  })

/** Opens a connection; resolves once bytes can be sent (for TLS: once the server has proven who it is). */
export const open = (target: Target, receiver: Receiver): Effect.Effect<Connection, OpenFailed> => {
  const { tls } = target
  if (tls === undefined) return opening(target, receiver, net.connect, "connect")
  return Effect.flatMap(
    Effect.promise(() => import("./tls.ts")),
    ({ connect }) => opening(target, receiver, (options) => connect(options, target, tls), "secureConnect")
  )
}
