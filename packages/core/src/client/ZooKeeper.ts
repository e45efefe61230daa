/**
 * The service that applications inject: `ZooKeeper`, its layers and its scoped constructor.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { Options } from "../session/Options.ts"
import * as NativeSession from "../session/NativeSession.ts"
import * as Settings from "../session/settings.ts"
import { unwrap } from "./config.ts"
import { fromSession } from "./make.ts"
import type { ZooKeeper as Service } from "./Service.ts"

/**
 * The session of an application.
 *
 * @category models
 * @since 0.1.0
 */
export interface ZooKeeper extends Service {}

/**
 * The session of an application, as a service.
 *
 * @category services
 * @since 0.1.0
 */
export const ZooKeeper: Context.Service<ZooKeeper, ZooKeeper> = Context.Service<ZooKeeper>(
  "@effect-zookeeper/core/ZooKeeper"
)

/**
 * Opens a session for the life of the scope. Succeeds once a server has answered the handshake and every login.
 *
 * Fails with `ConnectFailed` after `connectTimeout`, naming every host that was tried and why; with `InvalidArgument` for
 * bad or unknown options, `AuthFailed` for a refused login, and `SessionExpired` for a session that is to be resumed and
 * is gone where `onExpired` is `fail`. Two calls are two sessions.
 *
 * When the scope closes, the session is closed on the server (its ephemeral nodes go at once) unless `release` is
 * `detach`; that takes at most `releaseTimeout`, and as long before it where something is being done in the background.
 *
 * ```ts run
 * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const zk = yield* ZooKeeper.make({ connect: "127.0.0.1:2181", sessionTimeout: "6 seconds" })
 *   yield* zk.create("/hello", "world")
 *   yield* Console.log(yield* zk.getString("/hello")) // => world
 *   yield* Console.log(zk.session.epoch, zk.session.state._tag) // => 1 Connected
 * }).pipe(Effect.scoped)
 *
 * await Effect.runPromise(program)
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<ZooKeeper, ZooKeeperError, Scope.Scope> {
  const session = yield* NativeSession.make(yield* Settings.check(options))
  return yield* fromSession(session, options)
})

/**
 * A session for the life of a layer; fails as {@link make} does. A layer that is provided in several places is built once:
 * for two sessions, make two layers.
 *
 * ```ts run
 * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const names = ZooKeeper.ZooKeeper.use((zk) => Effect.andThen(zk.ensurePath("/a/b"), zk.children("/a")))
 * const live = ZooKeeper.layer({ connect: "127.0.0.1:2181" })
 * const program = names.pipe(Effect.flatMap(Console.log), Effect.provide(live))
 *
 * await Effect.runPromise(program) // => [ 'b' ]
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<ZooKeeper, ZooKeeperError> =>
  Layer.effect(ZooKeeper, make(options))

/**
 * As {@link layer}, with options read from the Config: each option a `Config` of its type, or one `Config` for all of
 * them. A value that is no configuration is a `Config.succeed(value)`.
 *
 * ```ts
 * import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
 * import * as Config from "effect/Config"
 *
 * const live = ZooKeeper.layerConfig({
 *   connect: Config.String("ZK_CONNECT").pipe(Config.withDefault("127.0.0.1:2181")),
 *   sessionTimeout: Config.Duration("ZK_SESSION_TIMEOUT").pipe(Config.withDefault("10 seconds")),
 *   auth: Config.Redacted("ZK_PASSWORD").pipe(Config.map((credentials) => [{ scheme: "digest", credentials }])),
 *   onExpired: Config.succeed("fail")
 * })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<ZooKeeper, ZooKeeperError | Config.ConfigError> =>
  Layer.effect(ZooKeeper, Effect.flatMap(unwrap(options), make))

export type { Auth, Options } from "../session/Options.ts"
export type { Identity, Session, SessionInfo } from "../session/Session.ts"
export { defaultReconnect, defaultRetry } from "../session/settings.ts"
export { type Data, type Node, text } from "./Data.ts"
export * from "./Service.ts"
