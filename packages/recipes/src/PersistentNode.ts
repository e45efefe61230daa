/**
 * A node that stands for this process and is put back whenever it is lost: with its session, or by hand.
 *
 * @since 0.1.0
 */
import { type Data, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { Stat } from "@effect-zookeeper/core/Stat"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Path from "@effect-zookeeper/core/Path"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type Dialect, parentMode } from "./Dialect.ts"
import { begin } from "./internal/begin.ts"
import { inScopeOfItsOwn } from "./internal/inScopeOfItsOwn.ts"
import { latest } from "./internal/latest.ts"
import { createBelow } from "./internal/parents.ts"
import { isPassing, isRenewed, patientlyAnew } from "./internal/patience.ts"
import { look } from "./internal/presence.ts"
import { remove } from "./internal/remove.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * Which node to keep.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node; what is above it is made when it is missing. */
  readonly path: string
  /** Default: nothing. */
  readonly data?: Data | undefined
  /**
   * Makes a TTL node instead of an ephemeral one, which the server deletes so long after its last touch: it outlives its
   * session, and it stays at the end. Touched three times in that time, which its watchers see. The servers must have
   * `extendedTypesEnabled`, else `make` fails with `Unimplemented`.
   */
  readonly ttl?: Duration.Input | undefined
  /** Whose programs share the path: as they do, missing parents are made. Default `curator` (containers). */
  readonly dialect?: Dialect | undefined
}

/**
 * A node that is kept.
 *
 * After the end of its scope whoever asks or subscribes is interrupted, as by a queue that was shut down.
 *
 * @category models
 * @since 0.1.0
 */
export interface PersistentNode {
  readonly path: string
  /** Whether the node is there and ours, as far as is known: without a connection, as it was last seen. */
  readonly isPresent: Effect.Effect<boolean, ZooKeeperError>
  /** Whether the node is there, now and after every change. Fails when it cannot be kept any longer. */
  readonly presence: Stream.Stream<boolean, ZooKeeperError>
  /**
   * Changes the data, of the node that is there if it is ours, and of all that come after it. Another session's node in its
   * place is not written to, but for one of the same version that was put there while this was on its way.
   */
  readonly set: (data: Data) => Effect.Effect<void, ZooKeeperError>
}

class Keeper {
  private readonly zk: ZooKeeper
  private readonly options: Options
  private readonly tell: (isPresent: boolean) => Effect.Effect<void>
  /** The data that the node is to have; counted, so that an older write does not pass for a newer one. */
  private data: Data
  private revision = 1
  /** The revision that the node has. */
  private written = 0
  private isPresent: boolean | undefined
  /** The session to which the node belonged that was seen last, and its version. */
  private owner = 0n
  private version: number | undefined

  constructor(zk: ZooKeeper, options: Options, tell: (isPresent: boolean) => Effect.Effect<void>) {
    this.zk = zk
    this.options = options
    this.data = options.data ?? ""
    this.tell = tell
  }

  /** TTL nodes belong to no session: one that is there is taken over. */
  private isOurs({ ephemeralOwner }: Stat): boolean {
    return this.options.ttl !== undefined || ephemeralOwner === this.zk.session.id
  }

  private readonly create = Effect.suspend(() => {
    const { dialect = "curator", path, ttl } = this.options
    const { revision } = this
    const mode = ttl === undefined ? ("ephemeral" as const) : ("ttl" as const)
    const create = Effect.suspend(() => this.zk.create(path, this.data, { mode, ttl }))
    return createBelow(this.zk, Path.parent(path), parentMode(dialect), create).pipe(
      Effect.andThen(
        Effect.sync(() => {
          this.written = revision
        })
      ),
      // Whose it is, or whether it was done, the next look tells.
      Effect.catchReason("ZooKeeperError", "NodeExists", () => Effect.void),
      Effect.catchIf(
        (error) => isPassing(error) || isRenewed(this.zk, error),
        () => Effect.void
      )
    )
  })

  /** TTL nodes are everybody's; of others, only what was seen to be this session's is written to. */
  private saw({ ephemeralOwner, version }: Stat): void {
    this.owner = ephemeralOwner
    this.version = this.options.ttl === undefined ? version : undefined
  }

  /** Writes the newest data, if the node that was seen last is ours; says whether it was, and was still there. */
  private readonly writeOnce: Effect.Effect<boolean, ZooKeeperError> = Effect.suspend(() => {
    const { data, owner, revision, version, zk } = this
    if (this.options.ttl === undefined && owner !== zk.session.id) return Effect.succeed(false)
    return Effect.map(zk.set(this.options.path, data, { version }), (stat) => {
      this.saw(stat)
      this.written = Math.max(this.written, revision)
      return true
    })
  })

  /** Somebody has written to it, or put another in its place. */
  private readonly lookAgain: Effect.Effect<boolean, ZooKeeperError> = Effect.suspend(() =>
    Effect.map(patientlyAnew(this.zk, this.zk.exists(this.options.path)), (stat) => {
      if (Option.isSome(stat)) this.saw(stat.value)
      return Option.isSome(stat)
    })
  )

  /**
   * Writes what is to be there, again if it changed meanwhile. Twice does no harm. False when the node went instead, alone
   * or with its session.
   */
  private readonly write: Effect.Effect<boolean, ZooKeeperError> = Effect.gen({ self: this }, function* () {
    while (this.written < this.revision) {
      const goesOn = yield* Effect.catchReasons(patientlyAnew(this.zk, this.writeOnce), "ZooKeeperError", {
        NoNode: () => Effect.succeed(false),
        BadVersion: () => this.lookAgain
      })
      if (!goesOn) return false
    }
    return true
  })

  readonly set = (data: Data): Effect.Effect<void, ZooKeeperError> =>
    Effect.suspend(() => {
      this.data = data
      this.revision++
      return this.isPresent === true ? Effect.asVoid(this.write) : Effect.void
    })

  private become(isPresent: boolean): Effect.Effect<void> {
    if (this.isPresent === isPresent) return Effect.void
    this.isPresent = isPresent
    return this.tell(isPresent)
  }

  /** Goes on for ever, one change of the node at a time. */
  readonly keep: Effect.Effect<never, ZooKeeperError> = Effect.gen({ self: this }, function* () {
    const { path } = this.options
    yield* this.create
    while (true) {
      const seen = yield* patientlyAnew(this.zk, look(this.zk, path))
      if (Option.isNone(seen)) {
        yield* this.become(false)
        this.written = 0
        yield* this.create
      } else {
        const { next, value } = seen.value
        const isOurs = this.isOurs(value.stat)
        this.saw(value.stat)
        if (!isOurs) yield* Effect.logWarning(`${path} belongs to another session; waiting until it goes`)
        yield* this.become(isOurs && (yield* this.write))
        yield* next
      }
    }
  })

  /** Keeps the server from deleting a TTL node. */
  readonly touch = (every: Duration.Duration): Effect.Effect<void, ZooKeeperError> =>
    Effect.suspend(() => {
      this.written = Math.min(this.written, this.revision - 1)
      return this.isPresent === true ? Effect.asVoid(this.write) : Effect.void
    }).pipe(Effect.delay(every), Effect.repeat(Schedule.forever), Effect.asVoid)

  /** Deletes an ephemeral node, but not one that another session has put in its place. */
  readonly release: Effect.Effect<void> = Effect.suspend(() =>
    this.options.ttl === undefined ? remove(this.zk, this.options.path, { owned: true }) : Effect.void
  )
}

/**
 * Keeps a node until the scope closes. Returns once it is there, however long there is no connection; a node of that name
 * that belongs to another session, such as this process's before its restart, is waited for to go.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<PersistentNode, ZooKeeperError, ZooKeeper | Scope.Scope> {
  const zk = yield* ZooKeeper
  // What is no time is refused by the create.
  const ttl = options.ttl === undefined ? undefined : Option.getOrUndefined(Duration.fromInput(options.ttl))
  const { current, end, states, tell } = yield* latest<boolean, ZooKeeperError>()
  const keeper = new Keeper(zk, options, tell)
  yield* Effect.addFinalizer(() => keeper.release)
  const keeping =
    ttl === undefined ? keeper.keep : Effect.raceFirst(keeper.keep, keeper.touch(Duration.times(ttl, 1 / 3)))
  yield* begin<ZooKeeperError>((begun) => Effect.andThen(begun, keeping), end)
  yield* Stream.runDrain(Stream.takeUntil(states, (isPresent) => isPresent))
  return { path: options.path, isPresent: current, presence: states, set: keeper.set }
}, inScopeOfItsOwn)

/**
 * A persistent node as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, PersistentNode> = factory(make)
