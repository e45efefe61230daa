/** Connections without sockets: two ends in one process that hand each other bytes, one turn later and in order. */
import { type Connection, OpenFailed, type Receiver, type Target } from "@effect-zookeeper/core/Connection"
import type { Transport } from "@effect-zookeeper/core/Transport"
import * as Effect from "effect/Effect"
import type { Accept, PeerReceiver } from "./Peer.ts"

/** So many deliveries in one turn of the event loop, then one waits for the next: endless talk must not stop the timers. */
const BREATH = 10_000

let deliveries = 0

/** Microtasks, so that everything that a virtual clock set off is through before the clock moves on. */
const soon = (f: () => void): void => {
  if (deliveries++ === 0) {
    setImmediate(() => {
      deliveries = 0
    })
  }
  if (deliveries > BREATH) setImmediate(f)
  else queueMicrotask(f)
}

/** Calls in order, one after another, each later than whoever made it. */
const line = (): ((f: () => void) => void) => {
  const waiting: Array<() => void> = []
  const next = (): void => {
    try {
      waiting[0]!()
    } finally {
      waiting.shift()
      if (waiting.length > 0) soon(next)
    }
  }
  return (f) => {
    if (waiting.push(f) === 1) soon(next)
  }
}

let lastPort = 40_000

/** Opens a connection to whoever `accept` is; undefined when it is turned away at once. */
export const connect = (accept: Accept, receiver: Receiver): Connection | undefined => {
  const toServer = line()
  const toClient = line()
  let isOpen = true
  let serverGone = false
  const finish = (cause: string) => {
    serverGone = true
    toClient(() => {
      if (!isOpen) return
      isOpen = false
      receiver.onClose(cause)
    })
  }
  lastPort = lastPort === 65_535 ? 40_001 : lastPort + 1
  const server: PeerReceiver | undefined = accept({
    address: "127.0.0.1",
    port: lastPort,
    write: (bytes) => {
      // The chunk is the receiver's for the call only, as with a socket: what is written must not change meanwhile.
      const copy = Buffer.from(bytes)
      toClient(() => {
        if (isOpen) receiver.onChunk(copy)
      })
    },
    end: () => finish("closed by the server"),
    destroy: () => finish("reset by the server")
  })
  if (server === undefined) return undefined
  return {
    write: (bytes) => {
      const copy = Buffer.from(bytes)
      toServer(() => {
        if (!serverGone) server.onChunk(copy)
      })
      return true
    },
    destroy: () => {
      if (!isOpen) return
      isOpen = false
      toServer(() => {
        if (!serverGone) server.onClose()
      })
    }
  }
}

/** A Transport on which only the given servers exist. */
export const transport = (find: (target: Target) => Accept | undefined): Transport => ({
  open: (target, receiver) =>
    Effect.callback((resume) => {
      let isWanted = true
      let opened: Connection | undefined
      soon(() => {
        if (!isWanted) return
        const accept = find(target)
        const whole: Receiver = {
          onChunk: (chunk) => receiver.onChunk(chunk),
          onClose: (cause) => receiver.onClose(cause)
        }
        opened = accept && connect(accept, whole)
        const where = `${target.host}:${target.port}`
        resume(
          opened ? Effect.succeed(opened) : Effect.fail(new OpenFailed({ cause: `${where} refused the connection` }))
        )
      })
      return Effect.sync(() => {
        isWanted = false
        opened?.destroy()
      })
    })
})
