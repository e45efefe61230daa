/**
 * Choosing leaders: of all candidates below a path, the first ones in order lead, and the next in line takes over when one
 * goes.
 *
 * @since 0.1.0
 */
import * as Ids from "@effect-zookeeper/core/Ids"
import { type Data as NodeData, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { randomUUID } from "node:crypto"
import type { Dialect } from "./Dialect.ts"
import type { Holder } from "./Holder.ts"
import { contend, type Contest, plain } from "./internal/contend.ts"
import { shared, type StopOn } from "./internal/hold.ts"
import { checkCount } from "./internal/invalid.ts"
import { patientlyAnew } from "./internal/patience.ts"
import { type Standing, standing } from "./internal/queue.ts"
import { beyond, read } from "./internal/sequence.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * What this process is in the election: `Unknown` before it is a candidate and after its place was lost, `Standby` while
 * others lead, `Leader` while it leads.
 *
 * @category models
 * @since 0.1.0
 */
export type Role = "Unknown" | "Standby" | "Leader"

/**
 * A candidate as others see it: the node that stands for it, and what it tells of itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Candidate extends Standing {}

/**
 * The lead, while it is held.
 *
 * @category models
 * @since 0.1.0
 */
export interface Leader extends Holder {
  /** Grows from leader to leader; undefined where several lead at a time, since tokens do not order them. */
  readonly fencingToken: bigint | undefined
}

/**
 * This process has given up its place in the election by `resign`.
 *
 * @category errors
 * @since 0.1.0
 */
export class Resigned extends Data.TaggedError("Resigned")<{
  /** The path of the election. */
  readonly path: string
}> {
  override get message(): string {
    return `this process has resigned from the election ${this.path}`
  }
}

/**
 * How to elect.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node below which the candidates stand; made when it is missing. */
  readonly path: string
  /** How many lead at a time; all candidates must say the same. Default 1. */
  readonly leaders?: number | undefined
  /** What this candidate tells of itself. Default: nothing. */
  readonly data?: NodeData | undefined
  /** Whose programs share the path. Default `curator` (LeaderLatch). */
  readonly dialect?: Dialect | undefined
  /** Stop leading before the session can have expired (`lease`, default), or as soon as the connection is gone. */
  readonly stopOn?: StopOn | undefined
}

/**
 * One process's part in an election.
 *
 * @category models
 * @since 0.1.0
 */
export interface Election {
  /**
   * Is a candidate until the effect has ended, and runs it while leading. Its own success or failure ends it; when the
   * lead is lost the effect is interrupted, and this process is a candidate again. Fails with `Resigned` after `resign`,
   * and with the reason of the session's end when there will be no other session. The effect has a scope of its own: what
   * it forks and acquires there ends with the lead, too.
   */
  readonly whileLeader: <A, E, R>(
    effect: (leader: Leader) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | ZooKeeperError | Resigned, Exclude<R, Scope.Scope>>
  /** Waits for the lead and keeps it until the scope closes or `resign`; see `lost` of the holder. */
  readonly acquire: Effect.Effect<Leader, ZooKeeperError | Resigned, Scope.Scope>
  /**
   * Gives up every place that this process has in the election, leading or waiting, and returns once its nodes are
   * deleted; without a connection, and while a create is on its way, that is done in the background. What runs in
   * `whileLeader` is interrupted, and `whileLeader` and a waiting `acquire` fail with `Resigned`; a leader that `acquire`
   * gave is `lost`. To be a candidate again, call them again: the place is at the end of the queue then. Asked for by the
   * work of `whileLeader`, or by what that has started, it does not wait for that work, with which its place goes.
   */
  readonly resign: Effect.Effect<void>
  /** What this process is now. */
  readonly role: Effect.Effect<Role>
  /** What this process is, and each change of it. */
  readonly roles: Stream.Stream<Role>
  /** Who leads now. */
  readonly leaders: Effect.Effect<ReadonlyArray<Candidate>, ZooKeeperError>
  /** Who leads, and each change of it, for candidates and onlookers. */
  readonly observe: Stream.Stream<ReadonlyArray<Candidate>, ZooKeeperError>
}

interface Candidacy {
  readonly resigned: Deferred.Deferred<never, Resigned>
  readonly ended: Deferred.Deferred<void>
  role: Role
}

const sameNodes = (a: ReadonlyArray<Candidate>, b: ReadonlyArray<Candidate>): boolean =>
  a.length === b.length && a.every(({ node }, index) => node === b[index]!.node)

/**
 * Takes part in an election. Nothing is created before `whileLeader` or `acquire`; watching needs no candidacy. Fails with
 * `InvalidArgument` for a number of leaders below 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Election, ZooKeeperError, ZooKeeper | Scope.Scope> {
  const zk = yield* ZooKeeper
  const { path } = options
  const leaders = options.leaders ?? 1
  yield* checkCount("election", path, "leaders", leaders)
  const role = yield* SubscriptionRef.make<Role>("Unknown")
  /** All places that this process has. */
  const candidacies = new Set<Candidacy>()
  /** The places under which a fiber works: it cannot wait for their end. */
  const current = Context.Reference<ReadonlySet<Candidacy>>(`@effect-zookeeper/recipes/${randomUUID()}`, {
    defaultValue: () => new Set()
  })
  const become = Effect.fnUntraced(function* (it: Candidacy, its: Role) {
    it.role = its
    const all = Array.from(candidacies, ({ role }) => role)
    const next = all.includes("Leader") ? "Leader" : all.includes("Standby") ? "Standby" : "Unknown"
    if ((yield* SubscriptionRef.get(role)) === next) return
    yield* SubscriptionRef.set(role, next)
    yield* Effect.annotateLogs(Effect.logDebug(`${next} of the election ${path}`), {
      "zookeeper.role": next,
      "zookeeper.session": Ids.toHex(zk.session.id)
    })
  })
  const queue = { zk, path, dialect: options.dialect ?? "curator", data: options.data ?? "" }
  const contest: Omit<Contest, "onStage"> = {
    ...plain,
    queue,
    role: "candidate",
    ahead: beyond(() => leaders),
    stopOn: options.stopOn ?? "lease"
  }
  const roleOf = { queued: "Standby", held: "Leader", out: "Unknown" } as const
  const lead = (it: Candidacy) =>
    Effect.map(contend({ ...contest, onStage: (stage) => become(it, roleOf[stage]) }), (holder): Leader => ({
      ...shared(holder),
      fencingToken: leaders === 1 ? holder.fencingToken : undefined
    }))
  /** Completes when the lead is lost: from then on it is none, however long the work under it takes to end. */
  const lost = (it: Candidacy, leader: Leader) => Effect.andThen(Effect.flip(leader.lost), become(it, "Unknown"))

  const candidacy = <A, E, R>(effect: (it: Candidacy) => Effect.Effect<A, E, R>): Effect.Effect<A, E | Resigned, R> =>
    Effect.flatMap(current, (outer) => {
      const it: Candidacy = { resigned: Deferred.makeUnsafe(), ended: Deferred.makeUnsafe(), role: "Unknown" }
      candidacies.add(it)
      const end = Effect.sync(() => {
        candidacies.delete(it)
        Deferred.doneUnsafe(it.ended, Effect.void)
      })
      const work = Effect.provideService(effect(it), current, new Set([...outer, it]))
      return Effect.ensuring(Effect.raceFirst(Deferred.await(it.resigned), work), end)
    })

  const untilItEnds = <A, E, R>(
    it: Candidacy,
    f: (leader: Leader) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | ZooKeeperError, Exclude<R, Scope.Scope>> =>
    Effect.flatMap(
      Effect.scoped(
        Effect.flatMap(lead(it), (leader) =>
          Effect.raceFirst(Effect.as(lost(it, leader), Option.none<A>()), Effect.asSome(f(leader)))
        )
      ),
      (done) => (Option.isSome(done) ? Effect.succeed(done.value) : untilItEnds(it, f))
    )
  const acquire = Effect.gen(function* () {
    const held = Deferred.makeUnsafe<Leader, ZooKeeperError | Resigned>()
    const holding = (it: Candidacy) =>
      Effect.scoped(
        Effect.flatMap(lead(it), (leader) =>
          Deferred.succeed(held, leader).pipe(Effect.andThen(lost(it, leader)), Effect.andThen(Effect.never))
        )
      )
    const holder = yield* Effect.forkScoped(candidacy(holding), { startImmediately: true })
    // Also when another fiber closes the scope meanwhile.
    holder.addObserver((exit) => Deferred.doneUnsafe(held, exit))
    return yield* Effect.onInterrupt(Deferred.await(held), () => Fiber.interrupt(holder))
  })
  const leading = (names: ReadonlyArray<string>) => standing(queue, read(names).members.slice(0, leaders))
  return {
    whileLeader: (f) => candidacy((it) => untilItEnds(it, f)),
    acquire,
    resign: Effect.flatMap(current, (own) =>
      Effect.forEach(
        [...candidacies],
        (it) => {
          Deferred.doneUnsafe(it.resigned, Effect.fail(new Resigned({ path })))
          return own.has(it) ? Effect.void : Deferred.await(it.ended)
        },
        { concurrency: "unbounded", discard: true }
      )
    ),
    role: SubscriptionRef.get(role),
    roles: SubscriptionRef.changes(role),
    leaders: zk.children(path).pipe(
      Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeed([])),
      Effect.flatMap(leading)
    ),
    observe: zk.changes.children(path).pipe(
      Stream.mapEffect(({ children }) => patientlyAnew(zk, leading(Option.getOrElse(children, () => [])))),
      Stream.changesWith(sameNodes)
    )
  }
})

/**
 * An election as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, Election> = factory(make)
