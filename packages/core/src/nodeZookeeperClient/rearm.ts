/**
 * Watches of an earlier connection, set again by reads. The library would send them all in one request, which a server
 * refuses above 1 MB, again and again (museum 19); and a new client knows none of them.
 *
 * What differs from what was seen is told as the event that the server's own setWatches would have brought.
 */
import type { Stat } from "../model/Stat.ts"
import type { EventType, WatchEvent } from "../model/WatchEvent.ts"
import type { AnyCall } from "../session/Session.ts"
import { getChildren2 } from "../wire/ops/children.ts"
import { exists } from "../wire/ops/exists.ts"
import type { SetWatches } from "../wire/ops/watches.ts"
import { FATAL } from "./ClientLine.ts"

const NO_NODE = -101

/** So many reads at a time: users' operations go between them. */
const LANES = 64

interface Watch {
  readonly path: string
  readonly operation: typeof exists | typeof getChildren2
  /** What whoever watches it waits for, and reads again after. */
  readonly own: EventType
  /** What has happened, given the node as it is now; undefined when nothing has. */
  readonly found: (stat: Stat) => EventType | undefined
  readonly missing: EventType | undefined
}

const watchesOf = ({ childWatches, dataWatches, existWatches, relativeZxid }: SetWatches): ReadonlyArray<Watch> => [
  ...dataWatches.map((path): Watch => ({
    path,
    operation: exists,
    own: "NodeDataChanged",
    found: ({ mzxid }) => (mzxid > relativeZxid ? "NodeDataChanged" : undefined),
    missing: "NodeDeleted"
  })),
  ...existWatches.map((path): Watch => ({
    path,
    operation: exists,
    own: "NodeCreated",
    found: () => "NodeCreated",
    missing: undefined
  })),
  ...childWatches.map((path): Watch => ({
    path,
    operation: getChildren2,
    own: "NodeChildrenChanged",
    found: ({ pzxid }) => (pzxid > relativeZxid ? "NodeChildrenChanged" : undefined),
    missing: "NodeDeleted"
  }))
]

/** The watches of one connection that are set again, and how far that has come. */
export class Rearm {
  private readonly send: (call: AnyCall) => void
  private readonly deliver: (event: WatchEvent) => void
  /** Whether the connection, or its session, has ended. */
  private readonly isOver: () => boolean
  private readonly watches: Array<Watch> = []
  private begun = 0
  private ended = 0

  constructor(send: (call: AnyCall) => void, deliver: (event: WatchEvent) => void, isOver: () => boolean) {
    this.send = send
    this.deliver = deliver
    this.isOver = isOver
  }

  /** Whether something may have happened that was not told yet. It stays so when the connection ends before. */
  get isUnderWay(): boolean {
    return this.ended < this.watches.length
  }

  add(request: SetWatches): void {
    this.watches.push(...watchesOf(request))
    while (this.begun - this.ended < LANES && this.next());
  }

  /** Reads what the next watch is on; false when there is none. */
  private next(): boolean {
    const watch = this.watches[this.begun]
    if (watch === undefined || this.isOver()) return false
    this.begun++
    const { found, missing, operation, own, path } = watch
    const tell = (type: EventType | undefined): void => {
      this.ended++
      if (type !== undefined) this.deliver({ type, path })
      this.next()
    }
    this.send({
      operation,
      request: { path, watch: true },
      succeed: (response: Stat | { readonly stat: Stat }) => tell(found("stat" in response ? response.stat : response)),
      // What may not be read any more has changed for whoever watches it: reading it will tell.
      refuse: (code) => {
        if (!FATAL.has(code)) tell(code === NO_NODE ? missing : own)
      },
      // So it has when the answer does not come in time. One that cannot be read ends the connection, and would end the
      // next one as well.
      fail: (reason) => {
        if (!this.isOver() || reason._tag === "ProtocolViolation") tell(own)
      }
    })
    return true
  }
}
