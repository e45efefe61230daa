/**
 * A copy of a part of the tree, and how it follows a source.
 *
 * A node is read after it was touched, so what is in the copy is never older than what was told of it.
 */
import * as Path from "@effect-zookeeper/core/Path"
import type { Node } from "@effect-zookeeper/core/ZooKeeper"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CacheChange, type CacheFailure, CacheFull } from "../Cache.ts"
import { Broadcast } from "./Broadcast.ts"
import type { Source, Touch } from "./Source.ts"

export interface Extent {
  readonly path: string
  /** 1 for the children, `Infinity` for everything below. */
  readonly depth: number
  /** Whether a node below the path belongs to the copy, and what is below it. */
  readonly includes: (path: string) => boolean
  /** The topmost node does not count. */
  readonly maxNodes: number
  readonly buffer: number
}

/** Reads at a time: enough to fill the pipe, few enough to leave room for others, however wide the tree. */
const CONCURRENCY = 64

/** More was counted than may be there; what was moved meanwhile may have been counted twice. */
class Overcounted extends Data.TaggedError("Overcounted") {}

const OVERCOUNTED = new Overcounted()

/** What is moved in the middle of each of so many walks, at the bound, moves too much to be counted. */
const RECOUNTS = 3

const each = <A, E>(of: Iterable<A>, run: (a: A) => Effect.Effect<void, E>): Effect.Effect<void, E> =>
  Effect.forEach(of, run, { concurrency: CONCURRENCY, discard: true })

export class Copy {
  readonly nodes = new Map<string, Node>()
  readonly broadcast: Broadcast<CacheChange, CacheFailure>
  private readonly extent: Extent
  private readonly full: CacheFull

  constructor(extent: Extent) {
    this.extent = extent
    this.full = new CacheFull({ path: extent.path, maxNodes: extent.maxNodes })
    this.broadcast = new Broadcast<CacheChange, CacheFailure>({ _tag: "Resync" }, extent.buffer)
  }

  /** Says whether it is another node than the one before. */
  private put(path: string, node: Node): boolean {
    const old = this.nodes.get(path)
    this.nodes.set(path, node)
    if (old === undefined) this.broadcast.publish({ _tag: "Added", path, node })
    else if (old.stat.mzxid !== node.stat.mzxid) this.broadcast.publish({ _tag: "Changed", path, node })
    return old?.stat.czxid !== node.stat.czxid
  }

  private remove(source: Source, path: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const node = this.nodes.get(path)
      if (node === undefined) return Effect.void
      this.nodes.delete(path)
      this.broadcast.publish({ _tag: "Removed", path, node })
      return source.forget(path)
    })
  }

  /** How far below the topmost node. */
  private levelOf(path: string): number {
    let level = 0
    for (let at = path; at !== this.extent.path; at = Path.parent(at)) level++
    return level
  }

  /** Whether a path belongs to the copy; the same must hold of everything above it. */
  private covers(path: string): boolean {
    for (let at = path; at !== this.extent.path; at = Path.parent(at)) if (!this.extent.includes(at)) return false
    return this.levelOf(path) <= this.extent.depth
  }

  /**
   * Reads nodes and lists children, level by level: of nodes that are new, and in a walk, which gathers what is there, of
   * all.
   */
  private readonly explore = Effect.fnUntraced(
    { self: this },
    function* (source: Source, reads: Iterable<string>, lists: Iterable<string>, walked?: Set<string>) {
      const { depth, includes, maxNodes } = this.extent
      const { nodes } = this
      let toRead = [...reads]
      let toList = [...lists]
      const read = Effect.fnUntraced({ self: this }, function* (path: string) {
        const found = yield* source.node(path)
        if (Option.isNone(found)) return yield* this.remove(source, path)
        const isNew = this.put(path, found.value)
        walked?.add(path)
        if ((walked ?? nodes).size - 1 > maxNodes) return yield* OVERCOUNTED
        const mayHaveChildren = source.tellsListedOnly || (walked !== undefined && found.value.stat.numChildren > 0)
        if (mayHaveChildren && (isNew || walked !== undefined) && this.levelOf(path) < depth) toList.push(path)
      })
      const list = Effect.fnUntraced({ self: this }, function* (path: string) {
        const children = (yield* source.names(path)).map((name) => Path.join(path, name)).filter(includes)
        for (const child of children) if (!(walked ?? nodes).has(child)) toRead.push(child)
        // Before they are read: there may be very many.
        if (children.length > maxNodes) return yield* this.full
        if ((walked ?? nodes).size - 1 + toRead.length > maxNodes) return yield* OVERCOUNTED
      })
      while (toRead.length > 0 || toList.length > 0) {
        const level = toRead
        toRead = []
        yield* each(level, read)
        const parents = toList
        toList = []
        yield* each(parents, list)
      }
    }
  )

  private readonly walkOnce = Effect.fnUntraced({ self: this }, function* (source: Source) {
    const walked = new Set<string>()
    yield* this.explore(source, [this.extent.path], [], walked)
    for (const path of [...this.nodes.keys()]) if (!walked.has(path)) yield* this.remove(source, path)
  })

  /** Compares everything. */
  walk(source: Source): Effect.Effect<void, CacheFailure> {
    return this.walkOnce(source).pipe(
      Effect.retry({ times: RECOUNTS, while: ({ _tag }) => _tag === "Overcounted" }),
      Effect.catchTag("Overcounted", () => Effect.fail(this.full))
    )
  }

  /** Does what came together: each path once, whatever happened to it. */
  readonly follow = Effect.fnUntraced({ self: this }, function* (source: Source, touches: ReadonlyArray<Touch>) {
    const reads = new Set<string>()
    const lists = new Set<string>()
    for (const touch of touches) {
      if (touch._tag === "Everything") return yield* this.walk(source)
      const { path } = touch
      if (!this.covers(path)) continue
      if (touch._tag === "Gone") {
        yield* this.remove(source, path)
        reads.delete(path)
      } else if (touch._tag === "Node") reads.add(path)
      else lists.add(path)
    }
    // A child that is gone may still be in the copy while one that came later is listed: only a walk counts what is there.
    yield* Effect.catchTag(this.explore(source, reads, lists), "Overcounted", () => this.walk(source))
  })
}
