/** What an ensemble has committed, in order, and how far each of its servers has applied it. */
import type { Outcome } from "./DataTree.ts"
import type { Member, Members } from "./Members.ts"
import type { Transaction } from "./Transaction.ts"

/** A committed transaction, and who is to be told on the server that asked for it. */
interface Entry {
  readonly transaction: Transaction
  readonly origin: Member
  readonly done: (outcome: Outcome) => void
}

export class CommitLog {
  private readonly members: Members
  private readonly entries: Array<Entry> = []
  private readonly waiting: Array<{ readonly member: Member; readonly upTo: number; readonly done: () => void }> = []

  constructor(members: Members) {
    this.members = members
  }

  /** Commits, on the leader first. */
  append(leader: Member, entry: Entry): void {
    this.entries.push(entry)
    this.apply(leader)
    for (const member of this.members.all) this.apply(member)
  }

  /** Calls back when the member has applied all that is committed by now. */
  whenApplied(member: Member, done: () => void): void {
    if (member.applied >= this.entries.length) done()
    else this.waiting.push({ member, upTo: this.entries.length, done })
  }

  private mayApply(member: Member): boolean {
    const { applied, isLagging, leader } = member
    // A leader decides on what it has applied, so there is nothing that it could lag behind.
    if (applied >= this.entries.length || (isLagging && leader !== member)) return false
    return leader !== undefined && this.members.hears(member, leader)
  }

  /** Applies what the history has and the member may know of. */
  apply(member: Member): void {
    while (this.mayApply(member)) {
      const { done, origin, transaction } = this.entries[member.applied++]!
      const outcome = member.server.commit(transaction)
      if (origin === member) done(outcome)
    }
    for (const late of this.waiting.filter((each) => each.member === member && member.applied >= each.upTo)) {
      this.waiting.splice(this.waiting.indexOf(late), 1)
      late.done()
    }
  }
}
