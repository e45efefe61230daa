/** A server that leads itself: every write is decided and applied at once. */
import { ErrorCode } from "@effect-zookeeper/core/ErrorCode"
import { DataTree } from "./DataTree.ts"
import { Duties } from "./Duties.ts"
import type { Settings } from "./Settings.ts"
import type { Timers } from "./Timers.ts"
import type { Txn } from "./Transaction.ts"
import { type Leader, ZooKeeperServer } from "./ZooKeeperServer.ts"

/** What the leader does with a request: an unknown session can only be created. 0 is the server's own. */
export const decide = (
  leader: ZooKeeperServer,
  origin: ZooKeeperServer,
  sessionId: bigint,
  prepare: (leader: ZooKeeperServer) => Txn
): Txn => {
  const txn = prepare(leader)
  const isKnown = sessionId === 0n || leader.tree.sessions.has(sessionId) || origin.isLocalSession(sessionId)
  return isKnown || txn._tag === "createSession" ? txn : { _tag: "error", code: ErrorCode.SessionExpired }
}

/** Keeps the tracker in step with the sessions that a transaction makes and ends. */
export const track = (leader: ZooKeeperServer, sessionId: bigint, txn: Txn): void => {
  if (txn._tag === "createSession") leader.tracker.add(sessionId, txn.timeOut, leader.timers.now())
  else if (txn._tag === "closeSession") leader.tracker.remove(sessionId)
  else if (txn._tag !== "create" && txn._tag !== "multi") return
  leader.arm()
}

const alone: Leader = {
  submit: (server, sessionId, prepare, done) => {
    const txn = decide(server, server, sessionId, prepare)
    const zxid = server.tree.lastZxid + 1n
    track(server, sessionId, txn)
    done(server.commit({ zxid, time: server.timers.now(), sessionId, txn }))
    server.arm()
  },
  expire: (server, sessionId) =>
    alone.submit(
      server,
      sessionId,
      () => ({ _tag: "closeSession" }),
      () => {}
    ),
  sync: (_, done) => done(),
  revalidate: (server, sessionId, timeOut, done) => {
    const isAlive = server.tree.sessions.has(sessionId)
    if (isAlive) {
      server.tree.sessions.set(sessionId, timeOut)
      server.tracker.add(sessionId, timeOut, server.timers.now())
      server.arm()
    }
    done(isAlive)
  }
}

export interface Standalone {
  readonly server: ZooKeeperServer
  readonly duties: Duties
}

export const make = (settings: Settings, timers: Timers): Standalone => {
  const server = new ZooKeeperServer(settings, timers, new DataTree(), "standalone", alone)
  return { server, duties: new Duties(server) }
}
