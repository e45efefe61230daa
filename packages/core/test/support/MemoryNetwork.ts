/**
 * Servers in memory whose every byte the test decides, behind the `Transport` seam: no socket, so that TestClock decides
 * what is late.
 */
import { type Connection, OpenFailed, type Receiver, type Target } from "@effect-zookeeper/core/Connection"
import { Lookup } from "@effect-zookeeper/core/Lookup"
import { Transport } from "@effect-zookeeper/core/Transport"
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** The server's end of a connection. */
export class ServerEnd {
  readonly target: Target
  /** When it was opened, by the Clock. */
  readonly at: number
  /** What the client wrote, one element for each write. */
  readonly writes: Array<Buffer> = []
  /** The frames in it, without their lengths; the first one is the handshake. */
  readonly frames: Array<Buffer> = []
  /** The client has ended it. */
  ended = false
  /** The four-letter word that came instead of a handshake. */
  word: string | undefined
  private closed = false
  private readonly receiver: Receiver
  private readonly splitter = new Frames(64 << 20)

  constructor(target: Target, at: number, receiver: Receiver) {
    this.target = target
    this.at = at
    this.receiver = receiver
  }

  /** The host as the client knows it. */
  get host(): string {
    return `${this.target.host}:${this.target.port}`
  }

  receive(bytes: Buffer, onFrame: (frame: Buffer) => void): void {
    const copy = Buffer.from(bytes)
    this.writes.push(copy)
    // A four-letter word is no frame.
    if (this.frames.length === 0 && copy.length === 4) {
      this.word = copy.toString("latin1")
      return onFrame(copy)
    }
    const found: Array<Buffer> = []
    this.splitter.push(copy, (chunk, start, end) => found.push(Buffer.from(chunk.subarray(start, end))))
    this.frames.push(...found)
    for (const frame of found) onFrame(frame)
  }

  /** Sends bytes as one chunk, later than now as a network does. */
  send(bytes: Uint8Array): void {
    queueMicrotask(() => {
      if (!this.ended && !this.closed) this.receiver.onChunk(Buffer.from(bytes))
    })
  }

  sendFrame(body: Uint8Array): void {
    const frame = Buffer.alloc(4 + body.length)
    frame.writeInt32BE(body.length)
    frame.set(body, 4)
    this.send(frame)
  }

  /** Ends it from the server's side. */
  close(cause = "closed by the server"): void {
    queueMicrotask(() => {
      if (this.ended || this.closed) return
      this.closed = true
      this.receiver.onClose(cause)
    })
  }

  get isOpen(): boolean {
    return !this.ended && !this.closed
  }
}

/** What the servers do. */
export interface Script {
  /** Whether a connection comes about: true, "mute" for no answer at all, or why it is refused. */
  readonly accept?: (target: Target) => true | "mute" | { readonly refused: string }
  /** A frame came, or a four-letter word. */
  readonly onFrame: (frame: Buffer, server: ServerEnd) => void
}

export class MemoryNetwork {
  /** All connections, in order, those for four-letter words among them. */
  readonly connections: Array<ServerEnd> = []
  /** Every attempt to open a connection, also those refused, with its time. */
  readonly attempts: Array<{ readonly host: string; readonly address: string; readonly at: number }> = []
  /** Every name that was looked up, in order. */
  readonly lookups: Array<string> = []
  script: Script
  /** The addresses of a name, itself unless a test says otherwise; text says why there are none. */
  addresses: (host: string) => ReadonlyArray<string> | string = (host) => [host]

  constructor(script: Script) {
    this.script = script
  }

  private readonly open = (target: Target, receiver: Receiver): Effect.Effect<Connection, OpenFailed> =>
    Effect.flatMap(Clock.currentTimeMillis, (at) => {
      this.attempts.push({ host: `${target.host}:${target.port}`, address: target.address, at })
      const accepted = this.script.accept?.(target) ?? true
      if (accepted === "mute") return Effect.never
      if (accepted !== true) return Effect.fail(new OpenFailed({ cause: accepted.refused }))
      const server = new ServerEnd(target, at, receiver)
      this.connections.push(server)
      return Effect.succeed<Connection>({
        write: (bytes) => {
          if (server.isOpen) server.receive(bytes, (frame) => this.script.onFrame(frame, server))
          return true
        },
        destroy: () => {
          server.ended = true
        }
      })
    })

  /** The connections that are not for a four-letter word. */
  get sessions(): ReadonlyArray<ServerEnd> {
    return this.connections.filter(({ word }) => word === undefined)
  }

  /** The newest of them. */
  get last(): ServerEnd {
    const last = this.sessions.at(-1)
    if (last === undefined) throw new Error(`no connection was opened; ${this.attempts.length} were tried`)
    return last
  }

  readonly provide = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    effect.pipe(
      Effect.provideService(Transport, { open: this.open }),
      Effect.provideService(Lookup, {
        addresses: (host) =>
          Effect.suspend(() => {
            this.lookups.push(host)
            const found = this.addresses(host)
            return typeof found === "string" ? Effect.fail(found) : Effect.succeed(found)
          })
      })
    )
}

/** Lets everything happen that needs no time: microtasks, fibers and their like. */
export const settle: Effect.Effect<void> = Effect.promise(() => new Promise((resolve) => setImmediate(resolve))).pipe(
  Effect.repeat({ times: 4 }),
  Effect.asVoid
)
