/**
 * Recipes as services: a class that an application names, with the layers that provide it.
 *
 * @since 0.1.0
 */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/**
 * The class of a recipe's service. An application may have several of one kind, each under a name of its own.
 *
 * @category models
 * @since 0.1.0
 */
export interface RecipeClass<Self, Id extends string, Options, Shape> extends Context.ServiceClass<Self, Id, Shape> {
  /** The recipe with the options of the class, for the life of the layer. */
  readonly layer: Layer.Layer<Self, ZooKeeperError, ZooKeeper>
  /** As `layer`, with some options from the Config, which go before those of the class. */
  readonly layerConfig: (
    options: Config.Wrap<Partial<Options>>
  ) => Layer.Layer<Self, ZooKeeperError | Config.ConfigError, ZooKeeper>
}

/**
 * What makes such classes: `class Jobs extends Election.Service<Jobs>()("app/Jobs", { path: "/jobs" }) {}`.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceFactory<Options, Shape> {
  <Self>(): <const Id extends string>(
    id: Id,
    ...options: {} extends Options ? [options?: Options] : [options: Options]
  ) => RecipeClass<Self, Id, Options, Shape>
}

/** Loads the Config where it is asked for: with its Schemas it takes as much memory as all recipes (core does the same). */
const unwrap = <A>(options: Config.Wrap<A>): Effect.Effect<A, Config.ConfigError> =>
  Effect.flatMap(
    Effect.promise(() => import("effect/Config")),
    (Config) => Config.unwrap(options)
  )

/**
 * The factory for a recipe that `make` makes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const factory = <Options extends object, Shape>(
  make: (options: Options) => Effect.Effect<Shape, ZooKeeperError, ZooKeeper | Scope.Scope>
): ServiceFactory<Options, Shape> => {
  return <Self>() =>
    <const Id extends string>(id: Id, ...given: {} extends Options ? [options?: Options] : [options: Options]) => {
      // Left out only where every option may be.
      const options = given[0] ?? ({} as Options)
      const tag = Context.Service<Self, Shape>()(id)
      return Object.assign(tag, {
        layer: Layer.effect(tag, make(options)),
        layerConfig: (over: Config.Wrap<Partial<Options>>) =>
          Layer.effect(
            tag,
            Effect.flatMap(unwrap(over), (found) => make({ ...options, ...(found as Partial<Options>) }))
          )
      })
    }
}
