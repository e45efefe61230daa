/** Several servers on one history: a leader that orders writes, followers that apply them, and who still hears whom. */
import type { DataTree, Outcome } from "./DataTree.ts"
import { Duties } from "./Duties.ts"
import { Gate } from "./Gate.ts"
import type { Settings } from "./Settings.ts"
import { decide, track } from "./Standalone.ts"
import type { Timers } from "./Timers.ts"
import type { Transaction } from "./Transaction.ts"
import { type Leader, ZooKeeperServer } from "./ZooKeeperServer.ts"

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

/** A committed transaction, and who is to be told on the server that asked for it. */
interface Entry {
  readonly transaction: Transaction
  readonly origin: Member
  readonly done: (outcome: Outcome) => void
}

/** What a server wants of its leader, kept until it can be had. */
interface Wish {
  readonly origin: Member
  readonly isWrite: boolean
  readonly grant: (leader: Member) => void
}

export interface EnsembleOptions {
  /** In ticks: how long a follower and a leader may be out of touch. */
  readonly syncLimit: number
  readonly readOnlyMode: boolean
}

export class Ensemble implements Leader {
  readonly members: ReadonlyArray<Member>
  private readonly timers: Timers
  private readonly options: EnsembleOptions
  private readonly tickTime: number
  private readonly log: Array<Entry> = []
  private readonly owners = new Map<bigint, Member>()
  private wishes: Array<Wish> = []
  private epoch = 0n
  /** Servers in different parts do not hear each other; without parts all do. */
  private parts: ReadonlyArray<ReadonlyArray<number>> = []

  constructor(settings: ReadonlyArray<Settings>, trees: () => DataTree, timers: Timers, options: EnsembleOptions) {
    this.timers = timers
    this.options = options
    this.tickTime = settings[0]!.tickTime
    this.members = settings.map((each) => {
      const server = new ZooKeeperServer(each, timers, trees(), "looking", this)
      const duties = new Duties(server)
      const heardAt = timers.now()
      return {
        id: each.serverId,
        server,
        duties,
        gate: new Gate(),
        leader: undefined,
        heardAt,
        applied: 0,
        isLagging: false
      }
    })
    this.elect()
    this.beatAgain()
  }

  private member(server: ZooKeeperServer): Member {
    return this.members.find((member) => member.server === server)!
  }

  private isUp({ server }: Member): boolean {
    return !server.isStopped && !server.isFrozen
  }

  private hears(a: Member, b: Member): boolean {
    if (!this.isUp(a) || !this.isUp(b)) return false
    return a === b || this.parts.length === 0 || this.parts.some((part) => part.includes(a.id) && part.includes(b.id))
  }

  private isQuorum(count: number): boolean {
    return count * 2 > this.members.length
  }

  private followers(leader: Member): ReadonlyArray<Member> {
    return this.members.filter((member) => member.leader === leader && this.hears(member, leader))
  }

  /** Grants at once what can be granted; the rest waits, in order for each server. */
  private wish(wish: Wish, isFirst = false): void {
    if (isFirst) this.wishes.unshift(wish)
    else this.wishes.push(wish)
    this.grant()
  }

  private grant(): void {
    const stuck = new Set<Member>()
    for (let i = 0; i < this.wishes.length;) {
      const wish = this.wishes[i]!
      const { leader } = wish.origin
      const isGranted =
        !stuck.has(wish.origin) &&
        leader !== undefined &&
        this.hears(wish.origin, leader) &&
        (!wish.isWrite || this.isQuorum(this.followers(leader).length))
      if (!isGranted) {
        stuck.add(wish.origin)
        i++
        continue
      }
      this.wishes.splice(i, 1)
      wish.grant(leader)
      // What was granted may have made or granted other wishes.
      i = 0
      stuck.clear()
    }
  }

  /** A session that another server took over is closed at its first write, unanswered (measured on 3.8.0). */
  private hasMoved(origin: Member, sessionId: bigint): boolean {
    const owner = this.owners.get(sessionId)
    if (owner === undefined || owner === origin || sessionId === 0n) return false
    origin.server.connectionOf(sessionId)?.end()
    return true
  }

  submit: Leader["submit"] = (server, sessionId, prepare, done) =>
    this.propose(this.member(server), sessionId, prepare, done, true)

  /** The leader's own decision that a session is over, whoever serves it. */
  expire(leader: ZooKeeperServer, sessionId: bigint): void {
    this.propose(
      this.member(leader),
      sessionId,
      () => ({ _tag: "closeSession" }),
      () => {},
      false
    )
  }

  private propose(
    origin: Member,
    sessionId: bigint,
    prepare: Parameters<Leader["submit"]>[2],
    done: Entry["done"],
    isAsked: boolean
  ): void {
    const wish: Wish = {
      origin,
      isWrite: true,
      grant: (leader) => {
        const txn = decide(leader.server, origin.server, sessionId, prepare)
        if (isAsked && this.hasMoved(origin, sessionId)) return
        if (txn._tag === "createSession") this.owners.set(sessionId, origin)
        if (txn._tag === "closeSession") this.owners.delete(sessionId)
        track(leader.server, sessionId, txn)
        const zxid = leader.server.tree.lastZxid + 1n
        this.log.push({ transaction: { zxid, time: this.timers.now(), sessionId, txn }, origin, done })
        this.apply(leader)
        for (const member of this.members) this.apply(member)
      }
    }
    // What the leader decides by itself does not wait behind what it has not read yet.
    this.wish(wish, !isAsked)
  }

  leads(member: Member): boolean {
    return member.leader === member && this.isUp(member) && this.isQuorum(this.followers(member).length)
  }

  sync: Leader["sync"] = (server, done) => {
    const origin = this.member(server)
    // A leader without a quorum answers too: nothing is under way that it would have to wait for.
    this.wish({ origin, isWrite: false, grant: () => this.whenApplied(origin, done) })
  }

  private readonly lagging: Array<{ readonly member: Member; readonly upTo: number; readonly done: () => void }> = []

  private whenApplied(member: Member, done: () => void): void {
    if (member.applied >= this.log.length) done()
    else this.lagging.push({ member, upTo: this.log.length, done })
  }

  revalidate: Leader["revalidate"] = (server, sessionId, timeOut, done) => {
    const origin = this.member(server)
    this.wish({
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

  private mayApply(member: Member): boolean {
    const { applied, isLagging, leader } = member
    // A leader decides on what it has applied, so there is nothing that it could lag behind.
    if (applied >= this.log.length || (isLagging && leader !== member)) return false
    return leader !== undefined && this.hears(member, leader)
  }

  /** Applies what the history has and the member may know of. */
  private apply(member: Member): void {
    while (this.mayApply(member)) {
      const { done, origin, transaction } = this.log[member.applied++]!
      const outcome = member.server.commit(transaction)
      if (origin === member) done(outcome)
    }
    for (const late of this.lagging.filter((each) => each.member === member && member.applied >= each.upTo)) {
      this.lagging.splice(this.lagging.indexOf(late), 1)
      late.done()
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
    this.apply(member)
    if (server.tree.lastZxid < this.epoch << 32n) server.tree.lastZxid = this.epoch << 32n
    if (member !== leader) return
    for (const [id, timeOut] of server.tree.sessions) server.tracker.add(id, timeOut, this.timers.now())
    server.arm()
  }

  /** Serves nobody any more: no leader, or nobody to lead. */
  private lose(member: Member): void {
    member.leader = undefined
    member.server.role = "looking"
    member.duties.stop()
    member.server.tracker.clear()
    member.server.local.clear()
    member.server.dropConnections()
    this.wishes = this.wishes.filter(({ origin }) => origin !== member)
  }

  private elect(): void {
    const candidates = this.members.filter((member) => this.isUp(member) && member.leader === undefined)
    for (const candidate of candidates) {
      const voters = candidates.filter((voter) => this.hears(voter, candidate))
      if (!this.isQuorum(voters.length)) continue
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

  /** Half a tick of the ensemble: pings and their answers, which bring the signs of life; then who is lost, who found. */
  private beat(): void {
    const now = this.timers.now()
    const limit = this.options.syncLimit * this.tickTime
    for (const member of this.members) {
      const { leader, server } = member
      if (!this.isUp(member) || leader === undefined) continue
      if (leader === member) {
        if (this.isQuorum(this.followers(member).length)) member.heardAt = now
      } else if (this.hears(member, leader)) {
        member.heardAt = now
        for (const [id, timeOut] of server.touched) leader.server.tracker.touch(id, timeOut, now)
        server.touched.clear()
        this.apply(member)
      }
      if (now - member.heardAt > limit || leader.leader !== leader) this.lose(member)
    }
    this.join()
    this.elect()
    for (const member of this.members) {
      const { server } = member
      if (this.isUp(member) && member.leader === undefined && this.options.readOnlyMode && server.role === "looking") {
        server.role = "readOnly"
      }
    }
    this.grant()
  }

  /** Whoever looks for a leader and hears one follows it. */
  private join(): void {
    for (const member of this.members) {
      if (!this.isUp(member) || member.leader !== undefined) continue
      const leader = this.members.find((each) => each.leader === each && this.hears(member, each))
      if (leader !== undefined) this.follow(member, leader)
    }
  }

  private beatAgain(): void {
    this.timers.after(this.tickTime / 2, () => {
      this.beat()
      this.beatAgain()
    })
  }

  find(id: number): Member {
    const found = this.members.find((member) => member.id === id)
    if (found === undefined) throw new RangeError(`no server ${id} among ${this.members.length}`)
    return found
  }

  /** The process ends: its sockets close, so those who depend on it know at once. */
  kill(member: Member): void {
    this.lose(member)
    member.server.isStopped = true
    for (const other of this.members) {
      const { leader } = other
      if (leader === member || (leader === other && !this.isQuorum(this.followers(other).length))) this.lose(other)
    }
  }

  restart(member: Member): void {
    member.server.isStopped = false
    this.join()
  }

  freeze(member: Member): void {
    member.server.freeze()
  }

  /** A leader that wakes expires sessions before it hears of any sign of life (measured on 3.8.0). */
  thaw(member: Member): void {
    member.server.isFrozen = false
    const isDeposed = this.members.some((other) => other !== member && other.leader === other)
    const isLate = this.timers.now() - member.heardAt > this.options.syncLimit * this.tickTime
    // The others have given it up meanwhile.
    if (member.leader === member ? isDeposed : isLate) this.lose(member)
    member.duties.perform()
    if (member.leader !== undefined) this.apply(member)
    this.grant()
    member.server.thaw()
  }

  partition(parts: ReadonlyArray<ReadonlyArray<number>>): void {
    this.parts = parts
    this.grant()
  }

  lag(member: Member, isLagging: boolean): void {
    member.isLagging = isLagging
    this.apply(member)
    this.grant()
  }
}
