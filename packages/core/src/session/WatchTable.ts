/**
 * Which watches this session has on servers, so that the next connection gets them again: watches belong to connections,
 * not to sessions.
 */
import { ErrorCode } from "../model/ErrorCode.ts"
import type { WatchEvent } from "../model/WatchEvent.ts"
import type { SetWatches2 } from "../wire/ops/watches.ts"

/** The lists of a setWatches2 request. A path may stand in several. */
export const Kind = { data: 1, exist: 2, child: 4, persistent: 8, recursive: 16 } as const
export type Kind = keyof typeof Kind

const ONE_SHOT = Kind.data | Kind.exist | Kind.child
const LASTING = Kind.persistent | Kind.recursive

/** What an event uses up: a create or a change the first two, a change of children the third, a deletion all. */
const spentBy: Readonly<Record<WatchEvent["type"], number>> = {
  NodeCreated: Kind.data | Kind.exist,
  NodeDataChanged: Kind.data | Kind.exist,
  NodeChildrenChanged: Kind.child,
  NodeDeleted: ONE_SHOT
}

/** As much path text as goes into one request: well below any server's limit (ZOOKEEPER-706). */
const BATCH_BYTES = 128 * 1024

export class WatchTable {
  private readonly kinds = new Map<string, number>()
  /**
   * Told when a server does not know lasting watches (before 3.6), at the cost of the connection, and when everything is
   * registered again. An object: a closure stored here after the fact kept closed sessions through collections until the
   * next full one (measured on Node 24).
   */
  owner: { readonly downgrade: () => void; readonly replayed: () => void } | undefined
  private unanswered = 0

  get size(): number {
    return this.kinds.size
  }

  has(path: string, kind: Kind): boolean {
    return ((this.kinds.get(path) ?? 0) & Kind[kind]) !== 0
  }

  add(path: string, kind: Kind): void {
    this.kinds.set(path, (this.kinds.get(path) ?? 0) | Kind[kind])
  }

  remove(path: string, kind: Kind): void {
    this.keep(path, (this.kinds.get(path) ?? 0) & ~Kind[kind])
  }

  /** Takes note of what a read has found, a node that is there or none; false when nothing is known of the path. */
  found(path: string, kind: "data" | "child" | "exist"): boolean {
    const kinds = this.kinds.get(path)
    if (kinds === undefined) return false
    const other = kind === "exist" ? Kind.data | Kind.child : Kind.exist
    const now = (kinds & ~other) | Kind[kind]
    if (now !== kinds) this.kinds.set(path, now)
    return true
  }

  private keep(path: string, kinds: number): void {
    if (kinds === 0) this.kinds.delete(path)
    else this.kinds.set(path, kinds)
  }

  knows(path: string): boolean {
    return this.kinds.has(path)
  }

  forget(path: string): void {
    this.kinds.delete(path)
  }

  /**
   * Takes note of an event: one-shot watches are spent by it. On a path that is watched for good, the one-shot kinds say
   * what the watcher knows of the path; they stay until it reads again.
   */
  spend({ path, type }: WatchEvent): void {
    const kinds = this.kinds.get(path)
    if (kinds === undefined || (kinds & LASTING) !== 0) return
    this.keep(path, kinds & ~spentBy[type])
  }

  /** Forgets which watches stay; what their watchers know of the paths is registered all the same. */
  dropLasting(): void {
    for (const [path, kinds] of this.kinds) this.keep(path, kinds & ~LASTING)
  }

  /** Whether events that come now may be of changes before this connection. */
  get isReplaying(): boolean {
    return this.unanswered > 0
  }

  /** So many requests to register everything again were sent, on a new connection. */
  sent(requests: number): void {
    this.unanswered = requests
  }

  /** The server has answered one of them, after all events that it brought about. */
  answered(code: number): void {
    this.unanswered--
    if (code === ErrorCode.Unimplemented) this.owner?.downgrade()
    if (this.unanswered === 0) this.owner?.replayed()
  }

  /** The requests that register everything again; what changed after `relativeZxid` fires at once. */
  batches(relativeZxid: bigint): ReadonlyArray<SetWatches2> {
    const batches: Array<SetWatches2> = []
    let lists: Record<Kind, Array<string>> | undefined
    let bytes = 0
    const finish = () => {
      if (lists === undefined) return
      batches.push({
        relativeZxid,
        dataWatches: lists.data,
        existWatches: lists.exist,
        childWatches: lists.child,
        persistentWatches: lists.persistent,
        persistentRecursiveWatches: lists.recursive
      })
      lists = undefined
      bytes = 0
    }
    for (const [path, kinds] of this.kinds) {
      lists ??= { data: [], exist: [], child: [], persistent: [], recursive: [] }
      const length = 4 + Buffer.byteLength(path)
      for (const kind of Object.keys(Kind) as Array<Kind>) {
        if ((kinds & Kind[kind]) === 0) continue
        lists[kind].push(path)
        bytes += length
      }
      if (bytes >= BATCH_BYTES) finish()
    }
    finish()
    return batches
  }
}
