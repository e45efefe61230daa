/**
 * A fence around one connection manager: it gets whole frames only, nothing half-read or half-sent outlives a
 * connection, and an answer that it cannot read ends neither the process nor the frames behind it.
 *
 * The methods are replaced on this one object, and put back when the fence goes; other clients are not touched.
 */
import { Frames } from "../wire/Frames.ts"
import { JuteError } from "../wire/JuteError.ts"
import type { ConnectionManager, Packet } from "./library.ts"

/** What the fence tells. */
export interface Watched {
  /** Whether the next connection may be opened. */
  readonly mayDial: () => boolean
  /** TCP stands; the handshake is sent by `proceed`. */
  readonly onConnected: (proceed: () => void) => void
  /** Bytes came and all whole frames in them were handed on. */
  readonly onHeard: () => void
  /** The connection is gone, and nobody who waits for an answer was told so far. */
  readonly onClosed: (cause: string) => void
  /** What came is not the protocol: the connection is no good. `head` waited for the next answer. */
  readonly onUnreadable: (saw: string, head: Packet | undefined) => void
  readonly isOurs: (packet: Packet) => boolean
}

const PING = 11
const AUTH = 100
const SET_WATCHES = 101

/** Each connection adds these anew, also those that broke before they were sent (museum 13). */
const perConnection = ({ request }: Packet): boolean =>
  request.header !== null && [PING, AUTH, SET_WATCHES].includes(request.header.type)

const isError = (thrown: unknown): thrown is Error => thrown instanceof Error

/** The library throws on codes that came after 3.4 instead of calling back (museum 16). */
const unknownCode = (thrown: unknown): number | undefined => {
  const match = isError(thrown) ? /^Unknown code: (-?\d+)$/.exec(thrown.message) : null
  return match === null ? undefined : Number(match[1])
}

const isUnknownEvent = (thrown: unknown): boolean => isError(thrown) && thrown.message.startsWith("Unknown event type")

const CONNECTION_ENDED = "the server closed the connection"

/** Puts the fence up; returns the way to take it down. */
export const guard = (manager: ConnectionManager, maxReply: number, on: Watched): (() => void) => {
  const methods = Object.getPrototypeOf(manager) as ConnectionManager
  let frames = new Frames(maxReply)
  let cause = CONNECTION_ENDED

  /** True when the library's own caller was told, or nobody needs to be. */
  const settle = (thrown: unknown, head: Packet | undefined): boolean => {
    if (isUnknownEvent(thrown)) return true
    if (head === undefined || manager.pendingQueue[0] === head) return false
    const code = unknownCode(thrown)
    if (code === undefined) return false
    head.callback?.({ code, getCode: () => code }, { header: { err: code } })
    return true
  }

  const read = (body: Buffer): unknown => {
    const frame = Buffer.allocUnsafe(4 + body.length)
    frame.writeInt32BE(body.length)
    frame.set(body, 4)
    const head = manager.pendingQueue[0]
    try {
      methods.onSocketData.call(manager, frame)
    } catch (thrown) {
      if (settle(thrown, head)) return undefined
      // Not ours and not the parser's: a callback of the application's own code, which must hear of it as ever.
      const ours = manager.pendingQueue[0] === head ? isParserFault(thrown) : head !== undefined && on.isOurs(head)
      if (!ours) return thrown
      on.onUnreadable(`node-zookeeper-client could not read an answer: ${String(thrown)}`, head)
    }
    return undefined
  }

  const onData = (chunk: Buffer): void => {
    let thrown: unknown
    try {
      frames.push(chunk, (bytes, start, end) => {
        thrown = read(bytes.subarray(start, end)) ?? thrown
      })
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      return on.onUnreadable(error.message, manager.pendingQueue[0])
    }
    on.onHeard()
    if (thrown !== undefined) throw thrown
  }

  manager.findNextServer = (callback) =>
    methods.findNextServer.call(manager, (server) => {
      if (on.mayDial()) callback(server)
    })
  manager.onSocketConnected = () => {
    if (manager.connectTimeoutHandler !== null) clearTimeout(manager.connectTimeoutHandler)
    frames = new Frames(maxReply)
    cause = CONNECTION_ENDED
    manager.pendingBuffer = null
    manager.packetQueue.queue = manager.packetQueue.queue.filter((packet) => !perConnection(packet))
    on.onConnected(() => methods.onSocketConnected.call(manager))
  }
  manager.onSocketData = onData
  manager.onSocketError = (error) => {
    cause = error.message
    methods.onSocketError.call(manager, error)
  }
  const closed = (): void => {
    // Left running, it would destroy the connection that comes after this one.
    if (manager.connectTimeoutHandler !== null) clearTimeout(manager.connectTimeoutHandler)
    frames.stop()
    manager.pendingBuffer = null
    on.onClosed(cause)
  }
  manager.onSocketClosed = (hasError) => {
    closed()
    methods.onSocketClosed.call(manager, hasError)
  }

  // A connection that stands already has the library's own listeners.
  const { pendingBuffer, socket } = manager
  if (socket !== undefined && !socket.destroyed) {
    socket.removeAllListeners("data").on("data", onData)
    socket.prependListener("close", closed)
    manager.pendingBuffer = null
    if (pendingBuffer !== null) onData(pendingBuffer)
  }

  return () => {
    for (const name of replaced) Reflect.deleteProperty(manager, name)
  }
}

const replaced: ReadonlyArray<keyof ConnectionManager> = [
  "findNextServer",
  "onSocketConnected",
  "onSocketData",
  "onSocketError",
  "onSocketClosed"
]

/** What reading past the end of an answer throws: Node's range errors, and the library's own check. */
const isParserFault = (thrown: unknown): boolean =>
  isError(thrown) &&
  (thrown instanceof RangeError ||
    thrown.message.includes("out of buffer range") ||
    thrown.message.startsWith("Unknown type:"))
