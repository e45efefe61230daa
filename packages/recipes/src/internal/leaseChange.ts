/** The record of a lease, changed by one at a time: under kazoo's Lock at the path of the lease. */
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { isZooKeeperError, type ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Lock from "../Lock.ts"
import * as Record from "./leaseRecord.ts"
import { type Moment, now } from "./moment.ts"
import { isPassing, isRenewed, pause } from "./patience.ts"

/** One lease, and whoever wants it. */
export interface Lease {
  readonly zk: ZooKeeper
  readonly path: string
  readonly holder: string
  /** Milliseconds. */
  readonly duration: number
  /** Milliseconds. */
  readonly margin: number
}

/** What was written, and when its writing was begun. */
export interface Written {
  readonly record: Record.Record
  readonly began: Moment
}

/** What our lease is to be from now on. */
export const renewed = ({ duration, holder }: Lease, wall: number): Record.Record => ({
  holder,
  end: Record.wholeSeconds(wall + duration)
})

export const isOurs = ({ holder }: Lease, found: Option.Option<Record.Record>): boolean =>
  Option.isSome(found) && found.value.holder === holder

/** Somebody writes without the lock: whoever lost it and does not know, or a hand. */
const isOutrun = (error: unknown): boolean =>
  isZooKeeperError(error) &&
  error.reason._tag === "TransactionFailed" &&
  ["BadVersion", "NodeExists", "NoNode"].includes(error.reason.name)

/**
 * Writes what `next` makes of what stands there, deletes it where that is "nothing", and leaves it alone where it is
 * undefined. Doing it again is as good as once: what was written with a lost answer is found as our own, and the version
 * and the lock's node fence whatever is still on its way.
 */
export const change = Effect.fnUntraced(function* (
  { holder, path, zk }: Lease,
  next: (found: Option.Option<Record.Record>, wall: number) => Record.Record | "nothing" | undefined
): Effect.fn.Return<Option.Option<Written>, ZooKeeperError> {
  const lock = yield* Effect.provideService(Lock.make({ path, data: holder, dialect: "kazoo" }), ZooKeeper, zk)
  const node = Path.join(path, Record.NAME)
  const underLock = lock.withLock(({ guard }) =>
    Effect.gen(function* () {
      // Before it is sent: what the way takes is counted.
      const began = yield* now
      const there = yield* zk.getOption(node)
      const found = Option.isNone(there) ? Option.none<Record.Record>() : yield* Record.decode(node, there.value)
      if (Option.isSome(there) && Option.isNone(found)) {
        yield* Effect.logWarning(`${node} has a version that is not known here, so nobody of ours can have it`)
        return Option.none<Written>()
      }
      const record = next(found, began.wall)
      if (record === undefined) return Option.none<Written>()
      const version = Option.map(there, ({ stat }) => stat.version)
      if (record === "nothing") {
        if (Option.isSome(version)) yield* guard(Op.delete(node, { version: version.value }))
        return Option.none<Written>()
      }
      const data = Record.encode(record)
      yield* guard(Option.isSome(version) ? Op.set(node, data, { version: version.value }) : Op.create(node, data))
      return Option.some({ record, began })
    }).pipe(Effect.retry({ schedule: pause, while: (error) => isPassing(error) || isOutrun(error) }))
  )
  return yield* underLock.pipe(
    Effect.retry({ schedule: pause, while: (error) => error._tag === "LeaseLost" || isRenewed(zk, error) }),
    Effect.catchTag("LeaseLost", Effect.die)
  )
})
