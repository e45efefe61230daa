/**
 * A server that costs next to nothing, in a process of its own: the same answer to every request of a kind, one write
 * for each batch read. It shows what a client itself is capable of, and stores nothing.
 *
 * `node canned.ts [mute]` prints its port. A mute one answers the handshake only: everything stays outstanding.
 *
 * Watches: after the last addWatch of `sizes.watches` it pushes events for all of them in turn, as fast as they are
 * taken. A read that sets a one-shot watch gets its answer and the event right behind it. Watches of `paths.many` are
 * silent until somebody asks whether their parent exists; of the one-shot ones so many fire at a time.
 */
import * as net from "node:net"
import { paths, sizes } from "../spec.ts"
import * as replies from "./replies.ts"

const EXISTS = 3
const GET_DATA = 4
const CLOSE_SESSION = -11
const ADD_WATCH = 106
const HEADER = 12
/** Of a getData for `paths.big`, whose path is shorter than that of any other node. */
const BIG_PATH = 10
const SLAB = 1 << 20
/** One-shot watches that have fired and are not set again yet. */
const FIRED = 256
/** Events in one write. */
const BLOCK = 512
const MANY = `${paths.manyWatched}/`

const isMute = process.argv[2] === "mute"

class Peer {
  private readonly socket: net.Socket
  private tail: Buffer | undefined
  private slab = Buffer.allocUnsafeSlow(SLAB)
  private filled = 0
  private shaken = false
  private watched: Array<Buffer> = []
  private watchesMany = false
  /** One-shot watches that are set, in order; those before `next` have fired. */
  private armed: Array<Buffer> = []
  private next = 0
  private fired = 0
  private isFiring = false

  constructor(socket: net.Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on("data", (chunk) => this.onChunk(chunk))
    socket.on("error", () => socket.destroy())
  }

  private put(bytes: Buffer): number {
    if (this.filled + bytes.length > this.slab.length) this.send()
    const at = this.filled
    this.slab.set(bytes, at)
    this.filled += bytes.length
    return at
  }

  private reply(bytes: Buffer, request: Buffer, xidAt: number): void {
    const at = this.put(bytes)
    for (let i = 0; i < 4; i++) this.slab[at + 4 + i] = request[xidAt + i]!
  }

  private send(): void {
    if (this.filled === 0) return
    this.socket.write(this.slab.subarray(0, this.filled))
    if (this.socket.writableLength > 0) this.slab = Buffer.allocUnsafeSlow(SLAB)
    this.filled = 0
  }

  private onChunk(chunk: Buffer): void {
    const bytes = this.tail === undefined ? chunk : Buffer.concat([this.tail, chunk])
    if (!this.shaken && bytes.toString("latin1", 0, 4) === "srvr") {
      this.socket.end("Zookeeper version: 3.8.0-canned, built on 2022-02-25 08:49 UTC\n")
      return
    }
    let at = 0
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readInt32BE(at)
      if (end > bytes.length) break
      this.onRequest(bytes, at, end)
      at = end
    }
    this.tail = at === bytes.length ? undefined : bytes.subarray(at)
    if (this.isFiring) this.fire()
    this.send()
    if (this.watched.length === sizes.watches && !this.watchesMany) this.push()
  }

  private onRequest(bytes: Buffer, at: number, end: number): void {
    if (!this.shaken) {
      this.shaken = true
      this.put(replies.handshake)
      return
    }
    const code = bytes.readInt32BE(at + 8)
    if (code === CLOSE_SESSION) {
      this.reply(replies.done, bytes, at + 4)
      this.send()
      this.socket.end()
      return
    }
    if (isMute && code > 0 && code !== 11) return
    if (code === GET_DATA) {
      const length = bytes.readInt32BE(at + HEADER)
      if (length === BIG_PATH) return this.reply(replies.big, bytes, at + 4)
      this.reply(replies.byCode[GET_DATA]!, bytes, at + 4)
      if (bytes[end - 1] === 1) this.onOneShot(pathOf(bytes, at))
      return
    }
    this.reply(replies.byCode[code] ?? replies.done, bytes, at + 4)
    if (code === ADD_WATCH) {
      const path = pathOf(bytes, at)
      if (path.startsWith(MANY)) this.watchesMany = true
      this.watched.push(replies.event(path))
    } else if (code === EXISTS && pathOf(bytes, at) === paths.manyWatched) {
      if (this.watched.length > 0) this.push()
      else this.isFiring = true
    }
  }

  private onOneShot(path: string): void {
    const event = replies.event(path)
    if (!path.startsWith(MANY)) return void this.put(event)
    this.armed.push(event)
    if (this.fired > 0) this.fired--
  }

  private fire(): void {
    for (; this.next < this.armed.length && this.fired < FIRED; this.fired++) this.put(this.armed[this.next++]!)
    if (this.next > this.armed.length / 2) {
      this.armed.splice(0, this.next)
      this.next = 0
    }
  }

  /** Events for all watched nodes, again and again; pauses only for a client that does not keep up. */
  private push(): void {
    const blocks: Array<Buffer> = []
    // Of few nodes each several times in a block.
    const events = Array.from({ length: Math.ceil(BLOCK / this.watched.length) }, () => this.watched).flat()
    for (let at = 0; at < events.length; at += BLOCK) blocks.push(Buffer.concat(events.slice(at, at + BLOCK)))
    this.watched = []
    let block = 0
    const go = () => {
      while (!this.socket.destroyed && this.socket.write(blocks[block++ % blocks.length]!)) {}
    }
    this.socket.on("drain", () => setImmediate(go))
    go()
  }
}

const pathOf = (bytes: Buffer, at: number): string =>
  bytes.toString("utf8", at + 16, at + 16 + bytes.readInt32BE(at + HEADER))

const server = net.createServer((socket) => new Peer(socket))
server.listen(0, "127.0.0.1", () => console.log((server.address() as net.AddressInfo).port))
// The harness holds the other end of this pipe: when it is gone, so is the server.
process.stdin.on("end", () => process.exit(0)).resume()
