/** Reads for somebody who watches: they find what is there, and leave the watches behind that a reconnect needs. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "../../model/Path.ts"
import type { Stat } from "../../model/Stat.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import { getChildren2, type GetChildren2Response } from "../../wire/ops/children.ts"
import { getData } from "../../wire/ops/data.ts"
import { exists as existsOperation } from "../../wire/ops/exists.ts"
import { perform, type View } from "../Attempt.ts"
import { type Node, toNode } from "../Data.ts"
import type { Kind } from "./WatchHub.ts"

type Found<A> = Effect.Effect<Option.Option<A>, ZooKeeperError>

/** Takes note of what was found, so that after a reconnect the server fires for what differs from it. */
export const note = (view: View, path: string, found: "data" | "child" | "exist"): void => {
  const target = Path.prepend(view.root, path)
  // Else it is a late answer to somebody who is gone.
  if (view.hub.isWatched(target)) view.session.watches.found(target, found)
}

/** Finds out whether a node exists. */
export const exists = (view: View, path: string, kind: Kind): Found<Stat> =>
  Effect.map(
    perform({
      view,
      name: "exists",
      path,
      operation: existsOperation,
      request: { path: Path.prepend(view.root, path), watch: kind === "oneShot" },
      success: Option.some<Stat>,
      missing: Option.none<Stat>()
    }),
    (found) => {
      note(view, path, Option.isSome(found) ? "data" : "exist")
      return found
    }
  )

/**
 * A one-shot read of a missing node sets no watch, so its existence is asked for; if it came to be meanwhile, it is read
 * again.
 */
const orMissing = <A>(view: View, path: string, kind: Kind, found: "data" | "child", read: Found<A>): Found<A> =>
  Effect.flatMap(read, (value) => {
    if (Option.isSome(value)) {
      note(view, path, found)
      return Effect.succeed(value)
    }
    if (kind === "lasting") {
      note(view, path, "exist")
      return Effect.succeed(value)
    }
    return Effect.flatMap(exists(view, path, kind), (stat) =>
      Option.isNone(stat) ? Effect.succeed(value) : orMissing(view, path, kind, found, read)
    )
  })

/** Reads a node's data. */
export const data = (view: View, path: string, kind: Kind): Found<Node> =>
  orMissing(
    view,
    path,
    kind,
    "data",
    perform({
      view,
      name: "get",
      path,
      operation: getData,
      request: { path: Path.prepend(view.root, path), watch: kind === "oneShot" },
      success: (response): Option.Option<Node> => Option.some(toNode(response)),
      missing: Option.none<Node>()
    })
  )

/** Reads the names of a node's children. */
export const children = (view: View, path: string, kind: Kind): Found<GetChildren2Response> =>
  orMissing(
    view,
    path,
    kind,
    "child",
    perform({
      view,
      name: "children",
      path,
      operation: getChildren2,
      request: { path: Path.prepend(view.root, path), watch: kind === "oneShot" },
      success: Option.some<GetChildren2Response>,
      missing: Option.none<GetChildren2Response>()
    })
  )
