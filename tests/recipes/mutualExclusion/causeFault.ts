/** Lets a planned fault happen to a virtual cluster and its clients, and takes it back. */
import * as Faults from "@effect-zookeeper/testing/Faults"
import type * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { Client } from "../support.ts"
import type { ClientProcess, Door } from "./ClientProcess.ts"
import type { Step } from "./plan.ts"
import type { Witness } from "./testimony.ts"

export interface Player {
  readonly name: string
  readonly process: ClientProcess
  readonly zk: Client
  /** Whether the lease is confirmed by a sync only, which a deposed leader answers. */
  readonly trustsSync: boolean
}

export interface Stage {
  readonly cluster: TestCluster.TestClusterShape
  /** A session that contends for nothing. */
  readonly observer: Client
  readonly players: ReadonlyArray<Player>
  readonly witness: Witness
  /** Whether each holder's node has a name of its own, so that a deletion that is late meets no other one's. */
  readonly isNamedAlone: boolean
  /** For so many ticks a leader does not notice that it leads nobody. */
  readonly syncLimit: number
  /** When each server was thawed last, by its id. */
  readonly thawedAt: Map<number, number>
  /** Servers that something has been done to, by their ids. */
  readonly troubled: Set<number>
}

/** What takes a fault back. */
export interface Caused {
  readonly undo: Effect.Effect<void>
}

const nothing: Caused = { undo: Effect.void }

/** In ms, of the virtual cluster. */
const TICK = 500

/** The work of these is not covered from now until the effect that is returned has run. */
const uncover = (witness: Witness, players: ReadonlyArray<Player>, why: string): Effect.Effect<void> => {
  const from = witness.moment()
  const entries = players.map(({ name }) => ({ process: name, from, to: Infinity, why }))
  witness.uncovered.push(...entries)
  return Effect.sync(() => {
    for (const entry of entries) entry.to = witness.moment()
  })
}

/** Only if nothing is the matter with it, and never a leader again that has just woken up: nothing covers that. */
const unlessTroubled = Effect.fnUntraced(function* (
  stage: Stage,
  server: TestCluster.ClusterServer,
  fault: Effect.Effect<void>,
  undo: Effect.Effect<void>
): Effect.fn.Return<Caused> {
  const now = yield* Clock.currentTimeMillis
  if (stage.troubled.has(server.id)) return nothing
  if (now - (stage.thawedAt.get(server.id) ?? -Infinity) < 2 * TICK) return nothing
  stage.troubled.add(server.id)
  yield* fault
  const over = Effect.map(Clock.currentTimeMillis, (now) => {
    stage.troubled.delete(server.id)
    stage.thawedAt.set(server.id, now)
  })
  return { undo: Effect.andThen(over, undo) }
})

/** Where its event loop stood decides whether timers or sockets go on first. What it does then is of before; what it begins after that is covered. */
const stop = ({ witness }: Stage, player: Player, step: Step): Caused => {
  const { process } = player
  if (process.isStopped) return nothing
  const covered = uncover(witness, [player], "it stood still")
  process.stop()
  const [one, other] = step.first === "timers" ? [process.timers, process.sockets] : [process.sockets, process.timers]
  const open = (door: Door) =>
    Effect.andThen(
      Effect.sync(() => door.open()),
      TestClock.adjust(1)
    )
  return { undo: Effect.andThen(Effect.andThen(open(one), open(other)), covered) }
}

/** The next holder hears of it as soon as its owner does. */
const deletes = ({ isNamedAlone, observer, players, witness }: Stage, player: Player, node: string) => {
  const covered = uncover(witness, isNamedAlone ? [player] : players, "its node was deleted")
  return Effect.forkDetach(Effect.ensuring(Effect.ignore(observer.delete(node)), covered))
}

export const cause = Effect.fnUntraced(function* (stage: Stage, step: Step): Effect.fn.Return<Caused> {
  const { cluster, players, witness } = stage
  const server = cluster.servers[step.server]!
  const leader = (yield* cluster.leader) ?? server
  const holder = players.find(({ name }) => witness.holding.has(name))
  const player = (step.isHolder || step.fault.includes("holder") ? holder : undefined) ?? players[step.client]!
  const isolate = (one: TestCluster.ClusterServer) => {
    const covered = uncover(
      witness,
      players.filter(({ trustsSync }) => trustsSync),
      "a deposed leader"
    )
    const others = cluster.servers.filter(({ id }) => id !== one.id).map(({ id }) => id)
    const undo = Effect.andThen(
      cluster.heal,
      Effect.forkDetach(Effect.andThen(Effect.sleep((stage.syncLimit + 2) * TICK), covered))
    )
    return Effect.as(cluster.partition([one.id], others), { undo })
  }
  switch (step.fault) {
    case "reset":
      return yield* Effect.as(server.dropConnections, nothing)
    case "drop a reply":
      return yield* Effect.as(server.faults.inject(Faults.dropAfterCommit()), nothing)
    case "cut a server off from its clients":
      return yield* Effect.as(server.cutClients, { undo: server.healClients })
    case "cut a client off from one server":
    case "cut a client off": {
      const cut = step.fault === "cut a client off" ? cluster.servers : [server]
      for (const { port } of cut) player.process.cut(port)
      const heal = () => {
        for (const { port } of cut) player.process.heal(port)
      }
      return { undo: Effect.sync(heal) }
    }
    case "kill the leader":
    case "kill a server": {
      const one = step.fault === "kill a server" ? server : leader
      return yield* unlessTroubled(stage, one, one.kill, one.restart)
    }
    case "freeze the leader":
    case "freeze a server": {
      const one = step.fault === "freeze a server" ? server : leader
      return yield* unlessTroubled(stage, one, one.freeze, one.resume)
    }
    case "isolate the leader":
      return yield* isolate(leader)
    case "isolate a server":
      return yield* isolate(server)
    case "let a server lag":
      return yield* Effect.as(server.lag, { undo: server.catchUp })
    case "make a server slow":
      return yield* Effect.as(server.faults.inject(Faults.delay(100 + (step.to % 900))), { undo: server.faults.clear })
    case "expire a session": {
      // As when a second process takes the session over and ends it: its owner hears of it when it can.
      const covered = uncover(witness, [player], "its session was ended")
      yield* cluster.expireSession(player.zk.session.id)
      return { undo: covered }
    }
    case "delete a holder's node": {
      const node = witness.holding.get(player.name)
      if (node === undefined) return nothing
      yield* deletes(stage, player, node)
      return nothing
    }
    case "stop a holder and delete its node": {
      const node = witness.holding.get(player.name)
      if (node === undefined) return nothing
      yield* deletes(stage, player, node)
      return stop(stage, player, step)
    }
    case "stop a client":
      return stop(stage, player, step)
  }
})
