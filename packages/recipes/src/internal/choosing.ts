/** A provider over the states of a service. */
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CacheFailure } from "../Cache.ts"
import type { ServiceInstance } from "../ServiceInstance.ts"
import type { Options, ServiceProvider } from "../ServiceProvider.ts"
import { begin } from "./begin.ts"
import { DownInstances } from "./downInstances.ts"
import { inScopeOfItsOwn } from "./inScopeOfItsOwn.ts"
import { checkCount, checkDuration } from "./invalid.ts"
import { latest } from "./latest.ts"
import { strategies } from "./strategies.ts"

/** Milliseconds that no change of the wall clock moves. */
const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

/** Follows the states until the scope closes; returns before the first one. */
export const choosing = Effect.fnUntraced(function* <P>(
  path: string,
  states: Stream.Stream<ReadonlyArray<ServiceInstance<P>>, CacheFailure>,
  options: Options<P>
): Effect.fn.Return<ServiceProvider<P>, ZooKeeperError, Scope.Scope> {
  const { down = {}, filter = () => true, strategy = "round-robin" } = options
  const { errors = 2, within = "30 seconds" } = down
  yield* checkCount("provider", path, "errors", errors)
  const time = yield* checkDuration("provider", path, "within", within)
  const newest = yield* latest<ReadonlyArray<ServiceInstance<P>>, CacheFailure>()
  const follow = Stream.runForEach(states, newest.tell)
  // It cannot fail before it has begun.
  yield* Effect.orDie(begin<CacheFailure>((begun) => Effect.andThen(begun, follow), newest.end))
  const isDown = new DownInstances(errors, Duration.toMillis(time))
  const choose = strategies[strategy]()
  const instances = Effect.map(Effect.zip(newest.current, now), ([all, at]) =>
    all.filter((instance) => instance.enabled && !isDown.isDown(instance, at) && filter(instance))
  )
  return {
    instances,
    instance: Effect.flatMap(instances, (some) =>
      Arr.isReadonlyArrayNonEmpty(some) ? Effect.asSome(choose(some)) : Effect.succeedNone
    ),
    noteError: (instance) => Effect.map(now, (at) => isDown.note(instance, at))
  }
}, inScopeOfItsOwn)
