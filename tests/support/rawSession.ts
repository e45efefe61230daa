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

/** Sends a ConnectRequest over an open connection and waits for the answer. */
export const handshake = Effect.fnUntraced(function* (peer: Peer.Peer, options: HandshakeOptions = {}) {
  yield* peer.sendFrame(
    encode(connectRequest, {
      protocolVersion: 0,
      lastZxidSeen: options.lastZxidSeen ?? 0n,
      timeOut: options.timeOut ?? 10_000,
      sessionId: options.sessionId ?? 0n,
      passwd: options.password ?? new Uint8Array(16),
      readOnly: options.readOnly ?? false
    })
  )
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

/** Expires a session on purpose: a second connection takes it over and closes it. The owner learns it on reconnecting. */
export const expireSession = (
  connect: string,
  sessionId: bigint,
  password: Uint8Array
): Effect.Effect<void, Peer.PeerClosed | TimedOut> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { peer, response } = yield* open(connect, { sessionId, password })
      if (response.sessionId !== sessionId) {
        return yield* new Peer.PeerClosed({
          message: `session 0x${sessionId.toString(16)} was not resumed: already gone`
        })
      }
      yield* closeSession(peer)
    })
  )

/** Cuts the connection of a session and leaves the session alive: a wrong password makes its server do that. */
export const dropConnection = (connect: string, sessionId: bigint): Effect.Effect<void, Peer.PeerClosed | TimedOut> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { peer } = yield* open(connect, { sessionId, password: Buffer.alloc(16, 0xff) })
      yield* peer.closed
    })
  )
