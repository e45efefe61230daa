/**
 * So many holders at a time: leases are handed out in the order in which they were asked for.
 *
 * @since 0.1.0
 */
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import { type Data, type Node, text, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Holder } from "./Holder.ts"
import type { Dialect } from "./Dialect.ts"
import { begin } from "./internal/begin.ts"
import { within } from "./internal/contend.ts"
import { shared, type StopOn } from "./internal/hold.ts"
import { inScopeOfItsOwn } from "./internal/inScopeOfItsOwn.ts"
import { checkCount, invalid } from "./internal/invalid.ts"
import { kazooLeases } from "./internal/kazooLeases.ts"
import { curatorLeases } from "./internal/curatorLeases.ts"
import type { Standing } from "./internal/queue.ts"
import { whileHeld, works } from "./internal/works.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * How to hand out leases.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node below which `locks` and `leases` stand; made when it is missing. */
  readonly path: string
  /** How many leases there are, at least 1. Every program must say the same, or name one `sizeNode`. */
  readonly leases: number
  /**
   * A node that says how many leases there are instead, while it exists: in decimal, or as Curator's SharedCount (four
   * bytes). It is followed; when there are fewer leases than before, nobody loses one. With 0 nobody gets one.
   */
  readonly sizeNode?: string | undefined
  /** What this holder tells of itself. Default: nothing. */
  readonly data?: Data | undefined
  /**
   * Whose programs share the path. Default `curator` (InterProcessSemaphoreV2); `kazoo` has nodes of another kind, so all
   * programs of one path must say the same. Apache documents none.
   */
  readonly dialect?: Exclude<Dialect, "apache"> | undefined
  /** Stop holding before the session can have expired (`lease`, default), or as soon as the connection is gone. */
  readonly stopOn?: StopOn | undefined
}

/**
 * A holder of a lease as others see it: the node that stands for it, and what it tells of itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lessee extends Standing {}

/**
 * Leases that several holders have at a time. Tokens do not order them, so a holder has `guard` and no fencing token.
 *
 * @category models
 * @since 0.1.0
 */
export interface Semaphore {
  /**
   * Waits for a lease and runs the body with it. The body is interrupted before the lease can be somebody else's, and
   * then this fails with `LeaseLost`. The body has a scope of its own: what it forks and acquires there ends with the
   * lease, too.
   */
  readonly withLease: <A, E, R>(
    body: (held: Holder) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  /** As `withLease`; none when there was no lease within `wait` (default: no free one now). Leaves no node behind. */
  readonly tryWithLease: <A, E, R>(
    body: (held: Holder) => Effect.Effect<A, E, R>,
    options?: { readonly wait?: Duration.Input | undefined }
  ) => Effect.Effect<Option.Option<A>, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  /** Waits for a lease and holds it until the scope closes; heed `lost` of the holder. */
  readonly acquire: Effect.Effect<Holder, ZooKeeperError, Scope.Scope>
  /** As `acquire`; none when there was no lease within `wait` (default: no free one now). Leaves no node behind then. */
  readonly tryAcquire: (options?: {
    readonly wait?: Duration.Input | undefined
  }) => Effect.Effect<Option.Option<Holder>, ZooKeeperError, Scope.Scope>
  /** How many leases there are now: `leases`, or what the size node says. */
  readonly size: Effect.Effect<number>
  /** Who has a lease, in order; in the dialect `curator` also who waits at the head of the queue, after them. */
  readonly holders: Effect.Effect<ReadonlyArray<Lessee>, ZooKeeperError>
}

/** Four printable characters are a word and no count; the least of those. */
const WORD = 0x20202020

/** The count in a size node, undefined when it is none. */
const countOf = (node: Node): number | undefined => {
  const { data } = node
  const decimal = text(node).trim()
  if (/^\d{1,9}$/.test(decimal)) return Number(decimal)
  if (data.length !== 4) return undefined
  const count = new DataView(data.buffer, data.byteOffset, 4).getInt32(0)
  return count >= 0 && count < WORD ? count : undefined
}

/** How many leases there are, and an effect that completes when that changes. */
interface Size {
  count: number
  changed: Deferred.Deferred<void>
}

/** Returns once it was read. */
const followSize = (zk: ZooKeeper, node: string, initial: number, size: Size) => {
  const apply = (count: number) =>
    Effect.sync(() => {
      if (count === size.count) return
      size.count = count
      const before = size.changed
      size.changed = Deferred.makeUnsafe()
      Deferred.doneUnsafe(before, Effect.void)
    })
  const warn = (what: string) => Effect.logWarning(`${what}; there are still ${size.count} leases`)
  const heed = (found: Option.Option<Node>) => {
    const count = Option.isNone(found) ? initial : countOf(found.value)
    return count === undefined ? warn(`${node} says no number of leases`) : apply(count)
  }
  return begin<ZooKeeperError>(
    (begun) => Stream.runForEach(zk.changes.data(node), (change) => Effect.andThen(heed(change.node), begun)),
    (cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.void : warn(`${node} is followed no more: ${String(Cause.squash(cause))}`)
  )
}

/**
 * A semaphore below a path. Nothing is created before somebody asks for a lease. Returns once the size node was read, if
 * there is to be one. Fails with `InvalidArgument` for a number of leases below 1, and for a size node in the dialect
 * `kazoo`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Semaphore, ZooKeeperError, ZooKeeper | Scope.Scope> {
  const zk = yield* ZooKeeper
  const { data = "", dialect = "curator", path, sizeNode, stopOn = "lease" } = options
  yield* checkCount("semaphore", path, "leases", options.leases)
  if (dialect === "kazoo" && sizeNode !== undefined) {
    return yield* invalid("semaphore", path, "kazoo's semaphores have no size node: their own node says the size")
  }
  const size: Size = { count: options.leases, changed: Deferred.makeUnsafe() }
  if (sizeNode !== undefined) yield* followSize(zk, sizeNode, options.leases, size)

  const terms = { zk, path, data, stopOn }
  const leases =
    dialect === "kazoo"
      ? kazooLeases(terms, options.leases)
      : curatorLeases(
          terms,
          () => size.count,
          Effect.sync(() => Deferred.await(size.changed))
        )
  const acquire = Effect.map(leases.acquire, shared)
  const atOnce = Effect.map(leases.acquireNow, Option.map(shared))
  const tryAcquire: Semaphore["tryAcquire"] = (options) => within("semaphore", path, { acquire, atOnce }, options?.wait)
  const { tryWork, work } = works({ acquire, tryAcquire }, whileHeld)
  return {
    acquire,
    tryAcquire,
    withLease: work,
    tryWithLease: tryWork,
    size: Effect.sync(() => size.count),
    holders: leases.holders
  }
}, inScopeOfItsOwn)

/**
 * A semaphore as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, Semaphore> = factory(make)
