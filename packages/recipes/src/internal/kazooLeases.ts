/**
 * Leases as kazoo's Semaphore has them: whoever holds a lock beside the path may add a lease below it, while there are
 * fewer than so many. The path's data says how many.
 */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import { text } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { contend, type Contest, orBusy, plain, tryContend, type Try, unlessBusy, untilHeld } from "./contend.ts"
import { Busy, enterAs } from "./contender.ts"
import { hold } from "./hold.ts"
import type { Leases, Terms } from "./curatorLeases.ts"
import { invalid } from "./invalid.ts"
import { createBelow, orNoNode } from "./parents.ts"
import { patiently } from "./patience.ts"
import { nearest } from "./sequence.ts"
import type { ExclusiveHolder } from "../Holder.ts"

/** Everybody's leases went with the path, and so did this place: all is made again. */
const orAnew = <A, E>(effect: Effect.Effect<A, E | ZooKeeperError>) =>
  Effect.catchReason(orNoNode(effect), "ZooKeeperError", "NoNode", () => Effect.fail(new LeaseLost({ why: "deleted" })))

export const kazooLeases = ({ data, path, stopOn, zk }: Terms, count: number): Leases => {
  const line: Contest = {
    ...plain,
    queue: { zk, path: `${path}-__lock__`, dialect: "kazoo", data },
    role: "lock",
    ahead: nearest(),
    stopOn
  }

  const create = createBelow(
    zk,
    Path.parent(path),
    "persistent",
    Effect.catchReason(Effect.asVoid(zk.create(path, `${count}`)), "ZooKeeperError", "NodeExists", () => Effect.void)
  )
  const agree = Effect.gen(function* () {
    const found = yield* patiently(zk.getOption(path))
    if (Option.isNone(found)) return yield* create
    const said = text(found.value).trim()
    // What is no number is somebody else's business, as it is for kazoo.
    if (!/^\d+$/.test(said) || Number(said) === count) return
    return yield* invalid("acquire", path, `the semaphore '${path}' has ${said} leases, not ${count}`)
  })

  const isFree = (names: ReadonlyArray<string>) => names.length < count
  /** Nobody adds a lease meanwhile, for that takes the lock. */
  const free = (waits: boolean) =>
    Effect.flatMap(patiently(zk.children(path)), (names): Effect.Effect<void, ZooKeeperError | Busy> => {
      if (isFree(names)) return Effect.void
      if (!waits) return Effect.fail(new Busy())
      return Stream.runDrain(
        Stream.takeUntil(zk.changes.children(path), ({ children }) => isFree(Option.getOrElse(children, () => [])))
      )
    })

  const lock = (waits: boolean): Effect.Effect<ExclusiveHolder, ZooKeeperError | Busy, Scope.Scope> =>
    waits ? contend(line) : orBusy(tryContend(line))

  const lease: Try<ExclusiveHolder> = (waits) =>
    Effect.flatMap(Effect.scope, (scope) =>
      Effect.scoped(
        Effect.gen(function* () {
          yield* agree
          const held = yield* lock(waits)
          yield* Effect.raceFirst(held.lost, orAnew(free(waits)))
          const node = Path.join(path, randomUUID().replaceAll("-", ""))
          // Behind the lock's node, or a lock that was lost just now would let two of us in.
          const added = orAnew(held.guard(Op.create(node, data, { mode: "ephemeral" })))
          const contender = yield* Scope.provide(enterAs(zk, node, added), scope)
          return yield* Scope.provide(hold(zk, contender, stopOn), scope)
        })
      )
    )

  return {
    acquire: untilHeld(zk, lease),
    acquireNow: unlessBusy(zk, lease),
    holders: Effect.gen(function* () {
      const names = yield* Effect.catchReason(zk.children(path), "ZooKeeperError", "NoNode", () => Effect.succeed([]))
      const nodes = names.map((name) => Path.join(path, name))
      const found = yield* Effect.forEach(nodes, (node) => zk.getOption(node), { concurrency: "unbounded" })
      return found
        .flatMap((found, index) => (Option.isSome(found) ? [{ node: nodes[index]!, ...found.value }] : []))
        .sort((a, b) => (a.stat.czxid < b.stat.czxid ? -1 : 1))
        .map(({ data, node }) => ({ data, node }))
    })
  }
}
