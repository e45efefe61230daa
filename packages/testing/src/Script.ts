/**
 * A server played from a script, one line for each frame: what a client must say next and what it then hears. What
 * differs is shown line beside line.
 *
 * @since 0.1.0
 */
import { EventType } from "@effect-zookeeper/core/WatchEvent"
import type { Transport } from "@effect-zookeeper/core/Transport"
import { SYNC_CONNECTED, watcherEvent } from "@effect-zookeeper/core/wire/event"
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import type { Operation } from "@effect-zookeeper/core/wire/Operation"
import {
  type ConnectRequest,
  connectRequest,
  type ConnectResponse,
  connectResponse
} from "@effect-zookeeper/core/wire/ops/connect"
import { ping } from "@effect-zookeeper/core/wire/ops/session"
import { byCode } from "@effect-zookeeper/core/wire/registry"
import * as Xid from "@effect-zookeeper/core/wire/Xid"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as memory from "./internal/memory.ts"
import type { Peer, PeerReceiver } from "./internal/Peer.ts"

/**
 * The client said something else than the script.
 *
 * @category errors
 * @since 0.1.0
 */
export class ScriptMismatch extends Data.TaggedError("ScriptMismatch")<{
  /** Of the script, from 1. */
  readonly line: number
  readonly expected: string
  readonly got: string
}> {
  override get message(): string {
    return `line ${this.line} of the script differs\n  - ${this.expected}\n  + ${this.got}`
  }
}

/**
 * One line of a script.
 *
 * @category models
 * @since 0.1.0
 */
export type Line =
  | { readonly _tag: "expect"; readonly name: string; readonly fields: Readonly<Record<string, unknown>> }
  | {
      readonly _tag: "send"
      readonly xid: "last" | "none" | number
      readonly zxid: bigint
      readonly err: number
      readonly body: (writer: JuteWriter) => void
    }
  | { readonly _tag: "halt" }

const nothing = (): void => {}

/**
 * Expects a ConnectRequest; only the given fields are compared.
 *
 * @category lines
 * @since 0.1.0
 */
export const expectConnect = (fields: Partial<ConnectRequest> = {}): Line => ({
  _tag: "expect",
  name: "connect",
  fields
})

/**
 * Expects a request; only the given fields are compared.
 *
 * @category lines
 * @since 0.1.0
 */
export const expect = <Request, Response>(
  operation: Operation<Request, Response>,
  fields: Partial<Request> = {}
): Line => ({ _tag: "expect", name: operation.name, fields: { ...fields } })

/**
 * Sends a ConnectResponse: by default a session of 10 seconds. Timeout 0 says that the session is gone.
 *
 * @category lines
 * @since 0.1.0
 */
export const sendConnected = (fields: Partial<ConnectResponse> = {}): Line => ({
  _tag: "send",
  xid: "none",
  zxid: 0n,
  err: 0,
  body: (writer) =>
    connectResponse.encode(writer, {
      protocolVersion: 0,
      timeOut: 10_000,
      sessionId: 0x1_0000n,
      passwd: new Uint8Array(16),
      readOnly: false,
      ...fields
    })
})

/**
 * Answers the last request that was expected.
 *
 * @category lines
 * @since 0.1.0
 */
export const send = <Request, Response>(
  operation: Operation<Request, Response>,
  response: Response,
  header: { readonly zxid?: bigint; readonly xid?: number } = {}
): Line => ({
  _tag: "send",
  xid: header.xid ?? "last",
  zxid: header.zxid ?? 1n,
  err: 0,
  body: (writer) => operation.response.encode(writer, response)
})

/**
 * Refuses the last request that was expected.
 *
 * @category lines
 * @since 0.1.0
 */
export const sendError = (code: number, zxid = 1n): Line => ({
  _tag: "send",
  xid: "last",
  zxid,
  err: code,
  body: nothing
})

/**
 * Sends a notification.
 *
 * @category lines
 * @since 0.1.0
 */
export const sendEvent = (type: EventType, path: string): Line => ({
  _tag: "send",
  xid: Xid.NOTIFICATION,
  zxid: -1n,
  err: 0,
  body: (writer) => watcherEvent.encode(writer, { type: EventType[type], state: SYNC_CONNECTED, path })
})

/**
 * Closes the connection; the script goes on with the next one.
 *
 * @category lines
 * @since 0.1.0
 */
export const halt: Line = { _tag: "halt" }

const show = (value: unknown): string => {
  if (typeof value === "bigint") return `${value}n`
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString())
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "nothing"
  return `{ ${Object.entries(value)
    .map(([key, field]) => `${key}: ${show(field)}`)
    .join(", ")} }`
}

interface Frame {
  readonly name: string
  readonly xid: number
  readonly value: unknown
}

const decode = (bytes: Buffer, isFirst: boolean): Frame => {
  const reader = new JuteReader().reset(bytes)
  if (isFirst) return { name: "connect", xid: 0, value: connectRequest.decode(reader) }
  const xid = reader.int()
  const type = reader.int()
  const operation = byCode(type)
  return operation === undefined
    ? { name: `operation ${type}`, xid, value: bytes }
    : { name: operation.name, xid, value: operation.request.decode(reader) }
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {}

/**
 * A script under way.
 *
 * @category models
 * @since 0.1.0
 */
export interface Script {
  /** Leads to the player, whatever host is asked for. */
  readonly transport: Transport
  /** Waits until every line was played. */
  readonly done: Effect.Effect<void, ScriptMismatch>
}

class Player {
  readonly done = Deferred.makeUnsafe<void, ScriptMismatch>()
  private readonly lines: ReadonlyArray<Line>
  private at = 0
  private lastXid = 0
  private peer: Peer | undefined

  constructor(lines: ReadonlyArray<Line>) {
    this.lines = lines
  }

  accept(peer: Peer): PeerReceiver {
    this.peer = peer
    const frames = new Frames(0x7fff_ffff)
    let isFirst = true
    return {
      onChunk: (chunk) =>
        frames.push(chunk, (bytes, start, end) => {
          const frame = decode(Buffer.from(bytes.subarray(start, end)), isFirst)
          isFirst = false
          this.receive(frame)
        }),
      onClose: () => {
        if (this.peer === peer) this.peer = undefined
      }
    }
  }

  private receive(frame: Frame): void {
    const line = this.lines[this.at]
    // Heartbeats come when they come; a script that is about them expects them.
    if (frame.name === ping.name && !(line?._tag === "expect" && line.name === ping.name)) {
      return this.write(Xid.PING, 1n, 0, nothing)
    }
    const fields = fieldsOf(frame.value)
    const expected = line?._tag === "expect" ? line : undefined
    const keys = Object.keys(expected?.fields ?? {})
    const isSame =
      frame.name === expected?.name && keys.every((key) => show(fields[key]) === show(expected.fields[key]))
    if (!isSame) {
      const mismatch = new ScriptMismatch({
        line: this.at + 1,
        expected: expected === undefined ? "nothing more" : `${expected.name} ${show(expected.fields)}`,
        got: `${frame.name} ${show(
          frame.name === expected?.name ? Object.fromEntries(keys.map((key) => [key, fields[key]])) : fields
        )}`
      })
      Deferred.doneUnsafe(this.done, Effect.fail(mismatch))
      return
    }
    this.lastXid = frame.xid
    this.at++
    this.play()
  }

  /** Plays what needs nothing from the client. */
  play(): void {
    for (let line = this.lines[this.at]; line !== undefined && line._tag !== "expect"; line = this.lines[this.at]) {
      this.at++
      if (line._tag === "halt") {
        this.peer?.end()
        this.peer = undefined
      } else if (line.xid === "none") this.frame(line.body)
      else this.write(line.xid === "last" ? this.lastXid : line.xid, line.zxid, line.err, line.body)
    }
    if (this.at === this.lines.length) Deferred.doneUnsafe(this.done, Effect.void)
  }

  private write(xid: number, zxid: bigint, err: number, body: (writer: JuteWriter) => void): void {
    this.frame((writer) => {
      writer.int(xid)
      writer.long(zxid)
      writer.int(err)
      body(writer)
    })
  }

  private frame(body: (writer: JuteWriter) => void): void {
    const writer = new JuteWriter(256)
    const start = writer.beginFrame()
    body(writer)
    writer.endFrame(start)
    this.peer?.write(writer.written())
  }
}

/**
 * Plays a script to whoever connects: to one connection at a time.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (...lines: ReadonlyArray<Line>): Effect.Effect<Script> =>
  Effect.sync(() => {
    const player = new Player(lines)
    return {
      transport: memory.transport(() => (peer) => player.accept(peer)),
      done: Deferred.await(player.done)
    }
  })
