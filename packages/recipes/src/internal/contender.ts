/** A place in a queue of contenders: a node with a counter, watched by its owner, gone at the end of its scope. */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Path from "@effect-zookeeper/core/Path"
import type { Stat } from "@effect-zookeeper/core/Stat"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberHandle from "effect/FiberHandle"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import { nameOf, parentMode, type Role } from "../Dialect.ts"
import { isAsked } from "./asking.ts"
import { createBelow } from "./parents.ts"
import { awaitGone, look } from "./presence.ts"
import { members, type Queue } from "./queue.ts"
import { remove } from "./remove.ts"
import type { Ahead } from "./sequence.ts"

export interface Contender {
  /** The whole path of the node. */
  readonly node: string
  /** The node as its owner found it. */
  readonly stat: Effect.Effect<Stat, ZooKeeperError | LeaseLost>
  /** Fails when the node is gone, whoever deleted it. */
  readonly gone: Effect.Effect<never, ZooKeeperError | LeaseLost>
  /** Completes when somebody asks for what it stands for. */
  readonly asked: Effect.Effect<void>
}

/** It is somebody else's turn, and the contender does not wait. */
export class Busy extends Data.TaggedError("Busy") {}

export const deleted = new LeaseLost({ why: "deleted" })

/** Fails as soon as the node is gone or another session's, and tells the first Stat of it and whether it is asked for. */
const watch = (
  zk: ZooKeeper,
  node: string,
  first: Deferred.Deferred<Stat, ZooKeeperError | LeaseLost>,
  asked: Deferred.Deferred<void>
): Effect.Effect<never, ZooKeeperError | LeaseLost> =>
  Effect.gen(function* () {
    while (true) {
      const seen = yield* look(zk, node)
      // The node of another session is not ours, whatever its name says (CURATOR-498).
      if (Option.isNone(seen) || seen.value.value.stat.ephemeralOwner !== zk.session.id) return yield* deleted
      Deferred.doneUnsafe(first, Effect.succeed(seen.value.value.stat))
      if (isAsked(seen.value.value)) Deferred.doneUnsafe(asked, Effect.void)
      const { type } = yield* seen.value.next
      if (type === "NodeDeleted") return yield* deleted
    }
  })

/**
 * Makes a node that stands for its owner until the scope closes. The watch on it outlives the deletion at the end, whose
 * event takes it off the server without another request.
 */
export const own = <E>(
  zk: ZooKeeper,
  create: Effect.Effect<string, E>,
  giveUp: (node: string) => Effect.Effect<void> = (node) => remove(zk, node)
): Effect.Effect<Contender, E, Scope.Scope> =>
  Effect.gen(function* () {
    const watcher = yield* FiberHandle.make<never, ZooKeeperError | LeaseLost>()
    const node = yield* Effect.acquireRelease(create, giveUp, { interruptible: true })
    const first = Deferred.makeUnsafe<Stat, ZooKeeperError | LeaseLost>()
    const asked = Deferred.makeUnsafe<void>()
    // Sent together with what comes next, so that it costs a request but no time.
    const watching = yield* FiberHandle.run(watcher, watch(zk, node, first, asked), { startImmediately: true })
    // However it ends, by a scope that is closed meanwhile too, nobody waits for the first look any longer.
    watching.addObserver((exit) => Deferred.doneUnsafe(first, exit))
    return { node, stat: Deferred.await(first), gone: Fiber.join(watching), asked: Deferred.await(asked) }
  })

/** A node with a name that is known before, such as a downgraded reader's. */
export const enterAs = <E>(
  zk: ZooKeeper,
  node: string,
  create: Effect.Effect<unknown, E>
): Effect.Effect<Contender, E, Scope.Scope> =>
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
export const enter = (queue: Queue, role: Role): Effect.Effect<Contender, ZooKeeperError, Scope.Scope> =>
  Effect.suspend(() => {
    const { data, dialect, path, zk } = queue
    const { mark, name } = nameOf(dialect, role, randomUUID())
    const create = zk.create(Path.join(path, name), data, { mode: "ephemeralSequential", protected: mark })
    return own(zk, createBelow(zk, path, parentMode(dialect), create))
  })

/**
 * Waits for the contender's turn. Only those that `ahead` names are watched, so that a departure wakes nobody else, and
 * all are listed again when one of them goes or what `recheck` gave completes. Without `waits` it fails as soon as it would
 * have to wait.
 */
export const awaitTurn = (
  queue: Queue,
  { node }: Contender,
  ahead: Ahead,
  recheck: Effect.Effect<Effect.Effect<void>>,
  waits: boolean
): Effect.Effect<void, ZooKeeperError | LeaseLost | Busy> =>
  Effect.gen(function* () {
    const name = Path.name(node)
    while (true) {
      const changed = yield* recheck
      const all = yield* members(queue)
      const index = all.findIndex((member) => member.name === name)
      if (index === -1) return yield* deleted
      const inTheWay = ahead(all.slice(0, index))
      if (inTheWay === undefined) return
      if (!waits) return yield* new Busy()
      const others = inTheWay.map((other) => Path.join(queue.path, other.name))
      yield* Effect.logDebug(`${node} waits for ${others.length === 0 ? "a turn to be had" : others.join(", ")}`)
      yield* Effect.raceAllFirst([changed, ...others.map((other) => awaitGone(queue.zk, other))])
    }
  })
