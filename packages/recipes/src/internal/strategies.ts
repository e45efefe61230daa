/** How one of several instances is chosen, again and again. */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { ServiceInstance } from "../ServiceInstance.ts"
import type { Strategy } from "../ServiceProvider.ts"
import { keyOf } from "./downInstances.ts"

export type Choose = <P>(instances: Arr.NonEmptyReadonlyArray<ServiceInstance<P>>) => Effect.Effect<ServiceInstance<P>>

/** From anywhere on: else all who have just started would go to the same one. */
const roundRobin = (): Choose => {
  let turn: number | undefined
  return (instances) =>
    Effect.map(Random.nextIntBetween(0, instances.length, { halfOpen: true }), (first) => {
      turn ??= first
      return instances[turn++ % instances.length]!
    })
}

const random = (): Choose => (instances) => Random.choice(instances)

const sticky = (): Choose => {
  let key: string | undefined
  return (instances) =>
    Effect.map(Random.choice(instances), (another) => {
      const chosen = instances.find((instance) => keyOf(instance) === key) ?? another
      key = keyOf(chosen)
      return chosen
    })
}

/** Each makes one that begins anew. */
export const strategies: Readonly<Record<Strategy, () => Choose>> = { "round-robin": roundRobin, random, sticky }
