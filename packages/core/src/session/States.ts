/** The session's states for whoever wants them: the present one, each transition in order, and callbacks for builders. */
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { SessionState } from "../model/SessionState.ts"

type Batch = Arr.NonEmptyReadonlyArray<SessionState>

export class States {
  current: SessionState = { _tag: "Connecting" }
  private readonly listeners = new Set<(state: SessionState) => void>()
  private isOver = false

  /** `isOver` says that no other follows. */
  publish(state: SessionState, isOver: boolean): void {
    this.current = state
    this.isOver = isOver
    for (const listener of [...this.listeners]) listener(state)
  }

  listen(listener: (state: SessionState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Looks now and at each transition, until there is something to do; that is done. */
  until<A, E>(look: () => Effect.Effect<A, E> | undefined): Effect.Effect<A, E> {
    return Effect.callback((resume) => {
      const again = () => {
        const found = look()
        if (found === undefined) return
        stop()
        resume(found)
      }
      const stop = this.listen(again)
      again()
      return Effect.sync(stop)
    })
  }

  /** Begins with the present state; ends after the last one. Made for each reader: most sessions have none. */
  get stream(): Stream.Stream<SessionState> {
    return Stream.unwrap(this.reading())
  }

  /** Transitions are few, so a slow reader may keep them all. */
  private reading(): Effect.Effect<Stream.Stream<SessionState>, never, Scope.Scope> {
    return Effect.suspend(() => {
      const ready = Latch.makeUnsafe()
      let unread: Array<SessionState> = [this.current]
      const stop = this.listen((state) => {
        unread.push(state)
        ready.openUnsafe()
      })
      const pull: Effect.Effect<Batch, Cause.Done> = Effect.suspend(() => {
        if (unread.length === 0) return this.isOver ? Cause.done() : Effect.andThen(ready.await, pull)
        const states = unread
        unread = []
        ready.closeUnsafe()
        return Effect.succeed(states as unknown as Batch)
      })
      return Effect.as(
        Effect.addFinalizer(() => Effect.sync(stop)),
        Stream.fromPull(Effect.succeed(pull))
      )
    })
  }
}
