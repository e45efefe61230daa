/**
 * The rules of one session's life, from the first attempt to the end, as a pure function: what happens next and what is
 * to be done about it.
 *
 * It sees aggregates, at most once for each chunk and each write; the requests in flight are outside.
 */
import type { SessionState } from "../model/SessionState.ts"
import {
  AuthFailed,
  Closed,
  ConnectFailed,
  ConnectionLost,
  type Reason,
  SessionExpired
} from "../model/ZooKeeperError.ts"
import type { ConnectResponse } from "../wire/ops/connect.ts"
import type { Input, Output } from "./signals.ts"
import * as At from "./State.ts"
import type { Phase, State } from "./State.ts"

/** Made once: they say nothing of their own, and the stack trace is what an error costs. */
const CLOSED = new Closed()
const EXPIRED = new SessionExpired()

type Step = readonly [State, ReadonlyArray<Output>]

const NOTHING: ReadonlyArray<Output> = []

const failed = (state: State): ConnectFailed =>
  new ConnectFailed({
    attempts: state.causes.flatMap((cause, index) =>
      cause === undefined ? [] : [{ host: state.settings.hosts[index]!, cause }]
    )
  })

const publish = (state: State, published: SessionState): Step =>
  published._tag === state.published && published._tag !== "Connected"
    ? [state, []]
    : [{ ...state, published: published._tag }, [{ _tag: "Publish", state: published }]]

/** Runs steps one after the other and gathers what they want done. */
const chain = (state: State, ...steps: ReadonlyArray<(state: State) => Step>): Step => {
  const outputs: Array<Output> = []
  for (const step of steps) {
    const [next, more] = step(state)
    state = next
    outputs.push(...more)
  }
  return [state, outputs]
}

const emit =
  (...outputs: ReadonlyArray<Output>) =>
  (state: State): Step => [state, outputs]

const become =
  (phase: Phase) =>
  (state: State): Step => [{ ...state, phase }, []]

const open =
  (now: number, host: number) =>
  (state: State): Step => [
    {
      ...state,
      host,
      excused: false,
      proven: false,
      phase: { _tag: "Opening", until: now + At.handshakeTime(state), requestedAt: undefined }
    },
    [{ _tag: "Open", host }]
  ]

const isConnected = ({ phase }: State): boolean =>
  phase._tag === "Serving" || phase._tag === "Preparing" || phase._tag === "Closing"

/** The end of everything: what waits fails with the reason. */
const over = (state: State, reason: Reason): Step =>
  chain(
    { ...state, ticket: undefined, confirmedAt: -Infinity },
    become({ _tag: "Over", reason }),
    emit({ _tag: "Drop", reason }, { _tag: "FailQueued", reason }),
    (state) =>
      publish(
        state,
        reason._tag === "AuthFailed"
          ? { _tag: "AuthFailed" }
          : reason._tag === "SessionExpired"
            ? { _tag: "Expired" }
            : { _tag: "Closed" }
      )
  )

/** The end of this session, and the beginning of the next one unless that is not wanted. */
const expire = (state: State, now: number): Step => {
  const reason = EXPIRED
  if (state.closing?.then === "over") return over(state, CLOSED)
  if (state.settings.onExpired === "fail" && state.closing === undefined) return over(state, reason)
  return chain(
    { ...state, ticket: undefined, confirmedAt: -Infinity, waitingSince: undefined, closing: undefined, tries: 0 },
    emit({ _tag: "Drop", reason }, { _tag: "FailQueued", reason }),
    (state) => (state.epoch === 0 ? [state, []] : publish(state, { _tag: "Expired" })),
    (state) => publish(state, { _tag: "Connecting" }),
    open(now, state.host)
  )
}

/** The present host failed: the next one, or a pause when all had their turn. */
const tryNext =
  (now: number, cause: string) =>
  (state: State): Step => {
    const { host, settings } = state
    const tried: State = {
      ...state,
      tries: state.tries + 1,
      causes: state.causes.map((old, index) => (index === host ? cause : old))
    }
    return tried.tries % settings.hosts.length === 0
      ? chain(tried, become({ _tag: "Pausing" }), emit({ _tag: "Pause", causes: tried.causes }))
      : open(now, (host + 1) % settings.hosts.length)(tried)
  }

const nextHost = (state: State, now: number, cause: string): Step =>
  chain(state, emit({ _tag: "Drop", reason: new ConnectionLost({ detail: cause }) }), tryNext(now, cause))

/**
 * An established connection broke: at once to another host, unless it never was of any use: a server that accepts
 * everybody and hangs up would be stormed. A session that only a read-only server knew is over.
 */
const lost = (
  state: State,
  now: number,
  cause: string,
  reason: Reason = new ConnectionLost({ detail: cause }),
  next: number | undefined = undefined
): Step => {
  const { closing, phase, proven } = state
  const readOnly = (phase._tag === "Serving" || phase._tag === "Preparing") && phase.readOnly
  const left: State = {
    ...state,
    waitingSince: undefined,
    ...(readOnly ? { ticket: undefined, confirmedAt: -Infinity } : {})
  }
  if (closing !== undefined && (phase._tag === "Closing" || left.ticket === undefined)) return ended(left, now)
  const host = next ?? (state.host + 1) % state.settings.hosts.length
  return chain(
    left,
    emit({ _tag: "Drop", reason }),
    (state) =>
      publish(
        state,
        state.ticket === undefined ? { _tag: "Connecting" } : { _tag: "Suspended", deadline: At.deadline(state) }
      ),
    proven || next !== undefined ? open(now, host) : tryNext(now, cause)
  )
}

/** Goes on with other hosts: with the present one, if it is among them, and otherwise at once with the first. */
const rehost = (state: State, now: number, hosts: ReadonlyArray<string>): Step => {
  const { phase } = state
  const host = hosts.indexOf(state.settings.hosts[state.host]!)
  const moved: State = {
    ...state,
    settings: { ...state.settings, hosts },
    host: Math.max(host, 0),
    causes: hosts.map(() => undefined),
    tries: 0
  }
  if (phase._tag === "Pausing") return open(now, 0)(moved)
  if (host !== -1) return [moved, phase._tag === "Serving" && phase.readOnly ? [{ _tag: "Seek" }] : []]
  const cause = "its host is none any more"
  if (phase._tag === "Opening") {
    return chain(moved, emit({ _tag: "Drop", reason: new ConnectionLost({ detail: cause }) }), open(now, 0))
  }
  return phase._tag === "Serving" || phase._tag === "Preparing" ? lost(moved, now, cause, undefined, 0) : [moved, []]
}

/** The owner's wish to close was fulfilled, as well as it could be. */
const ended = (state: State, now: number): Step =>
  state.closing?.then === "renew" ? expire(state, now) : over(state, CLOSED)

const sendClose =
  (until: number) =>
  (state: State): Step =>
    chain(state, become({ _tag: "Closing", until }), emit({ _tag: "SendClose" }))

/** A session was given, new or resumed. */
const accepted = (state: State, now: number, requestedAt: number, response: ConnectResponse): Step => {
  const fresh = At.isUngranted(state)
  const epoch = fresh ? state.epoch + 1 : state.epoch
  // A new session is a write; a resumed one may be known to a leader that is none any more, or not any more in a moment.
  const isNew = state.ticket === undefined
  const proves = isNew || (state.settings.confirm === "sync" && now < At.deadline(state))
  return [
    {
      ...state,
      epoch,
      ticket: { id: response.sessionId, password: response.passwd ?? new Uint8Array(16) },
      timeout: response.timeOut,
      smallest: fresh ? response.timeOut : Math.min(state.smallest, response.timeOut),
      heardAt: now,
      sentAt: requestedAt,
      waitingSince: undefined,
      askedAt: -Infinity,
      confirmedAt: response.readOnly ? -Infinity : proves ? requestedAt : state.confirmedAt,
      doubtedUntil: isNew ? -Infinity : proves ? state.doubtedUntil : now + At.grace(state),
      phase: { _tag: "Preparing", until: now + response.timeOut / 3, readOnly: response.readOnly }
    },
    [{ _tag: "Prepare" }]
  ]
}

/** What an answer from the leader means for the lease. */
const contact = (state: State, now: number, asked: number): State => {
  if (asked <= state.confirmedAt) return state
  if (At.isProof(state, asked, now)) return { ...state, confirmedAt: asked }
  return asked < state.doubtedUntil ? state : { ...state, doubtedUntil: now + At.grace(state) }
}

const answer = (state: State, now: number, requestedAt: number, response: ConnectResponse): Step => {
  if (response.timeOut <= 0) {
    return state.ticket === undefined ? nextHost(state, now, "it refused to open a session") : expire(state, now)
  }
  if (response.readOnly && !state.settings.readOnly) return nextHost(state, now, "it is read-only")
  // ClickHouse Keeper answers a resume with another session, whose ephemerals are not ours (museum 7).
  if (state.ticket !== undefined && state.ticket.id !== response.sessionId) return expire(state, now)
  return accepted(state, now, requestedAt, response)
}

const tick = (state: State, now: number, late: boolean): Step => {
  const { phase } = state
  if (phase._tag === "Idle" || phase._tag === "Over") return [state, []]
  if (state.closing !== undefined && now >= state.closing.until) return ended(state, now)
  if (now >= At.givenUpAt(state)) return expire(state, now)
  if (now >= At.connectBy(state)) {
    const causes = state.causes.map((cause, host) =>
      phase._tag !== "Pausing" && host === state.host ? (cause ?? "no answer in time") : cause
    )
    return over({ ...state, causes }, failed({ ...state, causes }))
  }
  if (late && !state.excused) return [{ ...state, excused: true }, []]
  const judged: State = state.excused ? { ...state, excused: false } : state
  switch (phase._tag) {
    case "Pausing":
      return [judged, []]
    case "Opening":
      return now >= phase.until
        ? nextHost(
            judged,
            now,
            phase.requestedAt === undefined ? "no connection in time" : "no answer to the handshake"
          )
        : [judged, []]
    case "Preparing":
      return now >= phase.until ? lost(judged, now, "no answer to the login") : [judged, []]
    case "Closing":
      return [judged, []]
    case "Serving":
      if (now >= At.silentAt(judged)) {
        return lost(judged, now, `nothing heard for ${Math.round(At.patience(judged))} ms with a request unanswered`)
      }
      // What is sent now is written at the end of the turn; until then it must not be due again.
      if (!phase.readOnly && now >= At.askAt(judged)) {
        return [{ ...judged, askedAt: now, sentAt: now }, [{ _tag: "Confirm" }]]
      }
      return now >= judged.sentAt + At.heartbeat(judged)
        ? [{ ...judged, sentAt: now }, [{ _tag: "Ping" }]]
        : [judged, []]
  }
}

/**
 * What follows from an input: the state after it, and what is to be done. Inputs that no longer fit (an answer of a
 * connection that was given up) change nothing.
 */
export const transition = (state: State, input: Input): Step => {
  const { phase } = state
  const { now } = input
  if (phase._tag === "Over") return [state, []]
  switch (input._tag) {
    case "Start":
      if (phase._tag !== "Idle") return [state, []]
      return chain(
        { ...state, startedAt: now, heardAt: now },
        (state) => publish(state, { _tag: "Connecting" }),
        open(now, 0)
      )
    case "Opened":
      return phase._tag !== "Opening" || phase.requestedAt !== undefined
        ? [state, []]
        : [
            { ...state, phase: { ...phase, requestedAt: now } },
            [
              {
                _tag: "Request",
                timeout: state.settings.timeout,
                ticket: state.ticket,
                readOnly: state.settings.readOnly
              }
            ]
          ]
    case "Answer":
      return phase._tag === "Opening" && phase.requestedAt !== undefined
        ? answer(state, now, phase.requestedAt, input.response)
        : [state, []]
    case "Prepared": {
      if (phase._tag !== "Preparing") return [state, []]
      if (state.closing !== undefined) return sendClose(state.closing.until)(state)
      const { readOnly } = phase
      return chain(
        { ...state, served: true },
        become({ _tag: "Serving", readOnly }),
        emit({ _tag: "Serve", readOnly }),
        (state) => publish(state, { _tag: "Connected", readOnly })
      )
    }
    case "LoginRefused":
      return over(state, new AuthFailed({ scheme: input.scheme, detail: input.detail }))
    case "Lost":
      if (isConnected(state)) return lost(state, now, input.cause, input.reason)
      return phase._tag === "Opening" ? nextHost(state, now, input.cause) : [state, []]
    case "Flushed":
      return [{ ...state, sentAt: now, waitingSince: state.waitingSince ?? now }, NOTHING]
    case "Heard": {
      const sentAt = input.flushed === true ? now : state.sentAt
      const heard: State = { ...state, heardAt: now, sentAt, waitingSince: input.waitingSince }
      if (phase._tag !== "Serving") return [contact(heard, now, input.confirmedAt), NOTHING]
      const proven = state.proven
        ? heard
        : { ...heard, proven: true, tries: 0, causes: state.causes.map(() => undefined) }
      // A read-only session has no lease, and is given none by any answer.
      return [phase.readOnly ? { ...proven, confirmedAt: -Infinity } : contact(proven, now, input.confirmedAt), NOTHING]
    }
    case "Gone":
      return expire(state, now)
    case "GoOn":
      return phase._tag === "Pausing" ? open(now, (state.host + 1) % state.settings.hosts.length)(state) : [state, []]
    case "GiveUp":
      return phase._tag === "Pausing" ? over(state, failed(state)) : [state, []]
    case "Wiped":
      return phase._tag === "Pausing" ? over(state, failed({ ...state, causes: input.causes })) : [state, []]
    case "Found":
      return phase._tag === "Serving" && phase.readOnly
        ? lost(state, now, "moving to a server with a quorum", undefined, input.host)
        : [state, []]
    case "Guard":
      return [{ ...state, guards: state.guards + input.change }, []]
    case "Hosts":
      return rehost(state, now, input.hosts)
    case "Close": {
      // The first wish sets the time, and nothing follows the wish to end.
      if (state.closing?.then === "over" || state.closing?.then === input.then) return [state, []]
      const until = state.closing?.until ?? now + state.settings.releaseTimeout
      const closing: State = { ...state, closing: { until, then: input.then } }
      const reason = input.then === "over" ? CLOSED : EXPIRED
      if (phase._tag === "Serving") return chain(closing, emit({ _tag: "FailQueued", reason }), sendClose(until))
      // A suspended session is worth another attempt, so that its ephemerals go at once; without one there is nothing to close.
      return At.isUngranted(state) ? ended(closing, now) : chain(closing, emit({ _tag: "FailQueued", reason }))
    }
    case "CloseAnswered":
      return phase._tag === "Closing" ? ended(state, now) : [state, []]
    case "Detach":
      return over(state, CLOSED)
    case "Tick":
      return tick(state, now, input.late)
  }
}
