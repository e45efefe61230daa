/** Who a connection says it is: auth packets and SASL tokens, answered ahead of the queue. */
import { ErrorCode } from "@effect-zookeeper/core/ErrorCode"
import { JuteError } from "@effect-zookeeper/core/wire/JuteError"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { auth, sasl } from "@effect-zookeeper/core/wire/ops/auth"
import type { Codec } from "@effect-zookeeper/core/wire/Operation"
import { digestOf } from "./AclCheck.ts"
import { SaslDigestMd5 } from "./SaslDigestMd5.ts"
import type { ServerConnection } from "./ServerConnection.ts"
import type { Id } from "./Transaction.ts"

const add = (ids: Array<Id>, added: Id): void => {
  if (!ids.some(({ id, scheme }) => scheme === added.scheme && id === added.id)) ids.push(added)
}

const decode = <A>(codec: Codec<A>, body: Buffer): A | undefined => {
  try {
    return codec.decode(new JuteReader().reset(body))
  } catch (error) {
    if (error instanceof JuteError) return undefined
    throw error
  }
}

/** Adds to the connection's identities; what no scheme accepts costs the connection. */
export const authenticate = (connection: ServerConnection, xid: number, body: Buffer): void => {
  const packet = decode(auth.request, body)
  if (packet?.scheme === "digest" && packet.auth !== null) {
    const id = digestOf(Buffer.from(packet.auth).toString())
    if (id === connection.server.options.superDigest) add(connection.auth, { scheme: "super", id: "" })
    add(connection.auth, { scheme: "digest", id })
  } else if (packet?.scheme === "ip") {
    add(connection.auth, { scheme: "ip", id: connection.peer.address })
  } else {
    connection.reply(xid, 0n, ErrorCode.AuthFailed)
    return connection.end()
  }
  connection.reply(xid, 0n, 0)
}

export const saslStep = (connection: ServerConnection, xid: number, body: Buffer): void => {
  const request = decode(sasl.request, body)
  if (request === undefined) return connection.end()
  const { saslUsers } = connection.server.options
  const answer = (err: number, token: Uint8Array | null) =>
    connection.reply(xid, 0n, err, (writer) => sasl.response.encode(writer, token))
  // A server without SASL: no error, no token, and the connection stays usable (measured on 3.8.0).
  if (saslUsers === undefined) return answer(0, null)
  connection.sasl ??= new SaslDigestMd5(saslUsers)
  const step = connection.sasl.next(request.token)
  if (step === undefined) {
    // The one refusal with a body: a null token.
    answer(ErrorCode.AuthFailed, null)
    return connection.end()
  }
  if (step.user !== undefined) {
    add(connection.auth, { scheme: "sasl", id: step.user })
    connection.sasl = undefined
  }
  answer(0, step.token)
}
