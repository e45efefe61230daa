/**
 * Who watches which path: one server watch for all of a path, whose events are shared out among them.
 *
 * Every watch that the client makes goes through here. A server up to 3.8 keeps one mode for a path and a connection, so
 * a one-shot watch beside a persistent one would silently take its place (measured on 3.8.0).
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Acl from "../../model/Acl.ts"
import * as Path from "../../model/Path.ts"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import * as Metrics from "../../session/Metrics.ts"
import type { Session } from "../../session/Session.ts"
import type { View } from "../Attempt.ts"
import { Entry, type Watcher } from "./Entry.ts"
import { outlasting } from "./outlasting.ts"
import { type Fork, type Kind, ServerWatches } from "./ServerWatches.ts"

/** Somebody who has something to do about events that were told. */
interface Sleeper {
  readonly resume: () => void
}

/**
 * Of a long run so many at a time: more watchers have hardly more than one event each in a chunk, and what was touched to
 * tell them is still near when they are resumed.
 */
const MOST_DUE = 512

export class WatchHub {
  private readonly session: Session
  private readonly view: View
  private readonly server: ServerWatches
  private readonly entries = new Map<string, Entry>()
  /** How many watch everything below a path. */
  private recursive = 0
  private interrupted = false
  private connections = 0
  private isTelling = false
  /** Whom the events told so far concern. */
  private readonly due: Array<Sleeper> = []

  constructor(session: Session, retry: Schedule.Schedule<unknown, unknown>, fork: Fork) {
    this.session = session
    this.view = { session, root: "", defaultAcl: Acl.openUnsafe, retry, background: fork, hub: this }
    this.server = new ServerWatches(this.view, fork, () => this.onDowngrade())
    session.onEvent(
      (event) => this.deliver(event),
      () => this.delivered()
    )
    session.onState(() => this.onState())
    session.watches.owner = this
  }

  /** How many paths are watched. */
  get size(): number {
    return this.entries.size
  }

  isWatched(path: string): boolean {
    return this.entries.get(path)?.isWatched === true
  }

  /** Counts the connections: a read between two of which it went up may have been too late to be registered again. */
  get connection(): number {
    return this.connections
  }

  /** How reads for lasting watchers have to be made. */
  get kind(): Kind {
    return this.server.kind
  }

  /**
   * Watches the path that `view` calls `path` until the scope closes, and gives what `take` makes of it once the server
   * knows, however long there is no connection. What fails is given up at once: the caller's scope may go on, with other
   * means.
   */
  watch<A>(
    view: View,
    path: string,
    watcher: Watcher,
    take: (kind: Kind) => Effect.Effect<A, ZooKeeperError>
  ): Effect.Effect<A, ZooKeeperError, Scope.Scope> {
    return Effect.flatMap(this.joined(view, path, watcher), (entry) => {
      const settled = outlasting(
        view,
        Effect.suspend(() => this.server.settle(entry, view))
      )
      return Effect.onError(Effect.flatMap(settled, take), () => Effect.sync(() => this.leave(entry, watcher)))
    })
  }

  /**
   * Listens for one event. `read` sets the watch where no lasting one is there: nothing else does meanwhile, for it would
   * be replaced when the read is sent again.
   */
  once<A>(
    view: View,
    path: string,
    watcher: Watcher,
    read: (kind: Kind) => Effect.Effect<A, ZooKeeperError>
  ): Effect.Effect<A, ZooKeeperError, Scope.Scope> {
    return Effect.flatMap(this.joined(view, path, watcher), (entry) =>
      entry.exclusively(
        Effect.suspend(() => {
          const kind = this.server.kindOf(entry)
          return this.reading(entry.path, kind, read(kind))
        })
      )
    )
  }

  /** A read that may set a watch: when it is given up, that watch is there all the same. */
  reading<A, E>(path: string, kind: Kind, read: Effect.Effect<A, E>): Effect.Effect<A, E> {
    if (kind === "lasting") return read
    return Effect.onInterrupt(read, () =>
      Effect.sync(() => {
        const entry = this.entries.get(path)
        if (entry !== undefined && entry.mode === "none") entry.abandoned = true
      })
    )
  }

  private joined(view: View, path: string, watcher: Watcher): Effect.Effect<Entry, never, Scope.Scope> {
    // What acquireRelease does, but for what that keeps of the fiber until the scope closes.
    const joined = Effect.flatMap(Effect.scope, (scope) => {
      const entry = this.join(Path.prepend(view.root, path), watcher)
      const left = Scope.addFinalizerExit(scope, () => {
        this.leave(entry, watcher)
        return Effect.void
      })
      return Effect.as(left, entry)
    })
    return Effect.uninterruptible(joined)
  }

  private join(path: string, watcher: Watcher): Entry {
    const entry = this.entries.get(path) ?? this.begin(path)
    entry.join(watcher)
    if (watcher.recursive) this.recursive++
    return entry
  }

  private begin(path: string): Entry {
    const entry = new Entry(path)
    this.entries.set(path, entry)
    Metrics.watches.updateUnsafe(1, Context.empty())
    return entry
  }

  /**
   * Unless somebody has joined meanwhile, or has left and is still to tidy up: that would take the watch of the entry that
   * comes after this one.
   */
  private end(entry: Entry): void {
    if (entry.isWatched || entry.isChanging || this.entries.get(entry.path) !== entry) return
    this.entries.delete(entry.path)
    Metrics.watches.updateUnsafe(-1, Context.empty())
  }

  private leave(entry: Entry, watcher: Watcher): void {
    if (!entry.leave(watcher)) return
    if (watcher.recursive) this.recursive--
    if (entry.isSettled) return
    // The others must not go deaf because this took several attempts.
    const again = Effect.retry(this.server.changed(entry, this.view), {
      schedule: Schedule.spaced("1 second"),
      while: () => this.session.over === undefined
    })
    this.view.background(Effect.ignore(Effect.map(again, () => this.end(entry))))
  }

  // ---- events

  /** Resumes those who sleep, after the run of events if there is one. */
  wake(sleeper: Sleeper): void {
    if (!this.isTelling) return sleeper.resume()
    this.due.push(sleeper)
    if (this.due.length >= MOST_DUE) this.delivered()
  }

  private delivered(): void {
    const { due } = this
    for (let i = 0; i < due.length; i++) due[i]!.resume()
    due.length = 0
    this.isTelling = false
  }

  private deliver(event: WatchEvent): void {
    this.isTelling = true
    const { path, type } = event
    const { watches } = this.session
    const late = watches.isReplaying
    const entry = this.entries.get(path)
    // Only one-shot watches are.
    if (entry === undefined || entry.mode === "none") watches.spend(event)
    // From 3.9 on a one-shot watch may stand beside the recursive one and tell what is derived already.
    if (type === "NodeChildrenChanged" && entry?.mode === "recursive" && !late) return
    entry?.tellAlone(event, late)
    if (type === "NodeChildrenChanged") return
    entry?.tellRecursive(event, late)
    if (path === "/") return
    if (type === "NodeDataChanged" && this.recursive === 0) return
    const parent = Path.parent(path)
    if (type !== "NodeDataChanged") this.deriveChildren(event, parent, late)
    if (this.recursive === 0) return
    for (let above = parent; ; above = Path.parent(above)) {
      this.entries.get(above)?.tellRecursive(event, late)
      if (above === "/") return
    }
  }

  /** A recursive watch tells of no change of children; who watches the path alone learns it from the child's event. */
  private deriveChildren(event: WatchEvent, parent: string, late: boolean): void {
    const entry = this.entries.get(parent)
    if (entry?.mode === "recursive") entry.tellAlone({ ...event, type: "NodeChildrenChanged", path: parent }, late)
  }

  private onState(): void {
    const { state } = this.session.info
    if (this.session.over !== undefined) return this.tell((watcher) => watcher.onEnd())
    if (state._tag !== "Connected") this.interrupted = true
    else if (this.interrupted) {
      this.interrupted = false
      this.connections++
      // What another library asks of the server is not known exactly.
      const asked = this.session.unsupported("addWatch") === undefined
      this.tell((watcher) => watcher.onGap(asked))
    }
  }

  /** The server does not know lasting watches. */
  downgrade(): void {
    this.server.downgrade()
  }

  private onDowngrade(): void {
    for (const entry of this.entries.values()) {
      entry.mode = "none"
      entry.doubtful = false
    }
    this.tell((watcher) => watcher.onDowngrade())
  }

  /** The server has answered that it knows everything again. */
  replayed(): void {
    this.tell((watcher) => watcher.onReplayed?.())
  }

  private tell(what: (watcher: Watcher) => void): void {
    for (const { watchers } of [...this.entries.values()]) for (const watcher of watchers) what(watcher)
  }
}
