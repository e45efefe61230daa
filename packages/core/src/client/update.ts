/** Changing a node's data on the ground of what it was: read, compute, write if nobody else did meanwhile. */
import * as Effect from "effect/Effect"
import type { Stat } from "../model/Stat.ts"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { View } from "./Attempt.ts"
import type { Data, Node } from "./Data.ts"
import { get, set } from "./nodes.ts"

const tags = (...wanted: ReadonlyArray<ZooKeeperError["reason"]["_tag"]>) => {
  return ({ reason }: ZooKeeperError): boolean => wanted.includes(reason._tag)
}

/**
 * A write whose answer was lost cannot be verified by reading again, for another client may have written the same bytes.
 * So it fails with `applied: "unknown"`, unless the caller says that doing it twice does no harm.
 */
export const update = (
  view: View,
  path: string,
  f: (node: Node) => Data,
  options?: { readonly idempotent?: boolean | undefined }
): Effect.Effect<Stat, ZooKeeperError> =>
  Effect.retry(
    Effect.flatMap(get(view, path), (node) => set(view, path, f(node), { version: node.stat.version })),
    {
      schedule: view.retry,
      while: options?.idempotent === true ? tags("BadVersion", "ConnectionLost", "Timeout") : tags("BadVersion")
    }
  )
