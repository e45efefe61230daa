/**
 * A ZooKeeper server in this process: the real protocol over TCP and over memory, time from Effect's Clock, no Java.
 *
 * For development, demonstrations and tests. It keeps everything in memory and is never a store for production.
 *
 * @since 0.1.0
 */
import { formatHost } from "@effect-zookeeper/core/ConnectString"
import { Transport } from "@effect-zookeeper/core/Transport"
import type { Transport as TransportShape } from "@effect-zookeeper/core/Transport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Faults } from "./Faults.ts"
import { FaultLine } from "./internal/FaultLine.ts"
import * as memory from "./internal/memory.ts"
import * as Lifetime from "./internal/Lifetime.ts"
import type { Accept } from "./internal/Peer.ts"
import { type ServerOptions, settings } from "./internal/Settings.ts"
import * as Standalone from "./internal/Standalone.ts"
import * as tcp from "./internal/tcp.ts"
import * as Timers from "./internal/Timers.ts"

export type { ServerOptions } from "./internal/Settings.ts"

/**
 * How to start a server.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ServerOptions {
  /** `"memory"` opens no port: only {@link TestServer.transport} leads to the server. Default `"tcp"`, which has both. */
  readonly listen?: "tcp" | "memory" | undefined
  /** Default 0: any free port. In memory a name like any other, and 2181 for 0. */
  readonly port?: number | undefined
  /** The address to listen on. Default `127.0.0.1`; anything else lets other machines in. */
  readonly host?: string | undefined
}

/**
 * A running server and the handles to play its part in a test.
 *
 * @category models
 * @since 0.1.0
 */
export interface TestServerShape {
  /** What to give to a client: `127.0.0.1:port`, or `[::1]:port`. */
  readonly connectString: string
  readonly port: number
  /** Leads to this server without a socket, whatever name is asked for; works beside TCP. */
  readonly transport: TransportShape
  /** What goes wrong between this server and its clients. */
  readonly faults: Faults
  /** The sessions alive, local ones included. */
  readonly sessions: Effect.Effect<ReadonlyArray<bigint>>
  /** Watches of all connections, those for data and those for children. */
  readonly watchCount: Effect.Effect<number>
  /** Every path of the tree with its data, `/zookeeper` included. */
  readonly nodes: Effect.Effect<ReadonlyMap<string, Uint8Array | null>>
  /** The last transaction. */
  readonly lastZxid: Effect.Effect<bigint>
  /** Sets what a path's next sequential child is numbered with, to get near the wrap after 2147483647. */
  readonly setSequence: (path: string, next: number) => Effect.Effect<void>
  /** Sets the version of a node's data, to get near the wrap after 2147483647. */
  readonly setVersion: (path: string, version: number) => Effect.Effect<void>
  /** Ends a session as if its time were over: ephemerals go, its connection closes without a frame. */
  readonly expireSession: (sessionId: bigint) => Effect.Effect<void>
  /** Resets every connection; the sessions live on. */
  readonly dropConnections: Effect.Effect<void>
  /** Stands still, like a stopped process: accepts connections and answers nothing. */
  readonly freeze: Effect.Effect<void>
  /** Goes on. Sessions whose time passed meanwhile expire first, even if a ping of theirs waits (measured on 3.8.0). */
  readonly resume: Effect.Effect<void>
  /** Closes the port and all connections; tree and sessions stay, as on a disk. */
  readonly stop: Effect.Effect<void>
  /** Serves again, on the same port, until the scope closes. Every session gets its whole timeout anew. */
  readonly start: Effect.Effect<void>
}

/** The name of a server that has no port. */
const MEMORY_PORT = 2181

/**
 * Starts a server that lives as long as the scope. Nothing is left open afterwards.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<TestServerShape, never, Scope.Scope> {
  const timers = yield* Timers.make
  const { duties, server } = Standalone.make(settings(options, 1), timers)
  const line = new FaultLine(timers, server.options.juteMaxBuffer)
  const accept: Accept = line.wrap((peer) => server.accept(peer))
  const host = options.host ?? "127.0.0.1"
  const open = (port: number) => tcp.listen(host, port, accept)
  let listener = options.listen === "memory" ? undefined : yield* open(options.port ?? 0)
  const port = listener?.port ?? (options.port || MEMORY_PORT)

  const stop = Effect.gen(function* () {
    server.isStopped = true
    duties.stop()
    server.dropConnections()
    if (listener !== undefined) yield* listener.close
    listener = undefined
  })
  const start = Effect.gen(function* () {
    if (!server.isStopped) return
    if (options.listen !== "memory") listener = yield* open(port)
    // A process that begins does not stand still, whatever the one before it did.
    server.isFrozen = false
    server.isStopped = false
    // Local sessions were in its memory only.
    server.local.clear()
    server.tracker.clear()
    for (const [id, timeOut] of server.tree.sessions) server.tracker.add(id, timeOut, timers.now())
    server.arm()
  })
  const lifetime = yield* Lifetime.make(stop)
  const existing = (method: string, path: string) => {
    const node = server.tree.get(path)
    if (node === undefined) throw new RangeError(`${method}: there is no node '${path}', create it first`)
    return node
  }

  return {
    connectString: formatHost({ host, port }),
    port,
    transport: memory.transport(() => (server.isStopped ? undefined : accept)),
    faults: line.handle,
    sessions: Effect.sync(() => server.sessions),
    watchCount: Effect.sync(() => server.watchCount()),
    nodes: Effect.sync(() => new Map([...server.tree.nodes].map(([path, { data }]) => [path, data] as const))),
    lastZxid: Effect.sync(() => server.tree.lastZxid),
    setSequence: (path, next) =>
      Effect.sync(() => {
        existing("setSequence", path).cversion = next | 0
      }),
    setVersion: (path, version) =>
      Effect.sync(() => {
        existing("setVersion", path).version = version | 0
      }),
    expireSession: (sessionId) => Effect.sync(() => server.expire(sessionId)),
    dropConnections: Effect.sync(() => server.dropConnections()),
    freeze: Effect.sync(() => server.freeze()),
    resume: Effect.sync(() => {
      server.isFrozen = false
      duties.perform()
      server.thaw()
    }),
    stop: lifetime.inTurn(stop),
    start: lifetime.whileOpen(start)
  }
})

/**
 * The server as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class TestServer extends Context.Service<TestServer, TestServerShape>()(
  "@effect-zookeeper/testing/TestServer"
) {}

/**
 * Starts a server with the layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<TestServer> => Layer.effect(TestServer, make(options))

/**
 * Makes every client of the layer talk to the {@link TestServer} without a socket.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerTransport: Layer.Layer<never, never, TestServer> = Layer.effect(
  Transport,
  Effect.map(TestServer, ({ transport }) => transport)
)

/**
 * A server without a port, and the transport that leads to it: all that a test with a virtual clock needs.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options: Omit<Options, "listen"> = {}): Layer.Layer<TestServer> =>
  Layer.provideMerge(layerTransport, layer({ ...options, listen: "memory" }))
