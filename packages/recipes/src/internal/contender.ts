/** A place in a queue of contenders: a node with a counter, watched by its owner, gone at the end of its scope. */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Path from "@effect-zookeeper/core/Path"
import type { Data as NodeData, Once, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { InvalidArgument, ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberHandle from "effect/FiberHandle"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import { type Dialect, nameOf, parentMode, type Role } from "../Dialect.ts"
import * as Sequence from "./sequence.ts"

/** Where and as what to contend. */
export interface Queue {
  readonly path: string
  readonly dialect: Dialect
  readonly data: NodeData
}

export interface Contender extends Sequence.Member {
  /** The whole path of the node. */
  readonly node: string
  readonly czxid: bigint
  /** Completes when the node is gone, whoever deleted it. */
  readonly gone: Effect.Effect<void, ZooKeeperError>
}

/** It is somebody else's turn, and the contender does not wait. */
export class Busy extends Data.TaggedError("Busy") {}

/** Makes the path as programs of the dialect would. */
const ensureParents = (zk: ZooKeeper, { dialect, path }: Queue): Effect.Effect<void, ZooKeeperError> =>
  Effect.forEach(
    Path.lineage(path),
    (node) =>
      Effect.catchReason(
        zk.create(node, "", { mode: parentMode(dialect) }),
        "ZooKeeperError",
        "NodeExists",
        () => Effect.void
      ),
    { discard: true }
  )

/** Creates below the path, and makes the path first where there is none; a container may be reaped between the two. */
const createBelow = (
  zk: ZooKeeper,
  queue: Queue,
  create: Effect.Effect<string, ZooKeeperError>
): Effect.Effect<string, ZooKeeperError> =>
  Effect.catchReason(create, "ZooKeeperError", "NoNode", () =>
    Effect.retry(Effect.andThen(ensureParents(zk, queue), create), {
      schedule: Schedule.recurs(3),
      while: ({ reason }) => reason._tag === "NoNode"
    })
  )

/** Waits until a node that was seen is deleted; changes of its data do not count. */
const deleted = <A>(
  seen: Once<A>,
  again: Effect.Effect<Option.Option<Once<unknown>>, ZooKeeperError>
): Effect.Effect<void, ZooKeeperError> =>
  Effect.flatMap(seen.next, ({ type }) =>
    type === "NodeDeleted"
      ? Effect.void
      : Effect.flatMap(again, (next) => (Option.isNone(next) ? Effect.void : deleted(next.value, again)))
  )

/** Waits until a node is gone; at once when there is none. Leaves no watch on a node that does not exist. */
export const awaitGone = (zk: ZooKeeper, node: string): Effect.Effect<void, ZooKeeperError> => {
  const look = zk.once.data(node).pipe(
    Effect.asSome,
    Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeedNone)
  )
  return Effect.flatMap(look, (seen) => (Option.isNone(seen) ? Effect.void : deleted(seen.value, look)))
}

const lost = new LeaseLost({ why: "deleted" })

const remove = (zk: ZooKeeper, node: string): Effect.Effect<void> =>
  Effect.ignore(zk.delete(node, { guaranteed: true }))

/**
 * Makes a node that stands for its owner until the scope closes. The watch on it outlives the deletion at the end, whose
 * event takes it off the server without another request.
 */
const own = <E>(
  zk: ZooKeeper,
  create: Effect.Effect<string, E>
): Effect.Effect<Contender, E | ZooKeeperError | LeaseLost, Scope.Scope> =>
  Effect.gen(function* () {
    const watcher = yield* FiberHandle.make<void, ZooKeeperError>()
    const node = yield* Effect.acquireRelease(create, (node) => remove(zk, node), { interruptible: true })
    const seen = yield* zk.once.exists(node)
    const [member] = Sequence.read([Path.name(node)]).members
    // The node of another session is not ours, whatever its name says (CURATOR-498).
    if (Option.isNone(seen.value) || seen.value.value.ephemeralOwner !== zk.session.id || member === undefined) {
      return yield* lost
    }
    const look = Effect.map(zk.once.exists(node), (seen) =>
      Option.isSome(seen.value) ? Option.some(seen) : Option.none()
    )
    const gone = yield* FiberHandle.run(watcher, deleted(seen, look))
    return { ...member, node, czxid: seen.value.value.czxid, gone: Fiber.join(gone) }
  })

/** A node with a name that is known before, such as a downgraded reader's. */
export const enterAs = <E>(
  zk: ZooKeeper,
  node: string,
  create: Effect.Effect<unknown, E>
): Effect.Effect<Contender, E | ZooKeeperError | LeaseLost, Scope.Scope> =>
  // A create that failed may have been done all the same.
  own(
    zk,
    Effect.as(
      Effect.onError(create, () => remove(zk, node)),
      node
    )
  )

/**
 * Takes a place at the end of the queue until the scope closes. The node is created so that a lost answer leaves none
 * behind.
 */
export const enter = (
  zk: ZooKeeper,
  queue: Queue,
  role: Role
): Effect.Effect<Contender, ZooKeeperError | LeaseLost, Scope.Scope> =>
  Effect.suspend(() => {
    const { mark, name } = nameOf(queue.dialect, role, randomUUID())
    const create = zk.create(Path.join(queue.path, name), queue.data, {
      mode: "ephemeralSequential",
      protected: mark
    })
    return own(zk, createBelow(zk, queue, create))
  })

/** Everybody who contends below the path, in order. */
export const members = (zk: ZooKeeper, path: string): Effect.Effect<ReadonlyArray<Sequence.Member>, ZooKeeperError> =>
  Effect.flatMap(zk.children(path), (names) => {
    const { members } = Sequence.read(names)
    if (!Sequence.hasWrapped(members)) return Effect.succeed(members)
    const problem = `the counter of '${path}' has wrapped, so no order agrees with other libraries; use another path`
    return Effect.fail(
      new ZooKeeperError({ operation: "children", path, applied: "no", reason: new InvalidArgument({ problem }) })
    )
  })

/**
 * Waits for the contender's turn. `ahead` says which of the members stand in its way, nearest last; only these are
 * watched, so that a departure wakes nobody else, and all are listed again when one of them goes. Without
 * `waits` it fails as soon as anybody is in the way.
 */
export const awaitTurn = (
  zk: ZooKeeper,
  path: string,
  contender: Contender,
  ahead: (before: ReadonlyArray<Sequence.Member>) => ReadonlyArray<Sequence.Member>,
  waits: boolean
): Effect.Effect<void, ZooKeeperError | LeaseLost | Busy> =>
  Effect.flatMap(members(zk, path), (all) => {
    const index = all.findIndex(({ name }) => name === contender.name)
    if (index === -1) return Effect.fail(lost)
    const inTheWay = ahead(all.slice(0, index))
    if (inTheWay.length === 0) return Effect.void
    if (!waits) return Effect.fail(new Busy())
    return Effect.andThen(
      Effect.raceAllFirst(inTheWay.map(({ name }) => awaitGone(zk, Path.join(path, name)))),
      awaitTurn(zk, path, contender, ahead, waits)
    )
  })
