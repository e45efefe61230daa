/**
 * The session's present connection, if it has one: opening it, logging in, serving on it and giving it up, as the machine
 * says.
 *
 * What takes time runs in one fiber, which ends with the connection; its outcome is the machine's next input.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { formatHost, type Host } from "../model/ConnectString.ts"
import type { WatchEvent } from "../model/WatchEvent.ts"
import { type AuthFailed, ConnectFailed, ConnectionLost, fromCode, type Reason } from "../model/ZooKeeperError.ts"
import type { Connection } from "../transport/Connection.ts"
import type { ConnectRequest } from "../wire/ops/connect.ts"
import { multi } from "../wire/ops/multi.ts"
import { closeSession } from "../wire/ops/session.ts"
import { sync } from "../wire/ops/sync.ts"
import { setWatches, setWatches2 } from "../wire/ops/watches.ts"
import type { Dialer } from "./Dialer.ts"
import type { Dial, Line } from "./Line.ts"
import * as Login from "./login.ts"
import type { Input } from "./signals.ts"
import type { Auth } from "./Options.ts"
import * as probe from "./probe.ts"
import { Reconnect } from "./Reconnect.ts"
import type { AnyCall, Call } from "./Session.ts"
import type { Settings } from "./settings.ts"
import type { WatchTable } from "./WatchTable.ts"

/** An input without the time, which is that of its being fed. */
type Timeless = Input extends infer I ? (I extends { readonly now: number } ? Omit<I, "now"> : never) : never

/** What a conversation needs of its session. */
export interface Surroundings {
  readonly settings: Settings
  /** Those that there are now. */
  readonly hosts: () => ReadonlyArray<Host>
  readonly dialer: Dialer
  readonly dial: Dial
  readonly watches: WatchTable
  /** Everybody that the session logs in as; may grow. */
  readonly identities: ReadonlyArray<Auth>
  readonly now: () => number
  /** The granted timeout. */
  readonly timeout: () => number
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** A line for those who want to see everything; not made for others. */
  readonly debug: (line: () => string) => void
  readonly feed: (input: Input) => void
  readonly onEvent: (event: WatchEvent) => void
  readonly onEventsTold: () => void
  /** There may be room for more requests. */
  readonly onRoom: (line: Line) => void
  /** Saves what resumes the session; undefined when nobody wants it. */
  readonly save: Effect.Effect<void> | undefined
}

/** What is said of a host that failed, without what everyone knows. */
const cause = (reason: Reason): string => (reason._tag === "ConnectionLost" ? reason.detail : reason.message)

/** A call of the session's own, whose failure is told otherwise (the connection breaks, and that is an input). */
const ownCall = <Request, Response>(
  operation: Call<Request, Response>["operation"],
  request: Request,
  answered: () => void
): Call<Request, Response> => ({ operation, request, succeed: answered, refuse: answered, fail: () => {} })

export class Conversation {
  private readonly around: Surroundings
  private readonly reconnect: Reconnect
  private current: Line | undefined
  private connection: Connection | undefined
  private isServing = false
  private lastZxid = 0n
  /** The newest transaction whose events have been told, those of a replay that was cut short not included. */
  private replayed = 0n
  /** Opening, preparing, pausing or seeking: whatever takes time, one at a time. */
  private task: Fiber.Fiber<void> | undefined

  constructor(around: Surroundings) {
    this.around = around
    this.reconnect = new Reconnect(around.settings.reconnect)
  }

  /** The line on which operations may be sent; undefined while there is none. */
  get line(): Line | undefined {
    return this.isServing ? this.current : undefined
  }

  /** The newest transaction seen on any connection, so that no server can take us back in time. */
  get seen(): bigint {
    const here = this.current?.lastZxid ?? 0n
    return here > this.lastZxid ? here : this.lastZxid
  }

  /** Whether events of before this connection are still to come. */
  private get isReplaying(): boolean {
    return this.around.watches.isReplaying || this.current?.isReplaying === true
  }

  private feed(input: Timeless): void {
    this.around.feed({ ...input, now: this.around.now() } as Input)
  }

  private start(task: Effect.Effect<void>): void {
    this.stop()
    this.task = this.around.fork(task)
  }

  private stop(): void {
    this.task?.interruptUnsafe()
    this.task = undefined
  }

  // ---- opening

  open(host: Host): void {
    const { debug, dial, now, onEvent, onEventsTold, onRoom } = this.around
    const { line, opened } = dial(
      host,
      {
        onHandshake: (response) => this.feed({ _tag: "Answer", response }),
        onHeard: (now, confirmedAt, waitingSince, flushed) => {
          if (this.isServing) this.reconnect.reset()
          this.around.feed({ _tag: "Heard", now, confirmedAt, waitingSince, flushed })
          if (this.line === line) onRoom(line)
        },
        onFlushed: (at) => this.around.feed({ _tag: "Flushed", now: at }),
        onEvent,
        onEventsTold,
        onWatchesSet: (code) => this.around.watches.answered(code),
        onFatalCode: (code) => this.onFatalCode(code),
        onLost: (reason) => this.feed({ _tag: "Lost", cause: cause(reason), reason })
      },
      now
    )
    this.current = line
    debug(() => `Connecting to ${formatHost(host)}`)
    const opening = (restore: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>) =>
      Effect.match(restore(opened), {
        onFailure: ({ cause }) => this.feed({ _tag: "Lost", cause, reason: new ConnectionLost({ detail: cause }) }),
        onSuccess: (connection) => {
          // Interrupted at the very moment in which it opened: nobody wants it any more.
          if (this.current !== line) return connection.destroy()
          this.connection = connection
          this.feed({ _tag: "Opened" })
        }
      })
    this.start(Effect.uninterruptibleMask(opening))
  }

  request(request: Omit<ConnectRequest, "protocolVersion" | "lastZxidSeen">): void {
    this.current!.handshake(this.connection!, { ...request, protocolVersion: 0, lastZxidSeen: this.seen })
  }

  /** Saves what is new and logs in. */
  prepare(): void {
    const { identities, save, settings } = this.around
    if (save === undefined && settings.sasl === undefined && identities.length === 0)
      return this.feed({ _tag: "Prepared" })
    const login = Login.logIn(this.current!, settings.sasl, identities)
    this.start(
      Effect.match(save === undefined ? login : Effect.andThen(save, login), {
        onFailure: ({ detail, scheme }: AuthFailed) => this.feed({ _tag: "LoginRefused", scheme, detail }),
        onSuccess: () => this.feed({ _tag: "Prepared" })
      })
    )
  }

  // ---- serving

  /** Registers the watches again, then lets what waits be sent. */
  serve(readOnly: boolean): void {
    this.stop()
    this.isServing = true
    const line = this.current!
    const { watches } = this.around
    const sent = watches.batches(this.replayed).filter((batch) => {
      // 3.5 does not know setWatches2, and needs it for persistent watches only.
      const lasting = batch.persistentWatches.length + batch.persistentRecursiveWatches.length > 0
      return lasting ? line.setWatches(setWatches2, batch) : line.setWatches(setWatches, batch)
    })
    watches.sent(sent.length)
    this.around.onRoom(line)
    if (readOnly) this.seek()
  }

  /** Looks for a host with a quorum; begins anew when it is at it. */
  seek(): void {
    const { dialer, hosts, timeout } = this.around
    this.start(
      Effect.map(probe.findReadWrite(dialer, hosts(), timeout() / 3), (host) => this.feed({ _tag: "Found", host }))
    )
  }

  ping(): void {
    this.current!.ping()
  }

  /** Asks the leader whether it knows of us. */
  confirm(): void {
    const done = () => {}
    if (this.around.settings.confirm === "sync") this.current!.send(ownCall(sync, { path: "/" }, done))
    else this.current!.send(ownCall(multi, [{ _tag: "check", path: "/", version: -1 }], done))
  }

  private onFatalCode(code: number): void {
    const reason = fromCode(code)
    if (reason._tag === "AuthFailed") {
      this.feed({ _tag: "LoginRefused", scheme: reason.scheme, detail: reason.detail })
    } else this.feed({ _tag: "Gone" })
  }

  // ---- ending

  /** A server does nothing after closeSession, so nothing is sent after it. */
  sendClose(): void {
    this.isServing = false
    this.current!.send(ownCall(closeSession, undefined, () => this.feed({ _tag: "CloseAnswered" })))
  }

  /** Destroys the connection and fails what is in flight. */
  drop(reason: Reason): void {
    this.stop()
    this.lastZxid = this.seen
    const { connection, current } = this
    if (this.isServing && !this.isReplaying) this.replayed = this.lastZxid
    this.isServing = false
    this.current = undefined
    this.connection = undefined
    current?.destroy(reason)
    connection?.destroy()
  }

  /** Waits before the next pass over all hosts, unless the ensemble turns out to have forgotten us. */
  pause(causes: ReadonlyArray<string | undefined>): void {
    const { dialer, timeout } = this.around
    const hosts = this.around.hosts()
    const attempts = causes.flatMap((cause, index) =>
      cause === undefined ? [] : [{ host: formatHost(hosts[index]!), cause }]
    )
    const goOn = this.reconnect.pause(new ConnectFailed({ attempts }))
    this.start(
      Effect.flatMap(probe.findWiped(dialer, hosts, this.seen, timeout() / 3), (wiped) =>
        wiped !== undefined
          ? Effect.sync(() => this.feed({ _tag: "Wiped", causes: wiped }))
          : Effect.map(goOn, (more) => this.feed({ _tag: more ? "GoOn" : "GiveUp" }))
      )
    )
  }

  // ---- timeouts

  overdue(before: number, give: (call: AnyCall) => void): void {
    this.current?.inFlight.overdue(before, give)
  }

  nextSweep(): number {
    return this.current?.inFlight.nextSweep() ?? Infinity
  }
}
