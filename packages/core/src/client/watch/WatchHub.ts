/**
 * One server watch for all who watch a path: what each of them needs of the server, added up, and its events shared out.
 *
 * Every watch that the client makes goes through here. A server up to 3.8 keeps one mode for a path and a connection, so
 * a one-shot watch beside a persistent one would silently take its place (measured on 3.8.0).
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Acl from "../../model/Acl.ts"
import * as Path from "../../model/Path.ts"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import { Closed, type ZooKeeperError } from "../../model/ZooKeeperError.ts"
import * as Metrics from "../../session/Metrics.ts"
import type { Session } from "../../session/Session.ts"
import { addWatch, AddWatchMode, removeWatches, WatcherType } from "../../wire/ops/watches.ts"
import { failure, once, type View } from "../Attempt.ts"
import { type Abilities, abilities } from "./abilities.ts"
import { Entry, type Mode, type Watcher } from "./Entry.ts"

/** Somebody who has something to do about events that were told. */
interface Sleeper {
  readonly resume: () => void
}

/**
 * Of a long run so many at a time: more watchers have hardly more than one event each in a chunk, and what was touched to
 * tell them is still near when they are resumed.
 */
const MOST_DUE = 512

/** Watches stay on the server, or (below 3.6, and with a driver that knows no others) fire once and are set by reads. */
export type Kind = "lasting" | "oneShot"

export class WatchHub {
  private readonly session: Session
  private readonly view: View
  private readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  private readonly entries = new Map<string, Entry>()
  /** How many watch everything below a path. */
  private recursive = 0
  private able: Abilities | undefined
  private readonly asking = Semaphore.makeUnsafe(1)
  private asked = false
  private interrupted = false
  private connections = 0
  private isTelling = false
  /** Whom the events told so far concern. */
  private readonly due: Array<Sleeper> = []

  constructor(
    session: Session,
    retry: Schedule.Schedule<unknown, unknown>,
    fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  ) {
    this.session = session
    this.fork = fork
    this.view = { session, root: "", defaultAcl: Acl.openUnsafe, retry, background: fork, hub: this }
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
    return this.able?.lasting === false ? "oneShot" : "lasting"
  }

  /**
   * Watches the path that `view` calls `path` until the scope closes, and gives what `take` makes of it once the server
   * knows. What fails is given up at once: the caller's scope may go on, with other means.
   */
  watch<A>(
    view: View,
    path: string,
    watcher: Watcher,
    take: (kind: Kind) => Effect.Effect<A, ZooKeeperError>
  ): Effect.Effect<A, ZooKeeperError, Scope.Scope> {
    return Effect.flatMap(this.joined(view, path, watcher), (entry) => {
      const settled = this.settle(entry, view)
      // One at a time until it is known what the server can do: a request that it does not know costs the connection.
      const known = this.able === undefined ? this.asking.withPermit(Effect.andThen(this.ask, settled)) : settled
      return Effect.onError(Effect.flatMap(known, take), () => Effect.sync(() => this.leave(entry, watcher)))
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
          const kind = this.kindOf(entry)
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

  private end(entry: Entry): void {
    if (this.entries.get(entry.path) !== entry) return
    this.entries.delete(entry.path)
    Metrics.watches.updateUnsafe(-1, Context.empty())
  }

  private leave(entry: Entry, watcher: Watcher): void {
    if (!entry.leave(watcher)) return
    if (watcher.recursive) this.recursive--
    if (entry.isSettled) return
    // The others must not go deaf because this took several attempts.
    const again = Effect.retry(this.changed(entry, this.view), {
      schedule: Schedule.spaced("1 second"),
      while: () => this.session.over === undefined
    })
    this.fork(Effect.ignore(again))
  }

  // ---- the server's watch

  /**
   * Brings the server to what the watchers of a path need now. Goes on to its end when the caller is interrupted: an
   * addWatch that was sent and forgotten would leave its watch on the server.
   */
  private settle(entry: Entry, view: View): Effect.Effect<Kind, ZooKeeperError> {
    return Effect.suspend(() => {
      const isThere = entry.isSettled && !entry.isChanging && this.session.over === undefined
      if (isThere) return Effect.succeed(this.kindOf(entry))
      const settled = this.fork(this.changed(entry, view))
      return Effect.flatMap(Fiber.await(settled), (exit) =>
        Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)
          ? Effect.fail(failure(view, "watch", Path.strip(view.root, entry.path), new Closed(), "no"))
          : exit
      )
    })
  }

  private changed(entry: Entry, view: View): Effect.Effect<Kind, ZooKeeperError> {
    return entry.exclusively(Effect.suspend(() => this.change(entry, view)))
  }

  private kindOf(entry: Entry): Kind {
    return entry.mode === "none" ? "oneShot" : "lasting"
  }

  private change(entry: Entry, view: View): Effect.Effect<Kind, ZooKeeperError> {
    const kind = Effect.sync(() => this.kindOf(entry))
    if (!entry.isWatched) return Effect.andThen(this.tidy(entry), kind)
    const { wanted } = entry
    if (entry.isSettled || wanted === "none" || this.kind === "oneShot") return kind
    return Effect.andThen(this.add(entry, wanted, view), kind)
  }

  /**
   * The new mode takes the old one's place without a gap between them; from 3.9 on it stands beside it, so the old one is
   * removed by itself. Its type is not known to servers before 3.9.
   */
  private add(entry: Entry, mode: Exclude<Mode, "none">, view: View): Effect.Effect<void, ZooKeeperError> {
    const old = entry.mode
    const sent = once({
      view,
      name: "watch",
      path: Path.strip(view.root, entry.path),
      operation: addWatch,
      request: {
        path: entry.path,
        mode: mode === "recursive" ? AddWatchMode.PERSISTENT_RECURSIVE : AddWatchMode.PERSISTENT
      },
      success: () => {
        this.able ??= { lasting: true, sideBySide: false }
        entry.mode = mode
        entry.doubtful = false
        if (old !== "none" && old !== mode) this.session.watches.remove(entry.path, old)
        this.session.watches.add(entry.path, mode)
      }
    })
    const added = sent.pipe(
      Effect.onError(() => Effect.sync(() => (entry.doubtful = true))),
      Effect.retry({ schedule: this.view.retry, while: (error) => error.isRetryable && this.kind === "lasting" }),
      Effect.catchIf(
        ({ reason }) => reason._tag === "Unimplemented" || this.kind === "oneShot",
        () => Effect.sync(() => this.downgrade())
      )
    )
    const type = old === "recursive" ? WatcherType.PERSISTENT_RECURSIVE : WatcherType.PERSISTENT
    return old === "none" || old === mode || this.able?.sideBySide !== true
      ? added
      : Effect.andThen(added, this.removed(entry.path, type))
  }

  private removed(path: string, type: number): Effect.Effect<void> {
    return Effect.ignore(
      once({
        view: this.view,
        name: "watch",
        path,
        operation: removeWatches,
        request: { path, type },
        success: () => {}
      })
    )
  }

  /** Nobody watches the path any more. Whoever joins while the answer is awaited finds no watch, and makes one. */
  private tidy(entry: Entry): Effect.Effect<void> {
    const { watches } = this.session
    const { abandoned, doubtful, mode, path } = entry
    const isThere = mode !== "none" || abandoned || doubtful || watches.knows(path)
    watches.forget(path)
    entry.mode = "none"
    entry.abandoned = entry.doubtful = false
    // Without a connection there is no watch on any server: it is enough not to register it again.
    const isRemovable = this.session.info.connected && this.session.unsupported("removeWatches") === undefined
    return Effect.map(isThere && isRemovable ? this.removed(path, WatcherType.ANY) : Effect.void, () => {
      if (!entry.isWatched) this.end(entry)
    })
  }

  /** Asks the server once what it can do; where it does not say, the first addWatch tells. */
  private readonly ask: Effect.Effect<void> = Effect.suspend(() => {
    if (this.able !== undefined || this.asked) return Effect.void
    this.asked = true
    return Effect.map(abilities(this.session), (able) => {
      this.able ??= able
    })
  })

  /** A server before 3.6 was met: from now on, whichever servers follow, watches fire once. */
  downgrade(): void {
    if (this.kind === "oneShot") return
    this.able = { lasting: false, sideBySide: false }
    this.session.watches.dropLasting()
    for (const entry of this.entries.values()) {
      entry.mode = "none"
      entry.doubtful = false
    }
    this.tell((watcher) => watcher.onDowngrade())
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
    if (type !== "NodeDataChanged") this.deriveChildren(parent, late)
    if (this.recursive === 0) return
    for (let above = parent; ; above = Path.parent(above)) {
      this.entries.get(above)?.tellRecursive(event, late)
      if (above === "/") return
    }
  }

  /** A recursive watch tells of no change of children; who watches the path alone learns it from the child's event. */
  private deriveChildren(parent: string, late: boolean): void {
    const entry = this.entries.get(parent)
    if (entry?.mode === "recursive") entry.tellAlone({ type: "NodeChildrenChanged", path: parent }, late)
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

  /** The server has answered that it knows everything again. */
  replayed(): void {
    this.tell((watcher) => watcher.onReplayed?.())
  }

  private tell(what: (watcher: Watcher) => void): void {
    for (const { watchers } of [...this.entries.values()]) for (const watcher of watchers) what(watcher)
  }
}
