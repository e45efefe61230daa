/** Who leads and who follows, as time passes: elections, and how long servers may be out of touch. */
import type { CommitLog } from "./CommitLog.ts"
import type { Member, Members } from "./Members.ts"
import type { Timers } from "./Timers.ts"
import type { Wishes } from "./Wishes.ts"

export interface QuorumOptions {
  /** In ticks: how long a follower and a leader may be out of touch. */
  readonly syncLimit: number
  readonly readOnlyMode: boolean
}

export class Quorum {
  private readonly members: Members
  private readonly log: CommitLog
  private readonly wishes: Wishes
  private readonly timers: Timers
  private readonly tickTime: number
  private readonly limit: number
  private readonly readOnlyMode: boolean
  private epoch = 0n

  constructor(members: Members, log: CommitLog, wishes: Wishes, timers: Timers, options: QuorumOptions) {
    this.members = members
    this.log = log
    this.wishes = wishes
    this.timers = timers
    this.tickTime = members.all[0]!.server.options.tickTime
    this.limit = options.syncLimit * this.tickTime
    this.readOnlyMode = options.readOnlyMode
    this.elect()
    this.beatAgain()
  }

  isOutOfTouch(member: Member): boolean {
    return this.timers.now() - member.heardAt > this.limit
  }

  /** Serves nobody any more: no leader, or nobody to lead. */
  lose(member: Member): void {
    const { duties, server } = member
    member.leader = undefined
    server.role = "looking"
    duties.stop()
    server.tracker.clear()
    server.local.clear()
    server.dropConnections()
    this.wishes.drop(member)
  }

  /** Whoever looks for a leader and hears one follows it. */
  join(): void {
    for (const member of this.members.all) {
      if (!this.members.isUp(member) || member.leader !== undefined) continue
      const leader = this.members.all.find((each) => each.leader === each && this.members.hears(member, each))
      if (leader !== undefined) this.follow(member, leader)
    }
  }

  /** Joins the leader: the history first, then the clients. */
  private follow(member: Member, leader: Member): void {
    const { server } = member
    if (server.isReadOnly) server.dropConnections()
    server.local.clear()
    server.tracker.clear()
    server.touched.clear()
    member.leader = leader
    member.heardAt = this.timers.now()
    server.role = member === leader ? "leader" : "follower"
    member.isLagging = false
    this.log.apply(member)
    if (server.tree.lastZxid < this.epoch << 32n) server.tree.lastZxid = this.epoch << 32n
    if (member !== leader) return
    for (const [id, timeOut] of server.tree.sessions) server.tracker.add(id, timeOut, this.timers.now())
    server.arm()
  }

  private elect(): void {
    const candidates = this.members.all.filter((member) => this.members.isUp(member) && member.leader === undefined)
    for (const candidate of candidates) {
      const voters = candidates.filter((voter) => this.members.hears(voter, candidate))
      if (!this.members.isQuorum(voters.length)) continue
      // The longest history wins, then the highest id.
      const leader = voters.reduce((best, voter) =>
        voter.applied > best.applied || (voter.applied === best.applied && voter.id > best.id) ? voter : best
      )
      this.epoch++
      this.follow(leader, leader)
      for (const voter of voters) if (voter !== leader) this.follow(voter, leader)
      return
    }
  }

  /** Pings of the leader and their answers, which bring the signs of life. */
  private ping(member: Member, leader: Member): void {
    const now = this.timers.now()
    if (leader === member) {
      if (this.members.hasQuorum(member)) member.heardAt = now
    } else if (this.members.hears(member, leader)) {
      const { touched } = member.server
      member.heardAt = now
      for (const [id, timeOut] of touched) leader.server.tracker.touch(id, timeOut, now)
      touched.clear()
      this.log.apply(member)
    }
  }

  /** Half a tick of the ensemble: the pings, then who is lost, then who is found. */
  private beat(): void {
    for (const member of this.members.all) {
      const { leader } = member
      if (!this.members.isUp(member) || leader === undefined) continue
      this.ping(member, leader)
      if (this.isOutOfTouch(member) || leader.leader !== leader) this.lose(member)
    }
    this.join()
    this.elect()
    for (const member of this.members.all) {
      const { leader, server } = member
      if (this.readOnlyMode && this.members.isUp(member) && leader === undefined && server.role === "looking") {
        server.role = "readOnly"
      }
    }
    this.wishes.grant()
  }

  private beatAgain(): void {
    this.timers.after(this.tickTime / 2, () => {
      this.beat()
      this.beatAgain()
    })
  }
}
