/**
 * Several ZooKeeper servers in this process with one history between them, any of which can be killed, stopped, cut off
 * or left behind.
 *
 * @since 0.1.0
 */
import { Transport } from "@effect-zookeeper/core/Transport"
import type { Transport as TransportShape } from "@effect-zookeeper/core/Transport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { DataTree } from "./internal/DataTree.ts"
import type { Faults } from "./Faults.ts"
import { FaultLine } from "./internal/FaultLine.ts"
import { Ensemble } from "./internal/Ensemble.ts"
import * as Lifetime from "./internal/Lifetime.ts"
import type { Member } from "./internal/Members.ts"
import * as memory from "./internal/memory.ts"
import type { Accept } from "./internal/Peer.ts"
import { type ServerOptions, settings } from "./internal/Settings.ts"
import * as tcp from "./internal/tcp.ts"
import * as Timers from "./internal/Timers.ts"
import type { Role } from "./internal/ZooKeeperServer.ts"

/**
 * How to start a cluster.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ServerOptions {
  /** How many servers. Default 3. */
  readonly size?: number | undefined
  /** `"memory"` opens no ports. Default `"tcp"`. */
  readonly listen?: "tcp" | "memory" | undefined
  /** How long a follower and a leader may be out of touch, in ticks. Default 5. */
  readonly syncLimit?: number | undefined
  /** Servers without a quorum answer reads of clients that asked for it. Default false. */
  readonly readOnlyMode?: boolean | undefined
}

/**
 * One server of a cluster.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClusterServer {
  /** From 1. */
  readonly id: number
  readonly port: number
  readonly connectString: string
  /** What goes wrong between this server and its clients. */
  readonly faults: Faults
  readonly role: Effect.Effect<Role | "stopped">
  /** The last transaction that this server has applied. */
  readonly lastZxid: Effect.Effect<bigint>
  /** Sessions that this server knows of, its own local ones included. */
  readonly sessions: Effect.Effect<ReadonlyArray<bigint>>
  /** Ends the process: connections are reset, the others know at once. Tree and history stay, as on a disk. */
  readonly kill: Effect.Effect<void>
  /** Starts it again, within the scope; it follows the leader, if there is one, with all that it missed. */
  readonly restart: Effect.Effect<void>
  /** Stops the process without ending it: it accepts and answers nothing, and the others wait for it in vain. */
  readonly freeze: Effect.Effect<void>
  /** Lets it go on. A leader that wakes expires sessions before it hears of their signs of life (measured on 3.8.0). */
  readonly resume: Effect.Effect<void>
  /** Cuts the network between this server and all clients: silence, no reset. */
  readonly cutClients: Effect.Effect<void>
  readonly healClients: Effect.Effect<void>
  /**
   * It hears of commits and does not apply them: its reads are stale, and clients that know more are turned away. Nothing
   * for a leader, which decides on what it has applied.
   */
  readonly lag: Effect.Effect<void>
  readonly catchUp: Effect.Effect<void>
  /** Resets every connection to this server. */
  readonly dropConnections: Effect.Effect<void>
}

/**
 * A running cluster.
 *
 * @category models
 * @since 0.1.0
 */
export interface TestClusterShape {
  /** All servers, in order. */
  readonly connectString: string
  readonly servers: ReadonlyArray<ClusterServer>
  /** Leads to the servers without sockets, by their ports. */
  readonly transport: TransportShape
  /** The one that leads with a quorum, if any does at the moment. */
  readonly leader: Effect.Effect<ClusterServer | undefined>
  /** Servers in different parts, given by their ids, do not hear each other. A server in no part hears nobody. */
  readonly partition: (...parts: ReadonlyArray<ReadonlyArray<number>>) => Effect.Effect<void>
  /** Ends every partition between servers. */
  readonly heal: Effect.Effect<void>
  /**
   * From now on the n-th address leads to the n-th of these servers, given by their ids, as when names or a load balancer
   * change their minds: a client that comes back to the same host finds another server. Open connections stay.
   */
  readonly reorderHosts: (...ids: ReadonlyArray<number>) => Effect.Effect<void>
  /** Ends a session as if its time were over. Without a leader only a local one can. */
  readonly expireSession: (sessionId: bigint) => Effect.Effect<void>
}

const FIRST_PORT = 2181

/**
 * Starts a cluster that lives as long as the scope, with a leader from the first moment.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<TestClusterShape, never, Scope.Scope> {
  const size = options.size ?? 3
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`size is ${size}: a cluster has 1 server or more`)
  const ids = Array.from({ length: size }, (_, index) => index + 1)
  const timers = yield* Timers.make
  // Ports come first, since the configuration that the servers show names them.
  const accepts = new Map<number, Accept>()
  /** Which server stands behind which address. */
  const routes = new Map(ids.map((id) => [id, id]))
  const acceptAt = (id: number): Accept | undefined => accepts.get(routes.get(id)!)
  const listeners = new Map<number, tcp.Listener>()
  const listen = (id: number, port: number) =>
    Effect.map(
      tcp.listen("127.0.0.1", port, (peer) => acceptAt(id)?.(peer)),
      (listener) => {
        listeners.set(id, listener)
        return listener.port
      }
    )
  const ports = new Map<number, number>()
  for (const id of ids) ports.set(id, options.listen === "memory" ? FIRST_PORT + id - 1 : yield* listen(id, 0))
  const config = ids.map(
    (id) => `server.${id}=127.0.0.1:${20_000 + id}:${30_000 + id}:participant;127.0.0.1:${ports.get(id)}\n`
  )
  const version = 0x1_0000_0000n
  const text = `${config.join("")}version=${version.toString(16)}`
  const ensemble = new Ensemble(
    ids.map((id) => settings(options, id)),
    () => new DataTree(text, version),
    timers,
    { syncLimit: options.syncLimit ?? 5, readOnlyMode: options.readOnlyMode ?? false }
  )

  const close = (id: number) =>
    Effect.suspend(() => {
      const listener = listeners.get(id)
      listeners.delete(id)
      return listener === undefined ? Effect.void : listener.close
    })
  const kill = (member: Member) =>
    Effect.andThen(
      Effect.sync(() => ensemble.kill(member)),
      close(member.id)
    )
  const lifetime = yield* Lifetime.make(Effect.forEach(ensemble.members.all, kill, { discard: true }))

  const handles = ensemble.members.all.map((member): ClusterServer => {
    const { gate, id, server } = member
    const port = ports.get(id)!
    const line = new FaultLine(timers, server.options.juteMaxBuffer)
    accepts.set(id, gate.wrap(line.wrap((peer) => server.accept(peer))))
    return {
      id,
      port,
      connectString: `127.0.0.1:${port}`,
      faults: line.handle,
      role: Effect.sync(() => (server.isStopped ? "stopped" : server.role)),
      lastZxid: Effect.sync(() => server.tree.lastZxid),
      sessions: Effect.sync(() => server.sessions),
      kill: lifetime.inTurn(kill(member)),
      restart: lifetime.whileOpen(
        Effect.gen(function* () {
          if (!server.isStopped) return
          if (options.listen !== "memory") yield* listen(id, port)
          ensemble.restart(member)
        })
      ),
      freeze: Effect.sync(() => ensemble.freeze(member)),
      resume: Effect.sync(() => ensemble.thaw(member)),
      cutClients: Effect.sync(() => gate.shut()),
      healClients: Effect.sync(() => gate.open()),
      lag: Effect.sync(() => ensemble.lag(member, true)),
      catchUp: Effect.sync(() => ensemble.lag(member, false)),
      dropConnections: Effect.sync(() => server.dropConnections())
    }
  })

  return {
    connectString: handles.map(({ connectString }) => connectString).join(","),
    servers: handles,
    transport: memory.transport(({ port }) => {
      const found = handles.find((handle) => handle.port === port)
      if (found === undefined || ensemble.members.find(routes.get(found.id)!).server.isStopped) return undefined
      return acceptAt(found.id)
    }),
    leader: Effect.sync(() => handles.find(({ id }) => id === ensemble.members.leader?.id)),
    partition: (...parts) => Effect.sync(() => ensemble.partition(parts)),
    heal: Effect.sync(() => ensemble.partition([])),
    reorderHosts: (...order) =>
      Effect.sync(() => {
        const servers = order.map((id) => ensemble.members.find(id).id)
        for (const [index, id] of ids.entries()) routes.set(id, servers[index] ?? id)
      }),
    expireSession: (sessionId) =>
      Effect.sync(() => {
        const { all, leader } = ensemble.members
        const member = all.find(({ server }) => server.isLocalSession(sessionId)) ?? leader
        member?.server.expire(sessionId)
      })
  }
})

/**
 * The cluster as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class TestCluster extends Context.Service<TestCluster, TestClusterShape>()(
  "@effect-zookeeper/testing/TestCluster"
) {}

/**
 * Starts a cluster with the layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<TestCluster> => Layer.effect(TestCluster, make(options))

/**
 * A cluster without ports, and the transport that leads to its servers.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options: Omit<Options, "listen"> = {}): Layer.Layer<TestCluster> =>
  Layer.provideMerge(
    Layer.effect(
      Transport,
      Effect.map(TestCluster, ({ transport }) => transport)
    ),
    layer({ ...options, listen: "memory" })
  )
