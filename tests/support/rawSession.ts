/**
 * A session as bare bytes over one connection: what fault recipes need without the client under test.
 */
import { type ConnectResponse, connectRequest, connectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { requestHeader } from "@effect-zookeeper/core/wire/header"
import { closeSession as closeSessionOperation } from "@effect-zookeeper/core/wire/ops/session"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Peer from "./Peer.ts"
import type { TimedOut } from "./realTime.ts"
import { encode } from "./script.ts"

export interface HandshakeOptions {
  /** Asked for, in ms. Default 10,000. */
  readonly timeOut?: number
  /** The session to resume; a new one without it. */
  readonly sessionId?: bigint
  readonly password?: Uint8Array
  readonly lastZxidSeen?: bigint
  readonly readOnly?: boolean
}

const connectFrame = (options: HandshakeOptions): Buffer =>
  encode(connectRequest, {
    protocolVersion: 0,
    lastZxidSeen: options.lastZxidSeen ?? 0n,
    timeOut: options.timeOut ?? 10_000,
    sessionId: options.sessionId ?? 0n,
    passwd: options.password ?? new Uint8Array(16),
    readOnly: options.readOnly ?? false
  })

/** Sends a ConnectRequest over an open connection and waits for the answer. */
export const handshake = Effect.fnUntraced(function* (peer: Peer.Peer, options: HandshakeOptions = {}) {
  yield* peer.sendFrame(connectFrame(options))
  return connectResponse.decode(new JuteReader().reset(yield* peer.receiveFrame))
})

/** A bare request: what the header says and whatever body the test wants. */
export const request = (xid: number, type: number, body: Uint8Array = new Uint8Array()): Buffer =>
  Buffer.concat([encode(requestHeader, { xid, type }), body])

/** Closes the session of `peer` and waits for the answer, or for the end of the connection where there is none. */
export const closeSession = (peer: Peer.Peer): Effect.Effect<void, TimedOut> =>
  peer.sendFrame(request(1, closeSessionOperation.code)).pipe(
    Effect.andThen(peer.receiveFrame),
    Effect.catchTag("PeerClosed", () => Effect.void),
    Effect.asVoid
  )

const firstHost = (connect: string): readonly [host: string, port: number] => {
  const [host = "", port = ""] = connect.split(/[,/]/)[0]!.split(":")
  return [host, Number(port)]
}

/** A session and the one connection it has. */
export interface RawSession {
  readonly peer: Peer.Peer
  readonly response: ConnectResponse
}

/** Connects to the first server of `connect` and shakes hands; closing the scope cuts the connection, no more. */
export const open = (
  connect: string,
  options?: HandshakeOptions
): Effect.Effect<RawSession, Peer.PeerClosed | TimedOut, Scope.Scope> =>
  Effect.gen(function* () {
    const peer = yield* Peer.connect(...firstHost(connect))
    return { peer, response: yield* handshake(peer, options) }
  })

const framed = (body: Uint8Array): Buffer => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

/** Takes a session over and closes it, in one write; whether that was answered, and whether the session was there. */
const takeAndClose = (connect: string, sessionId: bigint, password: Uint8Array) =>
  Effect.scoped(
    Effect.gen(function* () {
      const peer = yield* Peer.connect(...firstHost(connect))
      const close = request(1, closeSessionOperation.code)
      yield* peer.send(Buffer.concat([framed(connectFrame({ sessionId, password })), framed(close)]))
      const response = connectResponse.decode(new JuteReader().reset(yield* peer.receiveFrame))
      if (response.sessionId !== sessionId) return "gone"
      yield* peer.receiveFrame
      return "closed"
    }).pipe(Effect.catchTag("PeerClosed", () => Effect.succeed("taken back")))
  )

/**
 * Expires a session on purpose: a second connection takes it over and closes it. An owner that can reconnect may take it
 * back first; then again, until it is closed. The owner learns it on reconnecting.
 */
export const expireSession = Effect.fnUntraced(function* (
  connect: string,
  sessionId: bigint,
  password: Uint8Array
): Effect.fn.Return<void, Peer.PeerClosed | TimedOut> {
  let outcome = yield* takeAndClose(connect, sessionId, password)
  if (outcome === "gone") {
    return yield* new Peer.PeerClosed({
      message: `session 0x${sessionId.toString(16)} was not resumed: already gone`
    })
  }
  while (outcome === "taken back") outcome = yield* takeAndClose(connect, sessionId, password)
})

/** Cuts the connection of a session and leaves the session alive: a wrong password makes its server do that. */
export const dropConnection = (connect: string, sessionId: bigint): Effect.Effect<void, Peer.PeerClosed | TimedOut> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { peer } = yield* open(connect, { sessionId, password: Buffer.alloc(16, 0xff) })
      yield* peer.closed
    })
  )
