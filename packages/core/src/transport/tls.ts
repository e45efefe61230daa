/** TLS instead of TCP. Loaded when a target asks for it: it brings Node's crypto along, which is larger than this client. */
import * as Redacted from "effect/Redacted"
import * as net from "node:net"
import * as tls from "node:tls"
import type { Target, TlsOptions } from "./Connection.ts"

const certification = (target: Target, options: TlsOptions): tls.ConnectionOptions => {
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

/** Begins to connect; the event `secureConnect` says that the server has proven who it is. */
export const connect = (options: net.NetConnectOpts, target: Target, given: TlsOptions): net.Socket =>
  tls.connect({ ...options, ...certification(target, given) })
