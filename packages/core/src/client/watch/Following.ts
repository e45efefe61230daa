/** A watcher whose elements are pulled as a Stream: one object for all that it knows, since there may be 100,000. */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { Watcher } from "./Entry.ts"

/** What a pull gives. */
export type Elements<A> = Effect.Effect<Arr.NonEmptyReadonlyArray<A>, ZooKeeperError>

type Resume<A> = (elements: Elements<A>) => void

export abstract class Following<A> implements Watcher {
  abstract readonly recursive: boolean
  /** Pulls that wait: mostly one. */
  private waiting: Resume<A> | Set<Resume<A>> | undefined

  abstract onEvent(event: WatchEvent, late: boolean): void
  abstract onGap(asked: boolean): void
  abstract onDowngrade(): void
  abstract onEnd(): void

  /** What a pull gives now; undefined when it has to wait. */
  protected abstract take(): Elements<A> | undefined

  protected readonly pull: Elements<A> = Effect.callback((resume) => {
    const elements = this.take()
    if (elements !== undefined) return resume(elements)
    if (this.waiting === undefined) this.waiting = resume
    else if (this.waiting instanceof Set) this.waiting.add(resume)
    else this.waiting = new Set([this.waiting, resume])
    return Effect.sync(() => {
      if (this.waiting === resume) this.waiting = undefined
      else if (this.waiting instanceof Set) this.waiting.delete(resume)
    })
  })

  /** Whoever waits pulls again: nothing is handed over, since a fiber that is being interrupted would lose it. */
  protected wake(): void {
    const { waiting } = this
    if (waiting === undefined) return
    this.waiting = undefined
    if (!(waiting instanceof Set)) return waiting(this.pull)
    for (const resume of waiting) resume(this.pull)
  }

  get stream(): Stream.Stream<A, ZooKeeperError> {
    return Stream.fromPull(Effect.succeed(this.pull))
  }
}
