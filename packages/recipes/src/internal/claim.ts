/**
 * The claim of an item: an ephemeral node of the item's name, so that one consumer at a time has it.
 *
 * The next consumer's claim has the same path. What tells this one from all others is its receipt, a node of a name of its
 * own that comes and goes with it; the claim's data says which that is.
 */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import { text, type ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { randomUUID } from "node:crypto"
import type { ExclusiveHolder } from "../Holder.ts"
import { type Contender, deleted, own } from "./contender.ts"
import { behind } from "./hold.ts"
import type { Layout } from "./itemLayout.ts"
import { createBelow, orNoNode } from "./parents.ts"
import { isUnanswered, patiently } from "./patience.ts"
import { isThere, stands } from "./receipt.ts"

/** Somebody else has claimed the item, or consumed it. */
export class Beaten extends Data.TaggedError("Beaten") {}

export interface Claim extends Contender {
  /** The item's own node. */
  readonly entry: string
  /** Whether it was consumed, which is no loss. */
  readonly isConsumed: () => boolean
  /** A guard of the claim's node guards this claim only: behind a check of the receipt, which goes with its session. */
  readonly narrow: (guard: Guard) => Guard
  /** Deletes the item and the claim together with what else is asked for, once. */
  readonly consume: (guard: Guard, ops: ReadonlyArray<Op.Op<any>>) => Effect.Effect<void, ZooKeeperError | LeaseLost>
  /** As `consume`, and done as well when it was consumed already, or is at the moment. */
  readonly finish: (guard: Guard) => Effect.Effect<void, ZooKeeperError | LeaseLost>
}

type Guard = ExclusiveHolder["guard"]

/** The nodes of a claim. */
interface Nodes {
  readonly entry: string
  readonly node: string
  readonly receipt: string
  /** The receipt's name. */
  readonly id: string
}

/** Claims, or finds somebody else's claim or no item. */
const create = (zk: ZooKeeper, layout: Layout, nodes: Nodes): Effect.Effect<void, ZooKeeperError | Beaten> => {
  const { epoch } = zk.session
  const { entry, id, node, receipt } = nodes
  const mode = "ephemeral"
  const made = zk
    .transact(Op.check(entry, "any"), Op.create(receipt, "", { mode }), Op.create(node, id, { mode }))
    .pipe(
      Effect.as(true),
      Effect.catchReason("ZooKeeperError", "TransactionFailed", ({ index, name }, error) =>
        (index === 0 && name === "NoNode") || name === "NodeExists" ? Effect.succeed(false) : Effect.fail(error)
      )
    )
  return createBelow(zk, [layout.claims, layout.receipts], "persistent", orNoNode(made)).pipe(
    Effect.catchIf(isUnanswered, (error) =>
      Effect.flatMap(stands(zk, receipt, epoch, error), (is) => (is ? Effect.succeed(true) : Effect.fail(error)))
    ),
    Effect.filterOrFail(
      (is) => is,
      () => new Beaten()
    ),
    Effect.asVoid
  )
}

/** Deletes what there is of a claim, but never another one's: by now the node may be somebody else's, of this session too. */
const remove = (zk: ZooKeeper, nodes: Nodes): Effect.Effect<void, ZooKeeperError> =>
  Effect.gen(function* () {
    const { id, node, receipt } = nodes
    const hasReceipt = yield* isThere(zk, receipt)
    const found = yield* zk.getOption(node)
    const left = hasReceipt ? [receipt] : []
    if (Option.isSome(found) && text(found.value) === id) left.push(node)
    if (left.length === 0) return
    const deletion = zk.transact(...left.map((each) => Op.delete(each)))
    // Somebody deleted one of them meanwhile.
    yield* Effect.catchReason(orNoNode(deletion), "ZooKeeperError", "NoNode", () => remove(zk, nodes))
  })

/** Claims an item until the scope closes, and gives it back then unless it was consumed. */
export const claim = (
  zk: ZooKeeper,
  layout: Layout,
  name: string
): Effect.Effect<Claim, ZooKeeperError | Beaten, Scope.Scope> =>
  Effect.suspend(() => {
    const id = randomUUID().replaceAll("-", "")
    const entry = Path.join(layout.entries, name)
    const node = Path.join(layout.claims, name)
    const receipt = Path.join(layout.receipts, id)
    const nodes: Nodes = { entry, node, receipt, id }

    const removing = Effect.forkDetach(Effect.ignore(patiently(remove(zk, nodes))), { startImmediately: true })
    const created = Effect.onError(create(zk, layout, nodes), ({ reasons }) =>
      // Unless it is certain that there is nothing.
      reasons.every((reason) => reason._tag === "Fail" && !isUnanswered(reason.error)) ? Effect.void : removing
    )
    let isConsumed = false
    let isGivenBack = false
    // Waits for it only where there is a connection: what is left is done in the background, or goes with the session.
    const giveBack = Effect.suspend(() => {
      if (isConsumed) return Effect.void
      isGivenBack = true
      return Effect.flatMap(removing, (fiber) => Effect.ignore(zk.whileConnected(Fiber.await(fiber))))
    })
    return Effect.map(
      own(zk, Effect.as(created, node), () => giveBack),
      (contender) => {
        // The receipt's, whatever session asks for it.
        const { epoch } = zk.session
        const done = Effect.sync(() => {
          isConsumed = true
        })
        const once = (guard: Guard, ops: ReadonlyArray<Op.Op<any>>): ReturnType<Claim["consume"]> =>
          Effect.suspend(() => {
            const transaction = behind(3, guard(Op.delete(receipt), Op.delete(entry), Op.delete(node), ...ops))
            return Effect.catchIf(Effect.asVoid(transaction), isUnanswered, (error) =>
              Effect.flatMap(stands(zk, receipt, epoch, error), (is) => {
                if (is) return once(guard, ops)
                // What gave the claim back has deleted the receipt, too: nobody can tell any longer.
                return isGivenBack ? Effect.fail(error) : Effect.void
              })
            )
          })
        const oneAtATime = Semaphore.makeUnsafe(1)
        const unlessConsumed =
          (otherwise: ReturnType<Claim["consume"]>): Claim["consume"] =>
          (guard, ops) =>
            oneAtATime.withPermit(Effect.suspend(() => (isConsumed ? otherwise : Effect.tap(once(guard, ops), done))))
        const consume = unlessConsumed(Effect.fail(deleted))
        const finish: Claim["finish"] = (guard) => unlessConsumed(Effect.void)(guard, [])
        // The deletion of the claim may be that of the consumption whose answer is on its way.
        const settled = oneAtATime.withPermit(Effect.void)
        const gone = Effect.tapErrorTag(contender.gone, "LeaseLost", () => settled)
        const narrow =
          (guard: Guard): Guard =>
          (...ops) =>
            behind(
              1,
              Effect.map(guard(Op.check(receipt, "any"), ...ops), ([, ...results]) => results as never)
            )
        return { ...contender, gone, entry, isConsumed: () => isConsumed, narrow, consume, finish }
      }
    )
  })
