/** Events for any number of subscribers, each with a bounded buffer that ends in the mark of a gap. */
import type * as Arr from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** How many events wait for a slow subscriber, unless told otherwise. */
export const BUFFER = 4096

interface Subscriber<A> {
  pending: Array<A>
  readonly ready: Latch.Latch
}

export class Broadcast<A, E> {
  private readonly subscribers = new Set<Subscriber<A>>()
  private readonly buffer: number
  /** What stands for events that were lost. */
  private readonly gap: A
  private cause: Cause.Cause<E> | undefined

  constructor(gap: A, buffer: number) {
    this.gap = gap
    this.buffer = buffer
  }

  publish(element: A): void {
    for (const subscriber of this.subscribers) {
      const { pending } = subscriber
      if (pending.length >= this.buffer) subscriber.pending = [this.gap]
      else if (element !== this.gap || pending.at(-1) !== this.gap) pending.push(element)
    }
    // Whoever is woken goes on at once, and may subscribe: to what is there, this element included.
    for (const { ready } of this.subscribers) ready.openUnsafe()
  }

  /** There are no more events; subscribers get what waits for them first, and then the first cause. */
  end(cause: Cause.Cause<E>): void {
    this.cause ??= cause
    for (const { ready } of this.subscribers) ready.openUnsafe()
  }

  /** What `first` gives when it is subscribed to, and every event from then on. */
  stream(first: () => ReadonlyArray<A>): Stream.Stream<A, E> {
    return Stream.unwrap(this.subscribe(first))
  }

  private subscribe(first: () => ReadonlyArray<A>): Effect.Effect<Stream.Stream<A, E>, never, Scope.Scope> {
    const join = Effect.sync(() => {
      const subscriber: Subscriber<A> = { pending: [...first()], ready: Latch.makeUnsafe(true) }
      this.subscribers.add(subscriber)
      return subscriber
    })
    const leave = (subscriber: Subscriber<A>) => Effect.sync(() => this.subscribers.delete(subscriber))
    return Effect.map(Effect.acquireRelease(join, leave), (subscriber) =>
      Stream.fromPull(Effect.succeed(this.pull(subscriber)))
    )
  }

  private pull(subscriber: Subscriber<A>): Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E> {
    return Effect.suspend(() => {
      const { pending, ready } = subscriber
      if (pending.length > 0) {
        subscriber.pending = []
        return Effect.succeed(pending as unknown as Arr.NonEmptyReadonlyArray<A>)
      }
      if (this.cause !== undefined) return Effect.failCause(this.cause)
      ready.closeUnsafe()
      return Effect.andThen(ready.await, this.pull(subscriber))
    })
  }
}
