/** The network of one client, which a test can take away: a Transport in front of the one in use. */
import { type Connection, OpenFailed, type Receiver } from "@effect-zookeeper/core/Connection"
import { Transport } from "@effect-zookeeper/core/Transport"
import * as Effect from "effect/Effect"

export interface Line {
  readonly transport: Transport
  /** How many connections there were. */
  readonly opened: () => number
  /** Ends all connections, as a reset does. */
  readonly cut: Effect.Effect<void>
  /** Turns new connections away. */
  readonly refuse: Effect.Effect<void>
  readonly allow: Effect.Effect<void>
}

export const make: Effect.Effect<Line> = Effect.gen(function* () {
  const { open } = yield* Transport
  const cuts = new Set<() => void>()
  let isOpen = true
  let count = 0
  const opened = (connection: Connection, receiver: Receiver): Connection => {
    count++
    const cut = () => {
      cuts.delete(cut)
      connection.destroy()
      receiver.onClose("cut")
    }
    cuts.add(cut)
    return {
      write: (bytes) => connection.write(bytes),
      destroy: () => {
        cuts.delete(cut)
        connection.destroy()
      }
    }
  }
  return {
    transport: {
      open: (target, receiver) =>
        Effect.suspend(() =>
          isOpen
            ? Effect.map(open(target, receiver), (connection) => opened(connection, receiver))
            : Effect.fail(new OpenFailed({ cause: "refused" }))
        )
    },
    opened: () => count,
    cut: Effect.sync(() => {
      for (const cut of cuts) cut()
    }),
    refuse: Effect.sync(() => {
      isOpen = false
    }),
    allow: Effect.sync(() => {
      isOpen = true
    })
  }
})
