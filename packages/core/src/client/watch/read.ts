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
import type { Node } from "../Data.ts"
import type { Kind } from "./WatchHub.ts"

type Found<A> = Effect.Effect<Option.Option<A>, ZooKeeperError>

const NO_DATA = new Uint8Array(0)

/** Takes note of what was found, so that after a reconnect the server fires for what differs from it. */
const note = (view: View, path: string, found: "data" | "child" | "exist"): void => {
  const { watches } = view.session
  const target = Path.prepend(view.root, path)
  watches.add(target, found)
  if (found === "exist") {
    watches.remove(target, "data")
    watches.remove(target, "child")
  } else watches.remove(target, "exist")
}

/** `isRead` is called at the very moment of the answer, before any later event. */
export const exists = (view: View, path: string, kind: Kind, isRead: () => void = () => {}): Found<Stat> =>
  Effect.map(
    perform({
      view,
      name: "exists",
      path,
      operation: existsOperation,
      request: { path: Path.prepend(view.root, path), watch: kind === "oneShot" },
      success: (stat): Option.Option<Stat> => {
        isRead()
        return Option.some(stat)
      },
      missing: Option.none<Stat>()
    }),
    (found) => {
      if (Option.isNone(found)) isRead()
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

export const data = (view: View, path: string, kind: Kind, isRead: () => void = () => {}): Found<Node> =>
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
      success: ({ data, stat }): Option.Option<Node> => {
        isRead()
        return Option.some({ data: data ?? NO_DATA, stat })
      },
      missing: Option.none<Node>()
    })
  )

export const children = (
  view: View,
  path: string,
  kind: Kind,
  isRead: () => void = () => {}
): Found<GetChildren2Response> =>
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
      success: (found): Option.Option<GetChildren2Response> => {
        isRead()
        return Option.some(found)
      },
      missing: Option.none<GetChildren2Response>()
    })
  )
