/**
 * Which item a consumer gets: the first that is due and that nobody has claimed. Who finds none, or is beaten to it, stands
 * in a line, of which only the head follows what comes and goes.
 */
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type Claim, claim } from "./claim.ts"
import { plain } from "./contend.ts"
import { awaitTurn, Busy, enter } from "./contender.ts"
import { inScopeOfItsOwn } from "./inScopeOfItsOwn.ts"
import { itemsIn, type Layout } from "./itemLayout.ts"
import { namesBelow } from "./listed.ts"
import type { Queue } from "./queue.ts"
import { nearest } from "./sequence.ts"

/** Those that nobody has claimed, in order. */
const freeOf = (
  layout: Layout,
  names: ReadonlyArray<string>,
  claimed: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const taken = new Set(claimed)
  return itemsIn(layout, names).filter((name) => !taken.has(name))
}

const isDueAt =
  ({ dueOf }: Layout, now: number) =>
  (name: string): boolean =>
    dueOf(name) <= now

/** A clock that is set, or that stood still while its machine slept, is noticed after that many milliseconds. */
const LONGEST_SLEEP = 60_000

/** Looks at the time after each sleep: Node's timers may be a millisecond early. */
const awaitTime = (time: number): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    now >= time ? Effect.void : Effect.andThen(Effect.sleep(Math.min(time - now, LONGEST_SLEEP)), awaitTime(time))
  )

/** Those of these that are due, and once more when the next one is. By then it is taken, or somebody has changed the names. */
const dueOf = (layout: Layout, names: ReadonlyArray<string>): Stream.Stream<ReadonlyArray<string>> =>
  Stream.unwrap(
    Effect.map(Clock.currentTimeMillis, (now) => {
      const next = names.find((name) => !isDueAt(layout, now)(name))
      const due = Stream.succeed(names.filter(isDueAt(layout, now)))
      if (next === undefined) return due
      const time = layout.dueOf(next)
      const later = Effect.map(awaitTime(time), () => names.filter(isDueAt(layout, time)))
      return Stream.concat(due, Stream.fromEffect(later))
    })
  )

/** Claims the first of these that can be had. */
const claimOf = (
  zk: ZooKeeper,
  layout: Layout,
  names: ReadonlyArray<string>
): Effect.Effect<Option.Option<Claim>, ZooKeeperError, Scope.Scope> =>
  Effect.gen(function* () {
    for (const name of names) {
      const claimed = yield* inScopeOfItsOwn(claim(zk, layout, name)).pipe(
        Effect.asSome,
        Effect.catchTag("Beaten", () => Effect.succeedNone)
      )
      if (Option.isSome(claimed)) return claimed
    }
    return Option.none()
  })

/** Waits until one can be had. */
const awaitClaim = (zk: ZooKeeper, layout: Layout): Effect.Effect<Claim, ZooKeeperError, Scope.Scope> => {
  const { changes } = zk
  return Stream.zipLatestWith(changes.children(layout.entries), changes.children(layout.claims), (items, claims) =>
    freeOf(
      layout,
      Option.getOrElse(items.children, () => []),
      Option.getOrElse(claims.children, () => [])
    )
  ).pipe(
    // Only the waiting for a time is given up when the names change, but no claim that is on its way.
    Stream.switchMap((names) => dueOf(layout, names)),
    Stream.mapEffect((names) => claimOf(zk, layout, names)),
    Stream.filter(Option.isSome),
    Stream.runHead,
    // It ends with the session only, and then it fails.
    Effect.flatMap((found) => (Option.isSome(found) ? Effect.succeed(found.value.value) : Effect.never))
  )
}

/**
 * A claim of the first item that is due and free. Without `waits` it fails with `Busy` where there is none; then every free one is
 * tried. With it, one is: two hundred consumers that come at once would ask for each item two hundred times.
 */
export const nextClaim = (
  zk: ZooKeeper,
  layout: Layout,
  line: Queue,
  waits: boolean
): Effect.Effect<Claim, ZooKeeperError | LeaseLost | Busy, Scope.Scope> =>
  Effect.gen(function* () {
    const lists = [namesBelow(zk, layout.entries), namesBelow(zk, layout.claims)] as const
    const [names, claimed] = yield* Effect.all(lists, { concurrency: "unbounded" })
    const now = yield* Clock.currentTimeMillis
    const free = freeOf(layout, names, claimed).filter(isDueAt(layout, now))
    const found = yield* claimOf(zk, layout, waits ? free.slice(0, 1) : free)
    if (Option.isSome(found)) return found.value
    if (!waits) return yield* new Busy()
    const scope = yield* Effect.scope
    // By another fiber: who waits is interrupted then, as everybody who acquires in it.
    const closed = Deferred.makeUnsafe<never>()
    yield* Effect.addFinalizer(() => Deferred.interrupt(closed))
    return yield* Effect.scoped(
      Effect.gen(function* () {
        const place = yield* enter(line, "lock")
        const turn = awaitTurn(line, place, nearest(), plain.recheck, waits)
        const head = Effect.andThen(turn, Scope.provide(awaitClaim(zk, layout), scope))
        return yield* Effect.raceAllFirst([place.gone, head, Deferred.await(closed)])
      })
    )
  })
