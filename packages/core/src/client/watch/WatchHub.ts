/**
 * One server watch for all who watch a path: what each of them needs of the server, added up, and its events shared out.
 *
 * Every watch that the client makes goes through here. A server up to 3.8 keeps one mode for a path and a connection, so
 * a one-shot watch beside a persistent one would silently take its place (measured on 3.8.0).
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Acl from "../../model/Acl.ts"
import * as Path from "../../model/Path.ts"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import * as Metrics from "../../session/Metrics.ts"
import type { Session } from "../../session/Session.ts"
import * as FourLetterWord from "../../wire/FourLetterWord.ts"
import { addWatch, AddWatchMode, removeWatches, WatcherType } from "../../wire/ops/watches.ts"
import { once, perform, type View } from "../Attempt.ts"

/** Somebody who watches a path. The callbacks only take note: they neither fail nor call the session. */
export interface Watcher {
  /** Whether everything below the path is watched too. */
  readonly recursive: boolean
  /** Wants one event only: the read that it makes sets the watch, where no lasting one is there. */
  readonly oneShot?: boolean
  readonly onEvent: (event: WatchEvent) => void
  /** Events may have been missed: the connection was another one for a while, or the watch was replaced. */
  readonly onGap: () => void
  /** There will be no more events, because the session is over. */
  readonly onEnd: () => void
}

/** Watches stay on the server, or (below 3.6, and with a driver that knows no others) fire once and are set by reads. */
export type Kind = "lasting" | "oneShot"

type Mode = "none" | "persistent" | "recursive"

class Entry {
  readonly path: string
  readonly watchers = new Set<Watcher>()
  /** What the server has, or will have again after a reconnect. */
  mode: Mode = "none"
  /** One change of the mode at a time. */
  readonly gate = Semaphore.makeUnsafe(1)

  constructor(path: string) {
    this.path = path
  }

  /** A lasting watch that is there already stays for those who want one event: taking it away would take theirs too. */
  get wanted(): Mode {
    let wanted: Mode = "none"
    for (const { oneShot, recursive } of this.watchers) {
      if (recursive) return "recursive"
      if (oneShot !== true || this.mode !== "none") wanted = "persistent"
    }
    return wanted
  }
}

export class WatchHub {
  private readonly session: Session
  private readonly view: View
  private readonly entries = new Map<string, Entry>()
  private recursive = 0
  private kind: Kind | undefined
  private interrupted = false

  constructor(
    session: Session,
    retry: Schedule.Schedule<unknown, unknown>,
    background: (effect: Effect.Effect<void>) => void
  ) {
    this.session = session
    this.view = { session, root: "", defaultAcl: Acl.openUnsafe, retry, background, hub: this }
    session.onEvent((event) => this.deliver(event))
    session.onState(() => this.onState())
  }

  /** How many paths are watched. */
  get size(): number {
    return this.entries.size
  }

  /** Watches the path that `view` calls `path` until the scope closes; returns once the server knows. */
  watch(view: View, path: string, watcher: Watcher): Effect.Effect<Kind, ZooKeeperError, Scope.Scope> {
    const target = Path.prepend(view.root, path)
    return Effect.flatMap(
      Effect.acquireRelease(
        Effect.sync(() => this.join(target, watcher)),
        (entry) => Effect.sync(() => this.leave(entry, watcher))
      ),
      (entry) =>
        Effect.flatMap(watcher.oneShot === true ? Effect.succeed("lasting" as const) : this.findKind, (kind) =>
          this.settle(entry, kind, view)
        )
    )
  }

  private join(path: string, watcher: Watcher): Entry {
    const entry = this.entries.get(path) ?? this.begin(path)
    entry.watchers.add(watcher)
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
    entry.watchers.delete(watcher)
    if (watcher.recursive) this.recursive--
    if (entry.wanted !== entry.mode || entry.mode === "none") {
      this.view.background(Effect.ignore(this.settle(entry, this.kind ?? "lasting", this.view)))
    }
  }

  /** Brings the server to what the watchers of a path need now. */
  private settle(entry: Entry, kind: Kind, view: View): Effect.Effect<Kind, ZooKeeperError> {
    return entry.gate.withPermit(
      Effect.suspend(() => (kind === "lasting" ? this.change(entry, view) : Effect.as(this.tidy(entry), kind)))
    )
  }

  private change(entry: Entry, view: View): Effect.Effect<Kind, ZooKeeperError> {
    const { mode, wanted } = entry
    if (mode === wanted) return Effect.as(this.tidy(entry), mode === "none" ? "oneShot" : "lasting")
    const added = wanted === "none" ? this.tidy(entry) : this.add(entry, wanted, view)
    if (mode === "none") return Effect.as(added, this.kind ?? "lasting")
    return Effect.as(Effect.andThen(this.remove(entry), added), "lasting")
  }

  private add(entry: Entry, mode: Exclude<Mode, "none">, view: View): Effect.Effect<void, ZooKeeperError> {
    const hadOther = entry.mode !== "none"
    const added = perform({
      view,
      name: "watch",
      path: Path.strip(view.root, entry.path),
      operation: addWatch,
      request: {
        path: entry.path,
        mode: mode === "recursive" ? AddWatchMode.PERSISTENT_RECURSIVE : AddWatchMode.PERSISTENT
      },
      success: () => {
        this.kind = "lasting"
        entry.mode = mode
        this.session.watches.add(entry.path, mode)
        if (hadOther) for (const watcher of entry.watchers) watcher.onGap()
      }
    })
    return Effect.catchReason(added, "ZooKeeperError", "Unimplemented", () => {
      this.kind = "oneShot"
      return Effect.void
    })
  }

  /** Without a connection there is no watch on any server: it is enough not to register it again. */
  private remove(entry: Entry): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.session.watches.forget(entry.path)
      entry.mode = "none"
      if (!this.session.info.connected || this.session.unsupported("removeWatches") !== undefined) return Effect.void
      return Effect.ignore(
        once({
          view: this.view,
          name: "watch",
          path: entry.path,
          operation: removeWatches,
          request: { path: entry.path, type: WatcherType.ANY },
          success: () => {}
        })
      )
    })
  }

  /** Forgets a path that nobody watches, and the one-shot watches that reads may have left on it. */
  private tidy(entry: Entry): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (entry.watchers.size > 0) return Effect.void
      this.end(entry)
      return this.session.watches.knows(entry.path) ? this.remove(entry) : Effect.void
    })
  }

  /** Whether watches can stay: what the server's version says, else what it answers to the first one. */
  private readonly findKind: Effect.Effect<Kind> = Effect.suspend(() => {
    if (this.kind !== undefined) return Effect.succeed(this.kind)
    if (this.session.unsupported("addWatch") !== undefined) this.kind = "oneShot"
    if (this.kind !== undefined) return Effect.succeed(this.kind)
    return Effect.match(this.session.fourLetterWord("srvr"), {
      onFailure: () => "lasting" as const,
      onSuccess: (text) => {
        const answer = FourLetterWord.parse("srvr", text)
        if (answer._tag !== "Answered" || answer.value.version === undefined) return "lasting"
        const [major = 0, minor = 0] = answer.value.version.split(".").map(Number)
        this.kind = major > 3 || (major === 3 && minor >= 6) ? "lasting" : "oneShot"
        return this.kind
      }
    })
  })

  // ---- events

  private deliver(event: WatchEvent): void {
    const { path, type } = event
    for (const watcher of this.entries.get(path)?.watchers ?? []) {
      if (!watcher.recursive || type !== "NodeChildrenChanged") watcher.onEvent(event)
    }
    if (this.recursive === 0 || type === "NodeChildrenChanged" || path === "/") return
    const parent = Path.parent(path)
    if (type !== "NodeDataChanged") this.deriveChildren(parent)
    for (let above = parent; ; above = Path.parent(above)) {
      for (const watcher of this.entries.get(above)?.watchers ?? []) if (watcher.recursive) watcher.onEvent(event)
      if (above === "/") return
    }
  }

  /** A recursive watch tells of no change of children; who watches the path alone learns it from the child's event. */
  private deriveChildren(parent: string): void {
    const entry = this.entries.get(parent)
    if (entry?.mode !== "recursive") return
    for (const watcher of entry.watchers) {
      if (!watcher.recursive) watcher.onEvent({ type: "NodeChildrenChanged", path: parent })
    }
  }

  private onState(): void {
    const { state } = this.session.info
    if (this.session.over !== undefined) return this.tell((watcher) => watcher.onEnd())
    if (state._tag !== "Connected") this.interrupted = true
    else if (this.interrupted) {
      this.interrupted = false
      this.tell((watcher) => watcher.onGap())
    }
  }

  private tell(what: (watcher: Watcher) => void): void {
    for (const { watchers } of [...this.entries.values()]) for (const watcher of [...watchers]) what(watcher)
  }
}
