/**
 * The claim of an item: an ephemeral node of the item's name, so that one consumer at a time has it.
 *
 * The next consumer's claim has the same path, so random data tells this one from all others.
 */
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import { text, type ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { randomUUID } from "node:crypto"
import type { ExclusiveHolder } from "../Holder.ts"
import { type Contender, own } from "./contender.ts"
import { behind } from "./hold.ts"
import type { Layout } from "./itemLayout.ts"
import { isUnanswered, patiently } from "./patience.ts"
import { createBelow, orNoNode } from "./parents.ts"

/** Somebody else has claimed the item, or consumed it. */
export class Beaten extends Data.TaggedError("Beaten") {}

export interface Claim extends Contender {
  /** The item's own node. */
  readonly entry: string
  /** Whether it was consumed, which is no loss. */
  readonly isConsumed: () => boolean
  /**
   * Deletes the item and the claim together with what else is asked for, once. A lost answer is found out about, as long as
   * the session goes on.
   */
  readonly consume: (
    guard: ExclusiveHolder["guard"],
    ops: ReadonlyArray<Op.Op<any>>
  ) => Effect.Effect<void, ZooKeeperError | LeaseLost>
}

/** A check passes through the leader, so what is read after it is not from before. */
const isThere = (zk: ZooKeeper, node: string): Effect.Effect<boolean, ZooKeeperError> =>
  Effect.as(zk.transact(Op.check(node, "any")), true).pipe(
    Effect.catchReason("ZooKeeperError", "TransactionFailed", () => Effect.succeed(false))
  )

/** Whether a node stands, asked until there is an answer; undefined when that is another session's. */
export const stands = (
  zk: ZooKeeper,
  node: string,
  epoch: number
): Effect.Effect<boolean | undefined, ZooKeeperError> =>
  Effect.map(patiently(isThere(zk, node)), (is) => (zk.session.epoch === epoch ? is : undefined))

const claimOnce = (
  zk: ZooKeeper,
  { claims }: Layout,
  entry: string,
  node: string,
  mark: string
): Effect.Effect<void, ZooKeeperError | Beaten> => {
  const create = zk.transact(Op.check(entry, "any"), Op.create(node, mark, { mode: "ephemeral" }))
  const unlessBeaten = Effect.catchReason(create, "ZooKeeperError", "TransactionFailed", ({ index, name }, error) =>
    (index === 0 && name === "NoNode") || name === "NodeExists" ? Effect.succeed(new Beaten()) : Effect.fail(error)
  )
  return Effect.flatMap(createBelow(zk, claims, "persistent", orNoNode(unlessBeaten)), (done) =>
    done instanceof Beaten ? Effect.fail(done) : Effect.void
  )
}

/** Claims an item until the scope closes, and gives it back then unless it was consumed. */
export const claim = (
  zk: ZooKeeper,
  layout: Layout,
  name: string
): Effect.Effect<Claim, ZooKeeperError | Beaten, Scope.Scope> =>
  Effect.suspend(() => {
    const entry = Path.join(layout.entries, name)
    const node = Path.join(layout.claims, name)
    const mark = randomUUID().replaceAll("-", "")
    const isMine = Effect.flatMap(isThere(zk, node), (is) =>
      is
        ? zk.get(node).pipe(
            Effect.map((found) => text(found) === mark),
            Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeed(false))
          )
        : Effect.succeed(false)
    )
    // Never blindly: the node may be somebody else's by now, of this session too.
    const remove = patiently(Effect.flatMap(isMine, (is) => (is ? zk.delete(node, { version: 0 }) : Effect.void)))
    const removing = Effect.forkDetach(Effect.ignore(remove), { startImmediately: true })

    const claimed = Effect.catchIf(claimOnce(zk, layout, entry, node, mark), isUnanswered, (error) =>
      Effect.flatMap(isMine, (is) => (is ? Effect.void : Effect.fail(error)))
    )
    const create = Effect.onError(claimed, ({ reasons }) =>
      // Unless it is certain that there is none.
      reasons.every((reason) => reason._tag === "Fail" && !isUnanswered(reason.error)) ? Effect.void : removing
    )

    let isConsumed = false
    const oneAtATime = Semaphore.makeUnsafe(1)
    // Waits for it only where it has a connection: what is left is done in the background, or goes with the session.
    const giveBack = Effect.suspend(() =>
      isConsumed
        ? Effect.void
        : Effect.flatMap(removing, (fiber) => Effect.ignore(zk.whileConnected(Effect.exit(Fiber.join(fiber)))))
    )
    return Effect.map(
      own(zk, Effect.as(create, node), () => giveBack),
      (contender) => {
        // The deletion of the claim may be that of the consumption whose answer is on its way.
        const settled = oneAtATime.withPermit(Effect.sync(() => isConsumed))
        const gone = Effect.catchTag(contender.gone, "LeaseLost", (lost) =>
          Effect.flatMap(settled, (is) => (is ? Effect.never : Effect.fail(lost)))
        )
        const deleted = new LeaseLost({ why: "deleted" })
        const consume: Claim["consume"] = (guard, ops) => {
          const once: Effect.Effect<void, ZooKeeperError | LeaseLost> = Effect.suspend(() => {
            const { epoch } = zk.session
            const transaction = behind(2, guard(Op.delete(entry), Op.delete(node), ...ops))
            const settle = Effect.fnUntraced(function* (error: ZooKeeperError) {
              // Whatever comes in the way of finding out, it is still the consumption that may have been done.
              if (yield* Effect.mapError(patiently(isMine), () => error)) return yield* once
              const isLeft = yield* Effect.mapError(stands(zk, entry, epoch), () => error)
              if (isLeft === undefined) return yield* error
              if (isLeft) return yield* deleted
            })
            return Effect.catchIf(Effect.asVoid(transaction), isUnanswered, settle)
          })
          const consumed = Effect.tap(once, () =>
            Effect.sync(() => {
              isConsumed = true
            })
          )
          return oneAtATime.withPermit(Effect.suspend(() => (isConsumed ? Effect.fail(deleted) : consumed)))
        }
        return { ...contender, gone, entry, isConsumed: () => isConsumed, consume }
      }
    )
  })
