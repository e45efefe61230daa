/**
 * A TCP proxy in front of a server, to take the network away from it.
 */
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as net from "node:net"
import * as Listener from "./Listener.ts"
import { type TimedOut, within } from "./realTime.ts"

export interface ProxiedRequest {
  readonly xid: number
  /** The operation's code. */
  readonly type: number
}

export interface Proxy extends Listener.Listener {
  /** How many connections came in all. */
  readonly accepted: () => number
  /** Bytes sent on so far, towards the server and back. */
  readonly bytes: () => { readonly up: number; readonly down: number }
  /** Resets all connections; new ones are welcome. */
  readonly cut: Effect.Effect<void>
  /** Lets nothing through in either direction, on connections to come as well: a loss that nobody is told of. */
  readonly stall: Effect.Effect<void>
  /** Lets through what waits, and everything from now on. */
  readonly flow: Effect.Effect<void>
  /**
   * Lets the next request that matches through to the server, and ends its connection when the reply comes, without
   * delivering it, but what came before it: the server did it and the client cannot know, or by a watch only. What is
   * returned waits until that has happened.
   */
  readonly dropReplyTo: (matches: (request: ProxiedRequest) => boolean) => Effect.Effect<Effect.Effect<void, TimedOut>>
}

export interface Options {
  /** Default 127.0.0.1. */
  readonly host?: string
  readonly port: number
}

interface Rule {
  readonly matches: (request: ProxiedRequest) => boolean
  readonly done: Deferred.Deferred<void>
}

/** Enough for any reply of a real server. */
const LIMIT = 64 << 20

/** Calls `onFrame` with each whole frame, its length included; bytes that are no frames (four-letter words) as they come. */
const splitter = (
  onFrame: (bytes: Buffer, isFrame: boolean) => void,
  onRubbish: () => void
): ((chunk: Buffer) => void) => {
  const frames = new Frames(LIMIT)
  let plain: boolean | undefined
  return (chunk) => {
    // The first byte of a handshake's length is 0.
    plain ??= chunk[0] !== 0
    if (plain) return onFrame(chunk, false)
    try {
      frames.push(chunk, (bytes, start, end) => {
        const frame = Buffer.allocUnsafe(4 + end - start)
        frame.writeInt32BE(end - start)
        bytes.copy(frame, 4, start, end)
        onFrame(frame, true)
      })
    } catch {
      onRubbish()
    }
  }
}

export const make = Effect.fnUntraced(function* (target: Options): Effect.fn.Return<Proxy, never, Scope.Scope> {
  const upstreams = new Set<net.Socket>()
  const rules = new Set<Rule>()
  let accepted = 0
  let up = 0
  let down = 0
  let stalled = false

  const carry = (client: net.Socket) => {
    accepted++
    const server = net.connect(target.port, target.host ?? "127.0.0.1")
    upstreams.add(server)
    server.on("close", () => upstreams.delete(server))
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      if (stalled) socket.pause()
    }
    let doomed: { readonly xid: number; readonly rule: Rule } | undefined
    let isOver = false
    const handshaken = { up: false, down: false }

    const reset = () => {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }

    const toServer = splitter((bytes, isFrame) => {
      if (isOver) return
      if (isFrame && handshaken.up && bytes.length >= 12) {
        const request = { xid: bytes.readInt32BE(4), type: bytes.readInt32BE(8) }
        const rule = [...rules].find(({ matches }) => matches(request))
        if (rule !== undefined && doomed === undefined) {
          rules.delete(rule)
          doomed = { xid: request.xid, rule }
        }
      }
      handshaken.up = true
      up += bytes.length
      server.write(bytes)
    }, reset)
    const toClient = splitter((bytes, isFrame) => {
      if (isOver || client.destroyed) return
      if (isFrame && handshaken.down && doomed !== undefined && bytes.readInt32BE(4) === doomed.xid) {
        isOver = true
        // A reset would take with it what the client has not read yet.
        client.destroySoon()
        server.resetAndDestroy()
        Deferred.doneUnsafe(doomed.rule.done, Effect.void)
        return
      }
      handshaken.down = true
      down += bytes.length
      client.write(bytes)
    }, reset)
    client.on("data", toServer)
    server.on("data", toClient)
    client.on("error", () => server.destroy())
    server.on("error", () => client.destroy())
    client.on("end", () => server.end())
    server.on("end", () => client.end())
    client.on("close", () => server.destroy())
  }

  const listener = yield* Listener.make(carry)
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const socket of upstreams) socket.destroy()
    })
  )
  const each = (act: (socket: net.Socket) => void) => {
    for (const socket of [...listener.sockets, ...upstreams]) act(socket)
  }
  return {
    ...listener,
    accepted: () => accepted,
    bytes: () => ({ up, down }),
    cut: Effect.sync(() => each((socket) => socket.resetAndDestroy())),
    stall: Effect.sync(() => {
      stalled = true
      each((socket) => socket.pause())
    }),
    flow: Effect.sync(() => {
      stalled = false
      each((socket) => socket.resume())
    }),
    dropReplyTo: (matches) =>
      Effect.sync(() => {
        const done = Deferred.makeUnsafe<void>()
        rules.add({ matches, done })
        return within(Deferred.await(done), "20 seconds", () => "no reply to a matching request came to be dropped")
      })
  }
})
