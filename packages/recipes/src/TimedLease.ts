/**
 * Held until a time that stands in a node, by the clocks of the clients, also when the holder's session is long over: kazoo's
 * NonBlockingLease and MultiNonBlockingLease.
 *
 * @since 0.1.0
 */
import * as Path from "@effect-zookeeper/core/Path"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { checkCount, checkDuration, invalid } from "./internal/invalid.ts"
import { change, isOurs, type Lease, renewed } from "./internal/leaseChange.ts"
import * as Record from "./internal/leaseRecord.ts"
import { patiently } from "./internal/patience.ts"
import { termOf } from "./internal/term.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * What to hold, as whom and for how long.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node of the lease; made, persistent, with what is above it, when it is missing. */
  readonly path: string
  /**
   * Who holds it, across restarts: whoever says the same name *has* the same lease, at once and without asking. So no two
   * programs that run at a time may share one. kazoo's `identifier`, which is the name of the host by default.
   */
  readonly holder: string
  /** For how long it is taken and renewed; at least `margin` and a second, at most 36,500 days. */
  readonly duration: Duration.Input
  /** By how much clocks may differ: it is over so much before its end, and somebody else's so much after. Default 1 second. */
  readonly margin?: Duration.Input | undefined
  /**
   * So many holders at a time, in `path/0`, `path/1`, ... (MultiNonBlockingLease). Every program must say the same. Default:
   * one holder, in `path` itself (NonBlockingLease).
   */
  readonly leases?: number | undefined
}

/**
 * The lease is over by our own clock, was given back, or is somebody else's; work under it was interrupted.
 *
 * @category errors
 * @since 0.1.0
 */
export class LeaseOver extends Data.TaggedError("LeaseOver")<{
  /** The node of the lease. */
  readonly path: string
}> {
  override get message(): string {
    return `the lease ${this.path} is over; take it again to go on`
  }
}

/**
 * A lease as it stands in its node.
 *
 * @category models
 * @since 0.1.0
 */
export interface Standing extends Record.Record {
  /** The node of the lease. */
  readonly path: string
}

/**
 * A lease that was taken. It goes on without a connection and without a session. Nothing confirms it: it is no guard.
 *
 * @category models
 * @since 0.1.0
 */
export interface Term {
  /** The node of the lease. */
  readonly path: string
  /** How long it can be relied on, by whichever of our clocks says less; zero once it is over, and from then on. */
  readonly remaining: Effect.Effect<Duration.Duration>
  /** Fails once it is over; never succeeds. */
  readonly lost: Effect.Effect<never, LeaseOver>
  /**
   * Takes it for another `duration` from now, without a gap. False when it was over before that was known, or is no longer
   * ours; then it is lost. Waits for a connection, at most until it is over.
   */
  readonly renew: Effect.Effect<boolean, ZooKeeperError>
  /**
   * Gives it back before its end: it is lost at once, and its node is deleted unless it was taken again since; also what a
   * `renew` wrote that was interrupted. Fails as
   * `tryTake` does; then it may stand until its end.
   */
  readonly release: Effect.Effect<void, ZooKeeperError>
}

/**
 * A lease for a time. **It rests on the clocks**: where they differ by more than `margin`, two may hold it at a time. What
 * must not be done twice belongs under a `Lock`, whose `guard` the server checks.
 *
 * @category models
 * @since 0.1.0
 */
export interface TimedLease {
  /**
   * Takes the lease, or renews what stands in the same name; none while it is somebody else's, or has a version of its
   * format that is not known here. Asked and written under kazoo's Lock at the same path, so it waits while another one
   * does that; and for a connection, however long: bound it with `Effect.timeout`. A lost answer is settled by asking
   * again, in the next session, too. An interrupted one may have taken it, and then it stands until its end. Fails with
   * `DecodeFailed` where something else is in the node.
   */
  readonly tryTake: Effect.Effect<Option.Option<Term>, ZooKeeperError>
  /**
   * Takes the lease and runs the body, which is interrupted when it is over; then this fails with `LeaseOver`. The body has
   * a scope of its own. When it ends before, **the lease stays taken until its end**, unless the body releases it.
   */
  readonly tryWithLease: <A, E, R>(
    body: (term: Term) => Effect.Effect<A, E, R>
  ) => Effect.Effect<Option.Option<A>, E | ZooKeeperError | LeaseOver, Exclude<R, Scope.Scope>>
  /** What stands in the nodes as the connected server knows them, over or not; without those of an unknown version. */
  readonly leases: Effect.Effect<ReadonlyArray<Standing>, ZooKeeperError>
}

const LONGEST = Duration.days(36_500)

/**
 * A lease for a time. Nothing is created before somebody takes it. Fails with `InvalidArgument` for an empty `holder`, for a
 * `duration` that is too short or too long, for a `margin` that is no time and for a number of leases below 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<TimedLease, ZooKeeperError, ZooKeeper> {
  const zk = yield* ZooKeeper
  const { holder, path } = options
  const refuse = (problem: string) => invalid("timedLease", path, problem)
  const duration = yield* checkDuration("timedLease", path, "duration", options.duration)
  const margin = yield* checkDuration("timedLease", path, "margin", options.margin ?? "1 second")
  if (holder === "") return yield* refuse("holder is empty; give a name that no other program has")
  const shortest = Duration.sum(margin, Duration.seconds(1))
  if (Duration.isLessThan(duration, shortest) || Duration.isGreaterThan(duration, LONGEST)) {
    const bounds = `${Duration.format(shortest)} (margin and a second) and ${Duration.format(LONGEST)}`
    return yield* refuse(`duration is ${Duration.format(duration)}; it must be between ${bounds}`)
  }
  if (options.leases !== undefined) yield* checkCount("timedLease", path, "leases", options.leases)
  const paths =
    options.leases === undefined ? [path] : Array.from({ length: options.leases }, (_, n) => Path.join(path, `${n}`))
  const terms = { zk, holder, duration: Duration.toMillis(duration), margin: Duration.toMillis(margin) }

  const take = (at: string): Effect.Effect<Option.Option<Term>, ZooKeeperError> =>
    Effect.gen(function* () {
      const lease: Lease = { ...terms, path: at }
      const isFree = (found: Option.Option<Record.Record>, wall: number) =>
        Option.isNone(found) || isOurs(lease, found) || wall >= found.value.end + lease.margin
      const written = yield* change(lease, (found, wall) => (isFree(found, wall) ? renewed(lease, wall) : undefined))
      if (Option.isNone(written)) return Option.none()
      const term = termOf(lease, written.value, new LeaseOver({ path: at }))
      // The answer may have come after the end.
      return Duration.isPositive(yield* term.remaining) ? Option.some(term) : Option.none()
    })

  const standing = (at: string): Effect.Effect<Option.Option<Standing>, ZooKeeperError> =>
    Effect.gen(function* () {
      const node = Path.join(at, Record.NAME)
      const there = yield* patiently(zk.getOption(node))
      if (Option.isNone(there)) return Option.none()
      return Option.map(yield* Record.decode(node, there.value), (record) => ({ path: at, ...record }))
    })
  const leases = Effect.map(Effect.forEach(paths, standing), (all) => all.flatMap(Option.toArray))

  const tryTake = Effect.gen(function* () {
    // First what is ours: kazoo takes the first that is free, and then has two.
    const kept = paths.length === 1 ? [] : (yield* leases).filter((each) => each.holder === holder)
    const first = kept.map((each) => each.path)
    for (const at of [...first, ...paths.filter((each) => !first.includes(each))]) {
      const term = yield* take(at)
      if (Option.isSome(term)) return term
    }
    return Option.none<Term>()
  })
  return {
    tryTake,
    tryWithLease: (body) =>
      Effect.flatMap(tryTake, (term) =>
        Option.isNone(term)
          ? Effect.succeedNone
          : Effect.asSome(Effect.scoped(Effect.raceFirst(term.value.lost, body(term.value))))
      ),
    leases
  }
})

/**
 * A lease for a time as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, TimedLease> = factory(make)
