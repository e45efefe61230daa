/**
 * A line with a library client of its own: one client for one connection, so that nothing of the library outlives it
 * (half-read frames, unsent requests, watches in one request, its attempts to reconnect).
 */
import * as Effect from "effect/Effect"
import type { Host } from "../model/ConnectString.ts"
import { ConnectionLost, ProtocolViolation } from "../model/ZooKeeperError.ts"
import type { Dial } from "../session/Line.ts"
import type { Limits, LinkEvents } from "../session/Link.ts"
import { type Connection, OpenFailed } from "../transport/Connection.ts"
import type { ConnectRequest } from "../wire/ops/connect.ts"
import type { SetWatches } from "../wire/ops/watches.ts"
import type { Operation } from "../wire/Operation.ts"
import { ClientLine } from "./ClientLine.ts"
import { guard } from "./guard.ts"
import { type Library, State } from "./library.ts"
import { fromLong } from "./records.ts"
import { Rearm } from "./rearm.ts"

/** The line is the connection, and is destroyed as one. */
const connection: Connection = { write: () => true, destroy: () => {} }

class OwnLine extends ClientLine {
  private readonly rearm = new Rearm(
    (call) => this.send(call),
    (event) => {
      this.events.onEvent(event)
      this.events.onEventsTold()
    },
    () => this.dead || this.manager.state !== State.CONNECTED
  )
  private proceed: (() => void) | undefined
  private opened: ((result: Effect.Effect<Connection, OpenFailed>) => void) | undefined

  constructor(library: Library, host: Host, timeout: number, limits: Limits, events: LinkEvents, now: () => number) {
    const client = library.createClient("127.0.0.1", { sessionTimeout: timeout, spinDelay: 0, retries: 0 })
    super({ client, root: "", watcher: (event) => this.onEvent(event) }, limits, events, now)
    // Set here, since its parser takes an IPv6 address for a name and a port.
    this.manager.servers = [host]
    this.manager.xid = 1
    guard(this.manager, limits.maxReply, {
      mayDial: () => !this.dead,
      onConnected: (proceed) => this.onConnected(proceed),
      onHeard: () => this.heard(),
      onClosed: (cause) => this.onClosed(cause),
      onUnreadable: (saw) => this.lose(new ProtocolViolation({ saw })),
      isOurs: () => true
    })
    this.manager.on("state", (state) => this.onState(state))
  }

  readonly open: Effect.Effect<Connection, OpenFailed> = Effect.callback((resume) => {
    this.opened = resume
    this.client.connect()
  })

  private onConnected(proceed: () => void): void {
    if (this.dead) return
    this.proceed = proceed
    this.opened?.(Effect.succeed(connection))
  }

  private onClosed(cause: string): void {
    // It would connect anew; the session decides where and when.
    this.manager.setState(State.CLOSING)
    if (this.proceed === undefined) this.opened?.(Effect.fail(new OpenFailed({ cause })))
    else this.lose(new ConnectionLost({ detail: cause }))
  }

  private lose(reason: ConnectionLost | ProtocolViolation): void {
    if (!this.dead) this.events.onLost(reason)
  }

  private onState(state: number): void {
    if (this.dead) return
    switch (state) {
      case State.CONNECTED:
        return this.handshaken(this.manager.sessionTimeout)
      case State.SESSION_EXPIRED:
        return this.handshaken(0)
      case State.AUTHENTICATION_FAILED:
        return this.loginRefused()
    }
  }

  handshake(_: Connection, request: ConnectRequest): void {
    const { manager } = this
    manager.sessionId = fromLong(request.sessionId)
    manager.sessionPassword = Buffer.from(request.passwd ?? new Uint8Array(16))
    manager.zxid = fromLong(request.lastZxidSeen)
    manager.updateTimeout(request.timeOut)
    this.proceed?.()
  }

  setWatches<Request extends SetWatches>(_: Operation<Request, any>, request: Request): boolean {
    this.rearm.add(request)
    return false
  }

  /** Whether events of what changed before this connection may be missing: no request tells when the last one came. */
  get isReplaying(): boolean {
    return this.rearm.isUnderWay
  }

  protected logIn(scheme: string, credentials: Buffer): void {
    this.client.addAuthInfo(scheme, credentials)
  }

  protected end(): void {
    this.manager.setState(State.CLOSING)
    this.manager.socket?.destroy()
  }
}

/** Opens each connection with a new client. */
export const dial =
  (library: Library, timeout: number, limits: Limits): Dial =>
  (host, events, now) => {
    const line = new OwnLine(library, host, timeout, limits, events, now)
    return { line, opened: line.open }
  }
