/** What servers want of their leader, kept until it can be had. */
import type { Member, Members } from "./Members.ts"

interface Wish {
  readonly origin: Member
  readonly isWrite: boolean
  readonly grant: (leader: Member) => void
}

export class Wishes {
  private readonly members: Members
  private waiting: Array<Wish> = []

  constructor(members: Members) {
    this.members = members
  }

  add(wish: Wish): void {
    this.waiting.push(wish)
    this.grant()
  }

  /** For what the leader decides by itself: it does not wait behind what the leader has not read yet. */
  addFirst(wish: Wish): void {
    this.waiting.unshift(wish)
    this.grant()
  }

  /** Forgets what a server asked for. */
  drop(origin: Member): void {
    this.waiting = this.waiting.filter((wish) => wish.origin !== origin)
  }

  /** Grants what can be granted; the rest waits, in order for each server. */
  grant(): void {
    const stuck = new Set<Member>()
    for (let i = 0; i < this.waiting.length;) {
      const wish = this.waiting[i]!
      const { leader } = wish.origin
      const isGranted =
        !stuck.has(wish.origin) &&
        leader !== undefined &&
        this.members.hears(wish.origin, leader) &&
        (!wish.isWrite || this.members.hasQuorum(leader))
      if (!isGranted) {
        stuck.add(wish.origin)
        i++
        continue
      }
      this.waiting.splice(i, 1)
      wish.grant(leader)
      // What was granted may have made or granted other wishes.
      i = 0
      stuck.clear()
    }
  }
}
