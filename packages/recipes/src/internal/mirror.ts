/**
 * A live local copy of a part of the tree: one recursive watch, a read for every change, a walk after every gap.
 *
 * A node is read after its event came, so what is in the copy is never older than the events that were seen.
 */
import * as Path from "@effect-zookeeper/core/Path"
import type { Node, WatchElement, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type CacheChange, type CacheFailure, CacheFull } from "../Cache.ts"
import { Broadcast } from "./Broadcast.ts"
import { latest } from "./latest.ts"
import { patiently } from "./patience.ts"

export interface Extent {
  readonly path: string
  /** 1 for the children, `Infinity` for everything below. */
  readonly depth: number
  /** Whether a node below the path belongs to the copy, and what is below it. */
  readonly includes: (path: string) => boolean
  /** The topmost node does not count. */
  readonly maxNodes: number
  readonly buffer: number | undefined
}

export interface Mirror {
  /** The nodes by their paths, once all were read; the same map every time, changed in place. */
  readonly content: Effect.Effect<ReadonlyMap<string, Node>, CacheFailure>
  /** What is there, as if it had just been added, and every change from then on. */
  readonly changes: Stream.Stream<CacheChange, CacheFailure>
  /** The map now and after every change of it; slow consumers miss what lies between. */
  readonly states: Stream.Stream<ReadonlyMap<string, Node>, CacheFailure>
}

/** The default of `maxNodes`. */
export const MAX_NODES = 100_000

/** The children among the nodes, by their names and sorted. */
export const childrenOf = (path: string, nodes: ReadonlyMap<string, Node>): ReadonlyMap<string, Node> =>
  new Map([...nodes].flatMap(([at, node]) => (at === path ? [] : [[Path.name(at), node] as const])).sort(byName))

const byName = (a: readonly [string, Node], b: readonly [string, Node]): number => (a[0] < b[0] ? -1 : 1)

/** Reads at a time: enough to fill the pipe, few enough to leave room for others, however wide the tree. */
const CONCURRENCY = 64

class Copy {
  readonly nodes = new Map<string, Node>()
  readonly broadcast: Broadcast<CacheChange, CacheFailure>
  private readonly zk: ZooKeeper
  private readonly extent: Extent
  private readonly full: CacheFull

  constructor(zk: ZooKeeper, extent: Extent) {
    this.zk = zk
    this.extent = extent
    this.full = new CacheFull({ path: extent.path, maxNodes: extent.maxNodes })
    this.broadcast = new Broadcast<CacheChange, CacheFailure>({ _tag: "Resync" }, extent.buffer)
  }

  private put(path: string, node: Node): void {
    const old = this.nodes.get(path)
    this.nodes.set(path, node)
    if (old === undefined) this.broadcast.publish({ _tag: "Added", path, node })
    else if (old.stat.mzxid !== node.stat.mzxid || old.stat.czxid !== node.stat.czxid) {
      this.broadcast.publish({ _tag: "Changed", path, node })
    }
  }

  private remove(path: string): void {
    const node = this.nodes.get(path)
    if (node === undefined) return
    this.nodes.delete(path)
    this.broadcast.publish({ _tag: "Removed", path, node })
  }

  private read(path: string): Effect.Effect<Option.Option<Node>, ZooKeeperError> {
    return patiently(this.zk.getOption(path))
  }

  /** Whether an event's path belongs to the copy; the same must hold of everything above it. */
  private covers(path: string): boolean {
    const { depth, includes, path: top } = this.extent
    let levels = 0
    for (let at = path; at !== top; at = Path.parent(at), levels++) if (!includes(at)) return false
    return levels <= depth
  }

  /** Reads everything, level by level. */
  readonly walk: Effect.Effect<void, CacheFailure> = Effect.gen({ self: this }, function* () {
    const { depth, includes, maxNodes, path: top } = this.extent
    const found = new Map<string, Node>()
    let level = [top]
    for (let at = 0; level.length > 0; at++) {
      const below: Array<string> = []
      const visit = Effect.fnUntraced({ self: this }, function* (path: string) {
        const node = yield* this.read(path)
        if (Option.isNone(node)) return
        found.set(path, node.value)
        if (at === depth || node.value.stat.numChildren === 0) return
        const names = yield* Effect.catchReason(patiently(this.zk.children(path)), "ZooKeeperError", "NoNode", () =>
          Effect.succeed([])
        )
        for (const name of names) {
          const child = Path.join(path, name)
          if (includes(child)) below.push(child)
        }
        if (found.size - 1 + below.length > maxNodes) return yield* this.full
      })
      yield* Effect.forEach(level, visit, { concurrency: CONCURRENCY, discard: true })
      level = below
    }
    for (const path of [...this.nodes.keys()]) if (!found.has(path)) this.remove(path)
    for (const [path, node] of found) this.put(path, node)
  })

  private readonly refresh = Effect.fnUntraced({ self: this }, function* (path: string) {
    const node = yield* this.read(path)
    if (Option.isNone(node)) return this.remove(path)
    if (!this.nodes.has(path) && this.nodes.size > this.extent.maxNodes) return yield* this.full
    return this.put(path, node.value)
  })

  /** Follows events that came together: each path once, whatever happened to it. */
  follow(elements: ReadonlyArray<WatchElement>): Effect.Effect<void, CacheFailure> {
    const touched = new Set<string>()
    for (const element of elements) {
      if (element._tag === "Resync") return this.walk
      const { path, type } = element.event
      if (!this.covers(path)) continue
      if (type === "NodeDeleted") {
        this.remove(path)
        touched.delete(path)
      } else touched.add(path)
    }
    return Effect.forEach(touched, this.refresh, { concurrency: CONCURRENCY, discard: true })
  }
}

/** Keeps the copy until the scope closes; returns once the watch is registered, before everything was read. */
export const mirror = Effect.fnUntraced(function* (
  zk: ZooKeeper,
  extent: Extent
): Effect.fn.Return<Mirror, ZooKeeperError, Scope.Scope> {
  const copy = new Copy(zk, extent)
  const { current, states, tell } = yield* latest<ReadonlyMap<string, Node>, CacheFailure>()
  const told = tell(Effect.succeed(copy.nodes))
  const events = yield* zk.watchScoped(extent.path, { recursive: true, buffer: extent.buffer })
  const following = Effect.gen(function* () {
    yield* Effect.andThen(copy.walk, told)
    yield* Stream.runForEachArray(events, (elements) => Effect.andThen(copy.follow(elements), told))
  })
  yield* Effect.forkScoped(
    Effect.catch(following, (error) => {
      // What is in it is not kept up any more, so nobody may take it for the truth.
      copy.nodes.clear()
      return Effect.andThen(
        tell(Effect.fail(error)),
        Effect.sync(() => copy.broadcast.fail(error))
      )
    })
  )
  return {
    content: current,
    changes: copy.broadcast.stream(() => [...copy.nodes].map(([path, node]) => ({ _tag: "Added", path, node }))),
    states
  }
})
