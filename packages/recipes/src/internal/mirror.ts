/** A live local copy of a part of the tree, whatever watches the server has. */
import * as Path from "@effect-zookeeper/core/Path"
import type { Node, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CacheChange, CacheFailure } from "../Cache.ts"
import { begin } from "./begin.ts"
import { Copy, type Extent } from "./Copy.ts"
import { inScopeOfItsOwn } from "./inScopeOfItsOwn.ts"
import { latest } from "./latest.ts"
import { oneShotSource } from "./oneShotSource.ts"
import { recursiveSource } from "./recursiveSource.ts"
import type { Source } from "./Source.ts"

export interface Mirror {
  /** The nodes by their paths, once all were read; the same map every time, changed in place. */
  readonly content: Effect.Effect<ReadonlyMap<string, Node>, CacheFailure>
  /** What is there, as if it had just been added, and every change from then on. */
  readonly changes: Stream.Stream<CacheChange, CacheFailure>
  /** The map now and after every change of it; slow consumers miss what lies between. */
  readonly states: Stream.Stream<ReadonlyMap<string, Node>, CacheFailure>
}

/** The default of `maxNodes`. */
export const MAX_NODES = 100_000

/** The children among the nodes, by their names and sorted. */
export const childrenOf = (path: string, nodes: ReadonlyMap<string, Node>): ReadonlyMap<string, Node> =>
  new Map([...nodes].flatMap(([at, node]) => (at === path ? [] : [[Path.name(at), node] as const])).sort(byName))

const byName = (a: readonly [string, Node], b: readonly [string, Node]): number => (a[0] < b[0] ? -1 : 1)

/** Keeps the copy until the scope closes; returns once it is told of changes, before everything was read. */
export const mirror = Effect.fnUntraced(function* (
  zk: ZooKeeper,
  extent: Extent
): Effect.fn.Return<Mirror, ZooKeeperError, Scope.Scope> {
  const copy = new Copy(extent)
  const { current, end, states, tell } = yield* latest<ReadonlyMap<string, Node>, CacheFailure>()
  const told = tell(copy.nodes)
  const keep = Effect.fnUntraced(function* (source: Source) {
    yield* Effect.andThen(copy.walk(source), told)
    yield* Stream.runForEachArray(source.touches, (touches) => Effect.andThen(copy.follow(source, touches), told))
  })
  const over = (
    source: Effect.Effect<Source, ZooKeeperError, Scope.Scope>,
    begun: Effect.Effect<unknown>
  ): Effect.Effect<void, CacheFailure> => Effect.scoped(Effect.flatMap(Effect.tap(source, begun), keep))
  const following = begin<CacheFailure>(
    (begun) =>
      Effect.catchReason(over(recursiveSource(zk, extent.path), begun), "ZooKeeperError", "Unsupported", () =>
        over(oneShotSource(zk, extent.path), begun)
      ),
    (cause) => {
      // What is in it is not kept up any more, so nobody may take it for the truth.
      copy.nodes.clear()
      return Effect.andThen(
        end(cause),
        Effect.sync(() => copy.broadcast.end(cause))
      )
    }
  )
  // Nothing is put into it before it has begun.
  yield* Effect.catchTag(following, "CacheFull", Effect.die)
  return {
    content: current,
    changes: copy.broadcast.stream(() => [...copy.nodes].map(([path, node]) => ({ _tag: "Added", path, node }))),
    states
  }
}, inScopeOfItsOwn)
