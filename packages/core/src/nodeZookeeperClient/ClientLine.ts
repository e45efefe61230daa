/**
 * A line over a library client: the session's calls made through it, in order, with everything that the library does not
 * keep itself: which calls wait, since when, and what answered them.
 */
import * as Path from "../model/Path.ts"
import * as WatchEvent from "../model/WatchEvent.ts"
import { ConnectionLost, InvalidArgument, type Reason } from "../model/ZooKeeperError.ts"
import { InFlight } from "../session/InFlight.ts"
import type { Line } from "../session/Line.ts"
import { isConfirmation, type Limits, Link, type LinkEvents } from "../session/Link.ts"
import type { AnyCall, Call } from "../session/Session.ts"
import type { Connection } from "../transport/Connection.ts"
import { JuteReader } from "../wire/JuteReader.ts"
import { JuteWriter } from "../wire/JuteWriter.ts"
import type { AuthPacket } from "../wire/ops/auth.ts"
import type { ConnectRequest, ConnectResponse } from "../wire/ops/connect.ts"
import { exists } from "../wire/ops/exists.ts"
import { closeSession } from "../wire/ops/session.ts"
import type { SetWatches } from "../wire/ops/watches.ts"
import type { Operation } from "../wire/Operation.ts"
import { type Client, type ConnectionManager, type Event, type MaybeFailure, type Packet, State } from "./library.ts"
import * as operations from "./operations.ts"
import { toLong } from "./records.ts"

/** Codes after which the server ends the session or the connection: expired, a refused login, a login that is missing. */
export const FATAL: ReadonlySet<number> = new Set([-112, -115, -124])

/** What the library itself says when a connection breaks. */
const CONNECTION_LOSS = -4

/** The library counts on past the largest int, where it cannot write the number (museum 12). */
const LAST_XID = 0x7fff_0000

/** Length, xid and code in front of a request. */
const HEADER = 12

const measure = new JuteWriter()
const reader = new JuteReader()

/** A call of the line's own: any answer is an answer. */
export const ownCall = <Request, Response>(
  operation: Operation<Request, Response>,
  request: Request,
  answered: (response: Response | undefined) => void
): Call<Request, Response> => ({
  operation,
  request,
  succeed: answered,
  refuse: () => answered(undefined),
  fail: () => {}
})

export abstract class ClientLine implements Line {
  protected readonly client: Client
  protected readonly manager: ConnectionManager
  protected readonly events: LinkEvents
  protected dead = false
  private readonly limits: Limits
  private readonly now: () => number
  private readonly target: operations.Target
  readonly inFlight = new InFlight()
  private readonly packets = new WeakSet<Packet>()
  private readonly logins: Array<(code: number | undefined) => void> = []
  private turn: number | undefined
  private confirmedAt = -Infinity
  private lastEvent: Event | undefined

  constructor(target: operations.Target, limits: Limits, events: LinkEvents, now: () => number) {
    const { client } = target
    this.client = client
    this.manager = client.connectionManager
    this.limits = limits
    this.events = events
    this.now = now
    this.target = target
  }

  /** Opens the session over the connection that stands. */
  abstract handshake(connection: Connection, request: ConnectRequest): void
  /** Registers the watches of the session again. */
  abstract setWatches<Request extends SetWatches>(operation: Operation<Request, any>, request: Request): boolean
  protected abstract logIn(scheme: string, credentials: Buffer): void
  /** Ends the connection, for this reason. */
  protected abstract end(reason: Reason): void

  get lastZxid(): bigint {
    const zxid = toLong(this.manager.zxid)
    return zxid > 0n ? zxid : 0n
  }

  isOurs(packet: Packet): boolean {
    return this.packets.has(packet)
  }

  // ---- out

  send<Request, Response>(call: Call<Request, Response>): boolean {
    const fits = Link.encode(measure, 0, call.operation, call.request, this.limits.maxRequest)
    measure.reset()
    if (fits) this.give(call, call.request)
    return fits
  }

  sendEncoded(call: AnyCall, frame: Uint8Array): void {
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length)
    this.give(call, call.operation.request.decode(reader.reset(bytes, HEADER)))
  }

  private give(call: AnyCall, request: unknown): void {
    const { client, manager } = this
    if (call.operation.code === closeSession.code) return client.close()
    if (this.dead || manager.state !== State.CONNECTED) {
      return call.fail(new ConnectionLost({ detail: "the client is not connected" }), "no")
    }
    const at = this.turnStart()
    const { retries } = client.options
    if (manager.xid > LAST_XID) manager.xid = 1
    // Whatever its owner wants for other calls: the library repeats writes blindly (museum 32).
    client.options.retries = 0
    try {
      operations.send(this.target, call.operation, request, this.answered)
    } catch (thrown) {
      const problem = `node-zookeeper-client refuses this request: ${thrown instanceof Error ? thrown.message : String(thrown)}`
      return call.fail(new InvalidArgument({ problem }), "no")
    } finally {
      client.options.retries = retries
    }
    const packet = manager.packetQueue.queue.at(-1) ?? manager.pendingQueue.at(-1)
    if (packet !== undefined) this.packets.add(packet)
    this.inFlight.push(call)
    this.inFlight.flushed(at)
  }

  /** When this turn of the event loop began to write: everything in it counts as written then. */
  private turnStart(): number {
    if (this.turn !== undefined) return this.turn
    const at = this.now()
    this.turn = at
    queueMicrotask(() => {
      this.turn = undefined
    })
    this.events.onFlushed(at)
    return at
  }

  /** A read that any server answers at once: the library's own pings wait for silence in both directions. */
  ping(): void {
    this.send(ownCall(exists, { path: "/", watch: false }, () => {}))
  }

  /** The library does not tell of a login's success; what is sent behind it is answered behind it. */
  login({ auth, scheme }: AuthPacket, answered: (code: number | undefined) => void): void {
    this.logins.push(answered)
    this.logIn(scheme, Buffer.from(auth ?? new Uint8Array(0)))
    this.send(ownCall(exists, { path: "/", watch: false }, () => this.logins.shift()?.(0)))
  }

  // ---- in

  private readonly answered: operations.Done<unknown> = (error: MaybeFailure, response?: unknown): void => {
    if (this.dead) return
    const call = this.inFlight.shift()
    if (!error) {
      if (call !== undefined && isConfirmation(call.operation, this.limits.confirm)) {
        this.confirmedAt = this.inFlight.answeredSentAt()
      }
      return call?.succeed(response)
    }
    if (error.code === CONNECTION_LOSS) {
      return call?.fail(new ConnectionLost({ detail: "node-zookeeper-client says so" }), "unknown")
    }
    call?.refuse(error.code, this.lastZxid)
    if (FATAL.has(error.code)) this.events.onFatalCode(error.code)
  }

  protected handshaken(timeOut: number): void {
    const { sessionId, sessionPassword } = this.manager
    const response: ConnectResponse = {
      protocolVersion: 0,
      timeOut,
      sessionId: toLong(sessionId),
      passwd: new Uint8Array(sessionPassword),
      readOnly: false
    }
    this.events.onHandshake(response)
  }

  loginRefused(): void {
    const answered = this.logins.shift()
    if (answered === undefined) this.events.onFatalCode(-115)
    else answered(-115)
  }

  heard(): void {
    if (this.dead) return
    const confirmedAt = this.confirmedAt
    this.confirmedAt = -Infinity
    this.events.onHeard(this.now(), confirmedAt, this.inFlight.waitingSince(), false)
  }

  onEvent(event: Event): void {
    // A deletion reaches both watchers of a path, with one object.
    if (event === this.lastEvent) return
    this.lastEvent = event
    const type = WatchEvent.typeOf(event.type)
    if (type === undefined) return
    this.events.onEvent({ type, path: Path.prepend(this.target.root, event.path) })
    this.events.onEventsTold()
  }

  // ---- end

  /** Ends the line. What cannot be read is the answer to the oldest call; the others only lost their connection. */
  destroy(reason: Reason): void {
    if (this.dead) return
    this.dead = true
    // What was not written would be sent on the next connection, long after it was told to have failed.
    const { packetQueue } = this.manager
    packetQueue.queue = packetQueue.queue.filter((packet) => !this.packets.has(packet))
    this.end(reason)
    for (const login of this.logins.splice(0)) login(undefined)
    const lost = reason._tag === "ProtocolViolation" ? new ConnectionLost({ detail: reason.message }) : reason
    // None when it was given up: the next one is not to blame.
    const oldest = this.inFlight.peek()
    this.inFlight.drain((call) => call.fail(call === oldest ? reason : lost, "unknown"))
  }
}
