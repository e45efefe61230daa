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
import type { Kind } from "./WatchHub.ts"

/** How a state came to be, seen from the one before it. */
export type Change = "initial" | "created" | "changed" | "deleted" | "recreated" | "resynced"

/** What is followed: how to read it, and how to tell two states apart. */
export interface Subject<S> {
  readonly name: string
  /** Events that cannot have changed it. */
  readonly ignores: WatchEvent["type"] | undefined
  readonly read: (path: string, kind: Kind) => Effect.Effect<S, ZooKeeperError>
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

/** Registers the watch and gives the stream of states. */
export const follow = <S, A>(
  view: View,
  path: string,
  subject: Subject<S>,
  element: (state: S, change: Change) => A
): Effect.Effect<Stream.Stream<A, ZooKeeperError>, ZooKeeperError, Scope.Scope> =>
  at(view, subject.name, path, () =>
    Effect.suspend(() => {
      const stale = Latch.makeUnsafe(true)
      let gap = false
      let known: { readonly state: S } | undefined
      const registered = view.hub.watch(view, path, {
        recursive: false,
        onEvent: ({ type }) => {
          if (type !== subject.ignores) stale.openUnsafe()
        },
        onGap: () => {
          gap = true
          stale.openUnsafe()
        },
        onEnd: () => stale.openUnsafe()
      })
      const pull = (kind: Kind): Effect.Effect<Arr.NonEmptyReadonlyArray<A>, ZooKeeperError> =>
        Effect.gen(function* () {
          while (true) {
            yield* stale.await
            stale.closeUnsafe()
            const missed = gap
            gap = false
            if (missed && known !== undefined) yield* spread(view)
            // A read that fails or is interrupted leaves the state stale for whoever pulls next.
            const state = yield* Effect.onError(subject.read(path, kind), () => Effect.sync(() => stale.openUnsafe()))
            const before = known
            known = { state }
            if (before === undefined) return [element(state, "initial")] as const
            const change = changeOf(subject, before.state, state)
            if (change !== undefined) return [element(state, missed ? "resynced" : change)] as const
          }
        })
      return Effect.map(registered, (kind) => Stream.fromPull(Effect.succeed(pull(kind))))
    })
  )
