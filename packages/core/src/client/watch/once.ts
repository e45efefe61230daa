/** A value and the first change after it, for those who want one change only. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Path from "../../model/Path.ts"
import type { Stat } from "../../model/Stat.ts"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import { Closed, NoNode, type ZooKeeperError } from "../../model/ZooKeeperError.ts"
import { at, failure, type View } from "../Attempt.ts"
import type { Node } from "../Data.ts"
import type { Once } from "../Service.ts"
import * as read from "./read.ts"
import type { Kind } from "./WatchHub.ts"

const dataEvents: ReadonlySet<WatchEvent["type"]> = new Set(["NodeCreated", "NodeDataChanged", "NodeDeleted"])
const childEvents: ReadonlySet<WatchEvent["type"]> = new Set(["NodeChildrenChanged", "NodeDeleted"])

/**
 * Watches first, then reads: an event counts from the moment in which the value was read. The watch goes with the event,
 * or with the session.
 */
const once = <A>(
  view: View,
  name: string,
  path: string,
  counts: ReadonlySet<WatchEvent["type"]>,
  value: (kind: Kind, isRead: () => void) => Effect.Effect<A, ZooKeeperError>
): Effect.Effect<Once<A>, ZooKeeperError> =>
  at(view, name, path, () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const next = Deferred.makeUnsafe<WatchEvent, ZooKeeperError>()
      let armed = false
      const finish = (exit: Exit.Exit<WatchEvent, ZooKeeperError>) => {
        if (Deferred.doneUnsafe(next, exit)) view.background(Scope.close(scope, Exit.void))
      }
      const watched = view.hub.watch(view, path, {
        recursive: false,
        onEvent: (event) => {
          if (armed && counts.has(event.type))
            finish(Exit.succeed({ ...event, path: Path.strip(view.root, event.path) }))
        },
        onGap: () => {},
        onEnd: () => finish(Exit.fail(failure(view, name, path, view.session.over ?? new Closed({}), "no")))
      })
      const arm = () => {
        armed = true
      }
      const found = yield* Effect.onError(
        Effect.flatMap(Scope.provide(watched, scope), (kind) => value(kind, arm)),
        () => Scope.close(scope, Exit.void)
      )
      return { value: found, next: Deferred.await(next) }
    })
  )

const present = <A>(
  view: View,
  name: string,
  path: string,
  read: Effect.Effect<Option.Option<A>, ZooKeeperError>
): Effect.Effect<A, ZooKeeperError> =>
  Effect.flatMap(read, (found) =>
    Effect.mapError(Effect.fromOption(found), () => failure(view, name, path, new NoNode({}), "no"))
  )

export const data = (view: View, path: string): Effect.Effect<Once<Node>, ZooKeeperError> =>
  once(view, "once.data", path, dataEvents, (kind, isRead) =>
    present(view, "once.data", path, read.data(view, path, kind, isRead))
  )

export const children = (view: View, path: string): Effect.Effect<Once<ReadonlyArray<string>>, ZooKeeperError> =>
  once(view, "once.children", path, childEvents, (kind, isRead) =>
    Effect.map(
      present(view, "once.children", path, read.children(view, path, kind, isRead)),
      ({ children }) => children
    )
  )

export const exists = (view: View, path: string): Effect.Effect<Once<Option.Option<Stat>>, ZooKeeperError> =>
  once(view, "once.exists", path, dataEvents, (kind, isRead) => read.exists(view, path, kind, isRead))
