/** Deleting a node as the options say, which are refused together with the path before anything is sent. */
import type * as Effect from "effect/Effect"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import { badPath, invalid, type View } from "./Attempt.ts"
import { guarantee } from "./guaranteed.ts"
import { badVersion, deleteOne } from "./nodes.ts"
import { deleteOwned } from "./owned.ts"
import type { DeleteOptions } from "./service/Nodes.ts"
import { deleteTree } from "./tree.ts"

/** Whoever says both may think that each node below is looked at for its owner. */
const contradiction = (
  view: View,
  path: string,
  options: DeleteOptions | undefined
): Effect.Effect<never, ZooKeeperError> | undefined =>
  options?.owned === true && options.recursive === true
    ? invalid(
        view,
        "delete",
        path,
        "owned and recursive exclude each other: an ephemeral node has nothing below it; leave one of them out"
      )
    : undefined

export const deleteNode = (
  view: View,
  path: string,
  options: DeleteOptions | undefined
): Effect.Effect<void, ZooKeeperError> => {
  const problem = contradiction(view, path, options)
  if (problem !== undefined) return problem
  const kind = options?.owned === true ? deleteOwned : options?.recursive === true ? deleteTree : deleteOne
  const deletion = kind(view, path, options?.version)
  if (options?.guaranteed !== true) return deletion
  // Nobody hears of what goes wrong in the background.
  return badPath(view, "delete", path) ?? badVersion(view, "delete", path, options.version) ?? guarantee(view, deletion)
}
