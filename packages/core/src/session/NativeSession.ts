/**
 * The native driver: the rules of the machine carried out over connections, with Effect's Clock and Schedules.
 *
 * Everything happens synchronously in the order of its inputs; only what takes time (opening, logging in, pausing) runs
 * in a fiber, one of each at a time, and ends with its connection.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { inspect } from "node:util"
import type { SessionState } from "../model/SessionState.ts"
import {
  type Applied,
  InvalidArgument,
  make as makeError,
  type Reason,
  Timeout,
  type ZooKeeperError
} from "../model/ZooKeeperError.ts"
import { Lookup } from "../transport/Lookup.ts"
import { Transport } from "../transport/Transport.ts"
import { Alarm } from "./Alarm.ts"
import { Dialer } from "./Dialer.ts"
import { Conversation } from "./Conversation.ts"
import { DeadlineWatch } from "./DeadlineWatch.ts"
import { Elapsed } from "./Elapsed.ts"
import { Hosts } from "./Hosts.ts"
import { identityOf, Info } from "./info.ts"
import { Journal } from "./Journal.ts"
import type { Dial, Line } from "./Line.ts"
import { Link } from "./Link.ts"
import { Listeners } from "./Listeners.ts"
import * as Login from "./login.ts"
import { transition } from "./machine.ts"
import type { Input, Output } from "./signals.ts"
import * as Metrics from "./Metrics.ts"
import type { Auth } from "./Options.ts"
import type { AnyCall, Call, Identity, Session, SessionInfo } from "./Session.ts"
import * as probe from "./probe.ts"
import type { Settings } from "./settings.ts"
import * as At from "./State.ts"
import { States } from "./States.ts"
import { Stored } from "./Stored.ts"
import { tooLarge, Waiting } from "./Waiting.ts"
import { WatchTable } from "./WatchTable.ts"

class NativeSession implements Session {
  readonly info: SessionInfo
  readonly chroot: string
  readonly watches = new WatchTable()
  private readonly settings: Settings
  private readonly hosts: Hosts
  private readonly elapsed: Elapsed
  private readonly alarm: Alarm
  private readonly dialer: Dialer
  private readonly conversation: Conversation
  private readonly states: States
  private readonly waiting: Waiting
  private readonly stored: Stored | undefined
  private readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  private readonly journal: Journal
  private readonly listeners = new Listeners()
  private readonly deadlines: DeadlineWatch
  private readonly identities: Array<Auth>
  private readonly inputs: Array<Input> = []
  private feeding = false
  private state: At.State
  private lastId: bigint

  constructor(
    settings: Settings,
    ticket: At.Ticket | undefined,
    context: Context.Context<never>,
    dial: Dial | undefined
  ) {
    const clock = Context.get(context, Clock.Clock)
    this.settings = settings
    this.chroot = settings.connect.chroot
    this.hosts = new Hosts(settings)
    this.identities = [...settings.auth]
    this.state = At.initial(settings.rules, ticket)
    this.lastId = ticket?.id ?? 0n
    this.states = new States()
    this.waiting = new Waiting(settings.maxQueued, settings.maxRequest)
    this.fork = Effect.runForkWith(context)
    this.journal = new Journal(context, this.fork, () => ({ id: this.lastId, server: this.info.server }))
    this.elapsed = new Elapsed(clock)
    this.alarm = new Alarm(clock, this.elapsed, this.fork, this.onAlarm)
    this.dialer = new Dialer(settings.tls, Context.get(context, Transport), Context.get(context, Lookup))
    const { store } = settings
    const stored = (this.stored = store && new Stored(store, this.fork))
    this.conversation = new Conversation({
      settings,
      hosts: this.present,
      dialer: this.dialer,
      dial: dial ?? this.dialOwn,
      watches: this.watches,
      identities: this.identities,
      now: () => this.elapsed.now(),
      timeout: () => this.state.timeout,
      fork: this.fork,
      debug: (line) => this.journal.debug(line),
      feed: (input) => this.feed(input),
      onEvent: (event) => this.listeners.deliver(event),
      onEventsTold: () => this.listeners.told(),
      onRoom: (line) => this.fill(line),
      save: stored && Effect.suspend(() => stored.save(identityOf(this.state)))
    })
    this.deadlines = new DeadlineWatch(
      () => ({
        epoch: this.state.epoch,
        deadline: At.deadline(this.state),
        isAlive: this.state.ticket !== undefined && this.state.closing === undefined
      }),
      (change) => this.feed({ _tag: "Guard", now: this.elapsed.now(), change })
    )
    this.info = new Info({
      state: () => this.state,
      states: this.states,
      elapsed: this.elapsed,
      chroot: this.chroot,
      isServing: () => this.conversation.line !== undefined,
      lastZxid: () => this.conversation.seen
    })
  }

  // ---- the machine

  /**
   * Feeds the machine and does what it says; inputs that come up meanwhile wait for their turn. What is thrown, by a
   * transport of somebody's own, is thrown in the end: all else is done before, or the state would say what is not so.
   */
  private feed(input: Input): void {
    if (this.feeding) return void this.inputs.push(input)
    this.feeding = true
    let thrown: { readonly error: unknown } | undefined
    for (let next: Input | undefined = input; next !== undefined; next = this.inputs.shift()) {
      if (next._tag === "Heard" && next.confirmedAt > -Infinity) {
        const left = At.deadline(this.state) - next.now
        if (left > -Infinity) Metrics.leaseMargin.updateUnsafe(left, Context.empty())
      }
      const [state, outputs] = transition(this.state, next)
      this.state = state
      for (const output of outputs) {
        try {
          this.perform(output)
        } catch (error) {
          thrown ??= { error }
        }
      }
    }
    this.feeding = false
    this.deadlines.look(input.now)
    this.setAlarm(input.now)
    if (thrown !== undefined) throw thrown.error
  }

  private perform(output: Output): void {
    const { conversation } = this
    switch (output._tag) {
      case "Open":
        return conversation.open(this.hosts.of(this.info.hosts[output.host]!))
      case "Request":
        return conversation.request({
          timeOut: output.timeout,
          sessionId: output.ticket?.id ?? 0n,
          passwd: output.ticket?.password ?? new Uint8Array(16),
          readOnly: output.readOnly
        })
      case "Prepare":
        this.lastId = this.info.id
        return conversation.prepare()
      case "Serve":
        return conversation.serve(output.readOnly)
      case "Seek":
        return conversation.seek()
      case "Ping":
        return conversation.ping()
      case "Confirm":
        return conversation.confirm()
      case "Drop":
        return conversation.drop(output.reason)
      case "Pause":
        return conversation.pause(output.causes)
      case "SendClose":
        return conversation.sendClose()
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
      this.conversation.nextSweep() + operationTimeout,
      (this.waiting.oldest() ?? Infinity) + operationTimeout
    )
    if (wake < Infinity) this.alarm.set(wake)
  }

  private readonly onAlarm = (lateness: number): void => {
    const now = this.elapsed.now()
    const millis = this.settings.operationTimeout
    if (millis < Infinity) {
      const timeout = new Timeout({ millis })
      this.conversation.overdue(now - millis, (call) => call.fail(timeout, "unknown"))
      this.waiting.fail(timeout, now - millis)
    }
    this.feed({ _tag: "Tick", now, late: lateness > this.state.timeout / 12 })
  }

  private readonly dialOwn: Dial = (host, events, now) => {
    const line = new Link(this.settings, events, now)
    return { line, opened: this.dialer.open(host, line) }
  }

  // ---- operations

  readonly submit = <Request, Response>(call: Call<Request, Response>): boolean => {
    const { line } = this.conversation
    if (line === undefined || line.inFlight.size >= this.settings.maxInFlight || this.waiting.size > 0)
      return this.wait(call)
    if (!line.send(call)) call.fail(tooLarge(this.settings.maxRequest), "no")
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
  private fill(line: Line): void {
    if (this.waiting.size === 0) return
    this.waiting.drain(
      () => line.inFlight.size < this.settings.maxInFlight,
      (call, frame) => line.sendEncoded(call, frame)
    )
  }

  readonly abandon = (call: AnyCall): boolean => this.waiting.remove(call)

  // ---- what others see

  get over(): Reason | undefined {
    const { phase } = this.state
    return phase._tag === "Over" ? phase.reason : undefined
  }

  private publish(state: SessionState): void {
    const published: SessionState =
      state._tag === "Suspended" ? { _tag: "Suspended", deadline: this.elapsed.toWall(state.deadline) } : state
    this.journal.entered(published, () => this.elapsed.now() - this.state.startedAt)
    this.states.publish(published, this.over !== undefined)
  }

  get onEvent(): Session["onEvent"] {
    return this.listeners.add
  }

  readonly onState = (listener: (state: SessionState) => void): (() => void) => this.states.listen(listener)

  get lease(): number {
    return At.lease(this.state)
  }

  get deadlinePassed(): Effect.Effect<"deadline" | "expired"> {
    return this.deadlines.passed
  }

  readonly addAuth = (scheme: string, credentials: Redacted.Redacted): Effect.Effect<void, ZooKeeperError> =>
    Effect.suspend(() => {
      const { phase } = this.state
      if (phase._tag === "Over") return Effect.fail(this.error("addAuth", phase.reason))
      const identity = { scheme, credentials }
      this.identities.push(identity)
      const { line } = this.conversation
      if (line === undefined) return Effect.void
      return Effect.mapError(Login.addAuth(line, identity), (reason) => {
        this.feed({ _tag: "LoginRefused", now: this.elapsed.now(), scheme: reason.scheme, detail: reason.detail })
        return this.error("addAuth", reason)
      })
    })

  readonly restart: Effect.Effect<void, ZooKeeperError> = Effect.suspend(() => {
    const { epoch } = this.state
    const millis = this.settings.operationTimeout
    return Effect.andThen(
      Effect.sync(() => this.feed({ _tag: "Close", now: this.elapsed.now(), then: "renew" })),
      Effect.timeoutOrElse(
        this.served("restart", () => this.state.epoch > epoch),
        { duration: millis, orElse: () => Effect.fail(this.error("restart", new Timeout({ millis }), "unknown")) }
      )
    )
  })

  private readonly present = () => this.info.hosts.map((name) => this.hosts.of(name))

  readonly setHosts = (connect: string): Effect.Effect<void, ZooKeeperError> =>
    Effect.suspend(() => {
      if (this.over !== undefined) return Effect.fail(this.error("setHosts", this.over))
      const names = this.hosts.read(connect)
      if (Result.isFailure(names)) {
        return Effect.fail(this.error("setHosts", new InvalidArgument({ problem: names.failure })))
      }
      this.feed({ _tag: "Hosts", now: this.elapsed.now(), hosts: names.success })
      return Effect.void
    })

  readonly fourLetterWord = (word: string, host?: string): Effect.Effect<string, ZooKeeperError> => {
    const named = host ?? this.info.server ?? this.info.hosts[0]!
    return Effect.mapError(probe.ask(this.dialer, this.present(), named, word, this.state.timeout), (reason) =>
      this.error("fourLetterWord", reason)
    )
  }

  readonly unsupported = (): undefined => undefined

  /** What everybody may see: the parts hold the password, and the bytes of logins. */
  toJSON(): object {
    const { epoch, server, state } = this.info
    return { session: this.journal.name, epoch, state, server }
  }

  [inspect.custom](): object {
    return this.toJSON()
  }

  // ---- from beginning to end

  private error(operation: string, reason: Reason, applied: Applied = "no"): ZooKeeperError {
    return makeError(() => ({ operation, applied, reason }))
  }

  /** Waits until the session serves, or is over. */
  private served(operation: string, wanted: () => boolean): Effect.Effect<void, ZooKeeperError> {
    return this.states.until(() => {
      if (this.over !== undefined) return Effect.fail(this.error(operation, this.over))
      return this.conversation.line !== undefined && wanted() ? Effect.void : undefined
    })
  }

  readonly opened: Effect.Effect<void, ZooKeeperError> = Effect.suspend(() => {
    this.feed({ _tag: "Start", now: this.elapsed.now() })
    return this.served("connect", () => true)
  })

  /** Ends the session as its options say; nothing of it is left running. */
  readonly released: Effect.Effect<void> = Effect.suspend(() => {
    const now = this.elapsed.now()
    const { release } = this.settings
    const isClosed = release === "close" && this.over === undefined && !At.isUngranted(this.state)
    this.feed(release === "detach" ? { _tag: "Detach", now } : { _tag: "Close", now, then: "over" })
    const over = this.states.until(() => (this.over === undefined ? undefined : Effect.sync(() => this.alarm.cancel())))
    // After other ends the session may still be there, to be resumed.
    const forgotten = Effect.suspend(() =>
      isClosed || this.over?._tag === "SessionExpired" ? (this.stored?.clear ?? Effect.void) : Effect.void
    )
    return Effect.andThen(over, forgotten)
  })
}

/** Opens a session, or resumes one, and closes it at the end of the scope. `dial` is another driver's way to a server. */
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
