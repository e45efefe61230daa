/** The steps that most scripts of a scripted server begin with: answering the handshake, reading and answering requests. */
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import { type ReplyHeader, replyHeader, requestHeader } from "@effect-zookeeper/core/wire/header"
import type { Codec } from "@effect-zookeeper/core/wire/Operation"
import { type ConnectResponse, connectRequest, connectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import * as Effect from "effect/Effect"
import type { Peer } from "./Peer.ts"

/** The bytes of one record. */
export const encode = <A>(codec: Codec<A>, value: A): Buffer => {
  const writer = new JuteWriter()
  codec.encode(writer, value)
  return writer.written()
}

/** Reads the ConnectRequest of a fresh connection, answers it with success, and returns it. */
export const acceptSession = Effect.fnUntraced(function* (peer: Peer, answer: Partial<ConnectResponse> = {}) {
  const request = connectRequest.decode(new JuteReader().reset(yield* peer.receiveFrame))
  yield* peer.sendFrame(
    encode(connectResponse, {
      protocolVersion: 0,
      timeOut: request.timeOut,
      sessionId: request.sessionId === 0n ? 0x1000_0000_0001n : request.sessionId,
      passwd: Buffer.alloc(16, 1),
      readOnly: false,
      ...answer
    })
  )
  return request
})

/** The next request: its header's fields and a reader at the start of its body. */
export const receiveRequest = Effect.fnUntraced(function* (peer: Peer) {
  const body = new JuteReader().reset(yield* peer.receiveFrame)
  return { ...requestHeader.decode(body), body }
})

/** Sends a reply with this header and body. */
export const reply = (peer: Peer, header: Partial<ReplyHeader> & { readonly xid: number }, body?: Uint8Array) =>
  peer.sendFrame(Buffer.concat([encode(replyHeader, { zxid: 1n, err: 0, ...header }), body ?? new Uint8Array()]))
