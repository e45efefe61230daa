/** Several servers on one history: what a leader does for its followers, and what can befall each of them. */
import { CommitLog } from "./CommitLog.ts"
import type { DataTree, Outcome } from "./DataTree.ts"
import { Duties } from "./Duties.ts"
import { Gate } from "./Gate.ts"
import { type Member, Members } from "./Members.ts"
import { Quorum, type QuorumOptions } from "./Quorum.ts"
import type { Settings } from "./Settings.ts"
import { decide, track } from "./Standalone.ts"
import type { Timers } from "./Timers.ts"
import type { Txn } from "./Transaction.ts"
import { Wishes } from "./Wishes.ts"
import { type Leader, ZooKeeperServer } from "./ZooKeeperServer.ts"

export class Ensemble implements Leader {
  readonly members: Members
  private readonly timers: Timers
  private readonly log: CommitLog
  private readonly wishes: Wishes
  private readonly quorum: Quorum
  /** Who serves each session. */
  private readonly owners = new Map<bigint, Member>()

  constructor(settings: ReadonlyArray<Settings>, trees: () => DataTree, timers: Timers, options: QuorumOptions) {
    this.timers = timers
    this.members = new Members(settings.map((each) => this.start(each, trees())))
    this.log = new CommitLog(this.members)
    this.wishes = new Wishes(this.members)
    this.quorum = new Quorum(this.members, this.log, this.wishes, timers, options)
  }

  private start(settings: Settings, tree: DataTree): Member {
    const server = new ZooKeeperServer(settings, this.timers, tree, "looking", this)
    return {
      id: settings.serverId,
      server,
      duties: new Duties(server),
      gate: new Gate(),
      leader: undefined,
      heardAt: this.timers.now(),
      applied: 0,
      isLagging: false
    }
  }

  submit: Leader["submit"] = (server, sessionId, prepare, done) => {
    const origin = this.members.of(server)
    this.wishes.add({
      origin,
      isWrite: true,
      grant: (leader) => {
        const txn = decide(leader.server, server, sessionId, prepare)
        if (!this.hasMoved(origin, sessionId)) this.commit(leader, origin, sessionId, txn, done)
      }
    })
  }

  /** The leader's own decision that a session is over, whoever serves it. */
  expire(server: ZooKeeperServer, sessionId: bigint): void {
    const origin = this.members.of(server)
    this.wishes.addFirst({
      origin,
      isWrite: true,
      grant: (leader) => {
        const txn = decide(leader.server, server, sessionId, () => ({ _tag: "closeSession" }))
        this.commit(leader, origin, sessionId, txn, () => {})
      }
    })
  }

  private commit(leader: Member, origin: Member, sessionId: bigint, txn: Txn, done: (outcome: Outcome) => void): void {
    if (txn._tag === "createSession") this.owners.set(sessionId, origin)
    if (txn._tag === "closeSession") this.owners.delete(sessionId)
    track(leader.server, sessionId, txn)
    const zxid = leader.server.tree.lastZxid + 1n
    this.log.append(leader, { transaction: { zxid, time: this.timers.now(), sessionId, txn }, origin, done })
  }

  /** A session that another server took over is closed at its first write, unanswered (measured on 3.8.0). */
  private hasMoved(origin: Member, sessionId: bigint): boolean {
    const owner = this.owners.get(sessionId)
    if (owner === undefined || owner === origin || sessionId === 0n) return false
    origin.server.connectionOf(sessionId)?.end()
    return true
  }

  sync: Leader["sync"] = (server, done) => {
    const origin = this.members.of(server)
    // A leader without a quorum answers too: nothing is under way that it would have to wait for.
    this.wishes.add({ origin, isWrite: false, grant: () => this.log.whenApplied(origin, done) })
  }

  revalidate: Leader["revalidate"] = (server, sessionId, timeOut, done) => {
    const origin = this.members.of(server)
    this.wishes.add({
      origin,
      isWrite: false,
      grant: (leader) => {
        const isAlive = leader.server.tree.sessions.has(sessionId)
        if (isAlive) {
          this.owners.set(sessionId, origin)
          leader.server.tracker.add(sessionId, timeOut, this.timers.now())
          leader.server.arm()
        }
        done(isAlive)
      }
    })
  }

  /** The process ends: its sockets close, so those who depend on it know at once. */
  kill(member: Member): void {
    this.quorum.lose(member)
    member.server.isStopped = true
    for (const other of this.members.all) {
      const { leader } = other
      if (leader === member || (leader === other && !this.members.hasQuorum(other))) this.quorum.lose(other)
    }
  }

  restart(member: Member): void {
    // A process that begins does not stand still, whatever the one before it did.
    member.server.isFrozen = false
    member.server.isStopped = false
    this.quorum.join()
  }

  freeze(member: Member): void {
    member.server.freeze()
  }

  /** A leader that wakes expires sessions before it hears of any sign of life (measured on 3.8.0). */
  thaw(member: Member): void {
    member.server.isFrozen = false
    const isDeposed = this.members.all.some((other) => other !== member && other.leader === other)
    // The others have given it up meanwhile.
    if (member.leader === member ? isDeposed : this.quorum.isOutOfTouch(member)) this.quorum.lose(member)
    member.duties.perform()
    if (member.leader !== undefined) this.log.apply(member)
    this.wishes.grant()
    member.server.thaw()
  }

  partition(parts: ReadonlyArray<ReadonlyArray<number>>): void {
    for (const id of parts.flat()) this.members.find(id)
    this.members.parts = parts
    this.wishes.grant()
  }

  lag(member: Member, isLagging: boolean): void {
    member.isLagging = isLagging
    this.log.apply(member)
    this.wishes.grant()
  }
}
