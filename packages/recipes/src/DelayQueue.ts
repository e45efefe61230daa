/**
 * A queue whose items are taken when their time has come, and not before.
 *
 * @since 0.1.0
 */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { invalid } from "./internal/invalid.ts"
import { curatorPlace, type Layout } from "./internal/itemLayout.ts"
import { itemsOf } from "./internal/items.ts"
import type * as Item from "./Item.ts"
import type * as Queue from "./Queue.ts"
import { factory, type ServiceFactory } from "./Service.ts"

/**
 * Which queue, and how to take from it: as a Queue's options, but for the dialect, which is Curator's.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Omit<Queue.Options, "dialect"> {}

/**
 * When an item falls due: at a time, or after a while from when it is put in, by this process's clock. A time that is past is
 * due at once.
 *
 * @category options
 * @since 0.1.0
 */
export type When =
  | { readonly at: DateTime.DateTime.Input; readonly after?: undefined }
  | { readonly after: Duration.Input; readonly at?: undefined }

/**
 * What is known of an item besides its data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Due {
  /** From when on it may be taken; 1970 where nobody has said so. */
  readonly due: DateTime.Utc
}

/**
 * An item that this consumer has claimed.
 *
 * @category models
 * @since 0.1.0
 */
export interface DelayedItem extends Item.Item, Due {}

/**
 * A queue of delayed items as one process sees it. Those that are due come in the order of their times, and where these are
 * the same in that in which they were put in. `take` and `withItem` wait until one is due, `tryTake` and `tryWithItem` give
 * none where none is; `size` and `contents` count those that are not due as well.
 *
 * What is due is told by Effect's Clock, in milliseconds of wall time: by the producer's for `after`, and by that of whoever
 * takes. Waiting sends nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface DelayQueue extends Item.Items<[when: When], Due> {}

/** The latest time that there is, in JavaScript. */
const LATEST = 8.64e15

/** The milliseconds in hexadecimal digits. What Curator's consumers put in again has no time. */
const pattern = /^queue-(?:\|([0-9A-Fa-f]+)\|)?-?\d+$/

/** Undefined for what is no such item; 0 without a time. */
const timeOf = (name: string): number | undefined => {
  const [found, time = "0"] = pattern.exec(name) ?? []
  return found === undefined ? undefined : Math.min(Number.parseInt(time, 16), LATEST)
}

const dueOf = (name: string): number => timeOf(name) ?? 0

const layoutOf = ({ lockPath, path }: Options): Layout => ({
  ...curatorPlace(path, lockPath),
  keyOf: (name) => {
    const time = timeOf(name)
    return time === undefined ? undefined : `${String(time).padStart(16, "0")} ${name}`
  },
  dueOf
})

/** The time as it is asked for; none for what is no time. */
const timeAt = ({ after, at }: When): Effect.Effect<Option.Option<number>> =>
  at !== undefined
    ? Effect.sync(() => Option.map(DateTime.make(at), DateTime.toEpochMillis))
    : Effect.map(Clock.currentTimeMillis, (now) =>
        Option.map(Duration.fromInput(after), (duration) => now + Duration.toMillis(duration))
      )

/**
 * A delay queue below a path, whose nodes are made where they are missing: persistent ones, as Curator has them. Fails with
 * `InvalidArgument` for a `lockPath` that is the path itself.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Effect.Effect<DelayQueue, ZooKeeperError, ZooKeeper> => {
  const nameOf = (when: When): Effect.Effect<string, ZooKeeperError> =>
    Effect.flatMap(timeAt(when), (time) => {
      // Curator has none before 1970 either.
      const millis = Math.max(1, Math.ceil(Option.getOrElse(time, () => Number.NaN)))
      if (millis <= LATEST) return Effect.succeed(`queue-|${millis.toString(16).toUpperCase().padStart(8, "0")}|`)
      const [name, value] = when.at === undefined ? ["after", when.after] : ["at", when.at]
      const problem = `${name} is '${String(value)}'; it must be a time such as a Date or a DateTime (at), or a duration such as "5 minutes" (after)`
      return Effect.fail(invalid("offer", options.path, problem))
    })
  const markOf = (name: string): Due => ({ due: DateTime.makeUnsafe(dueOf(name)) })
  return itemsOf({ ...options, dialect: "curator" }, { layout: layoutOf(options), nameOf, markOf })
}

/**
 * A delay queue as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, DelayQueue> = factory(make)
