/** Creating a node together with what is missing above it. */
import * as Effect from "effect/Effect"
import * as Path from "../model/Path.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { View } from "./Attempt.ts"
import type { CreateOptions } from "./service/Nodes.ts"
import { ensurePath } from "./tree.ts"

export const withParents = <A>(
  view: View,
  path: string,
  options: CreateOptions | undefined,
  create: Effect.Effect<A, ZooKeeperError>
): Effect.Effect<A, ZooKeeperError> => {
  const parents = options?.parents ?? false
  if (parents === false) return create
  const mode = parents === true ? "persistent" : parents
  const below = Effect.andThen(ensurePath(view, Path.parent(path), options?.acl, mode), create)
  // A container may be reaped between the two. There is an end, since a chroot that is missing is NoNode as well.
  const again = Effect.retry(below, { times: 3, while: ({ reason }) => reason._tag === "NoNode" })
  return Effect.catchReason(create, "ZooKeeperError", "NoNode", () => again)
}
