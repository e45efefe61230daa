/**
 * A round of a double barrier, as kazoo and Curator have it: members that come until there are enough of them, a node `ready`
 * that says so, and members that go until nobody is left.
 */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import type { Stat } from "@effect-zookeeper/core/Stat"
import type { Once, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Dialect } from "../Dialect.ts"
import { caughtUp } from "./caughtUp.ts"
import { type Contender, deleted } from "./contender.ts"
import { reconnected } from "./onReconnect.ts"
import { patiently, patientlyAnew } from "./patience.ts"
import { awaitGone, unwatch } from "./presence.ts"
import { remove } from "./remove.ts"

export interface Round {
  /** Waits until no round is on that cannot be entered any more, since some of its members have left. */
  readonly enterable: Effect.Effect<void, ZooKeeperError>
  /** Looks whether the round is open, and at its next change. */
  readonly looked: Effect.Effect<Opening, ZooKeeperError, Scope.Scope>
  /**
   * Waits until the round is open to this member, which opens it if it is the last one that was missing. Fails when it has
   * come late, to a round that others have left by then. It has looked before its node was there: from then on others may
   * open the round, and in the dialect `kazoo` who leaves it first removes what says so.
   */
  readonly opened: ({ node, stat }: Contender, looked: Opening) => Effect.Effect<void, ZooKeeperError | LeaseLost>
  /** Takes this member out and waits until all have gone who are in now. Fails if it is not in any more. */
  readonly left: (
    node: string,
    lost: Effect.Effect<never, LeaseLost>
  ) => Effect.Effect<void, ZooKeeperError | LeaseLost>
  /** Leaves nothing behind of a member that has gone without waiting and may have been the last one. */
  readonly swept: (node: string) => Effect.Effect<void>
}

/** What says that the round is open. */
type Opening = Once<Option.Option<Stat>>

const READY = "ready"

interface Listing {
  readonly isOpen: boolean
  /** Who is in, in the order of their names. */
  readonly members: ReadonlyArray<string>
  /** The last transaction that changed that. */
  readonly asOf: bigint
}

const nobody: Listing = { isOpen: false, members: [], asOf: 0n }

export const round = (zk: ZooKeeper, path: string, size: number, dialect: Dialect): Round => {
  const ready = Path.join(path, READY)
  const gone = (node: string) =>
    Effect.catchReason(patientlyAnew(zk, zk.delete(node)), "ZooKeeperError", "NoNode", () => Effect.void)

  const listing = zk.childrenWithStat(path).pipe(
    Effect.map(({ children, stat }): Listing => ({
      isOpen: children.includes(READY),
      members: children.filter((name) => name !== READY).toSorted(),
      asOf: stat.pzxid
    })),
    Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeed(nobody))
  )
  const list = patientlyAnew(zk, listing)
  /** As the leader has it: a server that lags behind may show a round that is over, or not yet one that is on. */
  const synced = patientlyAnew(zk, caughtUp(zk, path, listing))

  const clear = ({ isOpen, members }: Listing) => (isOpen && members.length === 0 ? gone(ready) : Effect.void)
  const cleared = Effect.flatMap(list, clear)

  /** Goes on in the background where there is no connection, as the deletion of the node does, until the session is over. */
  const swept = (node: string) =>
    Effect.catch(zk.whileConnected(cleared), () =>
      Effect.asVoid(Effect.forkDetach(Effect.ignore(Effect.andThen(gone(node), cleared))))
    )

  const enterable = Effect.gen(function* () {
    while (true) {
      const { isOpen, members } = yield* synced
      if (!isOpen || members.length >= size) return
      const [lowest] = members
      // What a round has left behind whose members have all crashed; kazoo counts it as a member.
      if (lowest === undefined) return yield* gone(ready)
      yield* patientlyAnew(zk, Effect.raceFirst(awaitGone(zk, ready), awaitGone(zk, Path.join(path, lowest))))
    }
  })

  /** Only a member may open the round: behind its node, it cannot be done after its session's end. */
  const open = (node: string) =>
    patiently(zk.transact(Op.check(node, "any"), Op.create(ready))).pipe(
      Effect.asVoid,
      Effect.catchReason(
        "ZooKeeperError",
        "TransactionFailed",
        ({ index, name }, error): Effect.Effect<void, ZooKeeperError | LeaseLost> =>
          index === 0 ? Effect.fail(deleted) : name === "NodeExists" ? Effect.void : Effect.fail(error)
      )
    )

  /** It was enterable before this member came. What opens after it has come counts it, whoever leaves then. */
  const inTime = Effect.fnUntraced(function* (own: Stat, openedAs: Stat) {
    if (openedAs.czxid > own.czxid) return
    const { isOpen, members } = yield* list
    if (!isOpen || members.length < size) return yield* deleted
  })

  const look = patientlyAnew(zk, zk.once.exists(ready))
  const looked = Effect.acquireRelease(look, (seen) => Effect.ignore(unwatch(seen)), { interruptible: true })

  const opened: Round["opened"] = ({ node, stat }, looked) =>
    Effect.gen(function* () {
      // The last one to come has the others before it, on its server too, and so it finds them all.
      const last = Effect.flatMap(list, ({ isOpen, members }) => {
        if (isOpen) return Effect.succeed(true)
        return members.length < size ? Effect.never : Effect.as(open(node), true)
      })
      let seen = looked
      while (true) {
        if (Option.isSome(seen.value)) {
          yield* unwatch(seen)
          return yield* inTime(yield* stat, seen.value.value)
        }
        // Its event counts even if it is gone by now: kazoo's members remove it as soon as the first one leaves.
        const created = Effect.map(seen.next, ({ type }) => type === "NodeCreated")
        // A watch that is set again tells of what is there, and not of what was.
        if (yield* Effect.raceAllFirst([created, last, Effect.as(reconnected(zk), false)])) return
        seen = yield* look
      }
    })

  /** Waits for one of the others at a time, so that nobody's going wakes more than those who wait for it. */
  const othersGone = Effect.fnUntraced(function* (begun: Listing, own: string, at: 0 | -1) {
    let now = begun
    let others = begun.members.filter((name) => name !== own)
    while (others.length > 0) {
      const next = others.at(at)!
      yield* patientlyAnew(zk, awaitGone(zk, Path.join(path, next), begun.asOf))
      // Who came later, such as for the next round, is not waited for.
      now = yield* list
      others = others.filter((name) => name !== next && now.members.includes(name))
    }
    return now
  })

  /** The last one takes with it what says that the round is open, so that the next one begins at nothing. */
  const goneLast = (node: string) =>
    Effect.catch(Effect.asVoid(zk.transact(Op.delete(node), Op.delete(ready))), () =>
      Effect.andThen(gone(node), cleared)
    )

  const left = (node: string, lost: Effect.Effect<never, LeaseLost>) =>
    Effect.gen(function* () {
      // kazoo's lowest member takes it for another one, and waits until it is gone.
      const begin = dialect === "kazoo" ? Effect.andThen(gone(ready), synced) : synced
      const begun = yield* Effect.raceFirst(lost, begin)
      const own = Path.name(node)
      // The holder may not have been told yet.
      if (!begun.members.includes(own)) return yield* deleted
      if (begun.members[0] === own) {
        const { members } = yield* othersGone(begun, own, -1)
        return yield* members.length > 1 ? gone(node) : goneLast(node)
      }
      yield* gone(node)
      yield* clear(yield* othersGone(begun, own, 0))
    }).pipe(Effect.onInterrupt(() => remove(zk, node)))

  return { enterable, looked, opened, left, swept }
}
