/**
 * Watches of an earlier connection, set again by reads. The library would send them all in one request, which a server
 * refuses above 1 MB, again and again (peers.md, bug museum 19); and a new client knows none of them.
 *
 * What differs from what was seen is told as the event that the server's own setWatches would have brought.
 */
import type { Stat } from "../model/Stat.ts"
import type { EventType, WatchEvent } from "../model/WatchEvent.ts"
import type { AnyCall } from "../session/Session.ts"
import { getChildren2 } from "../wire/ops/children.ts"
import { exists } from "../wire/ops/exists.ts"
import type { SetWatches } from "../wire/ops/watches.ts"

const NO_NODE = -101

/** So many reads at a time: users' operations go between them. */
const LANES = 64

interface Watch {
  readonly path: string
  readonly operation: typeof exists | typeof getChildren2
  /** What has happened, given the node as it is now; undefined when nothing has. */
  readonly found: (stat: Stat) => EventType | undefined
  readonly missing: EventType | undefined
}

const watchesOf = ({ childWatches, dataWatches, existWatches, relativeZxid }: SetWatches): ReadonlyArray<Watch> => [
  ...dataWatches.map((path): Watch => ({
    path,
    operation: exists,
    found: ({ mzxid }) => (mzxid > relativeZxid ? "NodeDataChanged" : undefined),
    missing: "NodeDeleted"
  })),
  ...existWatches.map((path): Watch => ({
    path,
    operation: exists,
    found: () => "NodeCreated",
    missing: undefined
  })),
  ...childWatches.map((path): Watch => ({
    path,
    operation: getChildren2,
    found: ({ pzxid }) => (pzxid > relativeZxid ? "NodeChildrenChanged" : undefined),
    missing: "NodeDeleted"
  }))
]

/** Sets all watches of a request again. `isOver` ends it with its connection. */
export const rearm = (
  request: SetWatches,
  send: (call: AnyCall) => void,
  deliver: (event: WatchEvent) => void,
  isOver: () => boolean
): void => {
  const watches = watchesOf(request)
  let index = 0
  const next = (): void => {
    const watch = watches[index++]
    if (watch === undefined || isOver()) return
    const { found, missing, operation, path } = watch
    const tell = (type: EventType | undefined): void => {
      if (type !== undefined) deliver({ type, path })
      next()
    }
    send({
      operation,
      request: { path, watch: true },
      succeed: (response: Stat | { readonly stat: Stat }) => tell(found("stat" in response ? response.stat : response)),
      // What may not be read any more has changed for whoever watches it: reading it will tell.
      refuse: (code) => tell(code === NO_NODE ? missing : "NodeDataChanged"),
      fail: () => {}
    })
  }
  for (let lane = 0; lane < LANES; lane++) next()
}
