/**
 * Connections through Node's sockets, TCP or TLS, reading into one buffer per connection or into the receiver's room.
 */
import * as Effect from "effect/Effect"
import * as net from "node:net"
import { type Connection, OpenFailed, type Receiver, type Target } from "./Connection.ts"

/** As much as one read brings at most, but for those into the receiver's room. */
const READ_BUFFER = 64 * 1024

const describe = (error: Error & { code?: string }): string =>
  error.message === "" ? (error.code ?? error.name) : error.message

/** Buffers of connections that are closed, for the next ones: without them, sessions that come and go keep the GC busy. */
const spare: Array<Buffer> = []
const MAX_SPARE = 4

const NOBODY: Receiver = { onChunk: () => {}, onClose: () => {} }

class Socket implements Connection {
  private readonly socket: net.Socket
  /** Nobody once it is over: Node keeps a closed socket for long, which must not keep a whole session. */
  private receiver: Receiver
  private isResting = false
  private waking: NodeJS.Timeout | undefined
  private lastError: string | undefined

  constructor({ address, port }: Target, receiver: Receiver, connect: (options: net.NetConnectOpts) => net.Socket) {
    this.receiver = receiver
    const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(READ_BUFFER)
    this.socket = connect({
      host: address,
      port,
      noDelay: true,
      keepAlive: true,
      onread: {
        // Asked after each callback, too: memory that was filled belongs to others from then on.
        buffer: () => this.receiver.room?.() ?? buffer,
        callback: (length, filled) => {
          this.receive(filled as Buffer, length)
          return !this.isResting
        }
      }
    })
    this.socket.on("close", () => {
      if (spare.length < MAX_SPARE) spare.push(buffer)
      this.end().onClose(this.lastError ?? "closed by the server")
    })
    // Stays for good: an error after destroy must not become an uncaught exception.
    this.socket.on("error", (error) => {
      this.lastError = describe(error)
    })
  }

  /** Calls back when bytes can be sent. */
  onReady(event: "connect" | "secureConnect", ready: () => void): void {
    this.socket.once(event, ready)
  }

  private receive(filled: Buffer, length: number): void {
    try {
      this.receiver.onChunk(length === filled.length ? filled : filled.subarray(0, length))
    } catch (error) {
      // Node does not ask for a buffer after that, and would read on into the one it has.
      this.socket.destroy()
      throw error
    }
  }

  private end(): Receiver {
    const { receiver } = this
    this.receiver = NOBODY
    clearTimeout(this.waking)
    return receiver
  }

  readonly write = (bytes: Buffer): boolean => {
    this.socket.write(bytes)
    return this.socket.writableLength === 0
  }

  readonly rest = (): void => {
    this.isResting = true
    if (this.waking === undefined) this.waking = setTimeout(this.wake, 1)
    else this.waking.refresh()
  }

  readonly wake = (): void => {
    if (!this.isResting) return
    this.isResting = false
    this.socket.resume()
  }

  readonly destroy = (): void => {
    this.end()
    this.socket.destroy()
  }
}

/** Opens a connection by `connect`; it is ready at the socket's event `ready`. */
const opening = (
  target: Target,
  receiver: Receiver,
  connect: (options: net.NetConnectOpts) => net.Socket,
  ready: "connect" | "secureConnect"
): Effect.Effect<Connection, OpenFailed> =>
  Effect.callback((resume) => {
    let isOpen = false
    const failed = (cause: string) => resume(Effect.fail(new OpenFailed({ cause })))
    try {
      const socket = new Socket(
        target,
        {
          onChunk: (chunk) => receiver.onChunk(chunk),
          room: () => receiver.room?.(),
          onClose: (cause) => (isOpen ? receiver.onClose(cause) : failed(cause))
        },
        connect
      )
      socket.onReady(ready, () => {
        isOpen = true
        resume(Effect.succeed(socket))
      })
      return Effect.sync(socket.destroy)
    } catch (error) {
      // A certificate or key that is none.
      return failed(describe(error as Error))
    }
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
