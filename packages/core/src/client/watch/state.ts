/**
 * A node's state as a Stream: the present one at once, then the newest after every change, for as long as anybody pulls.
 *
 * Nothing is read ahead: an event marks the state as stale, and the next pull reads it. So a slow consumer gets the
 * newest state and no queue grows, and a state that was marked stale is read whatever happens to the connection.
 */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import { at, type View } from "../Attempt.ts"
import { note } from "./read.ts"
import type { Kind } from "./WatchHub.ts"

/** How a state came to be, seen from the one before it. */
export type Change = "initial" | "created" | "changed" | "deleted" | "recreated" | "resynced"

/** What is followed: how to read it, and how to tell two states apart. */
export interface Subject<S> {
  readonly name: string
  /** Events that cannot have changed it. */
  readonly ignores: WatchEvent["type"] | undefined
  readonly read: (path: string, kind: Kind) => Effect.Effect<S, ZooKeeperError>
  /** The state of a node that is not there. */
  readonly missing: S
  /** Which node it is (czxid), undefined while there is none. */
  readonly identity: (state: S) => bigint | undefined
  /** Which version of it (mzxid, pzxid). */
  readonly revision: (state: S) => bigint | undefined
}

const changeOf = <S>(subject: Subject<S>, before: S, after: S): Change | undefined => {
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

/** Registers the watch and gives the stream of states. */
export const follow = <S, A>(
  view: View,
  path: string,
  subject: Subject<S>,
  element: (state: S, change: Change) => A
): Effect.Effect<Stream.Stream<A, ZooKeeperError>, ZooKeeperError, Scope.Scope> =>
  at(view, subject.name, path, (target) =>
    Effect.suspend(() => {
      const { hub } = view
      const ready = Latch.makeUnsafe()
      /** Counts what made the state stale; `told` is where it stood when the newest state was read, 0 before the first. */
      let marks = 1
      let told = 0
      let gap = 0
      let deletion = 0
      let known: S
      /** Whoever waits for it pulls at once. */
      const mark = () => {
        marks++
        ready.openUnsafe()
      }
      const miss = () => {
        gap = marks + 1
        mark()
      }
      const registered = hub.watch(view, path, {
        recursive: false,
        onEvent: ({ type }, late) => {
          if (type === subject.ignores) return
          if (late) return miss()
          if (type === "NodeDeleted") deletion = marks + 1
          mark()
        },
        onGap: (asked) => (asked ? undefined : miss()),
        onDowngrade: miss,
        onEnd: mark
      })
      const deleted = Effect.sync(() => {
        note(view, path, "exist")
        return subject.missing
      })
      const read: Effect.Effect<S, ZooKeeperError> = Effect.suspend(() =>
        Effect.catchIf(
          hub.reading(target, hub.kind, subject.read(path, hub.kind)),
          (error) => isPassing(view, error),
          () => read
        )
      )
      const pull: Effect.Effect<Arr.NonEmptyReadonlyArray<A>, ZooKeeperError> = Effect.suspend(() => {
        if (told === marks) {
          ready.closeUnsafe()
          return Effect.andThen(ready.await, pull)
        }
        const upTo = marks
        const isFirst = told === 0
        const missed = gap > told && !isFirst
        const { connection } = hub
        // What was deleted last is not there: whatever made it anew would have been told since.
        const isDeleted = deletion === marks && !missed && hub.kind === "lasting"
        const newest = isDeleted ? deleted : missed ? Effect.andThen(spread(view), read) : read
        // A read that fails or is interrupted leaves the state stale for whoever pulls next.
        return Effect.flatMap(newest, (state) => {
          told = upTo
          // Whether what was found was registered on the present connection is not certain.
          if (hub.connection !== connection) mark()
          const change = isFirst ? "initial" : changeOf(subject, known, state)
          known = state
          return change === undefined ? pull : Effect.succeed([element(state, missed ? "resynced" : change)] as const)
        })
      })
      return Effect.as(registered, Stream.fromPull(Effect.succeed(pull)))
    })
  )
