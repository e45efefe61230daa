/** One server: its tree, sessions and connections, and the writes that it hands to whoever leads. */
import { ErrorCode } from "@effect-zookeeper/core/ErrorCode"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { create2Response } from "@effect-zookeeper/core/wire/ops/create"
import { closeSession } from "@effect-zookeeper/core/wire/ops/session"
import { sync } from "@effect-zookeeper/core/wire/ops/sync"
import { stat } from "@effect-zookeeper/core/wire/stat"
import { AclCheck } from "./AclCheck.ts"
import { type Change, DataTree, type Outcome } from "./DataTree.ts"
import { type Body, FinalRequestProcessor } from "./FinalRequestProcessor.ts"
import type { Settings } from "./Settings.ts"
import type { Peer, PeerReceiver } from "./Peer.ts"
import { prepare } from "./PrepRequestProcessor.ts"
import { ServerConnection } from "./ServerConnection.ts"
import { firstSessionId } from "./SessionId.ts"
import { SessionTracker } from "./SessionTracker.ts"
import type { Timers } from "./Timers.ts"
import type { Transaction, Txn } from "./Transaction.ts"

/** Where writes are put in order: the server itself, or the leader of its ensemble. */
export interface Leader {
  /** `prepare` runs on the leader's tree; `done` once this server has applied the result, or never. */
  readonly submit: (
    origin: ZooKeeperServer,
    sessionId: bigint,
    prepare: (leader: ZooKeeperServer) => Txn,
    done: (outcome: Outcome) => void
  ) => void
  /** A session is over, by the leader's own decision. */
  readonly expire: (leader: ZooKeeperServer, sessionId: bigint) => void
  /** Calls back when all that the leader had committed has arrived. */
  readonly sync: (origin: ZooKeeperServer, done: () => void) => void
  /** Whether a session lives; it is served by `origin` from then on. */
  readonly revalidate: (
    origin: ZooKeeperServer,
    sessionId: bigint,
    timeOut: number,
    done: (isAlive: boolean) => void
  ) => void
}

export type Role = "standalone" | "leader" | "follower" | "readOnly" | "looking"

/** Two servers of one process never start at the same id, whatever their clocks say. */
let lastBase = 0

export class ZooKeeperServer {
  readonly options: Settings
  readonly timers: Timers
  readonly acl: AclCheck
  readonly connections = new Set<ServerConnection>()
  /** Of the ensemble's sessions, on the server that leads; of local ones on any. */
  readonly tracker: SessionTracker
  readonly local = new Map<bigint, number>()
  /** Signs of life that the leader has not heard of. */
  readonly touched = new Map<bigint, number>()
  tree: DataTree
  processor: FinalRequestProcessor
  leader: Leader
  role: Role
  isFrozen = false
  isStopped = false
  packetsSent = 0
  packetsReceived = 0
  private readonly bySession = new Map<bigint, ServerConnection>()
  private nextSessionId: bigint

  constructor(options: Settings, timers: Timers, tree: DataTree, role: Role, leader: Leader) {
    this.options = options
    this.timers = timers
    this.acl = new AclCheck(options.saslUsers !== undefined)
    this.tracker = new SessionTracker(options.tickTime)
    this.tree = tree
    this.processor = new FinalRequestProcessor(tree, this.acl)
    this.role = role
    this.leader = leader
    lastBase = Math.max(lastBase + 1, timers.now())
    this.nextSessionId = firstSessionId(options.serverId, lastBase)
  }

  get isServing(): boolean {
    return !this.isStopped && this.role !== "looking"
  }

  get isReadOnly(): boolean {
    return this.role === "readOnly"
  }

  accept(peer: Peer): PeerReceiver | undefined {
    const { maxClientCnxns } = this.options
    let fromThere = 0
    for (const connection of this.connections) if (connection.peer.address === peer.address) fromThere++
    if (this.isStopped || (maxClientCnxns > 0 && fromThere >= maxClientCnxns)) return undefined
    const connection = new ServerConnection(this, peer)
    this.connections.add(connection)
    return connection
  }

  connectionOf(sessionId: bigint): ServerConnection | undefined {
    return this.bySession.get(sessionId)
  }

  attach(connection: ServerConnection): void {
    this.bySession.set(connection.sessionId, connection)
  }

  forget(connection: ServerConnection): void {
    this.connections.delete(connection)
    this.processor.forget(connection)
    if (this.bySession.get(connection.sessionId) === connection) this.bySession.delete(connection.sessionId)
  }

  /** Any packet is a sign of life. */
  touch({ sessionId, timeOut }: ServerConnection): void {
    this.packetsReceived++
    if (!this.tracker.touch(sessionId, timeOut, this.timers.now())) this.touched.set(sessionId, timeOut)
  }

  isLocalSession(sessionId: bigint): boolean {
    return this.local.has(sessionId)
  }

  createSession(connection: ServerConnection, timeOut: number, done: (sessionId: bigint) => void): void {
    const sessionId = this.nextSessionId++
    if (this.options.localSessionsEnabled) {
      this.local.set(sessionId, timeOut)
      this.tracker.add(sessionId, timeOut, this.timers.now())
      this.arm()
      connection.isLocal = true
      return done(sessionId)
    }
    this.leader.submit(
      this,
      sessionId,
      () => ({ _tag: "createSession", timeOut }),
      () => done(sessionId)
    )
  }

  reopenSession(
    connection: ServerConnection,
    sessionId: bigint,
    timeOut: number,
    done: (isAlive: boolean) => void
  ): void {
    if (this.local.has(sessionId)) {
      this.tracker.add(sessionId, timeOut, this.timers.now())
      this.arm()
      connection.isLocal = true
      return done(true)
    }
    this.leader.revalidate(this, sessionId, timeOut, done)
  }

  write(connection: ServerConnection, type: number, body: Buffer, done: (err: number, answer?: Body) => void): void {
    const { auth, sessionId } = connection
    if (connection.isLocal && type === closeSession.code) {
      this.endLocal(sessionId)
      return done(0)
    }
    const { enforceQuota, extendedTypesEnabled } = this.options
    const options = { acl: this.acl, enforceQuota, extendedTypesEnabled, isLocal: connection.isLocal }
    this.leader.submit(
      this,
      sessionId,
      (leader) =>
        type === closeSession.code ? { _tag: "closeSession" } : prepare(leader.tree, options, auth, type, body),
      (outcome) => {
        if (outcome._tag === "error") done(outcome.err)
        else done(0, encode(outcome))
      }
    )
  }

  sync(_: ServerConnection, body: Buffer, done: (err: number, answer?: Body) => void): void {
    try {
      const { path } = sync.request.decode(new JuteReader().reset(body))
      this.leader.sync(this, () => done(0, (writer) => writer.string(path)))
    } catch {
      done(ErrorCode.MarshallingError)
    }
  }

  /** Applies what the leader decided; events go out before the answer does. */
  commit(transaction: Transaction): Outcome {
    const { sessionId, txn } = transaction
    const changes: Array<Change> = []
    const outcome = this.tree.apply(transaction, changes)
    for (const change of changes) this.processor.fire(change)
    if (txn._tag === "closeSession") {
      this.touched.delete(sessionId)
      const connection = this.bySession.get(sessionId)
      // An expired session's connection goes without a frame; who asked for it gets an answer first.
      if (connection?.isClosing === false) connection.end()
    }
    return outcome
  }

  /** Local ones last. */
  get sessions(): ReadonlyArray<bigint> {
    return [...this.tree.sessions.keys(), ...this.local.keys()]
  }

  /** Ends a session as if its time were over. */
  expire(sessionId: bigint): void {
    if (this.local.has(sessionId)) this.endLocal(sessionId)
    else this.leader.expire(this, sessionId)
  }

  endLocal(sessionId: bigint): void {
    this.local.delete(sessionId)
    this.tracker.remove(sessionId)
    const connection = this.bySession.get(sessionId)
    if (connection?.isClosing === false) connection.end()
  }

  /** Told when the next expiry may have come nearer. */
  arm: () => void = () => {}

  dropConnections(): void {
    for (const connection of [...this.connections]) connection.destroy()
  }

  freeze(): void {
    this.isFrozen = true
  }

  /** Goes on with what came meanwhile. Whoever leads has to expire sessions first: that is what a real one does. */
  thaw(): void {
    this.isFrozen = false
    for (const connection of [...this.connections]) connection.thaw()
  }

  watchCount(): number {
    return this.processor.dataWatches.size + this.processor.childWatches.size
  }
}

const encode = (outcome: Exclude<Outcome, { _tag: "error" }>): Body => {
  switch (outcome._tag) {
    case "create":
      return (writer) => writer.string(outcome.path)
    case "create2":
      return (writer) => create2Response.encode(writer, outcome)
    case "setData":
      return (writer) => stat.encode(writer, outcome.stat)
    case "multi":
      return (writer) => multi.response.encode(writer, outcome.results)
    default:
      return undefined
  }
}
