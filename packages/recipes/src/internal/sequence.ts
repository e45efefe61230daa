/**
 * Reading the children of a recipe's path: who contends, in which order, whatever library named them.
 *
 * The counter that the server appends is one for the whole parent, so it orders all dialects against each other.
 */
import type { Role } from "../Dialect.ts"

export interface Member {
  readonly name: string
  readonly sequence: number
  readonly role: Role
}

/** What stands before the counter, by role; the first that fits says what a name is. */
const patterns: ReadonlyArray<readonly [Role, RegExp]> = [
  ["read", /(?:__READ__|__rlock__)(-?\d{10})$/],
  ["write", /__WRIT__(-?\d{10})$/],
  ["lease", /(?:-lease-|__lease__)(-?\d{10})$/],
  ["candidate", /(?:-latch-|(?:^|-)n_)(-?\d{10})$/],
  // kazoo's writers and candidates are locks as well; go-zookeeper and Curator without protection have no id in front.
  ["lock", /(?:(?:^|-)lock-|__lock__|^x-.+-)(-?\d{10})$/]
]

const parse = (name: string): Member | undefined => {
  for (const [role, pattern] of patterns) {
    const digits = pattern.exec(name)?.[1]
    if (digits !== undefined) return { name, sequence: Number(digits), role }
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

/** The last of those that fit: who waits for it only is woken by nobody else's departure. */
export const nearest = (
  before: ReadonlyArray<Member>,
  fits: (member: Member) => boolean = () => true
): ReadonlyArray<Member> => {
  const last = before.findLast(fits)
  return last === undefined ? [] : [last]
}

/** The counter is an int: after 2^31 − 1 creations below one parent it is negative, and no order agrees with every peer. */
export const hasWrapped = (members: ReadonlyArray<Member>): boolean => members.some(({ sequence }) => sequence < 0)
