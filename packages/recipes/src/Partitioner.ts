/**
 * A set of items divided among whoever takes part: each item is worked on by one member at a time.
 *
 * @since 0.1.0
 */
import * as Path from "@effect-zookeeper/core/Path"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import type { ExclusiveHolder, Held } from "./Holder.ts"
import type { StopOn } from "./internal/hold.ts"
import { checkDuration, checkSet, invalid } from "./internal/invalid.ts"
import { type Latest, latest } from "./internal/latest.ts"
import * as MultiLock from "./MultiLock.ts"
import * as PersistentNode from "./PersistentNode.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * What there is to divide, and among whom.
 *
 * @category models
 * @since 0.1.0
 */
export interface Division {
  /** All items, by name. */
  readonly items: ReadonlyArray<string>
  /** The ids of all members, by name; two may have the same. */
  readonly members: ReadonlyArray<string>
  /** Where this member stands among them, from 0. */
  readonly place: number
}

/**
 * What to divide, and how. The nodes are those of kazoo's SetPartitioner, whose programs may take part.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node below which `party` and `locks` stand; made when it is missing. */
  readonly path: string
  /**
   * The names of the items: at least one, and none twice. All members must list the same ones; of those that only some of them
   * list, nobody may have one, and two may wait for each other's.
   */
  readonly items: ReadonlyArray<string>
  /** What this member is called; the order of these names says who gets what. Default: the host and the process id. */
  readonly id?: string | undefined
  /**
   * How long nobody may have come or gone before the items are divided anew, so that the restart of all members divides
   * them once. Until then all go on with what they have. Default 30 seconds.
   */
  readonly quiet?: Duration.Input | undefined
  /**
   * Which items fall to this member, in any order: kazoo's `partition_func`. It must give the same answer whenever it is asked
   * the same, and every member must have the same one. An item that it gives to two is worked on by one of them, and the
   * other one waits and works on none of its own; one that it gives to nobody lies idle. For an item that is none of
   * `items`, `whilePartitioned` fails with `InvalidArgument`. Default: each n-th item, from the member's own place on.
   */
  readonly divide?: ((division: Division) => ReadonlyArray<string>) | undefined
  /** Stop working before the session can have expired (`lease`, default), or as soon as the connection is gone. */
  readonly stopOn?: StopOn | undefined
}

/**
 * The items of this member, for as long as it has them: `lost` fails as soon as any of them is lost, and `guard` commits only
 * while all of them are held.
 *
 * @category models
 * @since 0.1.0
 */
export interface Partition extends Held {
  /** The items by their names, in order, each with its own holder. */
  readonly items: ReadonlyMap<string, ExclusiveHolder>
}

/**
 * One process's part in the work.
 *
 * @category models
 * @since 0.1.0
 */
export interface Partitioner {
  /**
   * Is a member until the body has ended, and runs it with the items that fall to this member, once all of them are held. It
   * does not run while none does. When others are to fall to it, or one of them is lost, with the session or by hand, the
   * body is interrupted, all items are given back, and it runs again with those that are had then. Its own success or
   * failure ends it, and other members get the items. Without a connection it goes on until the lease is over, and is a
   * member again with the next session. Fails with the reason of the session's end when there will be no other session. The
   * body has a scope of its own: what it forks and acquires there ends before its items are given back, too.
   */
  readonly whilePartitioned: <A, E, R>(
    body: (partition: Partition) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | ZooKeeperError, Exclude<R, Scope.Scope>>
}

const same = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((each, index) => each === b[index])

/** A member's name follows the first hyphen of its node's. */
const idOf = (node: string): string => node.slice(node.indexOf("-") + 1)

/** Two of one name are kept apart by their nodes. */
const byId = (a: string, b: string): number => {
  const [idOfA, idOfB] = [idOf(a), idOf(b)]
  return idOfA < idOfB || (idOfA === idOfB && a < b) ? -1 : 1
}

/** As kazoo divides them. */
const eachNth = ({ items, members, place }: Division): ReadonlyArray<string> =>
  items.filter((_, index) => index % members.length === place)

/**
 * A partitioner of items. Nothing is created before `whilePartitioned`. Fails with `InvalidArgument` for no items, for one that
 * is listed twice or cannot be the name of a node, and for an `id` that cannot be part of one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Partitioner, ZooKeeperError, ZooKeeper> {
  const zk = yield* ZooKeeper
  const { divide = eachNth, id = `${hostname()}-${process.pid}`, path, stopOn } = options
  const [locks, party] = [Path.join(path, "locks"), Path.join(path, "party")]
  yield* checkSet("partitioner", path, "item", options.items)
  for (const name of [...options.items, id]) {
    if (name !== "" && !name.includes("/") && Path.problem(`/${name}`) === undefined) continue
    return yield* invalid("partitioner", path, `'${name}' cannot be the name of a node`)
  }
  const quiet = yield* checkDuration("partitioner", path, "quiet", options.quiet ?? "30 seconds")
  const items = options.items.toSorted()

  /** None for who is no member. */
  const shareOf = Effect.fnUntraced(function* (
    party: ReadonlyArray<string>,
    me: string
  ): Effect.fn.Return<ReadonlyArray<string>, ZooKeeperError> {
    const ordered = party.toSorted(byId)
    const place = ordered.indexOf(me)
    if (place === -1) return []
    const share = new Set(divide({ items, members: ordered.map(idOf), place }))
    const strange = [...share].find((item) => !items.includes(item))
    if (strange === undefined) return items.filter((item) => share.has(item))
    return yield* invalid("partitioner", path, `divide gives '${strange}', which is none of the items; give only these`)
  })

  /** Not for the work, which may have another session. */
  const here = Effect.provideService(ZooKeeper, zk)

  /** Takes part until the scope closes, and tells what falls to this member. */
  const join = Effect.gen(function* () {
    const me = `${randomUUID().replaceAll("-", "")}-${id}`
    const member = yield* here(PersistentNode.make({ path: Path.join(party, me), data: id, dialect: "kazoo" }))
    const shares = yield* latest<ReadonlyArray<string>, ZooKeeperError>()
    const settled = zk.changes.children(party).pipe(
      Stream.map(({ children }) => Option.getOrElse(children, () => [])),
      Stream.changesWith(same),
      // Not Stream.debounce: under a virtual clock it turns in place for what is left below a nanosecond (measured).
      Stream.switchMap((names) => Stream.fromEffect(Effect.andThen(Effect.sleep(quiet), shareOf(names, me)))),
      Stream.changesWith(same)
    )
    const following = Effect.raceFirst(Stream.runForEach(settled, shares.tell), Stream.runDrain(member.presence))
    yield* Effect.forkScoped(Effect.catchCause(following, shares.end))
    return shares
  })

  /** Waits for all items of a share and holds them until the scope closes. */
  const take = Effect.fnUntraced(function* (
    share: ReadonlyArray<string>
  ): Effect.fn.Return<Partition, ZooKeeperError, Scope.Scope> {
    if (share.length === 0) return yield* Effect.never
    const paths = share.map((item) => Path.join(locks, item))
    const { acquire } = yield* here(MultiLock.make({ paths, data: id, dialect: "kazoo", stopOn }))
    const { guard, holders, lost } = yield* acquire
    return { guard, lost, items: new Map(share.map((item, index) => [item, holders[index]!])) }
  })

  const untilItEnds = <A, E, R>(
    shares: Latest<ReadonlyArray<string>, ZooKeeperError>,
    body: (partition: Partition) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | ZooKeeperError, Exclude<R, Scope.Scope>> =>
    Effect.gen(function* () {
      const share = yield* shares.current
      const changed = Stream.runDrain(Stream.takeUntil(shares.states, (now) => now !== share))
      const taken = yield* Effect.raceFirst(Effect.as(changed, undefined), take(share))
      if (taken === undefined) return Option.none<A>()
      yield* Effect.logDebug(`${id} has ${share.length} of ${items.length} items below ${path}`)
      const stopped = Effect.as(Effect.raceFirst(changed, Effect.flip(taken.lost)), Option.none<A>())
      // Whichever comes first, giving back does not change it: work that was done is not done again.
      return yield* Effect.raceFirst(stopped, Effect.asSome(body(taken)))
    }).pipe(
      Effect.scoped,
      Effect.flatMap((done) => (Option.isSome(done) ? Effect.succeed(done.value) : untilItEnds(shares, body)))
    )
  return {
    whilePartitioned: (body) => Effect.scoped(Effect.flatMap(join, (shares) => untilItEnds(shares, body)))
  }
})

/**
 * A partitioner as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, Partitioner> = factory(make)
