/**
 * A server whose every byte the test decides: it accepts connections and hands them out.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Listener from "./Listener.ts"
import * as Peer from "./Peer.ts"
import { type TimedOut, within } from "./realTime.ts"

export interface ScriptedServer extends Listener.Listener {
  /** The next connection, in the order in which they came. One that nobody asks for stays open and mute. */
  readonly accept: Effect.Effect<Peer.Peer, TimedOut>
  /** How many connections came in all. */
  readonly accepted: () => number
}

export const make: Effect.Effect<ScriptedServer, never, Scope.Scope> = Effect.gen(function* () {
  const peers = yield* Queue.unbounded<Peer.Peer>()
  let accepted = 0
  const listener = yield* Listener.make((socket) => {
    accepted++
    Queue.offerUnsafe(peers, Peer.fromSocket(socket))
  })
  const accept = within(Queue.take(peers), "10 seconds", () => `no connection came; ${accepted} came before`)
  return { ...listener, accept, accepted: () => accepted }
})
