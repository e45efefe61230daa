/** Reads for somebody who watches: they find what is there, and leave the watches behind that a reconnect needs. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "../../model/Path.ts"
import type { Stat } from "../../model/Stat.ts"
import type { ZooKeeperError } from "../../model/ZooKeeperError.ts"
import { getChildren2, type GetChildren2Response } from "../../wire/ops/children.ts"
import { getData, type GetDataResponse } from "../../wire/ops/data.ts"
import { exists as existsOperation } from "../../wire/ops/exists.ts"
import type { Operation } from "../../wire/Operation.ts"
import { perform, type View } from "../Attempt.ts"
import { type Node, toNode } from "../Data.ts"
import type { Kind } from "./ServerWatches.ts"

/** What is read of a node. */
export interface Reading<in out Response, out A> {
  /** The method's name, for errors. */
  readonly name: string
  readonly operation: Operation<{ readonly path: string; readonly watch: boolean }, Response>
  /** The watch that tells of its changes. */
  readonly found: "data" | "child"
  readonly value: (response: Response) => A
}

export const data: Reading<GetDataResponse, Node> = {
  name: "get",
  operation: getData,
  found: "data",
  value: toNode
}

export const children: Reading<GetChildren2Response, GetChildren2Response> = {
  name: "children",
  operation: getChildren2,
  found: "child",
  value: (response) => response
}

export const exists: Reading<Stat, Stat> = {
  name: "exists",
  operation: existsOperation,
  found: "data",
  value: (stat) => stat
}

/** Takes note of what was found, so that after a reconnect the server fires for what differs from it. */
export const note = (view: View, path: string, found: "data" | "child" | "exist"): void => {
  const target = Path.prepend(view.root, path)
  const { watches } = view.session
  // What is neither known nor watched any more is a late answer to somebody who is gone.
  if (!watches.found(target, found) && view.hub.isWatched(target)) watches.add(target, found)
}

/** Reads a node, which may be missing. */
export const find = <Response, A>(
  view: View,
  path: string,
  kind: Kind,
  reading: Reading<Response, A>
): Effect.Effect<Option.Option<A>, ZooKeeperError> =>
  Effect.flatMap(
    perform({
      view,
      name: reading.name,
      path,
      operation: reading.operation,
      request: { path: Path.prepend(view.root, path), watch: kind === "oneShot" },
      success: (response): Option.Option<A> => Option.some(reading.value(response)),
      missing: Option.none<A>()
    }),
    (found) => {
      if (Option.isNone(found) && kind === "oneShot" && reading.operation.code !== exists.operation.code) {
        // A one-shot read of a missing node sets no watch, so its existence is asked for; if it came to be meanwhile, it
        // is read again.
        return Effect.flatMap(find(view, path, kind, exists), (stat) =>
          Option.isNone(stat) ? Effect.succeed(found) : find(view, path, kind, reading)
        )
      }
      note(view, path, Option.isSome(found) ? reading.found : "exist")
      return Effect.succeed(found)
    }
  )
