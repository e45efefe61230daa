/** Who belongs to an ensemble: whom each server follows, and whether it hears the others. */
import type { Duties } from "./Duties.ts"
import type { Gate } from "./Gate.ts"
import type { ZooKeeperServer } from "./ZooKeeperServer.ts"

export interface Member {
  readonly id: number
  readonly server: ZooKeeperServer
  readonly duties: Duties
  readonly gate: Gate
  /** Whom it follows; itself when it leads. */
  leader: Member | undefined
  /** When it last heard of its leader; for a leader, of a quorum. */
  heardAt: number
  /** How much of the history it has applied. */
  applied: number
  /** It hears of commits and does not apply them. */
  isLagging: boolean
}

export class Members {
  readonly all: ReadonlyArray<Member>
  /** Servers in different parts do not hear each other; without parts all do. */
  parts: ReadonlyArray<ReadonlyArray<number>> = []

  constructor(all: ReadonlyArray<Member>) {
    this.all = all
  }

  of(server: ZooKeeperServer): Member {
    return this.all.find((member) => member.server === server)!
  }

  find(id: number): Member {
    const found = this.all.find((member) => member.id === id)
    if (found === undefined) throw new RangeError(`no server ${id} among ${this.all.length}`)
    return found
  }

  isUp({ server }: Member): boolean {
    return !server.isStopped && !server.isFrozen
  }

  hears(a: Member, b: Member): boolean {
    if (!this.isUp(a) || !this.isUp(b)) return false
    return a === b || this.parts.length === 0 || this.parts.some((part) => part.includes(a.id) && part.includes(b.id))
  }

  isQuorum(count: number): boolean {
    return count * 2 > this.all.length
  }

  /** Enough servers hear it to commit what it decides. */
  hasQuorum(leader: Member): boolean {
    return this.isQuorum(this.all.filter((member) => member.leader === leader && this.hears(member, leader)).length)
  }

  /** The one that leads with a quorum, if any does. */
  get leader(): Member | undefined {
    return this.all.find((member) => member.leader === member && this.isUp(member) && this.hasQuorum(member))
  }
}
