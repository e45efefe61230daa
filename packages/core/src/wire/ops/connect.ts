/** The handshake. Neither record has a header. */
import type { Codec } from "../Operation.ts"

export interface ConnectRequest {
  readonly protocolVersion: number
  readonly lastZxidSeen: bigint
  /** The session timeout asked for, in ms. */
  readonly timeOut: number
  /** 0 for a new session. */
  readonly sessionId: bigint
  readonly passwd: Uint8Array | null
  readonly readOnly: boolean
}

export interface ConnectResponse {
  readonly protocolVersion: number
  /** The timeout granted, in ms; 0 or less says that the session is gone. */
  readonly timeOut: number
  readonly sessionId: bigint
  readonly passwd: Uint8Array | null
  readonly readOnly: boolean
}

export const connectRequest: Codec<ConnectRequest> = {
  encode: (writer, value) => {
    writer.int(value.protocolVersion)
    writer.long(value.lastZxidSeen)
    writer.int(value.timeOut)
    writer.long(value.sessionId)
    writer.buffer(value.passwd)
    writer.boolean(value.readOnly)
  },
  // Peers up to 3.4 send neither request nor answer with the last byte.
  decode: (reader) => ({
    protocolVersion: reader.int(),
    lastZxidSeen: reader.long(),
    timeOut: reader.int(),
    sessionId: reader.long(),
    passwd: reader.buffer(),
    readOnly: reader.remaining > 0 && reader.boolean()
  })
}

export const connectResponse: Codec<ConnectResponse> = {
  encode: (writer, value) => {
    writer.int(value.protocolVersion)
    writer.int(value.timeOut)
    writer.long(value.sessionId)
    writer.buffer(value.passwd)
    writer.boolean(value.readOnly)
  },
  decode: (reader) => ({
    protocolVersion: reader.int(),
    timeOut: reader.int(),
    sessionId: reader.long(),
    passwd: reader.buffer(),
    readOnly: reader.remaining > 0 && reader.boolean()
  })
}
