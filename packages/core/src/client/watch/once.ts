/** A value and the first change after it, for those who want one change only. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Path from "../../model/Path.ts"
import type { Stat } from "../../model/Stat.ts"
import type { WatchEvent } from "../../model/WatchEvent.ts"
import { Closed, type ZooKeeperError } from "../../model/ZooKeeperError.ts"
import { getChildren } from "../../wire/ops/children.ts"
import { getData } from "../../wire/ops/data.ts"
import { exists as existsOperation } from "../../wire/ops/exists.ts"
import type { Operation } from "../../wire/Operation.ts"
import { at, failure, perform, type View } from "../Attempt.ts"
import { type Node, toNode } from "../Data.ts"
import type { Once } from "../service/Watches.ts"
import type { Watcher } from "./Entry.ts"
import { note } from "./read.ts"
import type { Kind } from "./ServerWatches.ts"

const dataEvents: ReadonlySet<WatchEvent["type"]> = new Set(["NodeCreated", "NodeDataChanged", "NodeDeleted"])
const childEvents: ReadonlySet<WatchEvent["type"]> = new Set(["NodeChildrenChanged", "NodeDeleted"])

/**
 * Listens first, then reads with a watch: an event counts from the moment in which the value was read. A read that finds
 * no node leaves no watch behind (CURATOR-240). The watch goes with the event, or with the session.
 */
const once = <Request extends { readonly path: string; readonly watch: boolean }, Response, A>(
  view: View,
  name: string,
  path: string,
  found: "data" | "child",
  counts: ReadonlySet<WatchEvent["type"]>,
  operation: Operation<Request, Response>,
  request: (target: string, watch: boolean) => Request,
  value: (response: Response) => A,
  missing?: A
): Effect.Effect<Once<A>, ZooKeeperError> =>
  at(view, name, path, (target) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const next = Deferred.makeUnsafe<WatchEvent, ZooKeeperError>()
      let armed = false
      const finish = (exit: Exit.Exit<WatchEvent, ZooKeeperError>) => {
        if (Deferred.doneUnsafe(next, exit)) view.background(Scope.close(scope, Exit.void))
      }
      const watcher: Watcher = {
        recursive: false,
        oneShot: true,
        onEvent: (event) => {
          if (armed && counts.has(event.type))
            finish(Exit.succeed({ ...event, path: Path.strip(view.root, event.path) }))
        },
        onGap: () => {},
        onDowngrade: () => {},
        onEnd: () => finish(Exit.fail(failure(view, name, path, view.session.over ?? new Closed(), "no")))
      }
      const reading = (kind: Kind): Effect.Effect<A, ZooKeeperError> =>
        Effect.suspend(() => {
          const { connection } = view.hub
          const read = perform({
            view,
            name,
            path,
            operation,
            request: request(target, kind === "oneShot"),
            success: (response) => {
              armed = true
              note(view, path, found)
              return value(response)
            },
            ...(missing === undefined ? {} : { missing })
          })
          return Effect.flatMap(read, (value) => {
            if (!armed) {
              armed = true
              note(view, path, "exist")
            }
            if (view.hub.connection === connection) return Effect.succeed(value)
            // Whether what was found was registered on the present connection is not certain.
            armed = false
            return reading(kind)
          })
        })
      const read = yield* Effect.onError(Scope.provide(view.hub.once(view, path, watcher, reading), scope), () =>
        Scope.close(scope, Exit.void)
      )
      const unwatch = Effect.suspend(() => Scope.close(scope, Exit.void))
      return { value: read, next: Effect.onInterrupt(Deferred.await(next), () => unwatch) }
    })
  )

const pathAndWatch = (path: string, watch: boolean) => ({ path, watch })

export const data = (view: View, path: string): Effect.Effect<Once<Node>, ZooKeeperError> =>
  once(view, "once.data", path, "data", dataEvents, getData, pathAndWatch, toNode)

export const children = (view: View, path: string): Effect.Effect<Once<ReadonlyArray<string>>, ZooKeeperError> =>
  once(view, "once.children", path, "child", childEvents, getChildren, pathAndWatch, (names) => names)

export const exists = (view: View, path: string): Effect.Effect<Once<Option.Option<Stat>>, ZooKeeperError> =>
  once(
    view,
    "once.exists",
    path,
    "data",
    dataEvents,
    existsOperation,
    pathAndWatch,
    (stat): Option.Option<Stat> => Option.some(stat),
    Option.none<Stat>()
  )
