/**
 * One TCP connection, read frame by frame and written byte by byte, as the tests of either side need it.
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as net from "node:net"
import { type TimedOut, within } from "./realTime.ts"

/** The connection ended where something else was expected. */
export class PeerClosed extends Data.TaggedError("PeerClosed")<{ readonly message: string }> {}

export interface Peer {
  /** The next frame without its length. */
  readonly receiveFrame: Effect.Effect<Buffer, PeerClosed | TimedOut>
  /** Waits until the other side has ended the connection. */
  readonly closed: Effect.Effect<void, TimedOut>
  readonly send: (bytes: Uint8Array) => Effect.Effect<void, PeerClosed>
  /** Sends the length and then the bytes. */
  readonly sendFrame: (body: Uint8Array) => Effect.Effect<void, PeerClosed>
  /** Ends the connection in order (FIN). */
  readonly close: Effect.Effect<void>
  /** Ends it with a reset (RST). */
  readonly reset: Effect.Effect<void>
}

const LIMIT = "10 seconds"

export const fromSocket = (socket: net.Socket, limit: Duration.Input = LIMIT): Peer => {
  let unread = Buffer.alloc(0)
  let total = 0
  let ended: string | undefined
  const listeners = new Set<() => void>()
  const changed = () => {
    for (const listener of listeners) listener()
  }
  const end = (why: string) => {
    ended ??= why
    changed()
  }
  socket.setNoDelay(true)
  socket.on("data", (chunk) => {
    unread = Buffer.concat([unread, chunk])
    total += chunk.length
    changed()
  })
  socket.on("end", () => end("the other side closed"))
  socket.on("error", (error) => end(error.message))
  socket.on("close", () => end("the connection was closed"))

  const seen = () =>
    `${total} bytes received, ${unread.length} unread${unread.length > 0 ? ` (${unread.toString("hex", 0, 64)})` : ""}, ` +
    (ended ?? "still open")

  const wait = <A, E>(ready: () => Effect.Effect<A, E> | undefined, what: string) =>
    within(
      Effect.callback<A, E>((resume) => {
        const check = () => {
          const result = ready()
          if (result === undefined) return
          listeners.delete(check)
          resume(result)
        }
        listeners.add(check)
        check()
        return Effect.sync(() => listeners.delete(check))
      }),
      limit,
      () => `waited for ${what}: ${seen()}`
    )

  const send = (bytes: Uint8Array) =>
    Effect.callback<void, PeerClosed>((resume) => {
      const refuse = (why: string) => resume(Effect.fail(new PeerClosed({ message: `cannot send: ${why}` })))
      if (socket.destroyed || !socket.writable) return refuse(ended ?? "closed on this side")
      socket.write(bytes, (error) => (error ? refuse(error.message) : resume(Effect.void)))
    })

  return {
    receiveFrame: wait(() => {
      if (unread.length >= 4 && unread.length >= 4 + unread.readUInt32BE(0)) {
        const end = 4 + unread.readUInt32BE(0)
        const frame = unread.subarray(4, end)
        unread = unread.subarray(end)
        return Effect.succeed(frame)
      }
      if (ended !== undefined) return Effect.fail(new PeerClosed({ message: `waited for a frame: ${seen()}` }))
      return undefined
    }, "a frame"),
    closed: wait(() => (ended === undefined ? undefined : Effect.void), "the end of the connection"),
    send,
    sendFrame: (body) => {
      const bytes = Buffer.allocUnsafe(4 + body.length)
      bytes.writeInt32BE(body.length)
      bytes.set(body, 4)
      return send(bytes)
    },
    close: Effect.sync(() => socket.end()),
    reset: Effect.sync(() => socket.resetAndDestroy())
  }
}

/** Opens a connection that lasts as long as the scope. */
export const connect = (
  host: string,
  port: number,
  limit?: Duration.Input
): Effect.Effect<Peer, PeerClosed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<net.Socket, PeerClosed>((resume) => {
      const socket = net.connect(port, host)
      const refuse = (error: Error) =>
        resume(Effect.fail(new PeerClosed({ message: `cannot connect to ${host}:${port}: ${error.message}` })))
      socket.once("error", refuse)
      socket.once("connect", () => {
        socket.off("error", refuse)
        resume(Effect.succeed(socket))
      })
      return Effect.sync(() => socket.destroy())
    }),
    (socket) => Effect.sync(() => socket.destroy()),
    { interruptible: true }
  ).pipe(Effect.map((socket) => fromSocket(socket, limit)))
