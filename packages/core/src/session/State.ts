/**
 * Everything that the rules of a session look at, and what follows from it at a given time.
 *
 * Times are in ms of the session's own elapsed time (Elapsed), which never goes back and does not stand still while the
 * machine is suspended.
 */
import type { SessionState } from "../model/SessionState.ts"
import type { Reason } from "../model/ZooKeeperError.ts"

export interface Settings {
  /** The session timeout to ask for. */
  readonly timeout: number
  /** How long the first session may take; Infinity for ever. */
  readonly connectTimeout: number
  readonly releaseTimeout: number
  /** The hosts by name, in the order in which they are tried. */
  readonly hosts: ReadonlyArray<string>
  readonly onExpired: "renew" | "fail"
  readonly readOnly: boolean
  readonly margin: number
  /** Whether only what went through a quorum confirms the session: a deposed leader answers all else. */
  readonly confirm: "sync" | "quorum"
}

/** What resumes a session. */
export interface Ticket {
  readonly id: bigint
  readonly password: Uint8Array
}

export type Phase =
  | { readonly _tag: "Idle" }
  /** Looking up, connecting and shaking hands with `host`, all until one deadline. */
  | { readonly _tag: "Opening"; readonly until: number; readonly requestedAt: number | undefined }
  /** The handshake was answered; saving the ticket and logging in. */
  | { readonly _tag: "Preparing"; readonly until: number; readonly readOnly: boolean }
  | { readonly _tag: "Serving"; readonly readOnly: boolean }
  /** Every host was tried; the reconnect Schedule decides when to go on. */
  | { readonly _tag: "Pausing" }
  /** closeSession was sent. */
  | { readonly _tag: "Closing"; readonly until: number }
  | { readonly _tag: "Over"; readonly reason: Reason }

export interface State {
  readonly settings: Settings
  readonly phase: Phase
  /** The last state that was published. */
  readonly published: SessionState["_tag"] | undefined
  /** Undefined while there is no session that could be resumed. */
  readonly ticket: Ticket | undefined
  /** How many sessions there were. */
  readonly epoch: number
  /** Whether there ever was a connection that serves. */
  readonly served: boolean
  /** Whether the present connection has answered more than its handshake and its logins. */
  readonly proven: boolean
  /** The timeout granted last, or the one to ask for before that. */
  readonly timeout: number
  /** The smallest timeout granted in this epoch: what the lease counts with. */
  readonly smallest: number
  readonly startedAt: number
  /** When anything was last heard, and last sent. */
  readonly heardAt: number
  readonly sentAt: number
  /** Since when a request is unanswered; undefined when none is. */
  readonly waitingSince: number | undefined
  /** When the newest answer that the leader stood for was asked for; −Infinity before the first. */
  readonly confirmedAt: number
  /** Answers to what was written before this prove nothing: the leader may have woken up after too long. */
  readonly doubtedUntil: number
  /** When the leader was last asked to confirm. */
  readonly askedAt: number
  /** How many holders and guards need the leader's confirmation. */
  readonly guards: number
  /** The host in use or tried now, and why each host failed last. */
  readonly host: number
  readonly causes: ReadonlyArray<string | undefined>
  /** How many hosts were tried since the last connection that was proven. */
  readonly tries: number
  /** Set when the owner wants the session closed: until when to try, and what comes after. */
  readonly closing: { readonly until: number; readonly then: "over" | "renew" } | undefined
  /** A wake-up came so late that what it would have judged may be waiting in the socket: judge the next time. */
  readonly excused: boolean
}

export const initial = (settings: Settings, ticket: Ticket | undefined): State => ({
  settings,
  phase: { _tag: "Idle" },
  published: undefined,
  ticket,
  epoch: 0,
  served: false,
  proven: false,
  timeout: settings.timeout,
  smallest: settings.timeout,
  startedAt: 0,
  heardAt: 0,
  sentAt: 0,
  waitingSince: undefined,
  confirmedAt: -Infinity,
  doubtedUntil: -Infinity,
  askedAt: -Infinity,
  guards: 0,
  host: 0,
  causes: settings.hosts.map(() => undefined),
  tries: 0,
  closing: undefined,
  excused: false
})

/**
 * How long the lease lasts after a confirmed contact. The part of the timeout that is left out pays for the sign of life
 * reaching the leader one heartbeat or half a tick late, for drift, and for finalizers.
 */
export const lease = (state: State): number => (1 - state.settings.margin) * state.smallest

/**
 * Until when the session certainly lives (design: the lease). One that its owner closes has none: the server may have
 * done it before it says so.
 */
export const deadline = (state: State): number =>
  state.closing === undefined ? state.confirmedAt + lease(state) : -Infinity

/** How long a leader that wakes up gets for the expiry of whose time has passed. */
export const grace = (state: State): number => state.timeout / 12

/**
 * Whether an answer from the leader, to what was written at `asked`, proves that the session goes on. Inside the lease it
 * does. After it, the leader may have stood still, and on waking up it answers what waits, a resume too, before it expires
 * the session a moment later (3.8.0, within 4 ms). So what was answered late does not count, but what was asked after such
 * an answer and a grace does.
 */
export const isProof = (state: State, asked: number, now: number): boolean =>
  now < deadline(state) ||
  (asked >= state.doubtedUntil &&
    (now - asked <= state.timeout / 48 || asked <= state.doubtedUntil + state.timeout / 3))

/** A clock slower than this would leave no time to reconnect inside the lease. */
export const heartbeat = (state: State): number => state.timeout / 6

/** Nothing heard for this long, with a request unanswered: the connection is no good. */
export const patience = (state: State): number => state.timeout / 3

/**
 * After this long without any contact the session is given up, although nobody says that it is gone (ZOOKEEPER-4508):
 * a third more than the timeout, as Java does since 3.9.3.
 */
const estimate = (state: State): number => (state.timeout * 4) / 3

/** Whether no server has granted the session yet: there is none, or one that was resumed is asked for. */
export const isUngranted = (state: State): boolean => state.ticket === undefined || state.epoch === 0

/** The least that a host gets meanwhile, in ms: a timeout that was only asked for may be less than any server grants. */
const FIRST_HANDSHAKE = 1000

/**
 * How long one host may take to answer the handshake: little while the lease may still be saved, more once every host
 * had its chance.
 */
export const handshakeTime = (state: State): number => {
  const isUrgent = state.ticket !== undefined && state.tries < state.settings.hosts.length
  const time = state.timeout / (isUrgent ? 12 : 3)
  return isUngranted(state) ? Math.max(time, FIRST_HANDSHAKE) : time
}

/** When the session is given up; never while there is none, nor before its first contact. */
export const givenUpAt = (state: State): number =>
  state.ticket !== undefined && state.epoch > 0 ? state.heardAt + estimate(state) : Infinity

/** When the server's silence becomes too long. */
export const silentAt = (state: State): number =>
  state.waitingSince === undefined ? Infinity : Math.max(state.heardAt, state.waitingSince) + patience(state)

/** When the leader is to be asked again. */
export const askAt = (state: State): number =>
  state.guards === 0
    ? Infinity
    : Math.max(Math.max(state.confirmedAt, state.askedAt) + heartbeat(state), state.doubtedUntil)

/** When the first session counts as failed. */
export const connectBy = (state: State): number =>
  state.served ? Infinity : state.startedAt + state.settings.connectTimeout

/** When something is to be judged or sent that a late look at the clock excuses. */
const judgedAt = (state: State, phase: Phase): number => {
  switch (phase._tag) {
    case "Serving":
      return Math.min(state.sentAt + heartbeat(state), silentAt(state), phase.readOnly ? Infinity : askAt(state))
    case "Opening":
    case "Preparing":
    case "Closing":
      return phase.until
    default:
      return Infinity
  }
}

/** When the rules want to look at the clock again, at the latest. */
export const nextWake = (state: State, now: number): number => {
  const limit = deadline(state)
  const watchdog = state.guards > 0 ? Math.min(now + state.timeout / 12, limit > now ? limit : Infinity) : Infinity
  switch (state.phase._tag) {
    case "Idle":
    case "Over":
      return Infinity
    default: {
      const end = Math.min(watchdog, givenUpAt(state), connectBy(state), state.closing?.until ?? Infinity)
      // What is excused lies in the past.
      return Math.min(end, state.excused ? now + state.timeout / 24 : judgedAt(state, state.phase))
    }
  }
}
