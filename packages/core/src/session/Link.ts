/**
 * One connection's conversation: requests out in one write per turn, answers matched to requests, events told apart.
 *
 * Everything here dies with the socket; the next connection gets a Link of its own, so nothing half-read can leak into it
 * (museum 1).
 */
import { ErrorCode } from "../model/ErrorCode.ts"
import * as WatchEvent from "../model/WatchEvent.ts"
import { ConnectionLost, ProtocolViolation, type Reason } from "../model/ZooKeeperError.ts"
import type { Connection } from "../transport/Connection.ts"
import { watcherEvent } from "../wire/event.ts"
import { Frames, type OnFrame } from "../wire/Frames.ts"
import { REPLY_HEADER_LENGTH } from "../wire/header.ts"
import { JuteError } from "../wire/JuteError.ts"
import { JuteReader } from "../wire/JuteReader.ts"
import { JuteWriter } from "../wire/JuteWriter.ts"
import { auth, type AuthPacket } from "../wire/ops/auth.ts"
import { type ConnectRequest, connectRequest, type ConnectResponse, connectResponse } from "../wire/ops/connect.ts"
import { closeSession, ping } from "../wire/ops/session.ts"
import type { Operation } from "../wire/Operation.ts"
import * as Xid from "../wire/Xid.ts"
import { InFlight } from "./InFlight.ts"
import { Meter } from "./Meter.ts"
import * as Pace from "./pace.ts"
import type { AnyCall, Call } from "./Session.ts"

/** What a connection tells its session. */
export interface LinkEvents {
  readonly onHandshake: (response: ConnectResponse) => void
  /**
   * At most once for each chunk, after everything in it was handed out, at `at`; `flushed` says that what it brought
   * about was written then.
   */
  readonly onHeard: (at: number, confirmedAt: number, waitingSince: number | undefined, flushed: boolean) => void
  /** Requests were written at any other time. */
  readonly onFlushed: (at: number) => void
  readonly onEvent: (event: WatchEvent.WatchEvent) => void
  /** After each run of events, before anything that came behind them. */
  readonly onEventsTold: () => void
  /** The server has answered a request that registers watches again. */
  readonly onWatchesSet: (code: number) => void
  /** An answer came that ends the session or a login, whatever it was an answer to. */
  readonly onFatalCode: (code: number) => void
  /** The connection is no good any more. */
  readonly onLost: (reason: Reason) => void
}

export interface Limits {
  readonly maxRequest: number
  readonly maxReply: number
  readonly confirm: "sync" | "quorum"
}

/** Whether an answer shows that the leader knows of the session; a deposed one answers all but writes. */
export const isConfirmation = (operation: Operation<any, any>, confirm: "sync" | "quorum"): boolean =>
  operation.confirms && (confirm === "sync" || !operation.repeatable)

/** Codes after which the server closes the connection and asking again would only be refused again. */
const FATAL: ReadonlySet<number> = new Set([
  ErrorCode.SessionExpired,
  ErrorCode.AuthFailed,
  ErrorCode.SessionClosedRequireSaslAuth
])

const zxidOf = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low)

export class Link {
  private readonly limits: Limits
  private readonly events: LinkEvents
  private readonly now: () => number
  private readonly frames: Frames
  private readonly meter = new Meter()
  private readonly reader = new JuteReader()
  private readonly writer = new JuteWriter()
  readonly inFlight = new InFlight()
  private readonly logins: Array<(code: number | undefined) => void> = []
  private connection: Connection | undefined
  private handshaking = true
  private dead = false
  private xid = Xid.FIRST
  private expected = Xid.FIRST
  private reading = false
  /** How many frames the present chunk brought so far, or the newest did. */
  private pieces = 0
  /** Reading rests because nobody waits. */
  private restsUnhurried = false
  private isTelling = false
  private flushScheduled = false
  /** What is encoded has to leave now: it is the session's own. */
  private isUrgent = false
  private pings = 0
  private pingSince = 0
  private confirmedAt = -Infinity
  /** The newest zxid seen, in halves: no bigint is made for an answer unless somebody looks. */
  private zxidHigh = 0
  private zxidLow = 0

  constructor(limits: Limits, events: LinkEvents, now: () => number) {
    this.limits = limits
    this.events = events
    this.now = now
    this.frames = new Frames(limits.maxReply)
  }

  /** The newest transaction that this server told of; 0 before the first. */
  get lastZxid(): bigint {
    return zxidOf(this.zxidHigh, this.zxidLow)
  }

  // ---- out

  handshake(connection: Connection, request: ConnectRequest): void {
    this.connection = connection
    const frame = this.writer.beginFrame()
    connectRequest.encode(this.writer, request)
    this.writer.endFrame(frame)
    this.flush()
  }

  /** Encodes a request into `writer` as a frame; false, and nothing written, when it is larger than servers accept. */
  static encode<Request>(
    writer: JuteWriter,
    xid: number,
    operation: Operation<Request, any>,
    request: Request,
    maxRequest: number
  ): boolean {
    const start = writer.length
    let fits = false
    try {
      const frame = writer.beginFrame()
      writer.int(xid)
      writer.int(operation.code)
      operation.request.encode(writer, request)
      fits = writer.length - start - 4 <= maxRequest
      if (fits) writer.endFrame(frame)
    } finally {
      // Also when a value of the wrong type could not be encoded: half a request would take the others' places.
      if (!fits) writer.truncate(start)
    }
    return fits
  }

  /** Sends a call with all others of this turn; false when it is too large. */
  send<Request, Response>(call: Call<Request, Response>): boolean {
    const { operation, request } = call
    if (!Link.encode(this.writer, this.xid, operation, request, this.limits.maxRequest)) return false
    if (operation.code === closeSession.code) this.isUrgent = true
    this.sent(call)
    return true
  }

  /** Sends a call that was encoded before, when its xid was not known. */
  sendEncoded(call: AnyCall, frame: Uint8Array): void {
    this.writer.append(frame)
    this.writer.patchInt(this.writer.length - frame.length + 4, this.xid)
    this.sent(call)
  }

  private sent(call: AnyCall): void {
    this.xid = Xid.next(this.xid)
    this.inFlight.push(call)
    this.scheduleFlush()
    if (this.restsUnhurried && !this.inFlight.isPatient) this.goOn()
  }

  /** Somebody waits again. */
  private goOn(): void {
    this.restsUnhurried = false
    this.connection?.wake?.()
  }

  /** Sends a request whose answer is known by its number instead of its place. */
  private sendReserved<Request>(xid: number, operation: Operation<Request, any>, request: Request): void {
    Link.encode(this.writer, xid, operation, request, Infinity)
    this.isUrgent = true
    this.scheduleFlush()
  }

  ping(): void {
    if (this.pings++ === 0) this.pingSince = this.now()
    this.sendReserved(Xid.PING, ping, undefined)
  }

  /** Registers watches again. */
  setWatches<Request>(operation: Operation<Request, any>, request: Request): boolean {
    this.sendReserved(Xid.SET_WATCHES, operation, request)
    return true
  }

  /** Logs in with one identity; undefined instead of a code says that the connection broke before the answer. */
  login(packet: AuthPacket, answered: (code: number | undefined) => void): void {
    this.logins.push(answered)
    this.sendReserved(Xid.AUTH, auth, packet)
  }

  private scheduleFlush(): void {
    if (Pace.isFull(this.writer.length)) return this.flush()
    if (this.flushScheduled || this.reading) return
    this.flushScheduled = true
    queueMicrotask(this.flushTurn)
  }

  private readonly flushTurn = (): void => {
    this.flushScheduled = false
    this.flush()
  }

  private flush(): void {
    if (this.dead || this.writer.length === 0) return
    const at = this.now()
    this.write(at)
    this.events.onFlushed(at)
  }

  /** Writes what is encoded; `at` was read before. */
  private write(at: number): void {
    this.isUrgent = false
    this.inFlight.flushed(at)
    this.meter.wrote(this.writer.length, this.inFlight.size)
    if (this.connection!.write(this.writer.written())) this.writer.reset()
    else this.writer.detach()
  }

  // ---- in

  readonly onChunk = (chunk: Buffer): void => {
    if (this.dead) return
    const before = this.inFlight.answered
    this.pieces = 0
    this.restsUnhurried = false
    this.reading = true
    this.confirmedAt = -Infinity
    const { handshaking } = this
    try {
      this.frames.push(chunk, this.onFrame)
      this.told()
    } catch (error) {
      this.told()
      this.reading = false
      if (!(error instanceof JuteError)) throw error
      return this.lose(new ProtocolViolation({ saw: error.message }))
    }
    this.reading = false
    if (this.dead) return
    const at = this.now()
    const latency = this.inFlight.answered > before ? at - this.inFlight.answeredSentAt() : undefined
    // First of all, so that the server is at work while the rest is noted.
    const flushed = this.writer.length > 0 && !this.canWait
    if (flushed) this.write(at)
    this.meter.heard(chunk.length, this.inFlight.size, latency)
    // The answer to the handshake tells for itself, and proves no more than that the server accepts.
    if (!handshaking) {
      const waitingSince = this.pings > 0 ? this.pingSince : this.inFlight.waitingSince()
      this.events.onHeard(at, this.confirmedAt, waitingSince, flushed)
    } else if (flushed) this.events.onFlushed(at)
    if (!this.canWait) this.flush()
    if (Pace.rests(this.inFlight, this.pieces, chunk.length)) {
      this.connection?.rest?.()
      this.restsUnhurried = this.inFlight.isPatient
    }
  }

  readonly room = (): Buffer | undefined => (this.dead ? undefined : this.frames.room())

  private get canWait(): boolean {
    const { size, unwritten } = this.inFlight
    return !this.isUrgent && Pace.waitsForCompany(size, unwritten)
  }

  readonly onClose = (cause: string): void => this.lose(new ConnectionLost({ detail: cause }))

  private lose(reason: Reason): void {
    if (!this.dead) this.events.onLost(reason)
  }

  private readonly onFrame: OnFrame = (bytes, start, end, owned) => {
    this.pieces++
    const reader = this.reader.reset(bytes, start, end, owned)
    if (this.handshaking) return this.onHandshakeFrame(reader, end - start)
    const xid = reader.int()
    const high = reader.int()
    const low = reader.int() >>> 0
    const err = reader.int()
    if (xid === this.expected && this.inFlight.size > 0) return this.onAnswer(reader, err, high, low)
    this.onReserved(reader, xid, err, high, low)
  }

  /**
   * Takes note of the newest transaction, once it is clear that this is an answer and no rubbish. All events of what an
   * answer knows of came before it.
   */
  private sawZxid(high: number, low: number): void {
    if (high > this.zxidHigh || (high === this.zxidHigh && low > this.zxidLow)) {
      this.zxidHigh = high
      this.zxidLow = low
    }
  }

  /** The run of events is over. */
  private told(): void {
    if (!this.isTelling) return
    this.isTelling = false
    this.events.onEventsTold()
  }

  private onAnswer(reader: JuteReader, err: number, high: number, low: number): void {
    this.told()
    const { size, unwritten } = this.inFlight
    if (Pace.leavesEarly(size, unwritten)) this.flush()
    const call = this.inFlight.peek()
    if (err === 0 && call !== undefined) {
      // Decoded before the call leaves its place: a short body must fail it, and break the connection for all that follow.
      const response: unknown = call.operation.response.decode(reader)
      this.sawZxid(high, low)
      this.answered()
      this.meter.answered(call.operation, 0)
      if (isConfirmation(call.operation, this.limits.confirm)) this.confirmedAt = this.inFlight.answeredSentAt()
      call.succeed(response)
      return
    }
    this.sawZxid(high, low)
    this.answered()
    if (call !== undefined) this.meter.answered(call.operation, err)
    call?.refuse(err, zxidOf(high, low))
    if (FATAL.has(err)) this.events.onFatalCode(err)
  }

  private answered(): void {
    this.inFlight.shift()
    this.expected = Xid.next(this.expected)
  }

  private onReserved(reader: JuteReader, xid: number, err: number, high: number, low: number): void {
    switch (xid) {
      case Xid.NOTIFICATION: {
        const { path, type } = watcherEvent.decode(reader)
        const name = WatchEvent.typeOf(type)
        this.meter.event()
        if (name === undefined) return
        this.isTelling = true
        // Its zxid (3.9, else −1) is told and proves nothing: other events of its transaction may come behind it, or get lost.
        return this.events.onEvent(high < 0 ? { type: name, path } : { type: name, path, zxid: zxidOf(high, low) })
      }
      case Xid.PING:
        this.sawZxid(high, low)
        if (this.pings > 0) this.pings--
        if (this.pings > 0) this.pingSince = this.now()
        return
      case Xid.AUTH:
        this.sawZxid(high, low)
        this.logins.shift()?.(err)
        return
      case Xid.SET_WATCHES:
        this.told()
        return this.events.onWatchesSet(err)
    }
    const wanted = this.inFlight.size === 0 ? "no request was unanswered" : `${this.expected} was expected`
    throw new JuteError(`an answer with xid ${xid} where ${wanted}`)
  }

  private onHandshakeFrame(reader: JuteReader, length: number): void {
    // A read-only server without local sessions refuses with a bare ReplyHeader (measured on 3.8.0).
    if (length === REPLY_HEADER_LENGTH) {
      reader.int()
      reader.long()
      throw new JuteError(`the handshake was refused with code ${reader.int()}`)
    }
    const response = connectResponse.decode(reader)
    this.handshaking = false
    this.events.onHandshake(response)
  }

  // ---- end

  /**
   * Ends the connection and fails what is in flight: surely not done is only what was never written. What cannot be read
   * is the answer to the first; the others only lost their connection.
   */
  destroy(reason: Reason): void {
    if (this.dead) return
    this.dead = true
    this.frames.stop()
    this.meter.outstanding(0)
    this.connection?.destroy()
    for (const login of this.logins.splice(0)) login(undefined)
    const lost = reason._tag === "ProtocolViolation" ? new ConnectionLost({ detail: reason.message }) : reason
    let isFirst = this.inFlight.peek() !== undefined
    this.inFlight.drain((call, written) => {
      call.fail(isFirst && written ? reason : lost, written ? "unknown" : "no")
      isFirst = false
    })
  }
}
