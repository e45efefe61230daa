/** What precedes every request and every answer but the handshake's. */
import type { Codec } from "./Operation.ts"

export interface RequestHeader {
  readonly xid: number
  /** The operation's code. */
  readonly type: number
}

export interface ReplyHeader {
  readonly xid: number
  /** The last transaction that the server had applied; 0 for auth and sasl, −1 for most notifications. */
  readonly zxid: bigint
  /** 0, or why there is no body. */
  readonly err: number
}

/** The bytes of a ReplyHeader. An answer to a handshake of just this length is a refusal (measured on 3.8.0). */
export const REPLY_HEADER_LENGTH = 16

export const requestHeader: Codec<RequestHeader> = {
  encode: (writer, { type, xid }) => {
    writer.int(xid)
    writer.int(type)
  },
  decode: (reader) => ({ xid: reader.int(), type: reader.int() })
}

/** A session reads the three fields by itself, for every answer, and makes no object of them. */
export const replyHeader: Codec<ReplyHeader> = {
  encode: (writer, { err, xid, zxid }) => {
    writer.int(xid)
    writer.long(zxid)
    writer.int(err)
  },
  decode: (reader) => ({ xid: reader.int(), zxid: reader.long(), err: reader.int() })
}
