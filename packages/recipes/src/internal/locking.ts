/** Locks over a contest: work under the lock that ends with it, and what a fiber holds already. */
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import type { Holder } from "../Holder.ts"
import type { LockHolder, LockOf } from "../Lock.ts"
import { ask } from "./asking.ts"
import { contend, type Contest, tryContend, within } from "./contend.ts"
import { present } from "./queue.ts"
import { type Under, whileHeld, works } from "./works.ts"

interface Locking<H extends Holder> {
  readonly lock: LockOf<H>
  /** What this fiber, or one that it is a child of, holds now by `withLock`. */
  readonly holding: Effect.Effect<H | undefined>
  /** Runs the body while something is held, as `withLock` does. */
  readonly under: Under<H>
}

/** Something held, for as long as the body under it runs: a fiber that the body left behind holds it no more. */
interface Hold<H> {
  readonly held: H
  isOver: boolean
}

/** `show` is what a holder gets to see. */
export const locking = <H extends Holder>(
  contest: Contest,
  reentrant: boolean,
  show: (held: LockHolder) => H
): Locking<H> => {
  // Goes by the fiber's context, so that children of the holder share what it has.
  const current = Context.Reference<Hold<H> | undefined>(`@effect-zookeeper/recipes/${randomUUID()}`, {
    defaultValue: () => undefined
  })
  const holding = Effect.map(current, (hold) => (hold === undefined || hold.isOver ? undefined : hold.held))
  const under: Locking<H>["under"] = (held, body) =>
    Effect.suspend(() => {
      const hold: Hold<H> = { held, isOver: false }
      const over = Effect.sync(() => {
        hold.isOver = true
      })
      return whileHeld(held, body).pipe(Effect.provideService(current, hold), Effect.ensuring(over))
    })
  const orShared = <A, E, R>(
    body: (held: H) => Effect.Effect<A, E, R>,
    otherwise: Effect.Effect<A, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>>
  ): Effect.Effect<A, E | ZooKeeperError | LeaseLost, Exclude<R, Scope.Scope>> =>
    reentrant
      ? Effect.flatMap(holding, (held) =>
          // What the holder's fiber has started elsewhere may outlive its work.
          held === undefined ? otherwise : Effect.scoped(Effect.raceFirst(held.lost, body(held)))
        )
      : otherwise
  const acquire = Effect.map(contend(contest), show)
  const atOnce = Effect.map(tryContend(contest), Option.map(show))
  const tryAcquire: LockOf<H>["tryAcquire"] = (options) =>
    within("lock", contest.queue.path, { acquire, atOnce }, options?.wait)
  const { tryWork, work } = works({ acquire, tryAcquire }, under)
  const lock: LockOf<H> = {
    acquire,
    tryAcquire,
    withLock: (body) => orShared(body, work(body)),
    tryWithLock: (body, options) => orShared((held) => Effect.asSome(body(held)), tryWork(body, options)),
    contenders: present(contest.queue),
    askBack: (contender) => ask(contest.queue, contender)
  }
  return { lock, holding, under }
}
