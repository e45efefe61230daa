/**
 * The service that applications inject: `ZooKeeper`, its layers and its scoped constructor.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { ZooKeeperError } from "../model/ZooKeeperError.ts"
import type { Options } from "../session/Options.ts"
import * as NativeSession from "../session/NativeSession.ts"
import * as Settings from "../session/settings.ts"
import { fromSession } from "./make.ts"
import type { ZooKeeper as Service } from "./Service.ts"

export type { Auth, Options } from "../session/Options.ts"
export type {
  ChildrenChange,
  CreateOptions,
  DataChange,
  DeleteOptions,
  ExistsChange,
  Once,
  ReconfigOptions,
  VersionOption,
  WatchElement,
  WatchOptions
} from "./Service.ts"

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
 * Opens a session for the life of the scope. Succeeds once a server has answered the handshake and every login; fails
 * after `connectTimeout` with every host that was tried and why.
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
 * A session for the life of a layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<ZooKeeper, ZooKeeperError> =>
  Layer.effect(ZooKeeper, make(options))

/**
 * As {@link layer}, with options read from the Config.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<ZooKeeper, ZooKeeperError | Config.ConfigError> =>
  Layer.effect(ZooKeeper, Effect.flatMap(Config.unwrap(options), make))

export { type Data, type Node, text } from "./Data.ts"
export * from "./Service.ts"
