/** A client of raw frames: it sends what a test says and hands back what comes, and keeps no session of its own. */
import type { Connection } from "@effect-zookeeper/core/Connection"
import type { Transport } from "@effect-zookeeper/core/Transport"
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { JuteWriter } from "@effect-zookeeper/core/wire/JuteWriter"
import type { Codec, Operation } from "@effect-zookeeper/core/wire/Operation"
import { watcherEvent, type WatcherEvent } from "@effect-zookeeper/core/wire/event"
import { connectRequest, connectResponse, type ConnectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import * as Effect from "effect/Effect"

export interface Reply<A> {
  readonly xid: number
  readonly zxid: bigint
  readonly err: number
  /** Undefined when the frame ends after its header. */
  readonly body: A | undefined
}

export interface RawClient {
  readonly write: (bytes: Buffer | string) => void
  readonly destroy: () => void
  /** The next frame, without its length; undefined once the connection is closed. */
  readonly take: Effect.Effect<Buffer | undefined>
  /** Everything that is there without waiting. */
  readonly received: () => ReadonlyArray<Buffer>
  readonly isClosed: () => boolean
  readonly send: <Request>(operation: Operation<Request, any>, request: Request, xid?: number) => void
  /** Sends a request and waits for its answer; events that come first are kept in `events`. */
  readonly call: <Request, Response>(
    operation: Operation<Request, Response>,
    request: Request,
    xid?: number
  ) => Effect.Effect<Reply<Response>>
  /** Waits for an event: the kept ones first. */
  readonly event: Effect.Effect<WatcherEvent>
  readonly events: Array<WatcherEvent>
  readonly handshake: (options?: {
    readonly timeOut?: number
    readonly sessionId?: bigint
    readonly passwd?: Uint8Array | null
    readonly lastZxidSeen?: bigint
    readonly readOnly?: boolean
  }) => Effect.Effect<ConnectResponse | undefined>
}

export const frameOf = (body: (writer: JuteWriter) => void): Buffer => {
  const writer = new JuteWriter(64)
  const at = writer.beginFrame()
  body(writer)
  writer.endFrame(at)
  return Buffer.from(writer.written())
}

export const requestFrame = <Request>(operation: Operation<Request, any>, request: Request, xid: number): Buffer =>
  frameOf((writer) => {
    writer.int(xid)
    writer.int(operation.code)
    operation.request.encode(writer, request)
  })

export const decodeReply = <A>(frame: Buffer, codec: Codec<A>): Reply<A> => {
  const reader = new JuteReader().reset(frame)
  const header = { xid: reader.int(), zxid: reader.long(), err: reader.int() }
  return { ...header, body: header.err === 0 ? codec.decode(reader) : undefined }
}

/** Opens a connection; nothing is sent yet. */
export const open = (transport: Transport, port = 2181): Effect.Effect<RawClient> =>
  Effect.gen(function* () {
    const frames = new Frames(0x7fff_ffff)
    const arrived: Array<Buffer> = []
    let waiter: ((frame: Buffer | undefined) => void) | undefined
    let closed = false
    let xids = 0
    const wake = () => {
      if (waiter === undefined || (arrived.length === 0 && !closed)) return
      const resume = waiter
      waiter = undefined
      resume(arrived.shift())
    }
    const connection: Connection = yield* Effect.orDie(
      transport.open(
        { host: "127.0.0.1", address: "127.0.0.1", port },
        {
          onChunk: (chunk) => {
            frames.push(chunk, (bytes, start, end) => arrived.push(Buffer.from(bytes.subarray(start, end))))
            wake()
          },
          onClose: () => {
            closed = true
            wake()
          }
        }
      )
    )
    const take = Effect.callback<Buffer | undefined>((resume) => {
      waiter = (frame) => resume(Effect.succeed(frame))
      wake()
    })
    const events: Array<WatcherEvent> = []
    const client: RawClient = {
      write: (bytes) => void connection.write(typeof bytes === "string" ? Buffer.from(bytes, "hex") : bytes),
      destroy: connection.destroy,
      take,
      received: () => arrived.splice(0),
      isClosed: () => closed && arrived.length === 0,
      send: (operation, request, xid = ++xids) => void connection.write(requestFrame(operation, request, xid)),
      call: Effect.fnUntraced(function* (operation, request, xid = ++xids) {
        connection.write(requestFrame(operation, request, xid))
        while (true) {
          const frame = yield* take
          if (frame === undefined)
            return yield* Effect.die(new Error(`closed instead of an answer to ${operation.name}`))
          if (frame.readInt32BE(0) === -1) events.push(decodeReply(frame, watcherEvent).body!)
          else return decodeReply(frame, operation.response)
        }
      }),
      events,
      event: Effect.gen(function* () {
        const kept = events.shift()
        if (kept !== undefined) return kept
        const frame = yield* take
        if (frame === undefined) return yield* Effect.die(new Error("closed instead of an event"))
        return decodeReply(frame, watcherEvent).body!
      }),
      handshake: Effect.fnUntraced(function* (options = {}) {
        connection.write(
          frameOf((writer) =>
            connectRequest.encode(writer, {
              protocolVersion: 0,
              lastZxidSeen: options.lastZxidSeen ?? 0n,
              timeOut: options.timeOut ?? 10_000,
              sessionId: options.sessionId ?? 0n,
              passwd: options.passwd ?? new Uint8Array(16),
              readOnly: options.readOnly ?? false
            })
          )
        )
        const frame = yield* take
        return frame && connectResponse.decode(new JuteReader().reset(frame))
      })
    }
    return client
  })

/** Opens a connection and a session. */
export const connect = (transport: Transport, options: { readonly timeOut?: number; readonly port?: number } = {}) =>
  Effect.gen(function* () {
    const client = yield* open(transport, options.port)
    const session = yield* client.handshake(options)
    if (session === undefined) return yield* Effect.die(new Error("closed instead of a ConnectResponse"))
    return { ...client, session }
  })
