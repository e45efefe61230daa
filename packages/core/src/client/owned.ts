/** Deleting a node only if this session owns it, though no request of the protocol names an owner. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ConnectionLost, type ZooKeeperError } from "../model/ZooKeeperError.ts"
import { badPath, failure, type View } from "./Attempt.ts"
import { catchUp } from "./catchUp.ts"
import { whileConnected } from "./lease.ts"
import { badVersion, deleteOne, exists } from "./nodes.ts"

/**
 * Deletes the version of the node that it has just seen to be its own. What remains is a node that is replaced by one of
 * the same version while the request is on its way.
 */
const seeAndDelete = Effect.fnUntraced(function* (
  view: View,
  path: string,
  version: number | undefined
): Effect.fn.Return<void, ZooKeeperError> {
  while (true) {
    yield* catchUp(view, path)
    const stat = yield* exists(view, path)
    if (Option.isNone(stat) || stat.value.ephemeralOwner !== view.session.info.id) return
    const isDone = yield* deleteOne(view, path, version ?? stat.value.version).pipe(
      Effect.as(true),
      Effect.catchReasons("ZooKeeperError", {
        NoNode: () => Effect.succeed(true),
        BadVersion: (_, error) => (version === undefined ? Effect.succeed(false) : Effect.fail(error))
      })
    )
    if (isDone) return
  }
})

/**
 * Afterwards this session owns no node of that path; what another session has there stays. All of it is done on one
 * connection: a request that waited for the next one could meet anything.
 */
export const deleteOwned = (
  view: View,
  path: string,
  version: number | undefined
): Effect.Effect<void, ZooKeeperError> => {
  const onOneConnection = Effect.catchTag(
    whileConnected(view, seeAndDelete(view, path, version)),
    "LeaseLost",
    ({ message }) => Effect.fail(failure(view, "delete", path, new ConnectionLost({ detail: message }), "unknown"))
  )
  return (
    badPath(view, "delete", path) ??
    badVersion(view, "delete", path, version) ??
    Effect.suspend(() =>
      // Waits for the next one first.
      view.session.info.connected ? onOneConnection : Effect.andThen(catchUp(view, path), onOneConnection)
    )
  )
}
