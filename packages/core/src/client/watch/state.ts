/**
 * A node's state as a Stream: the present one at once, then the newest after every change, for as long as anybody pulls.
 *
 * Nothing is read ahead: an event marks the state as stale, and the next pull reads it. So a slow consumer gets the
 * newest state and no queue grows, and a state that was marked stale is read whatever happens to the connection.
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Path from "../../model/Path.ts"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import { at, type View } from "../Attempt.ts"
import { type Elements, Following } from "./Following.ts"
import { note } from "./read.ts"
import type { Kind } from "./WatchHub.ts"

/** How a state came to be, seen from the one before it. */
export type Change = "initial" | "created" | "changed" | "deleted" | "recreated" | "resynced"

/** What is followed: how to read it, and how to tell two states apart. */
export interface Subject<S, A> {
  readonly name: string
  /** Events that cannot have changed it. */
  readonly ignores: WatchEvent["type"] | undefined
  readonly read: (view: View, path: string, kind: Kind) => Effect.Effect<S, ZooKeeperError>
  /** The state of a node that is not there. */
  readonly missing: S
  /** Which node it is (czxid), undefined while there is none. */
  readonly identity: (state: S) => bigint | undefined
  /** Which version of it (mzxid, pzxid). */
  readonly revision: (state: S) => bigint | undefined
  /** What the stream tells of a state. */
  readonly element: (path: string, state: S, change: Change) => A
}

const changeOf = <S, A>(subject: Subject<S, A>, before: S, after: S): Change | undefined => {
  const old = subject.identity(before)
  const now = subject.identity(after)
  if (old === undefined) return now === undefined ? undefined : "created"
  if (now === undefined) return "deleted"
  if (old !== now) return "recreated"
  return subject.revision(before) === subject.revision(after) ? undefined : "changed"
}

/** With more paths than this, reads after a gap are spread, so that a server that comes back is not stormed. */
const MANY = 1000
/** So long, in ms for each path, and no longer than the second. */
const SPREAD = 0.1
const LONGEST_SPREAD = 2000

const spread = (view: View): Effect.Effect<void> =>
  view.hub.size <= MANY
    ? Effect.void
    : Effect.flatMap(Random.next, (part) => Effect.sleep(part * Math.min(view.hub.size * SPREAD, LONGEST_SPREAD)))

/** No answer came, and the session goes on or is followed by another: what is followed is still there to be read. */
const isPassing = (view: View, { reason }: ZooKeeperError): boolean =>
  view.session.over === undefined &&
  (reason._tag === "ConnectionLost" || reason._tag === "Timeout" || reason._tag === "SessionExpired")

class Followed<S, A> extends Following<A> {
  private readonly view: View
  private readonly path: string
  private readonly subject: Subject<S, A>
  /** Counts what made the state stale; `told` is where it stood when the newest state was read, 0 before the first. */
  private marks = 1
  private told = 0
  private gap = 0
  private deletion = 0
  private known: S
  readonly recursive = false

  constructor(view: View, path: string, subject: Subject<S, A>) {
    super()
    this.view = view
    this.path = path
    this.subject = subject
    this.known = subject.missing
  }

  onEvent({ type }: WatchEvent, late: boolean): void {
    if (type === this.subject.ignores) return
    if (late) return this.miss()
    if (type === "NodeDeleted") this.deletion = this.marks + 1
    this.mark()
  }

  onGap(asked: boolean): void {
    if (!asked) this.miss()
  }

  onDowngrade(): void {
    this.miss()
  }

  onEnd(): void {
    this.mark()
  }

  /** Whoever waits for it pulls at once. */
  private mark(): void {
    this.marks++
    this.wake()
  }

  private miss(): void {
    this.gap = this.marks + 1
    this.mark()
  }

  private read(): Effect.Effect<S, ZooKeeperError> {
    const { path, subject, view } = this
    const { hub } = view
    return Effect.catchIf(
      hub.reading(Path.prepend(view.root, path), hub.kind, subject.read(view, path, hub.kind)),
      (error) => isPassing(view, error),
      () => this.read()
    )
  }

  private deleted(): S {
    note(this.view, this.path, "exist")
    return this.subject.missing
  }

  protected take(): Elements<A> | undefined {
    if (this.told === this.marks) return undefined
    const { path, subject, view } = this
    const { hub } = view
    const upTo = this.marks
    const isFirst = this.told === 0
    const missed = this.gap > this.told && !isFirst
    const { connection } = hub
    // What was deleted last is not there: whatever made it anew would have been told since.
    const isDeleted = this.deletion === upTo && !missed && hub.kind === "lasting"
    const read = Effect.suspend(() => this.read())
    const newest = isDeleted ? Effect.sync(() => this.deleted()) : missed ? Effect.andThen(spread(view), read) : read
    // A read that fails or is interrupted leaves the state stale for whoever pulls next.
    return Effect.flatMap(newest, (state) => {
      this.told = upTo
      // Whether what was found was registered on the present connection is not certain.
      if (hub.connection !== connection) this.mark()
      const change = isFirst ? "initial" : changeOf(subject, this.known, state)
      this.known = state
      if (change === undefined) return this.pull
      return Effect.succeed([subject.element(path, state, missed ? "resynced" : change)] as const)
    })
  }
}

/** Registers the watch and gives the stream of states. */
export const follow = <S, A>(
  view: View,
  path: string,
  subject: Subject<S, A>
): Effect.Effect<Stream.Stream<A, ZooKeeperError>, ZooKeeperError, Scope.Scope> =>
  at(view, subject.name, path, () =>
    Effect.suspend(() => {
      const followed = new Followed(view, path, subject)
      return Effect.as(view.hub.watch(view, path, followed), followed.stream)
    })
  )
