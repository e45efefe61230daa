/** Schedules whose outcome needs no judge of holders: what is played says itself what was not as it must be. */
import * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import type { Stage } from "./causeFault.ts"
import { plan, type Shape, type Step, tell } from "./plan.ts"
import { randomOf } from "./randomOf.ts"
import { driven } from "./schedule.ts"

const SYNC_LIMIT = 5

/** A stage on which nothing has happened yet. */
export const stageOf = (those: Pick<Stage, "cluster" | "observer" | "players" | "witness">): Stage => ({
  ...those,
  isNamedAlone: true,
  syncLimit: SYNC_LIMIT,
  thawedAt: new Map(),
  troubled: new Set()
})

/** Plays the schedule of a seed. Dies with all that is known of it when something was not as it must be. */
export const playing =
  <A extends { readonly problems: ReadonlyArray<string> }, E>(
    name: string,
    shape: Shape,
    play: (seed: number, steps: ReadonlyArray<Step>) => Effect.Effect<A, E, TestCluster.TestCluster | Scope.Scope>
  ) =>
  (seed: number): Effect.Effect<A, E> =>
    Effect.gen(function* () {
      const steps = plan(randomOf(seed), shape).toSorted((a, b) => a.from - b.from)
      const scope = yield* Scope.make()
      const exit = yield* Effect.exit(Scope.provide(play(seed, steps), scope))
      // Sessions that are cut off are closed for as long as that may take.
      yield* driven(Scope.close(scope, exit))
      const outcome = yield* exit
      if (outcome.problems.length === 0) return outcome
      const told = [`seed ${seed}: ${outcome.problems.join("\n  ")}`, ...steps.map(tell)]
      return yield* Effect.die(new Error([...told, `  once more: SCHEDULE=${name}:${seed}`].join("\n")))
    }).pipe(
      Random.withSeed(`${seed}`),
      Effect.provide(TestCluster.layerMemory({ syncLimit: SYNC_LIMIT }), { local: true })
    )
