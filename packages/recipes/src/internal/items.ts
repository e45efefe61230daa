/** What queues of every kind have in common: items of a layout are put in, taken one at a time, consumed and shown. */
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Dialect } from "../Dialect.ts"
import type { Entry, Item, Items } from "../Item.ts"
import { type Try, unlessBusy, untilHeld, within } from "./contend.ts"
import { hold, type StopOn } from "./hold.ts"
import { invalid } from "./invalid.ts"
import { itemsIn, type Layout } from "./itemLayout.ts"
import { namesBelow } from "./listed.ts"
import { put } from "./offering.ts"
import { ensureAll } from "./parents.ts"
import { patientlyAnew } from "./patience.ts"
import type { Queue } from "./queue.ts"
import { nextClaim } from "./taking.ts"
import { works } from "./works.ts"

interface Options {
  readonly path: string
  readonly dialect: Dialect
  readonly stopOn?: StopOn | undefined
}

/** What one kind of queue says of an item that is put in, and knows of one besides its data. */
interface Kind<How extends ReadonlyArray<unknown>, Mark> {
  readonly layout: Layout
  /** The name of an item without its counter. */
  readonly nameOf: (...how: How) => Effect.Effect<string, ZooKeeperError>
  readonly markOf: (name: string) => Mark
}

/** An item, and how it is done with when its body is. */
interface Taken<Mark> {
  readonly item: Item & Mark
  readonly finish: Effect.Effect<void, ZooKeeperError | LeaseLost>
}

/** A queue of that kind, whose nodes are made where they are missing. */
export const itemsOf = Effect.fnUntraced(function* <How extends ReadonlyArray<unknown>, Mark>(
  { dialect, path, stopOn = "lease" }: Options,
  { layout, markOf, nameOf }: Kind<How, Mark>
): Effect.fn.Return<Items<How, Mark>, ZooKeeperError, ZooKeeper> {
  const zk = yield* ZooKeeper
  if (layout.claims === path) {
    return yield* invalid("queue", path, `lockPath is '${path}', where the items stand; it must be another path`)
  }
  const line: Queue = { zk, path: layout.waiting, dialect, data: "" }
  yield* patientlyAnew(zk, ensureAll(zk, [layout.entries, layout.claims, layout.receipts], "persistent"))

  const entry: Items<How>["entry"] = (data, ...how) =>
    Effect.map(nameOf(...how), (name) =>
      Op.create(Path.join(layout.entries, name), layout.encode(data), { mode: "persistentSequential" })
    )
  const offerAll: Items<How>["offerAll"] = (items, ...how) =>
    Effect.flatMap(
      Effect.forEach(items, (data) => entry(data, ...how)),
      (ops) => (ops.length === 0 ? Effect.void : put(zk, layout, ops))
    )

  const once: Try<Taken<Mark>> = (waits) =>
    Effect.gen(function* () {
      const claim = yield* nextClaim(zk, layout, line, waits)
      const { consume, entry, finish, isConsumed, narrow } = claim
      // Somebody who knows no claims may have taken it away.
      const read = Effect.catchReason(zk.get(entry), "ZooKeeperError", "NoNode", () =>
        Effect.fail(new LeaseLost({ why: "deleted" }))
      )
      const [found, held] = yield* Effect.all([read, hold(zk, claim, stopOn)], { concurrency: "unbounded" })
      const [data, ...others] = layout.decode(found.data)
      const item = {
        ...markOf(Path.name(entry)),
        ...held,
        entry,
        data,
        others,
        guard: narrow(held.guard),
        lost: Effect.catch(held.lost, (error) => (isConsumed() ? Effect.never : Effect.fail(error))),
        consume: (...ops: ReadonlyArray<Op.Op<any>>) => consume(held.guard, ops)
      }
      return { item, finish: finish(held.guard) }
    })
  const takeOne = untilHeld(zk, once)
  const tryTakeOne = (options: { readonly wait?: Duration.Input | undefined } | undefined) =>
    within("queue", path, { acquire: takeOne, atOnce: unlessBusy(zk, once) }, options?.wait)
  const { tryWork, work } = works({ acquire: takeOne, tryAcquire: tryTakeOne }, (taken, body) =>
    Effect.tap(Effect.raceFirst(taken.item.lost, body(taken)), () => taken.finish)
  )

  return {
    offer: (data, ...how) => offerAll([data], ...how),
    offerAll,
    entry,
    take: Effect.map(takeOne, ({ item }) => item),
    tryTake: (options) =>
      Effect.map(
        tryTakeOne(options),
        Option.map(({ item }) => item)
      ),
    withItem: (body) => work(({ item }) => body(item)),
    tryWithItem: (body, options) => tryWork(({ item }) => body(item), options),
    size: Effect.map(
      zk.exists(layout.entries),
      Option.match({ onNone: () => 0, onSome: ({ numChildren }) => numChildren })
    ),
    contents: Effect.gen(function* () {
      const lists = [namesBelow(zk, layout.entries), namesBelow(zk, layout.claims)] as const
      const [names, claims] = yield* Effect.all(lists, { concurrency: "unbounded" })
      const taken = new Set(claims)
      const read = (name: string): Effect.Effect<ReadonlyArray<Entry & Mark>, ZooKeeperError> => {
        const entry = Path.join(layout.entries, name)
        return Effect.map(zk.getOption(entry), (found) => {
          if (Option.isNone(found)) return []
          const [data, ...others] = layout.decode(found.value.data)
          return [{ ...markOf(name), entry, data, others, isTaken: taken.has(name) }]
        })
      }
      return (yield* Effect.forEach(itemsIn(layout, names), read, { concurrency: 64 })).flat()
    })
  }
})
