/** What another client sees of a node's coming and going. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Client } from "./clients.ts"

/**
 * Writes down each change of the node's existence as `zk` hears of it (`initial`, `deleted`, ...), and calls `onChange`
 * at that moment. Returns once the watch is registered.
 */
export const recordExistence = Effect.fnUntraced(function* (
  zk: Client,
  path: string,
  onChange: (change: string) => void = () => {}
) {
  const seen: Array<string> = []
  const changes = yield* zk.changes.existsScoped(path)
  yield* Effect.forkScoped(
    Stream.runForEach(changes, ({ change }) =>
      Effect.sync(() => {
        seen.push(change)
        onChange(change)
      })
    )
  )
  return seen as ReadonlyArray<string>
})
