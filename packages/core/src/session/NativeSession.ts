/**
 * The native driver: the rules of the machine carried out over connections, with Effect's Clock and Schedules.
 *
 * Everything happens synchronously in the order of its inputs; only what takes time (opening, logging in, pausing) runs
 * in a fiber, one of each at a time, and ends with its connection.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { type ConnectString, formatHost, type Host } from "../model/ConnectString.ts"
import * as Ids from "../model/Ids.ts"
import type { SessionState } from "../model/SessionState.ts"
import type { WatchEvent } from "../model/WatchEvent.ts"
import {
  type AuthFailed,
  ConnectFailed,
  ConnectionLost,
  fromCode,
  InvalidArgument,
  make as makeError,
  type Reason,
  Timeout,
  type ZooKeeperError
} from "../model/ZooKeeperError.ts"
import type { Connection, TlsOptions } from "../transport/Connection.ts"
import { Lookup } from "../transport/Lookup.ts"
import { Transport } from "../transport/Transport.ts"
import type { ConnectResponse } from "../wire/ops/connect.ts"
import { multi } from "../wire/ops/multi.ts"
import { closeSession } from "../wire/ops/session.ts"
import { sync } from "../wire/ops/sync.ts"
import { setWatches, setWatches2 } from "../wire/ops/watches.ts"
import { Alarm } from "./Alarm.ts"
import { Dialer } from "./Dialer.ts"
import { Elapsed } from "./Elapsed.ts"
import type { Dial, Line } from "./Line.ts"
import { Link } from "./Link.ts"
import * as Login from "./login.ts"
import { type Input, type Output, transition } from "./machine.ts"
import type { Auth } from "./Options.ts"
import * as probe from "./probe.ts"
import type { SaslMechanism } from "./Sasl.ts"
import type { AnyCall, Call, Identity, Session, SessionInfo } from "./Session.ts"
import type { SessionStore } from "./SessionStore.ts"
import * as At from "./State.ts"
import { States } from "./States.ts"
import { tooLarge, Waiting } from "./Waiting.ts"
import { WatchTable } from "./WatchTable.ts"

/** The options of a session after their defaults and checks. */
export interface Settings {
  readonly connect: ConnectString
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

/** One step of the reconnect Schedule, its pause included. */
type ReconnectStep = Effect.Success<ReturnType<typeof Schedule.toStepWithSleep<unknown, ConnectFailed, never, never>>>

/** What is said of a host that failed, without what everyone knows. */
const cause = (reason: Reason): string => (reason._tag === "ConnectionLost" ? reason.detail : reason.message)

/** A call of the session's own, whose failure is told otherwise (the connection breaks, and that is an input). */
const ownCall = <Request, Response>(
  operation: Call<Request, Response>["operation"],
  request: Request,
  answered: () => void
): Call<Request, Response> => ({ operation, request, succeed: answered, refuse: answered, fail: () => {} })

class NativeSession implements Session {
  readonly info: SessionInfo
  readonly chroot: string
  readonly watches = new WatchTable()
  private readonly settings: Settings
  private readonly hosts: ReadonlyArray<Host>
  private readonly elapsed: Elapsed
  private readonly alarm: Alarm
  private readonly dialer: Dialer
  private readonly dial: Dial
  private readonly states: States
  private readonly waiting: Waiting
  private readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  private readonly listeners = new Set<(event: WatchEvent) => void>()
  private readonly deadlineWaiters = new Set<{ readonly epoch: number; readonly passed: () => void }>()
  private readonly identities: Array<Auth>
  private readonly inputs: Array<Input> = []
  private feeding = false
  private state: At.State
  private link: Line | undefined
  private connection: Connection | undefined
  private serving = false
  private lastZxid = 0n
  private lastId = 0n
  /** Opening, preparing, pausing or seeking: whatever takes time, one at a time. */
  private task: Fiber.Fiber<void> | undefined
  private step: ReconnectStep | undefined

  constructor(
    settings: Settings,
    ticket: At.Ticket | undefined,
    context: Context.Context<never>,
    dial: Dial | undefined
  ) {
    const clock = Context.get(context, Clock.Clock)
    this.settings = settings
    this.chroot = settings.connect.chroot
    this.hosts = settings.connect.hosts
    this.identities = [...settings.auth]
    this.state = At.initial(settings.rules, ticket)
    this.lastId = ticket?.id ?? 0n
    this.states = new States(settings.rules.onExpired === "fail")
    this.waiting = new Waiting(settings.maxQueued, settings.maxRequest)
    this.fork = Effect.runForkWith(context)
    this.elapsed = new Elapsed(clock)
    this.alarm = new Alarm(clock, this.elapsed, this.fork, this.onAlarm)
    this.dialer = new Dialer(this.hosts, settings.tls, Context.get(context, Transport), Context.get(context, Lookup))
    this.dial =
      dial ??
      ((host, events, now) => {
        const line = new Link(settings, events, now)
        return { line, opened: this.dialer.open(host, line) }
      })
    this.info = this.makeInfo()
  }

  // ---- the machine

  /** Feeds the machine and does what it says; inputs that come up meanwhile wait for their turn. */
  private feed(input: Input): void {
    this.inputs.push(input)
    if (this.feeding) return
    this.feeding = true
    for (let next = this.inputs.shift(); next !== undefined; next = this.inputs.shift()) {
      const [state, outputs] = transition(this.state, next)
      this.state = state
      for (const output of outputs) this.perform(output)
    }
    this.feeding = false
    this.watchDeadline(input.now)
    this.setAlarm(input.now)
  }

  private perform(output: Output): void {
    switch (output._tag) {
      case "Open":
        return this.open(output.host)
      case "Request":
        return this.link!.handshake(this.connection!, {
          protocolVersion: 0,
          lastZxidSeen: this.seen(),
          timeOut: output.timeout,
          sessionId: output.ticket?.id ?? 0n,
          passwd: output.ticket?.password ?? new Uint8Array(16),
          readOnly: output.readOnly
        })
      case "Prepare":
        return this.prepare(output.fresh)
      case "Serve":
        return this.serve(output.readOnly)
      case "Ping":
        return this.link!.ping()
      case "Confirm":
        return this.confirm()
      case "Drop":
        return this.drop(output.reason)
      case "Pause":
        return this.pause(output.causes)
      case "SendClose":
        // A server does nothing after it, so nothing is sent after it.
        this.serving = false
        this.link!.send(
          ownCall(closeSession, undefined, () => this.feed({ _tag: "CloseAnswered", now: this.elapsed.now() }))
        )
        return
      case "FailQueued":
        return this.waiting.fail(output.reason)
      case "Publish":
        return this.publish(output.state)
    }
  }

  private setAlarm(now: number): void {
    const { operationTimeout } = this.settings
    const wake = Math.min(
      At.nextWake(this.state, now),
      (this.link?.nextSweep() ?? Infinity) + operationTimeout,
      (this.waiting.oldest() ?? Infinity) + operationTimeout
    )
    if (wake < Infinity) this.alarm.set(wake)
  }

  private readonly onAlarm = (lateness: number): void => {
    const now = this.elapsed.now()
    const millis = this.settings.operationTimeout
    if (millis < Infinity) {
      const timeout = new Timeout({ millis })
      this.link?.overdue(now - millis, (call) => call.fail(timeout, "unknown"))
      this.waiting.fail(timeout, now - millis)
    }
    this.feed({ _tag: "Tick", now, late: lateness > this.state.timeout / 12 })
  }

  private watchDeadline(now: number): void {
    if (this.deadlineWaiters.size === 0) return
    const passed = now >= At.deadline(this.state)
    for (const waiter of [...this.deadlineWaiters]) {
      if (!passed && waiter.epoch === this.state.epoch) continue
      this.deadlineWaiters.delete(waiter)
      waiter.passed()
    }
  }

  // ---- one connection

  private open(host: number): void {
    const { line: link, opened: opening } = this.dial(
      host,
      {
        onHandshake: (response) => this.onHandshake(response),
        onHeard: (confirmedAt, waitingSince) => {
          if (this.serving) this.step = undefined
          this.feed({ _tag: "Heard", now: this.elapsed.now(), confirmedAt, waitingSince })
          if (this.waiting.size > 0 && this.serving && this.link === link) this.fill(link)
        },
        onFlushed: (at) => this.feed({ _tag: "Flushed", now: at }),
        onEvent: (event) => this.deliver(event),
        onFatalCode: (code) => this.onFatalCode(code),
        onLost: (reason) => this.feed({ _tag: "Lost", now: this.elapsed.now(), cause: cause(reason), reason })
      },
      () => this.elapsed.now()
    )
    this.link = link
    this.log(Effect.logDebug(`Connecting to ${formatHost(this.hosts[host]!)}`))
    const opened = (restore: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>) =>
      Effect.match(restore(opening), {
        onFailure: ({ cause }) => {
          const reason = new ConnectionLost({ detail: cause })
          this.feed({ _tag: "Lost", now: this.elapsed.now(), cause, reason })
        },
        onSuccess: (connection) => {
          // Interrupted at the very moment in which it opened: nobody wants it any more.
          if (this.link !== link) return connection.destroy()
          this.connection = connection
          this.feed({ _tag: "Opened", now: this.elapsed.now() })
        }
      })
    this.start(Effect.uninterruptibleMask((restore) => opened(restore)))
  }

  private start(task: Effect.Effect<void>): void {
    this.stop()
    this.task = this.fork(task)
  }

  private stop(): void {
    this.task?.interruptUnsafe()
    this.task = undefined
  }

  private onHandshake(response: ConnectResponse): void {
    this.feed({ _tag: "Answer", now: this.elapsed.now(), response })
  }

  private prepare(fresh: boolean): void {
    this.lastId = this.info.id
    const { sasl, store } = this.settings
    const prepared = () => this.feed({ _tag: "Prepared", now: this.elapsed.now() })
    const saves = fresh && store !== undefined
    if (!saves && sasl === undefined && this.identities.length === 0) return prepared()
    const link = this.link!
    this.start(
      Effect.matchEffect(
        Effect.andThen(saves ? this.save(store) : Effect.void, Login.logIn(link, sasl, this.identities)),
        {
          onFailure: ({ detail, scheme }: AuthFailed) =>
            Effect.sync(() => this.feed({ _tag: "LoginRefused", now: this.elapsed.now(), scheme, detail })),
          onSuccess: () => Effect.sync(prepared)
        }
      )
    )
  }

  private save(store: SessionStore): Effect.Effect<void> {
    return Effect.catch(store.save(this.identity()), ({ message }) =>
      Effect.logWarning(`The session cannot be resumed by another process: ${message}`)
    )
  }

  private serve(readOnly: boolean): void {
    this.stop()
    this.serving = true
    const link = this.link!
    for (const batch of this.watches.batches(this.seen())) {
      // 3.5 does not know setWatches2, and needs it for persistent watches only.
      const lasting = batch.persistentWatches.length + batch.persistentRecursiveWatches.length > 0
      if (lasting) link.setWatches(setWatches2, batch)
      else link.setWatches(setWatches, batch)
    }
    this.fill(link)
    if (readOnly) this.seek()
  }

  private seek(): void {
    this.start(
      Effect.map(probe.findReadWrite(this.dialer, this.hosts, this.state.timeout / 3), (host) =>
        this.feed({ _tag: "Found", now: this.elapsed.now(), host })
      )
    )
  }

  private confirm(): void {
    const link = this.link!
    const done = () => {}
    if (this.settings.confirm === "sync") link.send(ownCall(sync, { path: "/" }, done))
    else link.send(ownCall(multi, [{ _tag: "check", path: "/", version: -1 }], done))
  }

  private drop(reason: Reason): void {
    this.stop()
    const { link } = this
    this.serving = false
    this.link = undefined
    this.connection?.destroy()
    this.connection = undefined
    if (link === undefined) return
    this.lastZxid = this.seen(link)
    link.destroy(reason)
  }

  private pause(causes: ReadonlyArray<string | undefined>): void {
    const attempts = causes.flatMap((cause, index) =>
      cause === undefined ? [] : [{ host: formatHost(this.hosts[index]!), cause }]
    )
    const checked = probe.findWiped(this.dialer, this.hosts, this.seen(), this.state.timeout / 3)
    this.start(
      Effect.flatMap(checked, (wiped) =>
        wiped !== undefined
          ? Effect.sync(() => this.feed({ _tag: "Wiped", now: this.elapsed.now(), causes: wiped }))
          : this.nextPass(new ConnectFailed({ attempts }))
      )
    )
  }

  /** Waits as the reconnect Schedule says; it begins anew after each connection. */
  private nextPass(failure: ConnectFailed): Effect.Effect<void> {
    return Effect.suspend(() => {
      const step =
        this.step === undefined
          ? Effect.tap(Schedule.toStepWithSleep(this.settings.reconnect), (made) =>
              Effect.sync(() => {
                this.step = made
              })
            )
          : Effect.succeed(this.step)
      return Effect.flatMap(step, (step) =>
        Effect.matchCause(step(failure), {
          onFailure: () => this.feed({ _tag: "GiveUp", now: this.elapsed.now() }),
          onSuccess: () => this.feed({ _tag: "GoOn", now: this.elapsed.now() })
        })
      )
    })
  }

  private deliver(event: WatchEvent): void {
    this.watches.spend(event)
    for (const listener of [...this.listeners]) listener(event)
  }

  private onFatalCode(code: number): void {
    const now = this.elapsed.now()
    const reason = fromCode(code)
    if (reason._tag === "AuthFailed")
      this.feed({ _tag: "LoginRefused", now, scheme: reason.scheme, detail: reason.detail })
    else this.feed({ _tag: "Gone", now })
  }

  // ---- operations

  readonly submit = <Request, Response>(call: Call<Request, Response>): boolean => {
    const link = this.link
    if (link === undefined || !this.serving || link.depth >= this.settings.maxInFlight || this.waiting.size > 0) {
      return this.wait(call)
    }
    if (!link.send(call)) call.fail(tooLarge(this.settings.maxRequest), "no")
    return false
  }

  private wait(call: AnyCall): boolean {
    const { phase } = this.state
    if (phase._tag === "Over") {
      call.fail(phase.reason, "no")
      return false
    }
    const now = this.elapsed.now()
    this.waiting.add(call, now)
    this.setAlarm(now)
    return true
  }

  /** Sends what waits, as far as there is room. */
  private fill(link: Line): void {
    this.waiting.drain(
      () => link.depth < this.settings.maxInFlight,
      (call, frame) => link.sendEncoded(call, frame)
    )
  }

  readonly abandon = (call: AnyCall): boolean => this.waiting.remove(call)

  // ---- what others see

  get over(): Reason | undefined {
    const { phase } = this.state
    return phase._tag === "Over" ? phase.reason : undefined
  }

  /** The newest transaction seen on any connection, so that no server can take us back in time. */
  private seen(link: Line | undefined = this.link): bigint {
    const here = link?.lastZxid ?? 0n
    return here > this.lastZxid ? here : this.lastZxid
  }

  private identity(): Identity {
    const { ticket } = this.state
    return { id: ticket?.id ?? 0n, password: Redacted.make(ticket?.password ?? new Uint8Array(16)) }
  }

  private makeInfo(): SessionInfo {
    const session = this
    return {
      get id() {
        return session.identity().id
      },
      get password() {
        return session.identity().password
      },
      get epoch() {
        return session.state.epoch
      },
      get state() {
        return session.states.current
      },
      states: session.states.stream,
      get connected() {
        return session.serving
      },
      get negotiatedTimeout() {
        return Duration.millis(session.state.timeout)
      },
      get lastZxid() {
        return session.seen()
      },
      hosts: session.hosts.map(formatHost),
      get server() {
        return session.serving ? formatHost(session.hosts[session.state.host]!) : undefined
      },
      root: session.chroot === "" ? "/" : session.chroot,
      get deadline() {
        return session.elapsed.toWall(At.deadline(session.state))
      }
    }
  }

  private publish(state: SessionState): void {
    const published: SessionState =
      state._tag === "Suspended" ? { _tag: "Suspended", deadline: this.elapsed.toWall(state.deadline) } : state
    switch (state._tag) {
      case "Connected": {
        const took = Math.round(this.elapsed.now() - this.state.startedAt)
        const how = state.readOnly ? "read-only, " : ""
        this.log(Effect.logDebug(`Connected to ${this.info.server} in ${took} ms (${how}${this.name()})`))
        break
      }
      case "Suspended":
      case "Expired":
      case "AuthFailed":
        this.log(Effect.logWarning(`${state._tag}: ${this.name()}`))
    }
    this.states.publish(published)
  }

  /** The session for a log line, also after it is gone. */
  private name(): string {
    return `session ${Ids.toHex(this.lastId)}`
  }

  private log(line: Effect.Effect<void>): void {
    this.fork(line)
  }

  readonly onEvent = (listener: (event: WatchEvent) => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  readonly onState = (listener: (state: SessionState) => void): (() => void) => this.states.listen(listener)

  readonly deadlinePassed: Effect.Effect<"deadline" | "expired"> = Effect.callback((resume) => {
    const { epoch } = this.state
    const guard = (change: 1 | -1) => this.feed({ _tag: "Guard", now: this.elapsed.now(), change })
    const waiter = {
      epoch,
      passed: () => {
        guard(-1)
        resume(Effect.succeed(this.state.epoch !== epoch || this.state.ticket === undefined ? "expired" : "deadline"))
      }
    }
    this.deadlineWaiters.add(waiter)
    guard(1)
    return Effect.sync(() => {
      if (this.deadlineWaiters.delete(waiter)) guard(-1)
    })
  })

  readonly addAuth = (scheme: string, credentials: Redacted.Redacted): Effect.Effect<void, ZooKeeperError> =>
    Effect.suspend(() => {
      const { phase } = this.state
      if (phase._tag === "Over") return Effect.fail(this.error("addAuth", phase.reason))
      const identity = { scheme, credentials }
      this.identities.push(identity)
      const { link } = this
      if (link === undefined || !this.serving) return Effect.void
      return Effect.mapError(Login.addAuth(link, identity), (reason) => {
        this.feed({ _tag: "LoginRefused", now: this.elapsed.now(), scheme: reason.scheme, detail: reason.detail })
        return this.error("addAuth", reason)
      })
    })

  readonly restart: Effect.Effect<void, ZooKeeperError> = Effect.suspend(() => {
    const { epoch } = this.state
    return Effect.andThen(
      Effect.sync(() => this.feed({ _tag: "Close", now: this.elapsed.now(), then: "renew" })),
      this.served("restart", () => this.state.epoch > epoch)
    )
  })

  readonly fourLetterWord = (word: string, host?: string): Effect.Effect<string, ZooKeeperError> => {
    const named = host ?? this.info.server ?? this.info.hosts[0]
    const found = this.hosts.find((known) => formatHost(known) === named)
    const bad = (problem: string) => Effect.fail(this.error("fourLetterWord", new InvalidArgument({ problem })))
    if (!/^[a-z]{4}$/.test(word)) return bad(`'${word}' is not a four-letter word`)
    if (found === undefined) return bad(`'${named}' is not one of the hosts ${this.info.hosts.join(", ")}`)
    return Effect.mapError(this.dialer.ask(found, word, this.state.timeout), ({ cause }) =>
      this.error("fourLetterWord", new ConnectFailed({ attempts: [{ host: named!, cause }] }))
    )
  }

  readonly unsupported = (): undefined => undefined

  // ---- from beginning to end

  private error(operation: string, reason: Reason): ZooKeeperError {
    return makeError(() => ({ operation, applied: "no", reason }))
  }

  /** Waits until the session serves, or is over. */
  private served(operation: string, wanted: () => boolean): Effect.Effect<void, ZooKeeperError> {
    return Effect.callback((resume) => {
      const look = () => {
        const { phase } = this.state
        if (phase._tag === "Over") resume(Effect.fail(this.error(operation, phase.reason)))
        else if (this.serving && wanted()) resume(Effect.void)
        else return
        stop()
      }
      const stop = this.onState(look)
      look()
      return Effect.sync(stop)
    })
  }

  readonly opened: Effect.Effect<void, ZooKeeperError> = Effect.suspend(() => {
    this.feed({ _tag: "Start", now: this.elapsed.now() })
    return this.served("connect", () => true)
  })

  /** Ends the session as its options say; nothing of it is left running. */
  readonly released: Effect.Effect<void> = Effect.suspend(() => {
    const now = this.elapsed.now()
    const { release, store } = this.settings
    const wasOver = this.state.phase._tag === "Over"
    this.feed(release === "detach" ? { _tag: "Detach", now } : { _tag: "Close", now, then: "over" })
    const over = Effect.callback<void>((resume) => {
      const look = () => {
        if (this.state.phase._tag !== "Over") return
        this.alarm.cancel()
        resume(Effect.void)
      }
      const stop = this.onState(look)
      look()
      return Effect.sync(stop)
    })
    const forget = store === undefined || release === "detach" || wasOver ? Effect.void : Effect.ignore(store.clear)
    return Effect.andThen(over, forget)
  })
}

/**
 * Opens a session, or resumes one, and closes it at the end of the scope. `dial` is another driver's way to a server.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  settings: Settings,
  dial?: Dial
): Effect.fn.Return<Session, ZooKeeperError, Scope.Scope> {
  const stored =
    settings.resume === undefined && settings.store !== undefined
      ? yield* Effect.catch(settings.store.load, ({ message }) => Effect.as(Effect.logWarning(message), Option.none()))
      : Option.none<Identity>()
  const resume = settings.resume ?? Option.getOrUndefined(stored)
  const ticket = resume && { id: resume.id, password: Redacted.value(resume.password) }
  const session = new NativeSession(settings, ticket, yield* Effect.context<never>(), dial)
  yield* Effect.addFinalizer(() => session.released)
  yield* session.opened
  return session
})
