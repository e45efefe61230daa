/**
 * Reading the children of a recipe's path: who contends, in which order, whatever library named them.
 *
 * The counter that the server appends is one for the whole parent, so it orders all dialects against each other.
 */
import { NAME as LEASE } from "./leaseRecord.ts"
import type { Dialect, Role } from "../Dialect.ts"

export interface Member {
  readonly name: string
  readonly sequence: number
  readonly role: Role
  /** Whose programs understand the name. */
  readonly dialect: Dialect
}

/** The server writes the counter with ten characters at least, of which a negative one's sign is one. */
const endingIn = (before: RegExp): RegExp => new RegExp(`${before.source}(-\\d{9,10}|\\d{10})$`)

/** What stands before the counter; the first that fits says what a name is. */
const patterns: ReadonlyArray<readonly [Dialect, Role, RegExp]> = [
  ["curator", "read", endingIn(/__READ__/)],
  ["curator", "write", endingIn(/__WRIT__/)],
  ["curator", "lease", endingIn(/(?:^|-)lease-/)],
  ["curator", "candidate", endingIn(/(?:^|-)latch-/)],
  // Also go-zookeeper's and the Rust client's, and kazoo's with the documented subclass.
  ["curator", "lock", endingIn(/(?:^|-)lock-/)],
  ["kazoo", "read", endingIn(/__rlock__/)],
  // kazoo's writers and candidates are locks as well.
  ["kazoo", "lock", endingIn(/__lock__/)],
  ["apache", "read", endingIn(/-read-/)],
  ["apache", "write", endingIn(/-write-/)],
  ["apache", "candidate", endingIn(/(?:^|-)n_/)],
  ["apache", "lock", endingIn(/^x-.+-/)]
]

const match = (name: string) => {
  for (const [dialect, role, pattern] of patterns) {
    const counter = pattern.exec(name)?.[1]
    if (counter !== undefined) return { dialect, role, counter }
  }
  return undefined
}

const parse = (name: string): Member | undefined => {
  const found = match(name)
  return found && { name, sequence: Number(found.counter), role: found.role, dialect: found.dialect }
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
    if (member !== undefined) members.push(member)
    // The lease that kazoo keeps below its lock is no stranger there.
    else if (name !== LEASE) foreign.push(name)
  }
  return { members: members.toSorted(byOrder), foreign }
}

/** The counter at the end of a contender's name, as the server wrote it: a hyphen before it may belong to the name. */
export const counterOf = (name: string): string => match(name)?.counter ?? ""

/**
 * Who of those before a contender stands in its way, nearest last: when one of them goes, it looks again. Undefined when
 * it has its turn.
 */
export type Ahead = (before: ReadonlyArray<Member>) => ReadonlyArray<Member> | undefined

/** The last of those that fit: who waits for it only is woken by nobody else's departure. */
export const nearest =
  (fits: (member: Member) => boolean = () => true): Ahead =>
  (before) => {
    const last = before.findLast(fits)
    return last && [last]
  }

/**
 * The first `count` have their turn at a time: who is not among them waits for any of the `count` right before it, and
 * for none while the count is 0, since then no departure lets it in.
 */
export const beyond =
  (count: () => number): Ahead =>
  (before) => {
    const turns = count()
    return before.length < turns ? undefined : before.slice(before.length - turns)
  }

/** The counter is an int: after 2^31 − 1 creations below one parent it is negative, and no order agrees with every peer. */
export const hasWrapped = (members: ReadonlyArray<Member>): boolean => members.some(({ sequence }) => sequence < 0)
