/**
 * A queue whose items have ids, by which they can be taken out again before anybody works on them.
 *
 * @since 0.1.0
 */
import { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"
import { invalid } from "./internal/invalid.ts"
import { curatorPlace, type Layout } from "./internal/itemLayout.ts"
import { itemsOf } from "./internal/items.ts"
import { removeItem } from "./internal/removing.ts"
import { namesBelow } from "./internal/listed.ts"
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
 * What is known of an item besides its data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Identified {
  /** What it was put in with; others may have the same. */
  readonly id: string
}

/**
 * An item that this consumer has claimed.
 *
 * @category models
 * @since 0.1.0
 */
export interface IdentifiedItem extends Item.Item, Identified {}

/**
 * A queue of items with ids as one process sees it. They come in the order in which they were put in, whatever their ids. An
 * id is not empty and has neither `/` nor `|`, for which Curator writes `_`; `offer` fails with `InvalidArgument` for another.
 *
 * @category models
 * @since 0.1.0
 */
export interface IdQueue extends Item.Items<[id: string], Identified> {
  /**
   * Takes out every item with that id that no consumer has, and gives how many. One that is given back later stays, as does
   * one that is put in meanwhile. Fails with `applied: "unknown"` when the session ends before it is known whether the one at
   * hand was taken out; others may be out by then. Interrupted, it may have been done in part.
   */
  readonly remove: (id: string) => Effect.Effect<number, ZooKeeperError>
}

/** Undefined for what is no such item. */
const parse = (name: string): { readonly id: string; readonly counter: string } | undefined => {
  const [, id, counter] = /^queue-\|([^|]+)\|(-?\d+)$/.exec(name) ?? []
  return id === undefined || counter === undefined ? undefined : { id, counter }
}

const idOf = (name: string): string => parse(name)?.id ?? ""

const layoutOf = ({ lockPath, path }: Options): Layout => ({
  ...curatorPlace(path, lockPath),
  keyOf: (name) => parse(name)?.counter,
  dueOf: () => 0
})

/**
 * An id queue below a path, whose nodes are made where they are missing: persistent ones, as Curator has them. Fails with
 * `InvalidArgument` for a `lockPath` that is the path itself.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<IdQueue, ZooKeeperError, ZooKeeper> {
  const zk = yield* ZooKeeper
  const { path } = options
  const layout = layoutOf(options)
  const check = (operation: string, id: string): Effect.Effect<void, ZooKeeperError> =>
    /^[^/|]+$/.test(id)
      ? Effect.void
      : Effect.fail(invalid(operation, path, `id is '${id}'; it must not be empty, nor contain '/' or '|'`))
  const items = yield* itemsOf(
    { ...options, dialect: "curator" },
    {
      layout,
      nameOf: (id: string) => Effect.as(check("offer", id), `queue-|${id}|`),
      markOf: (name): Identified => ({ id: idOf(name) })
    }
  )
  const remove: IdQueue["remove"] = Effect.fnUntraced(function* (id) {
    yield* check("remove", id)
    const names = (yield* namesBelow(zk, layout.entries)).filter((name) => idOf(name) === id)
    const removed = yield* Effect.forEach(names, (name) => removeItem(zk, layout, name), { concurrency: 16 })
    return removed.filter(Boolean).length
  })
  return { ...items, remove }
})

/**
 * An id queue as a service of the application.
 *
 * @category services
 * @since 0.1.0
 */
export const Service: ServiceFactory<Options, IdQueue> = factory(make)
