/** The options of a session with their defaults filled in, and bad ones refused by name before anything happens. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as ConnectString from "../model/ConnectString.ts"
import * as Period from "../model/Period.ts"
import { type ConnectFailed, InvalidArgument, make as makeError, type ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { TlsOptions } from "../transport/Connection.ts"
import type { Auth, Options } from "./Options.ts"
import type { SaslMechanism } from "./Sasl.ts"
import type { Identity } from "./Session.ts"
import type { SessionStore } from "./SessionStore.ts"
import type * as At from "./State.ts"

/** The options of a session after their defaults and checks. */
export interface Settings {
  readonly connect: ConnectString.ConnectString
  /** Whether the order of the hosts is left to chance. */
  readonly shuffles: boolean
  readonly rules: At.Settings
  readonly operationTimeout: number
  readonly resume: Identity | undefined
  readonly store: SessionStore | undefined
  readonly auth: ReadonlyArray<Auth>
  readonly sasl: SaslMechanism | undefined
  readonly tls: TlsOptions | undefined
  readonly reconnect: Schedule.Schedule<unknown, ConnectFailed>
  readonly release: "close" | "detach"
  readonly maxInFlight: number
  readonly maxQueued: number
  readonly maxRequest: number
  readonly maxReply: number
  readonly confirm: "sync" | "quorum"
}

/**
 * When all hosts are tried again after none gave a session: after 100 ms, then half as long again each time up to 5 seconds,
 * spread by ±20 % so that clients do not come all at once (CURATOR-441), for ever.
 *
 * @category schedules
 * @since 0.1.0
 */
export const defaultReconnect: Schedule.Schedule<unknown> = Schedule.min([
  Schedule.exponential("100 millis", 1.5),
  Schedule.spaced("5 seconds")
]).pipe(Schedule.jittered)

/**
 * When an operation that is safe to repeat is sent again: five times, after 50 ms and then twice as long each time, ±20 %;
 * each waits for the next connection anyway.
 *
 * @category schedules
 * @since 0.1.0
 */
export const defaultRetry: Schedule.Schedule<unknown> = Schedule.exponential("50 millis").pipe(
  Schedule.jittered,
  Schedule.upTo({ times: 5 })
)

const known: ReadonlySet<string> = new Set<keyof Options>([
  "connect",
  "sessionTimeout",
  "connectTimeout",
  "operationTimeout",
  "releaseTimeout",
  "release",
  "onExpired",
  "resume",
  "sessionStore",
  "defaultAcl",
  "auth",
  "sasl",
  "tls",
  "readOnly",
  "shuffleHosts",
  "reconnect",
  "retry",
  "maxInFlight",
  "maxQueued",
  "maxRequest",
  "maxReply",
  "margin",
  "confirm"
])

/** With more, the lease would end before the next heartbeat has confirmed it. */
const MOST_MARGIN = 0.75

/** A request needs this much beside its data; less leaves no room for any operation. */
const LEAST_REQUEST = 1024

class Refused {
  readonly problem: string
  constructor(problem: string) {
    this.problem = problem
  }
}

const refuse = (problem: string): never => {
  throw new Refused(problem)
}

const millis = (name: string, value: Duration.Input | "infinity" | undefined, fallback: number): number => {
  if (value === undefined) return fallback
  if (value === "infinity") return Infinity
  const length = Period.millisOf(value)
  return length > 0 ? length : refuse(`${name} must be a duration above zero, not ${Period.show(value)}`)
}

const whole = (name: string, value: number | undefined, fallback: number, least: number): number => {
  if (value === undefined) return fallback
  return Number.isSafeInteger(value) && value >= least
    ? value
    : refuse(`${name} must be a whole number of at least ${least}, not ${value}`)
}

/** A Duration stands for the default Schedule with a limit on how long to go on. */
const schedule = <Input>(
  name: string,
  value: Schedule.Schedule<unknown, Input> | Duration.Input | undefined,
  fallback: Schedule.Schedule<unknown>
): Schedule.Schedule<unknown, Input> => {
  if (value === undefined) return fallback
  if (Schedule.isSchedule(value)) return value
  return Schedule.upTo(fallback, { duration: Duration.millis(millis(name, value as Duration.Input, 0)) })
}

/** The order in which hosts are tried. */
export const inOrder = <A>(hosts: ReadonlyArray<A>, shuffles: boolean): ReadonlyArray<A> => {
  if (!shuffles) return hosts
  const left = [...hosts]
  return hosts.map(() => left.splice(Math.floor(Math.random() * left.length), 1)[0]!)
}

const oneOf = <A extends string>(name: string, value: A | undefined, choices: readonly [A, ...Array<A>]): A => {
  if (value === undefined) return choices[0]
  return choices.includes(value) ? value : refuse(`${name} must be ${choices.join(" or ")}, not '${value}'`)
}

const resolve = (options: Options): Settings => {
  const unknown = Object.keys(options).find((name) => !known.has(name))
  if (unknown !== undefined) refuse(`there is no option '${unknown}'; there are ${[...known].join(", ")}`)
  const connect = Result.getOrElse(ConnectString.parse(options.connect ?? "127.0.0.1:2181"), (problem) =>
    refuse(`connect '${options.connect}': ${problem}`)
  )
  const shuffles = options.shuffleHosts ?? true
  const hosts = inOrder(connect.hosts, shuffles)
  const margin = options.margin ?? 0.25
  if (!(margin > 0 && margin <= MOST_MARGIN)) refuse(`margin must lie between 0 and ${MOST_MARGIN}, not ${margin}`)
  const confirm = oneOf("confirm", options.confirm, ["sync", "quorum"])
  const timeout = millis("sessionTimeout", options.sessionTimeout, 10_000)
  if (timeout < 1 || timeout > 0x7fff_ffff)
    refuse(`sessionTimeout must lie between 1 and 2^31 - 1 ms, not ${timeout} ms`)
  return {
    connect: { ...connect, hosts },
    shuffles,
    rules: {
      timeout: Math.round(timeout),
      connectTimeout: millis("connectTimeout", options.connectTimeout, 15_000),
      releaseTimeout: millis("releaseTimeout", options.releaseTimeout, 2000),
      hosts: hosts.map(ConnectString.formatHost),
      onExpired: oneOf("onExpired", options.onExpired, ["renew", "fail"]),
      readOnly: options.readOnly ?? false,
      margin,
      confirm
    },
    operationTimeout: millis("operationTimeout", options.operationTimeout, 30_000),
    resume: options.resume,
    store: options.sessionStore,
    auth: options.auth ?? [],
    sasl: options.sasl,
    tls: options.tls,
    reconnect: schedule("reconnect", options.reconnect, defaultReconnect),
    release: oneOf("release", options.release, ["close", "detach"]),
    maxInFlight: whole("maxInFlight", options.maxInFlight, 16_384, 1),
    maxQueued: whole("maxQueued", options.maxQueued, 65_536, 0),
    maxRequest: whole("maxRequest", options.maxRequest, 1_048_575, LEAST_REQUEST),
    maxReply: whole("maxReply", options.maxReply, 16 * 1024 * 1024, LEAST_REQUEST),
    confirm
  }
}

/** Checks options and fills in what they leave out. */
export const check = (options: Options): Effect.Effect<Settings, ZooKeeperError> =>
  Effect.try({
    try: () => resolve(options),
    catch: (cause) => {
      if (!(cause instanceof Refused)) throw cause
      const reason = new InvalidArgument({ problem: cause.problem })
      return makeError(() => ({ operation: "connect", applied: "no", reason }))
    }
  })

/** The Schedule by which a client repeats what is safe to repeat. */
export const retrySchedule = (options: Options): Schedule.Schedule<unknown, unknown> =>
  schedule("retry", options.retry, defaultRetry)
