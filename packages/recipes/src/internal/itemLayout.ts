/** How the programs of a dialect lay out a queue: where its items and their claims stand, how they are named and written. */
import * as Path from "@effect-zookeeper/core/Path"
import type { Data } from "@effect-zookeeper/core/ZooKeeper"
import type { Dialect } from "../Dialect.ts"
import { frame, unframe } from "./itemFrame.ts"

/** Where the nodes of a queue stand, and how data is written there. */
interface Place {
  /** Its children are the items. */
  readonly entries: string
  /** Its children are the claims: ephemeral nodes, each of the name of its item. */
  readonly claims: string
  /** The consumers' line. No other library looks here. */
  readonly waiting: string
  /** What tells of a transaction whose answer was lost whether it was done. No other library looks here either. */
  readonly receipts: string
  readonly encode: (data: Data) => Data
  /** What was put in, and what else stands in the same node. */
  readonly decode: (data: Uint8Array) => readonly [Uint8Array, ...ReadonlyArray<Uint8Array>]
}

export interface Layout extends Place {
  /** By this the items are in order, as by the alphabet; undefined for what is no item. */
  readonly keyOf: (name: string) => string | undefined
  /** From when on an item may be taken, in milliseconds since 1970. */
  readonly dueOf: (name: string) => number
}

/** A layout whose items have priorities, if any. */
interface Prioritized extends Layout {
  /** The name of an item without its counter; undefined for a priority that there is not. */
  readonly nameOf: (priority: number | undefined) => string | undefined
  /** Which priorities there are. */
  readonly priorities: string
}

const isWhole = (priority: number, least: number, most: number): boolean =>
  Number.isInteger(priority) && priority >= least && priority <= most

/** Sorts as the number does, and as Curator writes it: the sign first. */
const hex = (priority: number): string =>
  (priority < 0 ? "0" : "1") + (priority >>> 0).toString(16).toUpperCase().padStart(8, "0")

/** What stands there and is an item sorts by its name, and may be taken at any time. */
const byName = (isItem: (name: string) => boolean): Pick<Layout, "keyOf" | "dueOf"> => ({
  keyOf: (name) => (isItem(name) ? name : undefined),
  dueOf: () => 0
})

const raw: Pick<Layout, "encode" | "decode"> = { encode: (data) => data, decode: (data) => [data] }

const beside = (path: string, lockPath: string = `${path}-locks`): Omit<Place, "encode" | "decode"> => ({
  entries: path,
  claims: lockPath,
  waiting: Path.join(lockPath, "waiting"),
  receipts: Path.join(lockPath, "receipts")
})

/** As all of Curator's queues have it, whatever their items are called. */
export const curatorPlace = (path: string, lockPath: string | undefined): Place => ({
  ...beside(path, lockPath),
  encode: frame,
  decode: unframe
})

const layouts: Readonly<Record<Dialect, (path: string, lockPath: string | undefined) => Prioritized>> = {
  curator: (path, lockPath) => ({
    ...curatorPlace(path, lockPath),
    // Without a priority as DistributedQueue has it, with one as DistributedPriorityQueue.
    nameOf: (priority) => {
      if (priority === undefined) return "queue-"
      return isWhole(priority, -(2 ** 31), 2 ** 31 - 1) ? `queue-${hex(priority)}` : undefined
    },
    priorities: "a whole number of 32 bits",
    // A delayed item is not due, or is one with an id of its own: nobody can tell by the name.
    ...byName((name) => name.startsWith("queue-") && !name.startsWith("queue-|"))
  }),
  kazoo: (path) => ({
    entries: Path.join(path, "entries"),
    claims: Path.join(path, "taken"),
    waiting: Path.join(path, "waiting"),
    receipts: Path.join(path, "receipts"),
    nameOf: (priority = 100) => (isWhole(priority, 0, 999) ? `entry-${String(priority).padStart(3, "0")}-` : undefined),
    priorities: "a whole number from 0 to 999",
    // kazoo takes whatever stands there.
    ...byName(() => true),
    ...raw
  }),
  apache: (path, lockPath) => ({
    ...beside(path, lockPath),
    nameOf: (priority) => (priority === undefined ? "qn-" : undefined),
    priorities: "left out, since this dialect has none",
    ...byName((name) => name.startsWith("qn-")),
    ...raw
  })
}

export const layoutOf = (dialect: Dialect, path: string, lockPath: string | undefined): Prioritized =>
  layouts[dialect](path, lockPath)

/** All items in order, as their libraries sort them. */
export const itemsIn = ({ keyOf }: Layout, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names
    .flatMap((name) => {
      const key = keyOf(name)
      return key === undefined ? [] : [{ key, name }]
    })
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ name }) => name)
