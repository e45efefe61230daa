/** Plays the lines of a script to one client at a time, and compares what it says with what they expect. */
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import { JuteError } from "@effect-zookeeper/core/wire/JuteError"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import { connectRequest } from "@effect-zookeeper/core/wire/ops/connect"
import { ping } from "@effect-zookeeper/core/wire/ops/session"
import { byCode } from "@effect-zookeeper/core/wire/registry"
import * as Xid from "@effect-zookeeper/core/wire/Xid"
import { isUtf8 } from "node:buffer"
import type { Line } from "../Script.ts"
import type { Peer, PeerReceiver } from "./Peer.ts"

/** What the client should have said, and what it said. */
export interface Difference {
  readonly line: number
  readonly expected: string
  readonly got: string
}

/** As text where they are text: what looks the same is the same. */
const showBytes = (bytes: Buffer): string =>
  isUtf8(bytes) ? JSON.stringify(bytes.toString()) : `0x${bytes.toString("hex")}`

const show = (value: unknown): string => {
  if (typeof value === "bigint") return `${value}n`
  if (value instanceof Uint8Array) return showBytes(Buffer.from(value))
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
  try {
    return decodeWhole(bytes, isFirst)
  } catch (error) {
    if (!(error instanceof JuteError)) throw error
    return { name: `a frame that cannot be read (${error.message})`, xid: 0, value: { bytes } }
  }
}

const decodeWhole = (bytes: Buffer, isFirst: boolean): Frame => {
  const reader = new JuteReader().reset(bytes)
  if (isFirst) return { name: "connect", xid: 0, value: connectRequest.decode(reader) }
  const xid = reader.int()
  const type = reader.int()
  const operation = byCode(type)
  return operation === undefined
    ? { name: `operation ${type}`, xid, value: { body: bytes.subarray(8) } }
    : { name: operation.name, xid, value: operation.request.decode(reader) }
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {}

/** Only the fields that the script names count. */
const compare = (
  expected: Extract<Line, { _tag: "expect" }> | undefined,
  { name, value }: Frame
): Omit<Difference, "line"> | undefined => {
  const fields = fieldsOf(value)
  if (expected === undefined) return { expected: "nothing more", got: `${name} ${show(fields)}` }
  const named = Object.fromEntries(Object.keys(expected.fields).map((key) => [key, fields[key]]))
  const isExpected = name === expected.name
  if (isExpected && show(named) === show(expected.fields)) return undefined
  return {
    expected: `${expected.name} ${show(expected.fields)}`,
    got: `${name} ${show(isExpected ? named : fields)}`
  }
}

export class Player {
  private readonly lines: ReadonlyArray<Line>
  private readonly onEnd: (difference?: Difference) => void
  private at = 0
  private lastXid = 0
  private peer: Peer | undefined

  /** Calls back when every line was played, or when the client said something else. */
  constructor(lines: ReadonlyArray<Line>, onEnd: (difference?: Difference) => void) {
    this.lines = lines
    this.onEnd = onEnd
  }

  accept(peer: Peer): PeerReceiver {
    this.peer = peer
    this.play()
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
      return this.write(Xid.PING, 1n, 0, () => {})
    }
    const difference = compare(line?._tag === "expect" ? line : undefined, frame)
    if (difference !== undefined) return this.onEnd({ line: this.at + 1, ...difference })
    this.lastXid = frame.xid
    this.at++
    this.play()
  }

  /** Plays what needs nothing from the client but that it is there. */
  private play(): void {
    for (let line = this.next; line !== undefined && line._tag !== "expect"; line = this.next) {
      this.at++
      if (line._tag === "halt") {
        this.peer?.end()
        this.peer = undefined
      } else if (line.xid === "none") this.frame(line.body)
      else this.write(line.xid === "last" ? this.lastXid : line.xid, line.zxid, line.err, line.body)
    }
    if (this.at === this.lines.length) this.onEnd()
  }

  /** Undefined while there is nobody to play to. */
  private get next(): Line | undefined {
    return this.peer === undefined ? undefined : this.lines[this.at]
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
