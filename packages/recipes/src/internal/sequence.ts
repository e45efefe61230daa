/**
 * Reading the children of a recipe's path: who contends, in which order, whatever library named them.
 *
 * The counter that the server appends is one for the whole parent, so it orders all dialects against each other.
 */
import type { Dialect, Role } from "../Dialect.ts"

export interface Member {
  readonly name: string
  readonly sequence: number
  readonly role: Role
  /** Whose programs understand the name. */
  readonly dialect: Dialect
}

/** What stands before the counter; the first that fits says what a name is. */
const patterns: ReadonlyArray<readonly [Dialect, Role, RegExp]> = [
  ["curator", "read", /__READ__(-?\d{10})$/],
  ["curator", "write", /__WRIT__(-?\d{10})$/],
  ["curator", "lease", /(?:^|-)lease-(-?\d{10})$/],
  ["curator", "candidate", /(?:^|-)latch-(-?\d{10})$/],
  // Also go-zookeeper's and the Rust client's, and kazoo's with the documented subclass.
  ["curator", "lock", /(?:^|-)lock-(-?\d{10})$/],
  ["kazoo", "read", /__rlock__(-?\d{10})$/],
  // kazoo's writers and candidates are locks as well.
  ["kazoo", "lock", /__lock__(-?\d{10})$/],
  ["apache", "read", /-read-(-?\d{10})$/],
  ["apache", "write", /-write-(-?\d{10})$/],
  ["apache", "candidate", /(?:^|-)n_(-?\d{10})$/],
  ["apache", "lock", /^x-.+-(-?\d{10})$/]
]

const parse = (name: string): Member | undefined => {
  for (const [dialect, role, pattern] of patterns) {
    const digits = pattern.exec(name)?.[1]
    if (digits !== undefined) return { name, sequence: Number(digits), role, dialect }
  }
  return undefined
}

export interface Members {
  /** In the order of their counters. Of two with the same one (CURATOR-621) the earlier in the alphabet comes first. */
  readonly members: ReadonlyArray<Member>
  /** Children that no dialect knows; they are left alone. */
  readonly foreign: ReadonlyArray<string>
}

const byOrder = (a: Member, b: Member): number => a.sequence - b.sequence || (a.name < b.name ? -1 : 1)

export const read = (children: ReadonlyArray<string>): Members => {
  const members: Array<Member> = []
  const foreign: Array<string> = []
  for (const name of children) {
    const member = parse(name)
    if (member === undefined) foreign.push(name)
    else members.push(member)
  }
  return { members: members.toSorted(byOrder), foreign }
}

/** The counter at the end of a name, as the server wrote it. */
export const sequenceOf = (name: string): string => /-?\d{10}$/.exec(name)?.[0] ?? ""

/**
 * Who of those before a contender stands in its way, nearest last; when one of them goes, it looks again. Undefined when it
 * has its turn: there may be none although nobody is in the way.
 */
export type Ahead = (before: ReadonlyArray<Member>) => ReadonlyArray<Member> | undefined

/** The last of those that fit: who waits for it only is woken by nobody else's departure. */
export const nearest =
  (fits: (member: Member) => boolean = () => true): Ahead =>
  (before) => {
    const last = before.findLast(fits)
    return last === undefined ? undefined : [last]
  }

/** The first `count` have their turn at a time: who is not among them waits for any of the `count` right before it. */
export const beyond =
  (count: () => number): Ahead =>
  (before) => {
    const turns = count()
    return before.length < turns ? undefined : before.slice(before.length - turns)
  }

/** The counter is an int: after 2^31 − 1 creations below one parent it is negative, and no order agrees with every peer. */
export const hasWrapped = (members: ReadonlyArray<Member>): boolean => members.some(({ sequence }) => sequence < 0)
