/**
 * One instance of a service, chosen again and again among those that are there.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { CacheFailure } from "./Cache.ts"
import type { ServiceInstance } from "./ServiceInstance.ts"

/**
 * How to choose: `round-robin` takes one after the other, from anywhere on; `random` any; `sticky` any, and then the same
 * one for as long as it may be chosen.
 *
 * @category options
 * @since 0.1.0
 */
export type Strategy = "round-robin" | "random" | "sticky"

/**
 * When an instance is left out for errors that this provider was told of, however it stands in ZooKeeper.
 *
 * @category options
 * @since 0.1.0
 */
export interface DownPolicy {
  /** So many errors, at least 1. Default 2. */
  readonly errors?: number | undefined
  /** Within this time; and it is left out until so long after the last of them. Default 30 seconds. */
  readonly within?: Duration.Input | undefined
}

/**
 * How to choose, and among which.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<P = unknown> {
  /** Default `round-robin`. */
  readonly strategy?: Strategy | undefined
  /** Default: 2 errors within 30 seconds. */
  readonly down?: DownPolicy | undefined
  /** Whether an instance may be chosen. Default: every one that is enabled and not down. */
  readonly filter?: ((instance: ServiceInstance<P>) => boolean) | undefined
}

/**
 * Chooses among the instances of a service, which it follows until the end of its scope; then whoever asks is interrupted.
 *
 * Without a connection these are the ones that were seen last. Nothing is asked of a server to choose one. Fails with what
 * `observe` of the discovery fails with, for good.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceProvider<P = unknown> {
  /** The one whose turn it is; none when there is none to choose. Waits until the instances were read once. */
  readonly instance: Effect.Effect<Option.Option<ServiceInstance<P>>, CacheFailure>
  /** All that may be chosen, by the names of their nodes: enabled, not down, let through by the `filter`. */
  readonly instances: Effect.Effect<ReadonlyArray<ServiceInstance<P>>, CacheFailure>
  /** Tells of an error in using an instance. */
  readonly noteError: (instance: ServiceInstance<P>) => Effect.Effect<void>
}
