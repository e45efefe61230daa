/** Paths as trees: making all that is missing, deleting all that is there. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Acl } from "../model/Acl.ts"
import * as Path from "../model/Path.ts"
import { BadVersion, NoNode, type ZooKeeperError } from "../model/ZooKeeperError.ts"
import { failure, invalid, type View } from "./Attempt.ts"
import { create } from "./create.ts"
import { children, deleteOne, exists } from "./nodes.ts"

/** So many requests at a time: enough to fill the pipe, few enough to leave room for others. */
const CONCURRENCY = 128

/** Since 3.8.4 and 3.9.2 a server does not show a node to whom it may not be read: it is there. */
const isThere = (view: View, path: string): Effect.Effect<boolean, ZooKeeperError> =>
  Effect.catchReason(Effect.map(exists(view, path), Option.isSome), "ZooKeeperError", "NoAuth", () =>
    Effect.succeed(true)
  )

/**
 * Makes the node and every missing ancestor. Looks first: a create below an ancestor that exists may be forbidden where
 * the node itself is there already (measured on 3.8.0: NoAuth comes before NodeExists).
 */
export const ensurePath = Effect.fnUntraced(function* (
  view: View,
  path: string,
  acl: ReadonlyArray<Acl> | undefined,
  mode: "persistent" | "container" = "persistent"
): Effect.fn.Return<void, ZooKeeperError> {
  const problem = Path.problem(path)
  if (problem !== undefined) return yield* invalid(view, "ensurePath", path, `'${path}' is not a path: ${problem}`)
  const found = yield* Effect.forEach(Path.lineage(path), (node) => isThere(view, node), { concurrency: CONCURRENCY })
  for (const [index, node] of Path.lineage(path).entries()) {
    if (found[index] === true) continue
    yield* Effect.catchReason(create(view, node, "", { acl, mode }), "ZooKeeperError", "NodeExists", () => Effect.void)
  }
})

const childPaths = (view: View, path: string): Effect.Effect<ReadonlyArray<string>, ZooKeeperError> =>
  Effect.map(children(view, path), (names) => names.map((name) => Path.join(path, name)))

/** All nodes from `path` down, one list for each level. */
const levels = Effect.fnUntraced(function* (
  view: View,
  path: string
): Effect.fn.Return<ReadonlyArray<ReadonlyArray<string>>, ZooKeeperError> {
  const found: Array<ReadonlyArray<string>> = [[path]]
  for (let level = found[0]!; level.length > 0; level = found.at(-1)!) {
    const below = yield* Effect.forEach(
      level,
      (node) => Effect.catchReason(childPaths(view, node), "ZooKeeperError", "NoNode", () => Effect.succeed([])),
      { concurrency: CONCURRENCY }
    )
    found.push(below.flat())
  }
  return found
})

/** What somebody else deletes meanwhile is fine; what they create meanwhile is deleted in the next round. */
const deleteBelow = Effect.fnUntraced(function* (view: View, path: string): Effect.fn.Return<void, ZooKeeperError> {
  const [, ...below] = yield* levels(view, path)
  yield* Effect.logDebug(`Nodes to delete below ${path}: ${below.reduce((sum, level) => sum + level.length, 0)}`)
  for (const level of below.toReversed()) {
    yield* Effect.forEach(
      level,
      (node) =>
        Effect.catchReasons(deleteOne(view, node, undefined), "ZooKeeperError", {
          NoNode: () => Effect.void,
          NotEmpty: () => Effect.void
        }),
      { concurrency: CONCURRENCY, discard: true }
    )
  }
})

/**
 * Deletes a node and everything below it. The version is compared first, so that nothing is gone when it does not fit,
 * and once more when the node itself goes.
 */
export const deleteTree = Effect.fnUntraced(function* (
  view: View,
  path: string,
  version: number | undefined
): Effect.fn.Return<void, ZooKeeperError> {
  if (path === "/") {
    return yield* invalid(view, "delete", path, "'/' cannot be deleted; delete its children one by one")
  }
  const stat = yield* exists(view, path)
  if (Option.isNone(stat)) return yield* failure(view, "delete", path, new NoNode(), "no")
  if (version !== undefined && stat.value.version !== version) {
    return yield* failure(view, "delete", path, new BadVersion(), "no")
  }
  while (true) {
    yield* deleteBelow(view, path)
    const gone: boolean = yield* deleteOne(view, path, version).pipe(
      Effect.as(true),
      Effect.catchReason("ZooKeeperError", "NotEmpty", () => Effect.succeed(false))
    )
    if (gone) return
  }
})
