/**
 * How a session is opened and kept, with the defaults that kazoo and Curator users know.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import type * as Schedule from "effect/Schedule"
import type { Acl } from "../model/Acl.ts"
import type { ConnectFailed } from "../model/ZooKeeperError.ts"
import type { TlsOptions } from "../transport/Connection.ts"
import type { SaslMechanism } from "./Sasl.ts"
import type { Identity } from "./Session.ts"
import type { SessionStore } from "./SessionStore.ts"

/**
 * Credentials sent on every connection before any operation. For `digest` they are `user:password`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Auth {
  readonly scheme: string
  readonly credentials: Redacted.Redacted
}

/**
 * The options of a session. Every one has a default; unknown ones are refused by name.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** `host:port,host:port/chroot`. Default `127.0.0.1:2181`. */
  readonly connect?: string | undefined
  /** The session timeout to ask for; the server may grant another, see `zk.session.negotiatedTimeout`. Default 10 seconds. */
  readonly sessionTimeout?: Duration.Input | undefined
  /** How long the first session may take to open; `"infinity"` waits for ever. Default 15 seconds. */
  readonly connectTimeout?: Duration.Input | "infinity" | undefined
  /**
   * How long one operation may wait for a connection, and once it was sent, for its answer. Each attempt of `retry` counts
   * for itself. Default 30 seconds.
   */
  readonly operationTimeout?: Duration.Input | "infinity" | undefined
  /**
   * How long closing may take before the connection is dropped. What is still being done in the background, such as a
   * `guaranteed` delete, gets as long before it. Default 2 seconds.
   */
  readonly releaseTimeout?: Duration.Input | undefined
  /** `detach` leaves the session alive at the end of its scope, to be resumed. Default `close`. */
  readonly release?: "close" | "detach" | undefined
  /** What follows an expiry: a new session, or the end. Default `renew`. */
  readonly onExpired?: "renew" | "fail" | undefined
  /**
   * Takes over the session with this id and password; its former owner must be dead. If the session is gone, `onExpired`
   * says what follows. Goes before `sessionStore`. Default: a new session.
   */
  readonly resume?: Identity | undefined
  /** Where id and password are kept between runs of the program; resumes what it finds. Default: nowhere. */
  readonly sessionStore?: SessionStore | undefined
  /** The ACL of nodes created without one. Default: everyone may do everything. */
  readonly defaultAcl?: ReadonlyArray<Acl> | undefined
  /** Who to log in as, on every connection before any operation. A refused login ends the session. Default: nobody. */
  readonly auth?: ReadonlyArray<Auth> | undefined
  /** A SASL login, before `auth`. Default none. */
  readonly sasl?: SaslMechanism | undefined
  /** Speaks TLS with every host. Default: plain TCP. */
  readonly tls?: TlsOptions | undefined
  /**
   * Accepts servers without a quorum, for reads, and meanwhile asks all hosts for a better one: soon, then less and less
   * often, at last once a minute. Default false.
   */
  readonly readOnly?: boolean | undefined
  /** Tries the hosts in random order. Default true. */
  readonly shuffleHosts?: boolean | undefined
  /**
   * When to try all hosts again after none of them gave a session. When it ends, so does the session, with
   * `ConnectFailed`. A Duration is the default with a limit on how long to go on. Default {@link defaultReconnect}, for ever.
   */
  readonly reconnect?: Schedule.Schedule<unknown, ConnectFailed> | Duration.Input | undefined
  /**
   * When to send a read, or a write that provably was not done, again after its connection broke or the server shed it
   * (`ThrottledOp`). A Duration is the default, five times, and no longer than that. Default {@link defaultRetry}.
   */
  readonly retry?: Schedule.Schedule<unknown, unknown> | Duration.Input | undefined
  /** How many operations may be sent and unanswered; more wait. Default 16,384. */
  readonly maxInFlight?: number | undefined
  /** How many operations may wait for a connection, or for room on it; more fail with `Overloaded`. Default 65,536. */
  readonly maxQueued?: number | undefined
  /**
   * The largest request in bytes, which is the server's `jute.maxbuffer`; a larger one fails with `InvalidArgument`. Default
   * 1,048,575.
   */
  readonly maxRequest?: number | undefined
  /** The largest answer in bytes that is accepted; a larger one is a `ProtocolViolation`. Default 16 MiB. */
  readonly maxReply?: number | undefined
  /** The part of the timeout that the lease leaves unused, above 0 and at most 3/4. Default 1/4. */
  readonly margin?: number | undefined
  /** How the lease is confirmed while something is held: `sync`, or a transaction through the quorum. Default `sync`. */
  readonly confirm?: "sync" | "quorum" | undefined
}
