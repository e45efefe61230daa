/** Random faults of a real ensemble and of the network between it and its clients, one after the other. */
import type * as ChaosProxy from "@effect-zookeeper/testing/ChaosProxy"
import * as Faults from "@effect-zookeeper/testing/Faults"
import * as Effect from "effect/Effect"
import { sleep } from "../../support/realTime.ts"
import type * as RealEnsemble from "../../support/zookeeper/RealEnsemble.ts"
import { type Client, expire } from "../support.ts"
import type { ChildClient } from "./ChildClient.ts"
import { names, SESSION_TIMEOUT, type Witnesses } from "./competition.ts"
import type { Random } from "./randomOf.ts"

export const TICK = 200

/** A client, and what stands between it and each of the servers. */
export interface Wired {
  readonly name: string
  readonly proxies: ReadonlyArray<ChaosProxy.ChaosProxy>
  /** Undefined when it lives in another process. */
  readonly zk?: Client
  readonly trustsSync: boolean
}

export interface Trouble {
  readonly ensemble: RealEnsemble.RealEnsemble
  readonly clients: ReadonlyArray<Wired>
  readonly witnesses: Witnesses
  readonly random: Random
  readonly log: (what: string) => void
}

/** From now on, until the effect that is returned has run. */
const uncover = ({ witnesses }: Trouble, clients: ReadonlyArray<Wired>, why: string): Effect.Effect<void> => {
  const { moment } = witnesses.lock
  const entries = clients.map(({ name }) => ({ process: name, from: moment(), to: Infinity, why }))
  for (const name of names) witnesses[name].uncovered.push(...entries)
  return Effect.sync(() => {
    for (const entry of entries) entry.to = moment()
  })
}

/** How long a fault lasts. */
const last = ({ random }: Trouble, most: number) => sleep(200 + random(most))

/** One thing that goes wrong with a server, over when this returns. */
export const ofServers = Effect.fnUntraced(function* (trouble: Trouble) {
  const { clients, ensemble, log, random } = trouble
  const leader = yield* ensemble.leader
  switch (random(3)) {
    case 0: {
      log("the leader is killed")
      yield* leader.kill
      yield* last(trouble, 2000)
      return yield* leader.start
    }
    case 1: {
      log("the leader stands still")
      // It may be deposed meanwhile, and not know it yet when it goes on.
      const covered = uncover(
        trouble,
        clients.filter(({ trustsSync }) => trustsSync),
        "a deposed leader"
      )
      yield* leader.freeze
      yield* last(trouble, 1.5 * SESSION_TIMEOUT)
      yield* leader.resume
      yield* sleep(12 * TICK)
      return yield* covered
    }
    default: {
      const follower = (yield* ensemble.followers)[random(2) === 0 ? 0 : 1]
      log("a follower stands still")
      yield* follower.freeze
      yield* last(trouble, SESSION_TIMEOUT)
      return yield* follower.resume
    }
  }
})

/** One thing that goes wrong between a client and the servers, over when this returns. */
export const ofLines = Effect.fnUntraced(function* (trouble: Trouble) {
  const { clients, ensemble, log, random, witnesses } = trouble
  const holder = clients.find((client) => names.some((name) => witnesses[name].holding.has(client.name)))
  // What goes wrong for who holds decides most.
  const client = (random(3) > 0 ? holder : undefined) ?? clients[random(clients.length)]!
  const proxy = client.proxies[random(3)]!
  const all = (...faults: ReadonlyArray<Faults.Fault>) =>
    Effect.forEach(client.proxies, (each) => each.faults.inject(...faults), { discard: true })
  switch (random(8)) {
    case 0:
      log(`connections of ${client.name} break`)
      return yield* all(Faults.reset)
    case 1:
      log(`a reply to ${client.name} is lost`)
      return yield* all(Faults.dropAfterCommit())
    case 2:
      log(`${client.name} hears nothing of one server`)
      yield* proxy.faults.inject(Faults.mute)
      yield* last(trouble, SESSION_TIMEOUT)
      return yield* proxy.faults.clear
    case 3: {
      if (client.zk === undefined) return
      log(`the session of ${client.name} is taken over and ended`)
      const covered = uncover(trouble, [client], "its session was taken over")
      const up = ensemble.servers.find((server) => server.state() === "running")!
      return yield* Effect.ensuring(Effect.ignore(expire(client.zk, up.connectString)), covered)
    }
    default:
      log(`${client.name} is cut off`)
      yield* all(Faults.refuse, Faults.reset)
      yield* sleep(SESSION_TIMEOUT * (random(3) === 0 ? 0.5 : 1.6))
      return yield* Effect.forEach(client.proxies, ({ faults }) => faults.clear, { discard: true })
  }
})

/** Stops the process when it has just got something, for longer than its session lives or not. */
export const ofProcess = Effect.fnUntraced(function* ({ log, random }: Trouble, child: ChildClient) {
  const before = child.held()
  while (child.held() === before) yield* sleep("5 millis")
  log("the child stands still")
  yield* child.stop
  yield* sleep(SESSION_TIMEOUT * (random(3) === 0 ? 0.5 : 1.6))
  yield* child.go
})
