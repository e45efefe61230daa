/** Who a connection is: auth (100), sasl (102) and whoAmI (107). */
import { buffer } from "../fields.ts"
import { type Codec, nothing, type Operation, read } from "../Operation.ts"

export interface AuthPacket {
  /** 0, always. */
  readonly type: number
  readonly scheme: string
  readonly auth: Uint8Array | null
}

export interface GetSASLRequest {
  /** Empty to begin with: DIGEST-MD5 has no initial response. */
  readonly token: Uint8Array | null
}

export interface ClientInfo {
  readonly authScheme: string
  readonly user: string
}

const authPacket: Codec<AuthPacket> = {
  encode: (writer, { auth, scheme, type }) => {
    writer.int(type)
    writer.string(scheme)
    writer.buffer(auth)
  },
  decode: (reader) => ({ type: reader.int(), scheme: reader.string(), auth: reader.buffer() })
}

const saslRequest: Codec<GetSASLRequest> = {
  encode: (writer, { token }) => writer.buffer(token),
  decode: (reader) => ({ token: reader.buffer() })
}

const clientInfo: Codec<ClientInfo> = {
  encode: (writer, { authScheme, user }) => {
    writer.string(authScheme)
    writer.string(user)
  },
  decode: (reader) => ({ authScheme: reader.string(), user: reader.string() })
}

const clientInfos: Codec<ReadonlyArray<ClientInfo>> = {
  encode: (writer, value) => writer.vector(value, clientInfo.encode),
  decode: (reader) => reader.vector(clientInfo.decode, 8)
}

// The connected server answers both from its I/O thread.
export const auth = read("auth", 100, authPacket, nothing)
export const whoAmI = read("whoAmI", 107, nothing, clientInfos)

/**
 * One step of an exchange: a token sent again is not the same step. The answer's token is null when the server has no
 * SASL or refuses.
 */
export const sasl: Operation<GetSASLRequest, Uint8Array | null> = {
  name: "sasl",
  code: 102,
  request: saslRequest,
  response: buffer,
  repeatable: false,
  confirms: false
}
