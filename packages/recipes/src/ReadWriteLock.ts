/**
 * Many readers or one writer: a reader waits for the last writer before it, a writer for the last of anybody.
 *
 * @since 0.1.0
 */
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import { nameOf } from "./Dialect.ts"
import type { ExclusiveHolder, Holder, Revocable } from "./Holder.ts"
import { plain } from "./internal/contend.ts"
import { enterAs } from "./internal/contender.ts"
import { hold, shared } from "./internal/hold.ts"
import { inScopeOfItsOwn } from "./internal/inScopeOfItsOwn.ts"
import { invalid } from "./internal/invalid.ts"
import { locking } from "./internal/locking.ts"
import { counterOf, nearest } from "./internal/sequence.ts"
import type { Lock, LockHolder, LockOf, Options } from "./Lock.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * One of the holders of a read lock.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReadHolder extends Holder, Revocable {}

/**
 * Two locks over one path.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReadWriteLock {
  /**
   * Shared by readers. Has no fencing token: several hold it at a time. Asked for in the body of the writer's `withLock` or
   * `tryWithLock`, in the same fiber or a child of it, it is a downgrade.
   */
  readonly read: LockOf<ReadHolder>
  /**
   * Held by one writer. Asked for in the body of the reader's `withLock` or `tryWithLock`, in the same fiber or a child of
   * it, it fails with `InvalidArgument`: two readers that both wait to write would wait for ever. Under a read lock that
   * was got by `acquire` or `tryAcquire`, which belongs to no fiber, it waits for that.
   */
  readonly write: Lock
  /**
   * A read lock for the writer, from now until the scope closes: it exists before the write lock goes, so no other writer
   * comes between. Release the write lock afterwards by closing its own scope.
   */
  readonly downgrade: (write: ExclusiveHolder) => Effect.Effect<ReadHolder, ZooKeeperError | LeaseLost, Scope.Scope>
}

const asReader = (held: LockHolder): ReadHolder => ({ ...shared(held), askedBack: held.askedBack })

const upgrade = (path: string): ZooKeeperError =>
  invalid(
    "write lock",
    path,
    "this fiber holds the read lock, and an upgrade would deadlock; release it first, or begin with the write lock"
  )

/**
 * A read-write lock below a path, InterProcessReadWriteLock in the dialect of Curator. Nothing is created before somebody
 * locks.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<ReadWriteLock, ZooKeeperError, ZooKeeper> {
  const zk = yield* ZooKeeper
  const { data = "", dialect = "curator", path, reentrant = false, stopOn = "lease" } = options
  const base = { ...plain, queue: { zk, path, dialect, data }, stopOn }
  const reads = locking({ ...base, role: "read", ahead: nearest(({ role }) => role !== "read") }, reentrant, asReader)
  const writes = locking({ ...base, role: "write", ahead: nearest() }, reentrant, (held) => held)

  const downgrade: ReadWriteLock["downgrade"] = Effect.fnUntraced(function* (writer) {
    // The reader stands where the writer stood: with the writer's number, not with one of its own (CURATOR-621).
    const name = nameOf(dialect, "read", randomUUID()).name + counterOf(Path.name(writer.node))
    const node = Path.join(path, name)
    const create = writer.guard(Op.create(node, data, { mode: "ephemeral" }))
    return asReader(yield* hold(zk, yield* enterAs(zk, node, create), stopOn))
  }, inScopeOfItsOwn)

  /** A reader behind its own write lock would wait for itself. */
  const asWriter = <A, E, R>(
    body: (held: ReadHolder) => Effect.Effect<A, E, R>,
    otherwise: Effect.Effect<A, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  ): Effect.Effect<A, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>> =>
    Effect.flatMap(writes.holding, (writer) =>
      writer === undefined
        ? otherwise
        : Effect.scoped(Effect.flatMap(downgrade(writer), (held) => reads.under(held, body)))
    )
  const unlessReading = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | ZooKeeperError, R> =>
    Effect.flatMap(
      Effect.all([reads.holding, writes.holding]),
      ([reader, writer]): Effect.Effect<A, E | ZooKeeperError, R> =>
        reader !== undefined && writer === undefined ? Effect.fail(upgrade(path)) : effect
    )
  return {
    read: {
      ...reads.lock,
      acquire: Effect.flatMap(writes.holding, (writer) =>
        writer === undefined
          ? reads.lock.acquire
          : // A writer that is one no more is in no reader's way.
            Effect.catchTag(downgrade(writer), "LeaseLost", () => reads.lock.acquire)
      ),
      tryAcquire: (wait) =>
        Effect.flatMap(writes.holding, (writer) =>
          writer === undefined
            ? reads.lock.tryAcquire(wait)
            : Effect.catchTag(Effect.asSome(downgrade(writer)), "LeaseLost", () => reads.lock.tryAcquire(wait))
        ),
      withLock: (body) => asWriter(body, reads.lock.withLock(body)),
      tryWithLock: (body, wait) => asWriter((held) => Effect.asSome(body(held)), reads.lock.tryWithLock(body, wait))
    },
    write: {
      ...writes.lock,
      acquire: unlessReading(writes.lock.acquire),
      tryAcquire: (wait) => unlessReading(writes.lock.tryAcquire(wait)),
      withLock: (body) => unlessReading(writes.lock.withLock(body)),
      tryWithLock: (body, wait) => unlessReading(writes.lock.tryWithLock(body, wait))
    },
    downgrade
  }
})

/**
 * A read-write lock as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, ReadWriteLock> = factory(make)
