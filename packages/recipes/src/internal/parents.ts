/** Making the path that a recipe lives below, as programs of its dialect would, and only when it is missing. */
import type { CreateMode } from "@effect-zookeeper/core/CreateMode"
import * as Path from "@effect-zookeeper/core/Path"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { NoNode, ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"

/** Looks first: below a node that exists a create may be forbidden (measured on 3.8.0: NoAuth comes before NodeExists). */
const ensure = (zk: ZooKeeper, node: string, mode: CreateMode): Effect.Effect<void, ZooKeeperError> => {
  const create = zk.create(node, "", { mode }).pipe(
    Effect.asVoid,
    Effect.catchReason("ZooKeeperError", "NodeExists", () => Effect.void)
  )
  return Effect.flatMap(zk.exists(node), (found) => (Option.isSome(found) ? Effect.void : create))
}

/** Programs made persistent parents before there were containers (3.5), as a driver must that has none. */
const possible = (zk: ZooKeeper, mode: CreateMode): CreateMode =>
  mode === "container" && zk.driver.unsupported("createContainer") !== undefined ? "persistent" : mode

/**
 * Against somebody who deletes the path all the time one try in two succeeds (measured), so ten were too few once. There is
 * an end, since a chroot that is missing is NoNode as well.
 */
const TRIES = Schedule.recurs(100)

/** Makes these paths where they are missing, from the top. */
export const ensureAll = (
  zk: ZooKeeper,
  paths: ReadonlyArray<string>,
  mode: CreateMode
): Effect.Effect<void, ZooKeeperError> =>
  Effect.forEach(paths.flatMap(Path.lineage), (node) => ensure(zk, node, possible(zk, mode)), { discard: true })

/**
 * Creates a node, or several in one transaction, and first the paths above where there are none. A container may be reaped
 * between the two, whenever it is empty: then both are done again (kazoo and Curator's queue fail here).
 */
export const createBelow = <A>(
  zk: ZooKeeper,
  parent: string | ReadonlyArray<string>,
  mode: CreateMode,
  create: Effect.Effect<A, ZooKeeperError>
): Effect.Effect<A, ZooKeeperError> =>
  Effect.catchReason(create, "ZooKeeperError", "NoNode", () =>
    Effect.retry(Effect.andThen(ensureAll(zk, [parent].flat(), mode), create), {
      schedule: TRIES,
      while: ({ reason }) => reason._tag === "NoNode"
    })
  )

/** A transaction that met a missing node fails as the operation alone would. */
export const orNoNode = <A, E>(
  transaction: Effect.Effect<A, E | ZooKeeperError>
): Effect.Effect<A, E | ZooKeeperError> =>
  Effect.catchReason(transaction, "ZooKeeperError", "TransactionFailed", ({ name, path }, error) =>
    Effect.fail(name === "NoNode" ? new ZooKeeperError({ ...error, path, reason: new NoNode() }) : error)
  )
