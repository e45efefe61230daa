/** A lease that was taken, until it runs out by our own clocks, is renewed or given back. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { LeaseOver, Term } from "../TimedLease.ts"
import { change, isOurs, type Lease, renewed, type Written } from "./leaseChange.ts"
import { between, now } from "./moment.ts"

/** As long as no clock is asked: a wall clock that jumps, as when a machine was suspended, is noticed so late. */
const LOOK = 1000

/** `leaseOver` is what it fails with once it is over. */
export const termOf = (lease: Lease, first: Written, leaseOver: LeaseOver): Term => {
  let last = first
  /** The ends that we wrote, or may have written: an interrupted renewal is not known to have been done. */
  const ends = new Set([first.record.end])
  const over = Deferred.makeUnsafe<never, LeaseOver>()
  const end = Deferred.fail(over, leaseOver)
  /** Once it is over it stays so, whatever becomes of the clocks. */
  const left = Effect.flatMap(now, (moment) => {
    if (Deferred.isDoneUnsafe(over)) return Effect.succeed(0)
    const millis = last.record.end - lease.margin - last.began.wall - between(last.began, moment)
    return millis > 0 ? Effect.succeed(millis) : Effect.as(end, 0)
  })
  const timing = Effect.gen(function* () {
    for (let millis = yield* left; millis > 0; millis = yield* left) {
      yield* Effect.sleep(Math.min(Math.ceil(millis), LOOK))
    }
    return yield* Deferred.await(over)
  })
  const lost = Effect.raceFirst(Deferred.await(over), timing)
  const again = Effect.gen(function* () {
    const written = yield* change(lease, (found, wall) => {
      if (!isOurs(lease, found)) return undefined
      const record = renewed(lease, wall)
      ends.add(record.end)
      return record
    })
    if ((yield* left) === 0) return false
    if (Option.isNone(written)) return yield* Effect.as(end, false)
    last = written.value
    // Whatever was written before it stands there no more.
    for (const each of ends) if (each < last.record.end) ends.delete(each)
    return (yield* left) > 0
  })
  return {
    path: lease.path,
    remaining: Effect.map(left, Duration.millis),
    lost,
    renew: Effect.raceFirst(
      Effect.orElseSucceed(lost, () => false),
      again
    ),
    release: Effect.andThen(
      end,
      Effect.asVoid(
        change(lease, (found) =>
          isOurs(lease, found) && ends.has(Option.getOrThrow(found).end) ? "nothing" : undefined
        )
      )
    )
  }
}
