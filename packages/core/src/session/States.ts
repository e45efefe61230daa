/** The session's states for whoever wants them: the present one, each transition in order, and callbacks for builders. */
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import type { SessionState } from "../model/SessionState.ts"

const isFinal = (state: SessionState, expiresForGood: boolean): boolean =>
  state._tag === "Closed" || state._tag === "AuthFailed" || (state._tag === "Expired" && expiresForGood)

export class States {
  current: SessionState = { _tag: "Connecting" }
  private readonly listeners = new Set<(state: SessionState) => void>()
  private readonly published = Effect.runSync(PubSub.unbounded<SessionState>({ replay: 1 }))
  /** Begins with the present state; ends after a final one. Transitions are few, so a slow reader may keep them all. */
  readonly stream: Stream.Stream<SessionState>

  constructor(expiresForGood: boolean) {
    this.stream = Stream.takeUntil(Stream.fromPubSub(this.published), (state) => isFinal(state, expiresForGood))
  }

  publish(state: SessionState): void {
    this.current = state
    PubSub.publishUnsafe(this.published, state)
    for (const listener of [...this.listeners]) listener(state)
  }

  listen(listener: (state: SessionState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
