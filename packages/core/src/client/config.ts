/**
 * Options out of the Config. The module is loaded when a layer asks for it: with the Schemas behind it, it takes as much
 * memory as the whole client, and who wants no Config shall not pay for it.
 */
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"

/** What stands in the Config for options that are Configs, one by one or all in one. */
export const unwrap = <A>(options: Config.Wrap<A>): Effect.Effect<A, Config.ConfigError> =>
  Effect.flatMap(
    Effect.promise(() => import("effect/Config")),
    (Config) => Config.unwrap(options)
  )
