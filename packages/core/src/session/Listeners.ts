/** Those who want to hear of a session's events, told in the order in which the events came. */
import type { WatchEvent } from "../model/WatchEvent.ts"

interface Listener {
  readonly onEvent: (event: WatchEvent) => void
  readonly told: (() => void) | undefined
}

export class Listeners {
  /** Replaced when it changes, never changed: events are frequent, and a listener may leave during one. */
  private all: ReadonlyArray<Listener> = []

  /** `told` is called after each run of events. What is returned takes the listener off. */
  readonly add = (onEvent: (event: WatchEvent) => void, told?: () => void): (() => void) => {
    // An object of its own, so that a listener that was given twice leaves once.
    const listener: Listener = { onEvent, told }
    this.all = [...this.all, listener]
    return () => {
      this.all = this.all.filter((each) => each !== listener)
    }
  }

  deliver(event: WatchEvent): void {
    for (const { onEvent } of this.all) onEvent(event)
  }

  told(): void {
    for (const { told } of this.all) told?.()
  }
}
