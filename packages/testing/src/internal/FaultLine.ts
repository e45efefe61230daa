/** Carries bytes between clients and a server, frame by frame, and does to them what the injected faults say. */
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import * as Effect from "effect/Effect"
import type { Fault, Faults } from "../Faults.ts"
import * as OpCode from "./OpCode.ts"
import type { Accept, Peer, PeerReceiver } from "./Peer.ts"
import { Requests } from "./Requests.ts"
import type { Timers } from "./Timers.ts"

type Tag = Fault["_tag"]
type FaultOf<T extends Tag> = Extract<Fault, { readonly _tag: T }>

interface Counted {
  readonly fault: Fault
  left: number
}

const CLOSE_SESSION = -11
const HEADER = 16
/** More than any reply of a real server. */
const LIMIT = 64 << 20

const withLength = (bytes: Buffer, start: number, end: number): Buffer => {
  const frame = Buffer.allocUnsafe(4 + end - start)
  frame.writeInt32BE(end - start)
  bytes.copy(frame, 4, start, end)
  return frame
}

/** Whole replies, with their lengths; the answer to a four-letter word as it comes. */
const replies = (onFrame: (frame: Buffer) => void, onPlain: (bytes: Buffer) => void) => {
  const frames = new Frames(LIMIT)
  let isPlain: boolean | undefined
  return (chunk: Buffer): void => {
    isPlain ??= chunk[0] !== 0
    if (isPlain) onPlain(Buffer.from(chunk))
    else frames.push(chunk, (bytes, start, end) => onFrame(withLength(bytes, start, end)))
  }
}

class Link implements PeerReceiver {
  private readonly line: FaultLine
  private readonly peer: Peer
  private readonly requests: Requests
  private readonly toClient: (chunk: Buffer) => void
  private receiver: PeerReceiver | undefined
  /** The xid of a commit whose answer is not to arrive. */
  private doomed: number | undefined
  private hasAsked = false
  private hasAnswered = false
  private isOver = false
  /** What is held back, in the order in which it is to arrive. */
  private readonly late: Array<{ readonly at: number; readonly act: () => void }> = []
  private cancel = (): void => {}

  constructor(line: FaultLine, peer: Peer) {
    this.line = line
    this.peer = peer
    this.requests = new Requests(
      line.frameLimit,
      (head) => this.mayPass(head),
      (bytes) => this.receiver?.onChunk(bytes)
    )
    this.toClient = replies(
      (frame) => this.reply(frame),
      (bytes) => this.deliver(() => peer.write(bytes))
    )
  }

  attach(accept: Accept): PeerReceiver | undefined {
    this.receiver = accept({
      address: this.peer.address,
      port: this.peer.port,
      write: (bytes) => {
        if (!this.isOver) this.toClient(bytes)
      },
      end: () => this.deliver(() => this.over(() => this.peer.end())),
      destroy: () => this.over(() => this.peer.destroy())
    })
    return this.receiver && this
  }

  onChunk(chunk: Buffer): void {
    if (!this.isOver && !this.requests.push(chunk)) this.reset()
  }

  onClose(): void {
    this.over(() => this.receiver?.onClose())
  }

  reset(): void {
    this.over(() => {
      this.peer.destroy()
      this.receiver?.onClose()
    })
  }

  private over(last: () => void): void {
    if (this.isOver) return
    this.isOver = true
    this.line.forget(this)
    last()
  }

  private mayPass(head: Buffer): boolean {
    const isRequest = this.hasAsked && head.length >= 12
    this.hasAsked = true
    const type = isRequest ? head.readInt32BE(8) : CLOSE_SESSION
    if (!OpCode.isWrite(type) || type === CLOSE_SESSION) return true
    // Both count every commit, also one that the other takes.
    const before = this.line.count("DropBeforeCommit")
    const after = this.line.count("DropAfterCommit")
    if (after !== undefined) this.doomed = head.readInt32BE(4)
    return before === undefined
  }

  private reply(frame: Buffer): void {
    if (this.isOver) return
    if (!this.hasAnswered) {
      this.hasAnswered = true
      const other = this.line.count("SessionId")
      // Behind the length, the protocol version and the timeout.
      if (other !== undefined && frame.length >= 20) frame.writeBigInt64BE(BigInt.asIntN(64, other.sessionId), 12)
      return this.send(frame)
    }
    const xid = frame.readInt32BE(4)
    if (this.doomed === xid) return this.reset()
    if (xid < 0) return this.send(frame)
    const cut = this.line.count("CutReply")
    const other = this.line.count("ReplyXid")
    const refused = this.line.count("ReplyCode")
    if (cut !== undefined) return this.cut(frame)
    if (other !== undefined) frame.writeInt32BE(other.xid, 4)
    if (refused === undefined) return this.send(frame)
    const bare = Buffer.from(frame.subarray(0, 4 + HEADER))
    bare.writeInt32BE(HEADER, 0)
    bare.writeInt32BE(refused.code, 16)
    this.send(bare)
  }

  private cut(frame: Buffer): void {
    this.deliver(() => {
      this.peer.write(frame.subarray(0, frame.length >> 1))
      this.over(() => {
        this.peer.end()
        this.receiver?.onClose()
      })
    })
  }

  private send(frame: Buffer): void {
    this.deliver(() => {
      if (this.line.lasting("ByteByByte") === undefined) return this.peer.write(frame)
      for (let at = 0; at < frame.length; at++) this.peer.write(frame.subarray(at, at + 1))
    })
  }

  private deliver(f: () => void): void {
    const act = () => {
      if (!this.isOver) f()
    }
    const { isMute, timers } = this.line
    const at = timers.now() + (this.line.lasting("Delay")?.millis ?? 0)
    if (!isMute && this.late.length === 0 && at <= timers.now()) return act()
    if (this.late.push({ at, act }) === 1) this.deliverLate()
  }

  /** One timer at a time: several that end together may fire in another order than they were set. */
  private deliverLate(): void {
    const { late } = this
    if (late.length === 0) return
    const { timers } = this.line
    this.cancel = timers.after(Math.max(0, late[0]!.at - timers.now()), () => {
      // Silence keeps what was only delayed before it fell, too.
      if (this.line.isMute) return
      do {
        late[0]!.act()
        late.shift()
      } while (late.length > 0 && late[0]!.at <= timers.now())
      this.deliverLate()
    })
  }

  /** Nothing is held back any longer. */
  release(): void {
    this.cancel()
    for (; this.late.length > 0; this.late.shift()) this.late[0]!.act()
  }
}

export class FaultLine {
  readonly timers: Timers
  /** The longest frame that the server accepts from a client. */
  readonly frameLimit: number
  private counted: Array<Counted> = []
  private readonly links = new Set<Link>()

  constructor(timers: Timers, frameLimit: number) {
    this.timers = timers
    this.frameLimit = frameLimit
  }

  wrap(accept: Accept): Accept {
    return (peer) => {
      if (this.lasting("Refuse") !== undefined) return undefined
      const link = new Link(this, peer)
      const receiver = link.attach(accept)
      if (receiver !== undefined) this.links.add(link)
      return receiver
    }
  }

  forget(link: Link): void {
    this.links.delete(link)
  }

  lasting<T extends Tag>(tag: T): FaultOf<T> | undefined {
    return this.counted.find(({ fault }) => fault._tag === tag)?.fault as FaultOf<T> | undefined
  }

  /** One more of what faults of this kind count; the fault whose moment this is. */
  count<T extends Tag>(tag: T): FaultOf<T> | undefined {
    const due = this.counted.filter(({ fault }) => fault._tag === tag).filter((each) => --each.left === 0)
    if (due.length === 0) return undefined
    this.counted = this.counted.filter((each) => !due.includes(each))
    return due[0]!.fault as FaultOf<T>
  }

  get isMute(): boolean {
    return this.lasting("Mute") !== undefined
  }

  private inject(fault: Fault): void {
    if (fault._tag === "Reset") {
      for (const link of [...this.links]) link.reset()
      return
    }
    // A second delay takes the place of the first.
    if (!("nth" in fault)) this.counted = this.counted.filter((each) => each.fault._tag !== fault._tag)
    this.counted.push({ fault, left: "nth" in fault ? fault.nth : 0 })
  }

  readonly handle: Faults = {
    inject: (...faults) => Effect.sync(() => faults.forEach((fault) => this.inject(fault))),
    clear: Effect.sync(() => {
      this.counted = []
      for (const link of [...this.links]) link.release()
    }),
    pending: Effect.sync(() => this.counted.map(({ fault }) => fault))
  }
}
