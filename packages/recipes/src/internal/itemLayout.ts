/** How the programs of a dialect lay out a queue: where its items and their claims stand, how they are named and written. */
import * as Path from "@effect-zookeeper/core/Path"
import type { Data } from "@effect-zookeeper/core/ZooKeeper"
import type { Dialect } from "../Dialect.ts"
import { frame, unframe } from "./itemFrame.ts"

export interface Layout {
  /** Its children are the items, in the order of their names. */
  readonly entries: string
  /** Its children are the claims: ephemeral nodes, each of the name of its item. */
  readonly claims: string
  /** The consumers' line. No other library looks here. */
  readonly waiting: string
  /** What tells of a transaction whose answer was lost whether it was done. No other library looks here either. */
  readonly receipts: string
  /** The name of an item without its counter; undefined for a priority that there is not. */
  readonly nameOf: (priority: number | undefined) => string | undefined
  /** Which priorities there are. */
  readonly priorities: string
  readonly isItem: (name: string) => boolean
  readonly encode: (data: Data) => Data
  /** What was put in, and what else stands in the same node. */
  readonly decode: (data: Uint8Array) => readonly [Uint8Array, ...ReadonlyArray<Uint8Array>]
}

const isWhole = (priority: number, least: number, most: number): boolean =>
  Number.isInteger(priority) && priority >= least && priority <= most

/** Sorts as the number does, and as Curator writes it: the sign first. */
const hex = (priority: number): string =>
  (priority < 0 ? "0" : "1") + (priority >>> 0).toString(16).toUpperCase().padStart(8, "0")

const raw: Pick<Layout, "encode" | "decode"> = { encode: (data) => data, decode: (data) => [data] }

const beside = (path: string, lockPath: string): Pick<Layout, "entries" | "claims" | "waiting" | "receipts"> => ({
  entries: path,
  claims: lockPath,
  waiting: Path.join(lockPath, "waiting"),
  receipts: Path.join(lockPath, "receipts")
})

const layouts: Readonly<Record<Dialect, (path: string, lockPath: string) => Layout>> = {
  curator: (path, lockPath) => ({
    ...beside(path, lockPath),
    // Without a priority as DistributedQueue has it, with one as DistributedPriorityQueue.
    nameOf: (priority) => {
      if (priority === undefined) return "queue-"
      return isWhole(priority, -(2 ** 31), 2 ** 31 - 1) ? `queue-${hex(priority)}` : undefined
    },
    priorities: "a whole number of 32 bits",
    // A delayed item is not due, or is one with an id of its own: nobody can tell by the name.
    isItem: (name) => name.startsWith("queue-") && !name.startsWith("queue-|"),
    encode: frame,
    decode: unframe
  }),
  kazoo: (path) => ({
    entries: Path.join(path, "entries"),
    claims: Path.join(path, "taken"),
    waiting: Path.join(path, "waiting"),
    receipts: Path.join(path, "receipts"),
    nameOf: (priority = 100) => (isWhole(priority, 0, 999) ? `entry-${String(priority).padStart(3, "0")}-` : undefined),
    priorities: "a whole number from 0 to 999",
    // kazoo takes whatever stands there.
    isItem: () => true,
    ...raw
  }),
  apache: (path, lockPath) => ({
    ...beside(path, lockPath),
    nameOf: (priority) => (priority === undefined ? "qn-" : undefined),
    priorities: "left out, since this dialect has none",
    isItem: (name) => name.startsWith("qn-"),
    ...raw
  })
}

export const layoutOf = (dialect: Dialect, path: string, lockPath: string): Layout => layouts[dialect](path, lockPath)

/** All items in order, as their libraries sort them: by the alphabet. */
export const itemsIn = ({ isItem }: Layout, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.filter(isItem).toSorted()
