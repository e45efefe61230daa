/** The events of a session as short texts, for tests of what servers send. */
import * as Path from "@effect-zookeeper/core/Path"
import * as Effect from "effect/Effect"
import type { Client } from "./clients.ts"

/**
 * Writes down every event of the session as `NodeCreated /path`. `seen` gives them all after a read, behind which no
 * event of an earlier change can come on this connection; `now` gives those that came so far.
 */
export const recordEvents = Effect.fnUntraced(function* (zk: Client) {
  const list: Array<string> = []
  const root = zk.session.root === "/" ? "" : zk.session.root
  yield* Effect.acquireRelease(
    Effect.sync(() => zk.driver.onEvent(({ path, type }) => list.push(`${type} ${Path.strip(root, path)}`))),
    (stop) => Effect.sync(stop)
  )
  const now = (): ReadonlyArray<string> => [...list]
  return { now, seen: Effect.map(zk.exists("/"), now) }
})
