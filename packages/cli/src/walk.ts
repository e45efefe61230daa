/**
 * The nodes below a node: the next level, or all levels, read with many requests on their way at once.
 */
import * as Path from "@effect-zookeeper/core/Path"
import type { Stat } from "@effect-zookeeper/core/Stat"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

export interface Entry {
  readonly path: string
  readonly stat: Stat
}

/** How many requests are on their way at once. */
export const CONCURRENCY = 64

/** A parent stands before its children, and siblings stand in order: "/" must sort below all that names are made of. */
const byElements = (a: { readonly path: string }, b: { readonly path: string }): number => {
  const [left, right] = [a.path.replaceAll("/", "\u0000"), b.path.replaceAll("/", "\u0000")]
  return left < right ? -1 : left > right ? 1 : 0
}

/** The paths of the children, sorted. */
export const childPaths = (zk: ZooKeeper, path: string): Effect.Effect<ReadonlyArray<string>, ZooKeeperError> =>
  Effect.map(zk.children(path), (names) => names.toSorted().map((name) => Path.join(path, name)))

/** The children with their Stats; one that is deleted meanwhile is left out. */
export const children = (zk: ZooKeeper, path: string): Effect.Effect<ReadonlyArray<Entry>, ZooKeeperError> =>
  Effect.gen(function* () {
    const found = yield* Effect.forEach(
      yield* childPaths(zk, path),
      (path) =>
        Effect.map(
          zk.exists(path),
          Option.map((stat): Entry => ({ path, stat }))
        ),
      { concurrency: CONCURRENCY }
    )
    return found.flatMap(Option.toArray)
  })

/**
 * The node itself, which must be there, and everything below it, or so many levels; what is deleted meanwhile is left out.
 */
export const descendants = (
  zk: ZooKeeper,
  top: string,
  depth = Infinity
): Effect.Effect<ReadonlyArray<Entry>, ZooKeeperError> =>
  Effect.gen(function* () {
    const read = (path: string) =>
      Effect.map(zk.childrenWithStat(path), ({ children, stat }) => ({ path, stat, children }))
    const found: Array<Entry> = []
    let level = [yield* read(top)]
    for (let below = depth; level.length > 0; below--) {
      for (const { path, stat } of level) found.push({ path, stat })
      if (below === 0) break
      const next = yield* Effect.forEach(
        level.flatMap(({ children, path }) => children.map((name) => Path.join(path, name))),
        (path) => Effect.catchReason(Effect.asSome(read(path)), "ZooKeeperError", "NoNode", () => Effect.succeedNone),
        { concurrency: CONCURRENCY }
      )
      level = next.flatMap(Option.toArray)
    }
    return found.sort(byElements)
  })
