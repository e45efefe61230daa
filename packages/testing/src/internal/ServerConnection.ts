/** One client's connection: frames in, answers and events out, in the order that a real server keeps. */
import { ErrorCode } from "@effect-zookeeper/core/ErrorCode"
import { SYNC_CONNECTED, watcherEvent } from "@effect-zookeeper/core/wire/event"
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import { auth, sasl } from "@effect-zookeeper/core/wire/ops/auth"
import { closeSession, ping } from "@effect-zookeeper/core/wire/ops/session"
import { sync } from "@effect-zookeeper/core/wire/ops/sync"
import * as Xid from "@effect-zookeeper/core/wire/Xid"
import { authenticate, saslStep } from "./Authentication.ts"
import type { Body, Watcher } from "./FinalRequestProcessor.ts"
import * as FourLetterWords from "./FourLetterWords.ts"
import { handshake } from "./Handshake.ts"
import { KeeperException } from "./KeeperException.ts"
import * as OpCode from "./OpCode.ts"
import type { Peer, PeerReceiver } from "./Peer.ts"
import type { SaslDigestMd5 } from "./SaslDigestMd5.ts"
import type { Id } from "./Transaction.ts"
import type { ZooKeeperServer } from "./ZooKeeperServer.ts"

interface Request {
  readonly xid: number
  readonly type: number
  readonly body: Buffer
}

const NOTIFICATION_ZXID = -1n
const HEADER = 8

export class ServerConnection implements Watcher, PeerReceiver {
  readonly server: ZooKeeperServer
  readonly peer: Peer
  readonly establishedAt: number
  readonly auth: Array<Id>
  sessionId = 0n
  timeOut = 0
  isLocal = false
  sasl: SaslDigestMd5 | undefined
  received = 0
  sent = 0
  lastXid = 0
  lastType = "NA"
  private readonly out = new JuteWriter(256)
  private readonly queue: Array<Request> = []
  /** What came while the server stood still. */
  private readonly held: Array<() => void> = []
  private readonly frames: Frames
  /** The first four bytes decide: a command in letters, or the length of a frame. */
  private head: Buffer | undefined = Buffer.alloc(0)
  private isConnecting = true
  /** A request is with the leader; those behind it wait. */
  private isBusy = false
  private isFlushing = false
  isClosing = false
  isClosed = false

  constructor(server: ZooKeeperServer, peer: Peer) {
    this.server = server
    this.peer = peer
    this.establishedAt = server.timers.now()
    this.auth = [{ scheme: "ip", id: peer.address }]
    this.frames = new Frames(server.options.juteMaxBuffer)
  }

  onChunk(chunk: Buffer): void {
    if (this.isClosed) return
    if (this.server.isFrozen) {
      const bytes = Buffer.from(chunk)
      this.held.push(() => this.onChunk(bytes))
      return
    }
    if (this.head !== undefined) {
      this.head = Buffer.concat([this.head, chunk])
      if (this.head.length < 4) return
      const { head } = this
      this.head = undefined
      const run = FourLetterWords.command(head.toString("latin1", 0, 4))
      if (run === undefined) return this.push(head)
      this.received++
      this.server.packetsReceived++
      this.peer.write(Buffer.from(run(this.server)))
      return this.end()
    }
    this.push(chunk)
  }

  thaw(): void {
    for (const happen of this.held.splice(0)) happen()
  }

  onClose(): void {
    // Behind what the client said before it went.
    if (this.server.isFrozen) return void this.held.push(() => this.onClose())
    this.isClosed = true
    this.server.forget(this)
  }

  private push(chunk: Buffer): void {
    try {
      this.frames.push(chunk, (bytes, start, end) => {
        if (!this.isClosed) this.frame(Buffer.from(bytes.subarray(start, end)))
      })
    } catch {
      // No reply to a frame of impossible length (measured on 3.8.0).
      this.end()
    }
  }

  private frame(bytes: Buffer): void {
    this.received++
    if (this.isConnecting) {
      this.isConnecting = false
      this.isBusy = true
      return handshake(this, bytes)
    }
    if (bytes.length < HEADER) return this.end()
    const xid = bytes.readInt32BE(0)
    const type = bytes.readInt32BE(4)
    const body = bytes.subarray(HEADER)
    this.lastXid = xid
    this.lastType = OpCode.shortName(type)
    this.server.touch(this)
    // Both overtake what is queued: a real server answers them from its I/O thread (measured on 3.8.0).
    if (type === auth.code) return authenticate(this, xid, body)
    if (type === sasl.code) return saslStep(this, xid, body)
    if (!OpCode.isKnown(type, this.server.options.version)) {
      this.reply(xid, NOTIFICATION_ZXID, ErrorCode.Unimplemented)
      return this.end()
    }
    this.queue.push({ xid, type, body })
    this.pump()
  }

  /** The handshake is through. */
  established(): void {
    this.isBusy = false
    this.pump()
  }

  private pump(): void {
    while (!this.isBusy && !this.isClosing && !this.isClosed) {
      const request = this.queue.shift()
      if (request === undefined) return
      this.process(request)
    }
  }

  private process(request: Request): void {
    const { body, type, xid } = request
    const { server } = this
    if (type === ping.code) return this.reply(Xid.PING, server.tree.lastZxid, 0)
    if (OpCode.isWrite(type) || type === sync.code) {
      const isEnd = type === closeSession.code
      // A session ends everywhere (org.apache.zookeeper.server.quorum.ReadOnlyRequestProcessor).
      if (server.isReadOnly && !isEnd) return this.reply(xid, server.tree.lastZxid, ErrorCode.NotReadOnly)
      if (isEnd) this.isClosing = true
      this.isBusy = true
      const done = (err: number, answer?: Body): void => {
        this.isBusy = false
        if (this.isClosed) return
        this.reply(xid, server.tree.lastZxid, err, answer)
        if (isEnd) this.end()
        this.pump()
      }
      return type === sync.code ? server.sync(this, body, done) : server.write(this, type, body, done)
    }
    try {
      const answer = server.processor.read(type, new JuteReader().reset(body), this)
      this.reply(xid, server.tree.lastZxid, 0, answer)
    } catch (error) {
      // What is no refusal is a request that cannot be read.
      const code = error instanceof KeeperException ? error.code : ErrorCode.MarshallingError
      this.reply(xid, server.tree.lastZxid, code)
    }
  }

  reply(xid: number, zxid: bigint, err: number, body?: Body): void {
    if (this.isClosed) return
    const { out } = this
    const frame = out.beginFrame()
    out.int(xid)
    out.long(zxid)
    out.int(err)
    body?.(out)
    out.endFrame(frame)
    this.sent++
    this.server.packetsSent++
    this.flushSoon()
  }

  /** A frame without a ReplyHeader: the answer to a handshake. */
  send(body: (writer: JuteWriter) => void): void {
    const frame = this.out.beginFrame()
    body(this.out)
    this.out.endFrame(frame)
    this.sent++
    this.server.packetsSent++
    this.flushSoon()
  }

  notify(type: number, path: string): void {
    this.reply(Xid.NOTIFICATION, NOTIFICATION_ZXID, 0, (writer) =>
      watcherEvent.encode(writer, { type, state: SYNC_CONNECTED, path })
    )
  }

  /** All frames of a turn leave in one write. */
  private flushSoon(): void {
    if (this.isFlushing) return
    this.isFlushing = true
    queueMicrotask(() => {
      this.isFlushing = false
      if (!this.isClosed) this.flush()
    })
  }

  private flush(): void {
    if (this.out.length === 0) return
    const bytes = this.out.written()
    this.out.detach()
    this.peer.write(bytes)
  }

  /** Closes after what is to be sent has left. */
  end(): void {
    if (this.isClosed) return
    this.flush()
    this.isClosed = true
    this.peer.end()
    this.server.forget(this)
  }

  /** Closes at once. */
  destroy(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.peer.destroy()
    this.server.forget(this)
  }
}
