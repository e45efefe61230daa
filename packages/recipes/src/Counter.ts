/**
 * A number that many count on: each change is done once or not at all, also when its answer is lost.
 *
 * @since 0.1.0
 */
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import { type Node, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { DecodeFailed, ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import { parentMode } from "./Dialect.ts"
import { invalid } from "./internal/invalid.ts"
import * as Numbers from "./internal/numbers.ts"
import { createBelow } from "./internal/parents.ts"
import { patiently } from "./internal/patience.ts"
import { writer } from "./internal/writeOnce.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * Where to count, and how the number is written.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The node that holds the number; made, with what is above it, at the first change. */
  readonly path: string
  /** The number while there is no node, or an empty one. Default 0n. */
  readonly initial?: bigint | undefined
  /**
   * How the number stands in the node, which all programs of one path must agree on: `int64` (default) as Curator's
   * DistributedAtomicLong has it, in 8 bytes; `int32` as its DistributedAtomicInteger and SharedCount, and kazoo's Counter
   * with `support_curator=True`, in 4; `decimal` as kazoo's Counter, in digits and without bounds.
   */
  readonly as?: "int64" | "int32" | "decimal" | undefined
}

/**
 * What a change has found and left.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly before: bigint
  readonly after: bigint
}

/**
 * A number in a node.
 *
 * A change whose answer is lost is asked about until it is known, however long there is no connection: it is not done twice.
 * Only when the session is over before that, it fails with `applied: "unknown"`; with `applied: "no"` it was not done.
 * Otherwise a change waits for a connection as long as every operation does, and for the changes that were begun on this
 * counter before it. An interrupted one may be done all the same.
 *
 * A node with other data fails with `DecodeFailed`; only `set` goes over it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Counter {
  /** The number as the connected server knows it. */
  readonly get: Effect.Effect<bigint, ZooKeeperError>
  /**
   * Adds a number, which may be negative; again, after a pause, whenever somebody else was quicker. Fails with
   * `InvalidArgument` when the sum is out of bounds.
   */
  readonly add: (n: bigint) => Effect.Effect<Change, ZooKeeperError>
  /** Adds 1. */
  readonly increment: Effect.Effect<Change, ZooKeeperError>
  /** Takes 1 away. */
  readonly decrement: Effect.Effect<Change, ZooKeeperError>
  /** Replaces whatever is there. Fails with `InvalidArgument` for a number out of bounds. */
  readonly set: (value: bigint) => Effect.Effect<void, ZooKeeperError>
  /** Replaces the number if it is the one expected, and says whether it was, as far as the connected server knew. */
  readonly compareAndSet: (expected: bigint, value: bigint) => Effect.Effect<boolean, ZooKeeperError>
  /**
   * The number now and whenever it is another one; slow consumers miss what lies between. Goes on through disconnects and
   * renewed sessions.
   */
  readonly changes: Stream.Stream<bigint, ZooKeeperError>
}

/** On servers without ZOOKEEPER-4743 a node has it once in 2^32 changes, and cannot be compared with then. */
const ANY_VERSION = -1

/** Somebody else was quicker. */
class Outrun extends Data.TaggedError("Outrun") {}

/** So that of many who were outrun the next one is soon alone. */
const pause = Schedule.jittered(Schedule.min([Schedule.exponential("2 millis", 1.5), Schedule.spaced("1 second")]))

/**
 * A counter in a node. Nothing is created before the first change. Then an ephemeral node below the counter's tells what
 * this one has changed, until the scope closes; after that, whoever changes is interrupted. Fails with `InvalidArgument`
 * for an initial number that is out of bounds.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Counter, ZooKeeperError, ZooKeeper | Scope.Scope> {
  const zk = yield* ZooKeeper
  const { as = "int64", initial = 0n, path } = options
  const { decode, dialect, encode }: Numbers.Notation = Numbers.notations[as]
  const check = (operation: string, value: bigint) => {
    const excess = Numbers.excess(as, value)
    if (excess === undefined) return Effect.void
    return Effect.fail(invalid(operation, path, `${excess}; count as "decimal", in another node, to go beyond`))
  }
  yield* check("counter", initial)

  const valueOf = ({ data }: Pick<Node, "data">): Effect.Effect<bigint, ZooKeeperError> => {
    const value = data.length === 0 ? initial : decode(data)
    if (value !== undefined) return Effect.succeed(value)
    const reason = new DecodeFailed({ detail: Numbers.mismatch(as, data) })
    return Effect.fail(new ZooKeeperError({ operation: "decode", path, applied: "no", reason }))
  }
  const found = Option.match({ onNone: () => Effect.succeed(initial), onSome: valueOf })

  // With the number in it: Curator's SharedCount cannot read an empty node.
  const create = Effect.suspend(() => zk.create(path, encode(initial)))
  const ensure = createBelow(zk, Path.parent(path), parentMode(dialect), patiently(create)).pipe(
    Effect.catchReason("ZooKeeperError", "NodeExists", () => Effect.void)
  )

  const writeOnce = yield* writer(zk, path)
  const write = (operation: string, value: bigint, version?: number) =>
    Effect.mapError(
      writeOnce(Op.set(path, encode(value), { version })),
      (error) => new ZooKeeperError({ ...error, operation, path })
    )
  const turn = Semaphore.makeUnsafe(1)
  /** Whoever counts on the same counter would only outrun each other. */
  const inTurn = <A>(attempt: Effect.Effect<A, ZooKeeperError | Outrun>): Effect.Effect<A, ZooKeeperError> =>
    turn
      .withPermit(Effect.retry(attempt, { schedule: pause, while: ({ _tag }) => _tag === "Outrun" }))
      .pipe(Effect.catchTag("Outrun", Effect.die))

  /** Replaces the number by what `next` makes of it, if anything. */
  const change = (operation: string, next: (before: bigint) => bigint | undefined) =>
    inTurn(
      Effect.gen(function* () {
        const node = yield* zk.getOption(path)
        if (Option.isNone(node)) {
          yield* ensure
          return yield* new Outrun()
        }
        const before = yield* valueOf(node.value)
        const after = next(before)
        if (after === undefined) return Option.none<Change>()
        yield* check(operation, after)
        const { version } = node.value.stat
        if (version === ANY_VERSION) {
          return yield* invalid(
            operation,
            path,
            "the node has the version -1, which means any; set the number to go on"
          )
        }
        const isDone = yield* write(operation, after, version)
        return isDone ? Option.some({ before, after }) : yield* new Outrun()
      })
    )
  const add = (n: bigint) =>
    Effect.map(
      change("add", (before) => before + n),
      Option.getOrThrow
    )

  return {
    get: Effect.flatMap(zk.getOption(path), found),
    add,
    increment: add(1n),
    decrement: add(-1n),
    set: (value) =>
      Effect.andThen(
        check("set", value),
        inTurn(
          Effect.flatMap(write("set", value), (isDone) => (isDone ? Effect.void : Effect.andThen(ensure, new Outrun())))
        )
      ),
    compareAndSet: (expected, value) =>
      Effect.andThen(
        check("compareAndSet", value),
        Effect.map(
          change("compareAndSet", (before) => (before === expected ? value : undefined)),
          Option.isSome
        )
      ),
    changes: Stream.changes(Stream.mapEffect(zk.changes.data(path), ({ node }) => found(node)))
  }
})

/**
 * A counter as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, Counter> = factory(make)
