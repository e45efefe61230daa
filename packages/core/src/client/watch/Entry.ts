/** What is known of one path that is watched: who watches it, and what the server has for them. Small: there are many. */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { WatchEvent } from "../../model/WatchEvent.ts"

/** Somebody who watches a path. The callbacks only take note: they neither fail nor call the session. */
export interface Watcher {
  /** Whether everything below the path is watched too. */
  readonly recursive: boolean
  /** Wants one event only: the read that it makes sets the watch, where no lasting one is there. */
  readonly oneShot?: boolean
  /** `late`: told on a new connection of what happened before it. */
  readonly onEvent: (event: WatchEvent, late: boolean) => void
  /**
   * The connection is another one. `asked`: the server was asked what changed at the path meanwhile, and tells it as
   * events; otherwise nobody knows.
   */
  readonly onGap: (asked: boolean) => void
  /** The server has all watches of the session again. */
  readonly onReplayed?: () => void
  /** No lasting watch is left, and none can be made: watches fire once from now on, and are set by reads. */
  readonly onDowngrade: () => void
  /** There will be no more events, because the session is over. */
  readonly onEnd: () => void
}

export type Mode = "none" | "persistent" | "recursive"

/** Mostly there is one, and a Set takes more memory than an entry. */
type Watchers = Watcher | Set<Watcher> | undefined

const withOne = (watchers: Watchers, watcher: Watcher): Watchers => {
  if (watchers === undefined) return watcher
  return watchers instanceof Set ? watchers.add(watcher) : new Set([watchers, watcher])
}

const withoutOne = (watchers: Watchers, watcher: Watcher): Watchers => {
  if (!(watchers instanceof Set)) return watchers === watcher ? undefined : watchers
  watchers.delete(watcher)
  return watchers.size === 0 ? undefined : watchers
}

const tell = (watchers: Watchers, event: WatchEvent, late: boolean): void => {
  if (watchers === undefined) return
  if (!(watchers instanceof Set)) return watchers.onEvent(event, late)
  for (const watcher of watchers) watcher.onEvent(event, late)
}

const all = (watchers: Watchers): Iterable<Watcher> => {
  if (watchers === undefined) return []
  return watchers instanceof Set ? watchers : [watchers]
}

export class Entry {
  readonly path: string
  /** Those who watch the path alone. */
  private alone: Watchers
  private recursive: Watchers
  /** How many watch the path alone, and for more than one event. */
  private lasting = 0
  /** What the server has, or will have again after a reconnect. */
  mode: Mode = "none"
  /** An addWatch was not answered, so the server may have another mode. */
  doubtful = false
  /** A read that sets a watch was given up before its answer. */
  abandoned = false
  /** There while something changes the watches of the path. */
  private gate: Semaphore.Semaphore | undefined
  private changes = 0

  constructor(path: string) {
    this.path = path
  }

  get isWatched(): boolean {
    return this.alone !== undefined || this.recursive !== undefined
  }

  /** A lasting watch that is there already stays for those who want one event: taking it away would take theirs too. */
  get wanted(): Mode {
    if (this.recursive !== undefined) return "recursive"
    return this.lasting > 0 || (this.alone !== undefined && this.mode !== "none") ? "persistent" : "none"
  }

  get isSettled(): boolean {
    return this.isWatched && this.wanted === this.mode && !this.doubtful
  }

  /** Whether something changes the watches of the path just now. */
  get isChanging(): boolean {
    return this.changes > 0
  }

  get watchers(): ReadonlyArray<Watcher> {
    return [...all(this.alone), ...all(this.recursive)]
  }

  join(watcher: Watcher): void {
    if (watcher.recursive) this.recursive = withOne(this.recursive, watcher)
    else this.alone = withOne(this.alone, watcher)
    if (!watcher.recursive && watcher.oneShot !== true) this.lasting++
  }

  /** False when it was gone already. */
  leave(watcher: Watcher): boolean {
    const watchers = watcher.recursive ? this.recursive : this.alone
    if (watchers instanceof Set ? !watchers.has(watcher) : watchers !== watcher) return false
    if (watcher.recursive) this.recursive = withoutOne(this.recursive, watcher)
    else this.alone = withoutOne(this.alone, watcher)
    if (!watcher.recursive && watcher.oneShot !== true) this.lasting--
    return true
  }

  tellAlone(event: WatchEvent, late: boolean): void {
    tell(this.alone, event, late)
  }

  tellRecursive(event: WatchEvent, late: boolean): void {
    tell(this.recursive, event, late)
  }

  /** Whatever changes the watches of the path, one at a time. */
  exclusively<A, E>(change: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        this.changes++
        return (this.gate ??= Semaphore.makeUnsafe(1))
      }),
      (gate) => gate.withPermit(change),
      () =>
        Effect.sync(() => {
          this.changes--
          if (this.changes === 0) this.gate = undefined
        })
    )
  }
}
