/** A watcher whose elements are pulled as a Stream: one object for all that it knows, since there may be 100,000. */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { Watcher } from "./Entry.ts"
import type { WatchHub } from "./WatchHub.ts"

/** What a pull gives. */
export type Elements<A> = Effect.Effect<Arr.NonEmptyReadonlyArray<A>, ZooKeeperError>

type Resume<A> = (elements: Elements<A>) => void

export abstract class Following<A> implements Watcher {
  abstract readonly recursive: boolean
  private readonly hub: WatchHub
  /** The pull that waits; there are hardly ever others. */
  private waiting: Resume<A> | undefined
  private others: Set<Resume<A>> | undefined

  constructor(hub: WatchHub) {
    this.hub = hub
  }

  abstract onEvent(event: WatchEvent, late: boolean): void
  abstract onGap(asked: boolean): void
  abstract onDowngrade(): void
  abstract onEnd(): void

  /** What a pull gives now; undefined when it has to wait. */
  protected abstract take(): Elements<A> | undefined

  protected readonly pull: Elements<A> = Effect.callback((resume) => {
    const elements = this.take()
    if (elements !== undefined) return resume(elements)
    if (this.waiting === undefined) {
      this.waiting = resume
      return this.gone
    }
    const others = (this.others ??= new Set()).add(resume)
    return Effect.sync(() => void others.delete(resume))
  })

  /** Made once: what each pull leaves behind while it waits outlives collections, and that is what many watches cost. */
  private readonly gone = Effect.sync(() => {
    this.waiting = undefined
  })

  protected get isAwaited(): boolean {
    return this.waiting !== undefined || (this.others !== undefined && this.others.size > 0)
  }

  /** There is something to be pulled, since now. */
  protected wake(): void {
    if (this.isAwaited) this.hub.wake(this)
  }

  /** Whoever waits pulls again: nothing is handed over, since a fiber that is being interrupted would lose it. */
  resume(): void {
    const { others, waiting } = this
    this.waiting = this.others = undefined
    const again = Effect.suspend(() => this.take() ?? this.pull)
    waiting?.(again)
    if (others !== undefined) for (const resume of others) resume(again)
  }

  get stream(): Stream.Stream<A, ZooKeeperError> {
    return Stream.fromPull(Effect.succeed(this.pull))
  }
}
