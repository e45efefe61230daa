/** Changing a node's data on the ground of what it was: read, compute, write if nobody else did meanwhile. */
import * as Effect from "effect/Effect"
import type { Stat } from "../model/Stat.ts"
import { isZooKeeperError, type ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { View } from "./Attempt.ts"
import type { Data, Node } from "./Data.ts"
import { get, set } from "./nodes.ts"

/**
 * A write whose answer was lost cannot be verified by reading again, for another client may have written the same bytes.
 * So it fails with `applied: "unknown"`, unless the caller says that doing it twice does no harm.
 */
export const update = <E = never, R = never>(
  view: View,
  path: string,
  f: (node: Node) => Data | Effect.Effect<Data, E, R>,
  options?: { readonly idempotent?: boolean | undefined }
): Effect.Effect<Stat, ZooKeeperError | E, R> => {
  const again = options?.idempotent === true ? ["BadVersion", "ConnectionLost", "Timeout"] : ["BadVersion"]
  const attempt = Effect.flatMap(get(view, path), (node) => {
    const made = f(node)
    const data = Effect.isEffect(made) ? made : Effect.succeed(made)
    return Effect.flatMap(data, (data) => set(view, path, data, { version: node.stat.version }))
  })
  return Effect.retry(attempt, {
    schedule: view.retry,
    while: (error) => isZooKeeperError(error) && again.includes(error.reason._tag)
  })
}
