/**
 * The watch that the server has for each path, brought to what those who watch the path need: made, made another, removed.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Semaphore from "effect/Semaphore"
import * as Path from "../../model/Path.ts"
import { Closed, type ZooKeeperError } from "../../model/ZooKeeperError.ts"
import type { Session } from "../../session/Session.ts"
import { addWatch, AddWatchMode, removeWatches, WatcherType } from "../../wire/ops/watches.ts"
import { failure, once, type View } from "../Attempt.ts"
import { type Abilities, abilities } from "./abilities.ts"
import type { Entry, Mode } from "./Entry.ts"

/** Watches stay on the server, or (below 3.6, and with a driver that knows no others) fire once and are set by reads. */
export type Kind = "lasting" | "oneShot"

/** Runs something to its end, or to that of the session's scope. */
export type Fork = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

export class ServerWatches {
  private readonly session: Session
  /** Of the whole tree, for what no caller asks for. */
  private readonly view: View
  private readonly fork: Fork
  private readonly onDowngrade: () => void
  private able: Abilities | undefined
  private readonly asking = Semaphore.makeUnsafe(1)
  private asked = false

  constructor(view: View, fork: Fork, onDowngrade: () => void) {
    this.session = view.session
    this.view = view
    this.fork = fork
    this.onDowngrade = onDowngrade
  }

  /** How reads for lasting watchers have to be made. */
  get kind(): Kind {
    return this.able?.lasting === false ? "oneShot" : "lasting"
  }

  /** How a read of the path has to be made: a lasting watch that is there tells of one event too. */
  kindOf(entry: Entry): Kind {
    return entry.mode === "none" ? "oneShot" : "lasting"
  }

  /** Brings the server to what the watchers of a path need now; goes on to its end when the caller is interrupted. */
  settle(entry: Entry, view: View): Effect.Effect<Kind, ZooKeeperError> {
    const settled = this.settled(entry, view)
    // One at a time until it is known what the server can do: a request that it does not know costs the connection.
    return this.able === undefined ? this.asking.withPermit(Effect.andThen(this.ask, settled)) : settled
  }

  /** In a fiber of its own: an addWatch that was sent and forgotten would leave its watch on the server. */
  private settled(entry: Entry, view: View): Effect.Effect<Kind, ZooKeeperError> {
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

  /** As `settle`, but in the fiber of the caller. */
  changed(entry: Entry, view: View): Effect.Effect<Kind, ZooKeeperError> {
    return entry.exclusively(Effect.suspend(() => this.change(entry, view)))
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
    return isThere && isRemovable ? this.removed(path, WatcherType.ANY) : Effect.void
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
    this.onDowngrade()
  }
}
