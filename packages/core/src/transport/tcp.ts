/**
 * Connections through Node's sockets, TCP or TLS, reading into one buffer per connection.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as net from "node:net"
import * as tls from "node:tls"
import { type Connection, OpenFailed, type Receiver, type Target, type TlsOptions } from "./Connection.ts"

/** As much as one read brings at most. Larger frames are assembled by whoever receives the chunks. */
const READ_BUFFER = 64 * 1024

const tlsOptions = (target: Target, options: TlsOptions): tls.ConnectionOptions => {
  const servername = options.servername ?? target.host
  return {
    // SNI is for names only (RFC 6066, section 3); the certificate is checked against the name or address all the same.
    servername: net.isIP(servername) === 0 ? servername : "",
    checkServerIdentity: (_, certificate) => tls.checkServerIdentity(servername, certificate),
    rejectUnauthorized: options.verify ?? true,
    minVersion: options.minVersion ?? "TLSv1.2",
    ...(options.ca === undefined ? {} : { ca: typeof options.ca === "string" ? options.ca : [...options.ca] }),
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: Redacted.value(options.key) }),
    ...(options.passphrase === undefined ? {} : { passphrase: Redacted.value(options.passphrase) })
  }
}

const describe = (error: Error & { code?: string }): string =>
  error.message === "" ? (error.code ?? error.name) : error.message

/**
 * Opens a connection; resolves once bytes can be sent (for TLS: once the server has proven who it is).
 */
export const open = (target: Target, receiver: Receiver): Effect.Effect<Connection, OpenFailed> =>
  Effect.callback((resume) => {
    let isOpen = false
    let lastError: string | undefined
    let isResting = false
    let waking: NodeJS.Timeout | undefined
    const wake = () => {
      isResting = false
      socket.resume()
    }
    const rest = () => {
      isResting = true
      if (waking === undefined) waking = setTimeout(wake, 1)
      else waking.refresh()
    }
    const options: net.NetConnectOpts = {
      host: target.address,
      port: target.port,
      noDelay: true,
      keepAlive: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BUFFER),
        callback: (length, buffer) => {
          receiver.onChunk((buffer as Buffer).subarray(0, length))
          return !isResting
        }
      }
    }
    let socket: net.Socket
    try {
      socket =
        target.tls === undefined ? net.connect(options) : tls.connect({ ...options, ...tlsOptions(target, target.tls) })
    } catch (error) {
      // A certificate or key that is none.
      return resume(Effect.fail(new OpenFailed({ cause: describe(error as Error) })))
    }
    const silence = () => {
      clearTimeout(waking)
      socket.off("close", onClose)
      socket.destroy()
    }
    const onClose = () => {
      const cause = lastError ?? "closed by the server"
      if (isOpen) receiver.onClose(cause)
      else resume(Effect.fail(new OpenFailed({ cause })))
    }
    socket.on("close", onClose)
    // Stays for good: an error after destroy must not become an uncaught exception.
    socket.on("error", (error) => {
      lastError = describe(error)
    })
    socket.once(target.tls === undefined ? "connect" : "secureConnect", () => {
      isOpen = true
      resume(
        Effect.succeed({
          write: (bytes) => {
            socket.write(bytes)
            return socket.writableLength === 0
          },
          rest,
          destroy: silence
        })
      )
    })
    return Effect.sync(silence)
  })
