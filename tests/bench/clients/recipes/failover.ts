/** From the end of a leader to the next one's lead: it closes its session in order, or vanishes and its session expires. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Election from "@effect-zookeeper/recipes/Election"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { paths, type Result, SHORTEST_SESSION, type Spec } from "../../spec.ts"

/** A candidate with a session of its own. */
const candidate = Effect.fnUntraced(function* (spec: Spec, vanishes: boolean) {
  const scope = yield* Scope.make()
  const outer = yield* Effect.scope
  const zk = yield* Scope.provide(
    ZooKeeper.make({
      connect: spec.connect,
      ...(vanishes ? { release: "detach", sessionTimeout: SHORTEST_SESSION } : {})
    }),
    scope
  )
  // Who vanishes does not give back its lead: it is not in the scope of the session.
  const place = vanishes ? outer : scope
  const using = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provideService(effect, ZooKeeper.ZooKeeper, zk)
  const election = yield* Scope.provide(using(Election.make({ path: paths.election })), place)
  const leads = Deferred.makeUnsafe<number>()
  yield* Effect.forkIn(
    Effect.andThen(
      Scope.provide(election.acquire, place),
      Effect.sync(() =>
        Deferred.doneUnsafe(
          leads,
          Effect.sync(() => performance.now())
        )
      )
    ),
    place
  )
  return {
    isIn: Stream.runDrain(Stream.takeUntil(election.roles, (role) => role !== "Unknown")),
    leads: Deferred.await(leads),
    end: Scope.close(scope, Exit.void)
  }
})

export const run = (spec: Spec): Effect.Effect<Result, unknown> =>
  Effect.scoped(
    Effect.gen(function* () {
      const vanishes = spec.workload === "failoverExpiry"
      const taken: Array<number> = []
      const begun = performance.now()
      // One expiry takes seconds; of the others the first ones are slow because their code is new.
      const warmUntil = begun + (vanishes ? 0 : spec.warmMillis)
      const until = begun + (vanishes ? 0 : spec.warmMillis + spec.millis)
      let leader = yield* candidate(spec, vanishes)
      yield* leader.leads
      while (taken.length === 0 || performance.now() < until) {
        const next = yield* candidate(spec, vanishes)
        yield* next.isIn
        const from = performance.now()
        yield* Effect.forkChild(leader.end)
        yield* next.leads
        if (from >= warmUntil) taken.push((performance.now() - from) * 1000)
        leader = next
      }
      taken.sort((a, b) => a - b)
      const micros = taken.reduce((sum, each) => sum + each, 0)
      return { ops: taken.length, micros, cpuMicros: 0, p50: taken[taken.length >> 1]! }
    })
  )
