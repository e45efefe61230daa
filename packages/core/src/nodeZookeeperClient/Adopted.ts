/**
 * Lines over a client that the application made and keeps: it connects and reconnects by itself, and lives on when the
 * session ends. What the application does with it, and what its own calls are answered, is left alone.
 */
import * as Effect from "effect/Effect"
import { ConnectionLost, ProtocolViolation, type Reason } from "../model/ZooKeeperError.ts"
import type { Dial } from "../session/Line.ts"
import type { Limits, LinkEvents } from "../session/Link.ts"
import { type Connection, OpenFailed } from "../transport/Connection.ts"
import { multi } from "../wire/ops/multi.ts"
import { ClientLine, ownCall } from "./ClientLine.ts"
import { guard } from "./guard.ts"
import { type Client, type ConnectionManager, type Packet, State } from "./library.ts"
import type { Target } from "./operations.ts"

/** The line is the connection, and is destroyed as one. */
const connection: Connection = { write: () => true, destroy: () => {} }

/** Reasons that concern the session, and leave the client's connection as it is. */
const LEAVES: ReadonlySet<Reason["_tag"]> = new Set(["Closed", "SessionExpired", "AuthFailed"])

class AdoptedLine extends ClientLine {
  private readonly identities: Set<string>
  /** The connection that was there, or on its way, when this line began: it has had time enough when the line ends. */
  private readonly inherited: ConnectionManager["socket"]
  private serves = false
  private opened: ((result: Effect.Effect<Connection, OpenFailed>) => void) | undefined

  constructor(target: Target, identities: Set<string>, limits: Limits, events: LinkEvents, now: () => number) {
    super(target, limits, events, now)
    this.identities = identities
    this.inherited = this.manager.socket
  }

  readonly open: Effect.Effect<Connection, OpenFailed> = Effect.callback((resume) => {
    const { socket, state } = this.manager
    // When the connection has just ended, the client does not know yet.
    if (state === State.CONNECTED && socket?.destroyed === false) return resume(Effect.succeed(connection))
    if (state === State.DISCONNECTED && socket === undefined) {
      return resume(
        Effect.fail(new OpenFailed({ cause: "the adopted client was not told to connect: call connect()" }))
      )
    }
    this.opened = resume
  })

  onConnected(): void {
    this.opened?.(Effect.succeed(connection))
  }

  onClosed(cause: string): void {
    if (this.dead) return
    if (this.opened !== undefined) this.opened(Effect.fail(new OpenFailed({ cause })))
    this.events.onLost(new ConnectionLost({ detail: cause }))
  }

  /** An answer to the application is no call's fault here. */
  unreadable(saw: string, head: Packet | undefined): void {
    if (this.dead) return
    const reason = new ProtocolViolation({ saw })
    const isOurs = head !== undefined && this.isOurs(head)
    this.events.onLost(isOurs ? reason : new ConnectionLost({ detail: reason.message }))
  }

  expired(): void {
    this.events.onFatalCode(-112)
  }

  /** Nobody knows how old the client's last contact is, so the leader is asked, and its answer is the handshake. */
  handshake(): void {
    const check = [{ _tag: "check", path: "/", version: -1 }] as const
    this.send({
      ...ownCall(multi, check, () => {
        this.serves = true
        this.handshaken(this.manager.sessionTimeout)
      }),
      fail: (reason) => this.events.onLost(reason)
    })
  }

  /** The client does that by itself. */
  setWatches(): boolean {
    return false
  }

  /** The client logs in again with what it was told once. */
  protected logIn(scheme: string, credentials: Buffer): void {
    const identity = `${scheme}:${credentials.toString("hex")}`
    if (this.identities.has(identity)) return
    this.identities.add(identity)
    this.client.addAuthInfo(scheme, credentials)
  }

  protected end(reason: Reason): void {
    if (LEAVES.has(reason._tag)) return
    const socket = this.serves ? this.manager.socket : this.inherited
    socket?.destroy()
  }
}

/** An adopted client: how to get lines over it, and how to let it go. */
export interface Adopted {
  readonly dial: Dial
  readonly release: () => void
}

/** Takes a client under guard. `onClosed` is called when the application closes it. */
export const adopt = (client: Client, limits: Limits, onClosed: () => void): Adopted => {
  const manager = client.connectionManager
  const identities = new Set<string>()
  let line: AdoptedLine | undefined
  // One for all lines: the client keeps it over reconnects, and tells of what it missed before a line is open.
  const target: Target = { client, root: manager.chrootPath ?? "", watcher: (event) => line?.onEvent(event) }

  const onState = (state: number): void => {
    switch (state) {
      case State.CONNECTED:
        return line?.onConnected()
      case State.SESSION_EXPIRED:
        return line?.expired()
      case State.AUTHENTICATION_FAILED:
        return line?.loginRefused()
      case State.CLOSING:
        return onClosed()
    }
  }
  const stopGuarding = guard(manager, limits.maxReply, {
    mayDial: () => true,
    onConnected: (proceed) => proceed(),
    onHeard: () => line?.heard(),
    onClosed: (cause) => line?.onClosed(cause),
    onUnreadable: (saw, head) => {
      line?.unreadable(saw, head)
      manager.socket?.destroy()
    },
    isOurs: (packet) => line?.isOurs(packet) ?? false
  })
  manager.on("state", onState)
  return {
    dial: (_, events, now) => {
      line = new AdoptedLine(target, identities, limits, events, now)
      return { line, opened: line.open }
    },
    release: () => {
      line = undefined
      manager.removeListener("state", onState)
      stopGuarding()
    }
  }
}
