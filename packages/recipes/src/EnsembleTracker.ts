/**
 * A session that learns of new servers: it goes on with those that the ensemble's configuration names, whenever that
 * changes.
 *
 * @since 0.1.0
 */
import { type Node, text, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { begin } from "./internal/begin.ts"
import { hostsOf } from "./internal/ensemble.ts"
import { inScopeOfItsOwn } from "./internal/inScopeOfItsOwn.ts"

/**
 * Where clients connect, by the configuration of an ensemble (`zk.config`): `host:port` of every server that says so, in its
 * order. A server that listens at every address of its machine is named by the host at which the other servers reach it.
 *
 * ```ts
 * import * as EnsembleTracker from "@effect-zookeeper/recipes/EnsembleTracker"
 *
 * const config = "server.1=zk1:2888:3888:participant;0.0.0.0:2181\nserver.2=zk2:2888:3888:observer;2181\nversion=100000000"
 * console.log(EnsembleTracker.hosts({ data: new TextEncoder().encode(config) }).join()) // => zk1:2181,zk2:2181
 * ```
 *
 * @category getters
 * @since 0.1.0
 */
export const hosts = (config: Pick<Node, "data">): ReadonlyArray<string> => hostsOf(text(config))

/**
 * Follows the configuration until the scope closes, and gives its hosts to the session (`setHosts`): that keeps its
 * connection where the server is still one of them, and its ephemeral nodes and watches in any case. Returns once the present
 * configuration was heeded. One that names no address for clients changes nothing: of a server that stands alone, and of
 * those that were set up as before 3.5.
 *
 * The addresses must be ones that this program can reach, which behind a proxy or in containers they may not be, nor over
 * TLS where that has a port of its own: only the plain one is read. Goes on through disconnects and expiry. Fails with
 * `NoAuth` where the configuration may not be read, and with `Unsupported` over an adopted client. When it cannot be
 * followed any longer a warning says so, and the hosts stay as they are.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<void, ZooKeeperError, ZooKeeper | Scope.Scope> = inScopeOfItsOwn(
  Effect.gen(function* () {
    const zk = yield* ZooKeeper
    let heeded = ""
    const heed = (config: Node) =>
      Effect.suspend(() => {
        const connect = hosts(config).join(",")
        if (connect === "" || connect === heeded) return Effect.void
        heeded = connect
        return Effect.andThen(Effect.logDebug(`the ensemble is ${connect}`), zk.setHosts(connect))
      })
    yield* begin<ZooKeeperError>(
      (begun) =>
        Stream.runForEach(zk.changes.config(), ({ node }) =>
          Effect.andThen(Option.isSome(node) ? heed(node.value) : Effect.void, begun)
        ),
      (cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.void
          : Effect.logWarning(`The servers of the ensemble are followed no more: ${String(Cause.squash(cause))}`)
    )
  })
)

/**
 * Follows the configuration for the life of the layer, beside whatever else uses the session.
 *
 * ```ts
 * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
 * import * as EnsembleTracker from "@effect-zookeeper/recipes/EnsembleTracker"
 * import * as Layer from "effect/Layer"
 *
 * const live = EnsembleTracker.layer.pipe(Layer.provideMerge(ZooKeeper.layer({ connect: "zk1:2181,zk2:2181" })))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, ZooKeeperError, ZooKeeper> = Layer.effectDiscard(make)
