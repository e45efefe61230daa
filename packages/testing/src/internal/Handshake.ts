/** The first frame of a connection: a new session, an old one resumed, or a closed door. */
import { ErrorCode } from "@effect-zookeeper/core/ErrorCode"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { type ConnectRequest, connectRequest, type ConnectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import type { ServerConnection } from "./ServerConnection.ts"
import { isPasswordOf, passwordOf } from "./SessionId.ts"

/** The fields before the password's bytes. Peers up to 3.4 leave out readOnly behind them, and get an answer without it. */
const FIXED_LENGTH = 28

type Answer = Omit<ConnectResponse, "protocolVersion">

const EXPIRED: Answer = { timeOut: 0, sessionId: 0n, passwd: new Uint8Array(16), readOnly: false }

const decode = (bytes: Buffer): ConnectRequest | undefined => {
  try {
    return connectRequest.decode(new JuteReader().reset(bytes))
  } catch {
    return undefined
  }
}

export const handshake = (connection: ServerConnection, bytes: Buffer): void => {
  const { server } = connection
  const request = decode(bytes)
  // Refused without a word: what is no ConnectRequest, a server that lags behind the client or does not serve.
  if (request === undefined || !server.isServing || request.lastZxidSeen > server.tree.lastZxid) return connection.end()
  if (server.isReadOnly && !request.readOnly) return connection.end()
  const knowsReadOnly = bytes.length > FIXED_LENGTH + (request.passwd?.length ?? 0)
  const { maxSessionTimeout, minSessionTimeout } = server.options
  const timeOut = Math.min(Math.max(request.timeOut, minSessionTimeout), maxSessionTimeout)
  const answer = (response: Answer): void =>
    connection.send((writer) => {
      writer.int(0)
      writer.int(response.timeOut)
      writer.long(response.sessionId)
      writer.buffer(response.passwd)
      if (knowsReadOnly) writer.boolean(response.readOnly)
    })
  const accept = (sessionId: bigint): void => {
    if (connection.isClosed) return
    connection.sessionId = sessionId
    connection.timeOut = timeOut
    server.attach(connection)
    answer({ timeOut, sessionId, passwd: passwordOf(sessionId), readOnly: server.isReadOnly })
    connection.established()
  }
  const expired = (): void => {
    answer(EXPIRED)
    connection.end()
  }
  if (request.sessionId === 0n) {
    if (server.isReadOnly && !server.options.localSessionsEnabled) {
      // A ReplyHeader where a ConnectResponse belongs, and the socket stays open (measured on 3.8.0).
      return connection.reply(0, server.tree.lastZxid, ErrorCode.NotReadOnly)
    }
    return server.createSession(connection, timeOut, accept)
  }
  // The older connection goes at once, even when the password turns out to be wrong (measured on 3.8.0).
  server.connectionOf(request.sessionId)?.end()
  if (!isPasswordOf(request.sessionId, request.passwd)) return expired()
  // Global sessions cannot be confirmed without a quorum.
  if (server.isReadOnly && !server.isLocalSession(request.sessionId)) return connection.end()
  server.reopenSession(connection, request.sessionId, timeOut, (isAlive) =>
    isAlive ? accept(request.sessionId) : expired()
  )
}
