/**
 * A node's state as a Stream: the present one at once, then the newest after every change, for as long as anybody pulls.
 *
 * Nothing is read ahead: an event marks the state as stale, and the next pull reads it. So a slow consumer gets the
 * newest state and no queue grows, and a state that was marked stale is read whatever happens to the connection.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Path from "../../model/Path.ts"
import type { Stat } from "../../model/Stat.ts"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import { at, type View } from "../Attempt.ts"
import { isTraced } from "../tracing.ts"
import { type Elements, Following } from "./Following.ts"
import { outlasting } from "./outlasting.ts"
import { find, note, type Reading } from "./read.ts"
import { Reread, type Rereader } from "./Reread.ts"

/** How a state came to be, seen from the one before it. */
export type Change = "initial" | "created" | "changed" | "deleted" | "recreated" | "resynced"

/** What is followed: how to read it, and how to tell two states apart. A state is none while there is no node. */
export interface Subject<in out Response, in out A, out B> {
  readonly name: string
  /** Events that cannot have changed it. */
  readonly ignores: WatchEvent["type"] | undefined
  readonly reading: Reading<Response, A>
  readonly statOf: (value: A) => Stat
  /** Which version of a node it is (mzxid, pzxid). */
  readonly revision: (stat: Stat) => bigint
  /** What the stream tells of a state. */
  readonly element: (path: string, state: Option.Option<A>, change: Change) => B
}

const changeOf = <A>(
  { revision, statOf }: Subject<any, A, unknown>,
  before: Option.Option<A>,
  after: Option.Option<A>
): Change | undefined => {
  if (Option.isNone(before)) return Option.isNone(after) ? undefined : "created"
  if (Option.isNone(after)) return "deleted"
  const old = statOf(before.value)
  const now = statOf(after.value)
  if (old.czxid !== now.czxid) return "recreated"
  return revision(old) === revision(now) ? undefined : "changed"
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

class Followed<Response, A, B> extends Following<B> implements Rereader<Response, A> {
  private readonly view: View
  private readonly path: string
  private readonly subject: Subject<Response, A, B>
  /** Counts what made the state stale; `told` is where it stood when the newest state was read, 0 before the first. */
  private marks = 1
  private told = 0
  private gap = 0
  private deletion = 0
  private known: Option.Option<A> = Option.none()
  /** The read under way for those who wait. */
  private reread: Reread<Response, A> | undefined
  /** Whoever pulls next reads by himself: to be seen, or to find out what is wrong. */
  private isTraced = false
  private hasFailed = false
  readonly recursive = false

  constructor(view: View, path: string, subject: Subject<Response, A, B>) {
    super(view.hub)
    this.view = view
    this.path = path
    this.subject = subject
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
    const wasStale = this.told !== this.marks
    this.marks++
    if (!wasStale) this.wake()
  }

  private miss(): void {
    this.gap = this.marks + 1
    this.mark()
  }

  /** What was missed is more than one event tells of. */
  private get isMissed(): boolean {
    return this.gap > this.told && this.told > 0
  }

  /** What was deleted last is not there: whatever made it anew would have been told since. */
  private get isDeleted(): boolean {
    return this.deletion === this.marks && !this.isMissed && this.view.hub.kind === "lasting"
  }

  /** Whoever waits would only read: that needs no fiber. */
  override resume(): void {
    if (this.isAwaited && !this.rereads()) super.resume()
  }

  /** Whether a read is under way for whoever waits or is about to. */
  private rereads(): boolean {
    const { path, subject, view } = this
    const { hub, session } = view
    if (this.told === 0 || this.isMissed || this.isDeleted || this.isTraced || this.hasFailed) return false
    if (hub.kind === "oneShot" || session.over !== undefined) return false
    const reread = (this.reread = new Reread(view, path, subject.reading, this.marks, this))
    // One that waits for a connection has to go with those who wait for it.
    if (session.submit(reread) && session.abandon(reread)) this.reread = undefined
    return this.reread === reread
  }

  onReread(reread: Reread<Response, A>): void {
    this.hasFailed = reread.state === undefined
    if (this.hasFailed) this.reread = undefined
    super.resume()
    // Nobody was there to take it.
    if (this.reread === reread) this.reread = undefined
  }

  private read(): Effect.Effect<Option.Option<A>, ZooKeeperError> {
    const { path, subject, view } = this
    const { hub } = view
    const read = Effect.suspend(() =>
      hub.reading(Path.prepend(view.root, path), hub.kind, find(view, path, hub.kind, subject.reading))
    )
    return outlasting(view, read)
  }

  private deleted(): Option.Option<A> {
    note(this.view, this.path, "exist")
    return Option.none()
  }

  protected take(): Elements<B> | undefined {
    const { reread } = this
    if (reread !== undefined) {
      if (reread.state === undefined) return undefined
      this.reread = undefined
      return this.tell(reread.state, reread.upTo, reread.connection) ?? this.take()
    }
    this.isTraced = isTraced(Fiber.getCurrent())
    if (this.told === this.marks || this.rereads()) return undefined
    this.hasFailed = false
    return this.readAnew()
  }

  private readAnew(): Elements<B> {
    const { isDeleted, isMissed, marks, view } = this
    const { connection } = view.hub
    const told = this.told === 0 ? "initial" : isMissed ? "resynced" : undefined
    const read = this.read()
    const newest = isDeleted ? Effect.sync(() => this.deleted()) : isMissed ? Effect.andThen(spread(view), read) : read
    // A read that fails or is interrupted leaves the state stale for whoever pulls next.
    return Effect.flatMap(newest, (state) => this.tell(state, marks, connection, told) ?? this.pull)
  }

  /** Takes note of a state as of `upTo`, and tells it if there is anything new in it. */
  private tell(
    state: Option.Option<A>,
    upTo: number,
    connection: number,
    told?: "initial" | "resynced"
  ): Elements<B> | undefined {
    const { path, subject } = this
    const change = told === "initial" ? told : changeOf(subject, this.known, state)
    this.told = upTo
    this.known = state
    // Whether what was found was registered on the present connection is not certain.
    if (this.view.hub.connection !== connection) this.mark()
    return change === undefined ? undefined : Effect.succeed([subject.element(path, state, told ?? change)])
  }
}

/** Registers the watch and gives the stream of states. */
export const follow = <Response, A, B>(
  view: View,
  path: string,
  subject: Subject<Response, A, B>
): Effect.Effect<Stream.Stream<B, ZooKeeperError>, ZooKeeperError, Scope.Scope> =>
  at(view, subject.name, path, () =>
    Effect.suspend(() => {
      const followed = new Followed(view, path, subject)
      return view.hub.watch(view, path, followed, () => Effect.succeed(followed.stream))
    })
  )
