/**
 * A byte connection to one server: all that the session knows about networks.
 *
 * Callbacks instead of Streams, because this is the hot path: a chunk is parsed in place during the call.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Redacted from "effect/Redacted"
import type { Host } from "../model/ConnectString.ts"

/**
 * How to speak TLS with a server. PEM texts; the server's name is checked against its certificate.
 *
 * @category models
 * @since 0.1.0
 */
export interface TlsOptions {
  /** Authorities to trust instead of those that Node trusts. */
  readonly ca?: string | ReadonlyArray<string> | undefined
  /** The client's certificate, its identity for ACLs of scheme `x509`. */
  readonly cert?: string | undefined
  /** The private key of `cert`. */
  readonly key?: Redacted.Redacted | undefined
  /** Opens `key`, where it is encrypted. */
  readonly passphrase?: Redacted.Redacted | undefined
  /** The name to ask for (SNI) and to check; the host's name by default. */
  readonly servername?: string | undefined
  /** Default `TLSv1.2`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined
  /** False accepts any certificate. For experiments only. Default true. */
  readonly verify?: boolean | undefined
}

/**
 * Where to connect to: a host of the connect string and the address that was looked up for it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Target extends Host {
  readonly address: string
  readonly tls?: TlsOptions | undefined
}

/**
 * Who gets what a connection receives.
 *
 * @category models
 * @since 0.1.0
 */
export interface Receiver {
  /** Bytes arrived. The chunk is good during the call only: its memory is used again. */
  readonly onChunk: (chunk: Buffer) => void
  /**
   * Memory for the next bytes, so that they need not be copied; asked for before each read. The next chunk is then the
   * part of it that was filled. Nothing is ever written to it after that. A transport that has its own leaves it out.
   */
  readonly room?: (() => Buffer | undefined) | undefined
  /** The connection is over, from the other side or by a fault. Called at most once, never after `destroy`. */
  readonly onClose: (cause: string) => void
}

/**
 * An open connection.
 *
 * @category models
 * @since 0.1.0
 */
export interface Connection {
  /** Sends bytes; true when they were taken over entirely, so that the caller may use their memory again. */
  readonly write: (bytes: Buffer) => boolean
  /**
   * Reads nothing for about a millisecond, so that what comes in small pieces is read at once. Called during `onChunk`;
   * a transport to which pieces cost nothing leaves it out.
   */
  readonly rest?: (() => void) | undefined
  /** Reads on before the millisecond is over. Never called during `onChunk`. */
  readonly wake?: (() => void) | undefined
  /** Ends the connection at once; nothing is received from then on. */
  readonly destroy: () => void
}

/**
 * Why a connection could not be opened, in words.
 *
 * @category errors
 * @since 0.1.0
 */
export class OpenFailed extends Data.TaggedError("OpenFailed")<{ readonly cause: string }> {}
