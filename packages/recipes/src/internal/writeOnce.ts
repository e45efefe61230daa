/**
 * Writes that are done once, however often they have to be sent: each goes in one transaction with a write to an ephemeral
 * node of this session, the receipt, whose version then tells whether it was done.
 */
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { isUnanswered, patiently } from "./patience.ts"
import { remove } from "./remove.ts"

/** The version is the one that its owner knows of; nobody else writes to the node. */
interface Receipt {
  readonly node: string
  version: number
}

/** The write was refused: its node is gone, or has another version. Or the receipt was, and nothing is known of the write. */
type Outcome = "done" | "refused" | "void"

/** With `wasSent` it may have been done before; then it cannot be done again, since the receipt has another version. */
const send = (
  zk: ZooKeeper,
  { node, version }: Receipt,
  write: Op.Op<unknown>,
  wasSent: boolean
): Effect.Effect<Outcome, ZooKeeperError> =>
  zk.transact(Op.set(node, "", { version }), write).pipe(
    Effect.as<Outcome>("done"),
    Effect.catchReason(
      "ZooKeeperError",
      "TransactionFailed",
      ({ index, name }, error): Effect.Effect<Outcome, ZooKeeperError> => {
        if (name !== "BadVersion" && name !== "NoNode") return Effect.fail(error)
        if (index === 1) return Effect.succeed("refused")
        if (!wasSent) return Effect.succeed("void")
        return name === "BadVersion" ? Effect.succeed("done") : Effect.fail(error)
      }
    )
  )

/**
 * Sends until there is an answer. No order of requests on several connections is relied upon: whichever copy comes first is
 * done, and no other.
 */
const commit = (zk: ZooKeeper, receipt: Receipt, write: Op.Op<unknown>): Effect.Effect<Outcome, ZooKeeperError> =>
  Effect.catchIf(send(zk, receipt, write, false), isUnanswered, (lost) =>
    Effect.mapError(patiently(send(zk, receipt, write, true)), (error) => {
      if (error.reason._tag !== "TransactionFailed") return new ZooKeeperError({ ...error, applied: "unknown" })
      // The receipt is gone, with the session or by hand, and so is what it would have told.
      return error.reason.index === 0 ? lost : error
    })
  )

/**
 * Writes to a node, and says whether that was done: not if it is gone, or has another version than was asked for. Fails with
 * `applied: "unknown"` when an answer was lost and then the session, or the receipt.
 */
export type WriteOnce = (write: Op.Op<unknown>) => Effect.Effect<boolean, ZooKeeperError>

/** The receipt stands below the node, from the first write until the scope closes. One write at a time. */
export const writer = (zk: ZooKeeper, path: string): Effect.Effect<WriteOnce, never, Scope.Scope> => {
  let kept: Receipt | undefined
  let isOver = false
  const open = Effect.map(
    zk.create(Path.join(path, "receipt"), "", { mode: "ephemeral", protected: true }),
    (node): Receipt => ({ node, version: 0 })
  )
  /** What an interrupted or failed write has left is not known: its receipt tells nothing about the next one. */
  const settle = (receipt: Receipt, exit: Exit.Exit<Outcome, ZooKeeperError>) => {
    if (isOver || Exit.isFailure(exit) || exit.value === "void") return remove(zk, receipt.node)
    if (exit.value === "done") receipt.version++
    kept = receipt
    return Effect.void
  }
  const attempt = (write: Op.Op<unknown>) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const receipt = kept ?? (yield* restore(open))
        kept = undefined
        return yield* Effect.onExit(restore(commit(zk, receipt, write)), (exit) => settle(receipt, exit))
      })
    )
  const writeOnce: WriteOnce = (write) =>
    Effect.suspend(() => (isOver ? Effect.interrupt : attempt(write))).pipe(
      Effect.flatMap((outcome) => (outcome === "void" ? writeOnce(write) : Effect.succeed(outcome === "done"))),
      // There is nothing to stand below.
      Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeed(false))
    )
  const close = Effect.suspend(() => {
    isOver = true
    return kept === undefined ? Effect.void : remove(zk, kept.node)
  })
  return Effect.as(
    Effect.addFinalizer(() => close),
    writeOnce
  )
}
