/**
 * The seam between the client and a driver: one session that takes operations and tells of events and states.
 *
 * The client floor never sees a socket. Two drivers stand behind this: the native one (NativeSession) and
 * node-zookeeper-client (NodeZookeeperClient).
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"
import type { SessionState } from "../model/SessionState.ts"
import type { WatchEvent } from "../model/WatchEvent.ts"
import type { Applied, Reason, ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { Operation } from "../wire/Operation.ts"
import type { WatchTable } from "./WatchTable.ts"

/**
 * An operation on its way, with whom to tell. Exactly one of the three is called, once; paths are the server's, with
 * the chroot in front.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call<in out Request, in out Response> {
  readonly operation: Operation<Request, Response>
  readonly request: Request
  /** Nobody sends the next request when the answer comes: it may come a millisecond later if that makes it cheaper. */
  readonly isPatient?: boolean | undefined
  /** The server did it. */
  readonly succeed: (response: Response) => void
  /** The server refused it with this code; `zxid` is the last transaction it had applied. */
  readonly refuse: (code: number, zxid: bigint) => void
  /** It was not answered. */
  readonly fail: (reason: Reason, applied: Applied) => void
}

/**
 * A call of which only the session's own part matters: it is kept, sent and told, and its records are left to its
 * operation.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyCall = Call<any, any>

/**
 * The id and the password by which a session is resumed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Identity {
  readonly id: bigint
  readonly password: Redacted.Redacted<Uint8Array>
}

/**
 * What is known about the session now. Every property is live: it tells the present value each time it is read.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionInfo {
  /** The session's id; `0n` while there is none, as before the first handshake and after an expiry. */
  readonly id: bigint
  /** The password that resumes the session together with its id. */
  readonly password: Redacted.Redacted<Uint8Array>
  /** How many sessions were opened one after the other: 1 for the first, one more for each renewal or restart. */
  readonly epoch: number
  readonly state: SessionState
  /** Every transition in order, beginning with the present state; ends after a final state. */
  readonly states: Stream.Stream<SessionState>
  readonly connected: boolean
  /** The timeout that the server granted; before that, the one that is asked for. */
  readonly negotiatedTimeout: Duration.Duration
  /** The newest transaction that this client has seen, kept across sessions. */
  readonly lastZxid: bigint
  /** The hosts of the connect string, or of the newest `setHosts`, in the order in which they are tried. */
  readonly hosts: ReadonlyArray<string>
  /** The host that serves the session now; undefined while there is none. */
  readonly server: string | undefined
  /** The chroot of the connect string, `/` without one. A `namespace` below it does not show here. */
  readonly root: string
  /**
   * Until when the session certainly lives, in ms since 1970 by the Clock: the newest contact that the leader confirmed
   * plus the smallest timeout that was granted, less `margin` of it (1/4). In the past before the first handshake, after the
   * expiry, on read-only servers, and once the session is being closed.
   */
  readonly deadline: number
}

/**
 * One session, as a driver gives it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Session {
  readonly info: SessionInfo
  /** Why the session is over for good; undefined while it is not. */
  readonly over: Reason | undefined
  /** The chroot, "" for none. */
  readonly chroot: string
  /** Sends an operation (false), or queues it until there is a connection or room on it (true: it can be abandoned). */
  readonly submit: <Request, Response>(call: Call<Request, Response>) => boolean
  /**
   * Forgets a call: one that is still queued is removed (true), one that was sent keeps its place and its answer is
   * dropped (false).
   */
  readonly abandon: (call: AnyCall) => boolean
  /** The watches to register again on the next connection. */
  readonly watches: WatchTable
  /**
   * Calls back for each watch event, in the order of the wire; paths are the server's. Returns the way to stop. `told` is
   * called after each run of events, before anything is told that came behind them.
   */
  readonly onEvent: (listener: (event: WatchEvent) => void, told?: () => void) => () => void
  /** Calls back for each transition, at once when it happens and before any operation is answered after it. */
  readonly onState: (listener: (state: SessionState) => void) => () => void
  /** How long the lease lasts after a contact that the leader confirmed, in ms. */
  readonly lease: number
  /**
   * Completes when the deadline of the present epoch has passed, its owner closes it, or the session is over. While anybody
   * waits for it, the leader is asked to confirm the session at every heartbeat (design: the lease).
   */
  readonly deadlinePassed: Effect.Effect<"deadline" | "expired">
  /** Logs in with one more identity now and on every later connection. */
  readonly addAuth: (scheme: string, credentials: Redacted.Redacted) => Effect.Effect<void, ZooKeeperError>
  /** Goes on with the hosts of another connect string. */
  readonly setHosts: (connect: string) => Effect.Effect<void, ZooKeeperError>
  /** Ends the session and opens a new one. */
  readonly restart: Effect.Effect<void, ZooKeeperError>
  /** A four-letter word to one server (the connected one unless named), as text, within the session timeout. */
  readonly fourLetterWord: (word: string, host?: string) => Effect.Effect<string, ZooKeeperError>
  /** Why this driver cannot do an operation, undefined when it can. */
  readonly unsupported: (operation: string) => string | undefined
}
