/** The children of a node, with their data or without, as they are now. */
import * as Path from "@effect-zookeeper/core/Path"
import type { Node, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** The names, in no order; of a missing node none. */
export const namesBelow = (zk: ZooKeeper, path: string): Effect.Effect<ReadonlyArray<string>, ZooKeeperError> =>
  Effect.catchReason(zk.children(path), "ZooKeeperError", "NoNode", () => Effect.succeed([]))

/** What is made of each child that is still there, by the names. */
export const readBelow = <A>(
  zk: ZooKeeper,
  path: string,
  read: (name: string, node: Node) => Effect.Effect<Option.Option<A>>
): Effect.Effect<ReadonlyArray<A>, ZooKeeperError> =>
  Effect.gen(function* () {
    const found = yield* Effect.forEach(
      (yield* namesBelow(zk, path)).toSorted(),
      (name) =>
        Effect.flatMap(
          zk.getOption(Path.join(path, name)),
          Option.match({ onNone: () => Effect.succeedNone, onSome: (node) => read(name, node) })
        ),
      { concurrency: "unbounded" }
    )
    return found.flatMap((each) => Option.toArray(each))
  })
