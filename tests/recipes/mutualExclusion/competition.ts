/** A client of a real ensemble that contends for everything at once, as it does in each process that takes part. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Contender from "./contender.ts"
import { randomOf } from "./randomOf.ts"
import { type RecipeName, recipes } from "./recipes.ts"
import { type Testimony, Witness } from "./testimony.ts"

export const SESSION_TIMEOUT = 3000

/** What is contended for, each below a path of its own. */
export const names = ["lock", "election"] as const satisfies ReadonlyArray<RecipeName>

type Name = (typeof names)[number]

/** Monotonic, and the same in all processes of a machine. */
const moment = (): number => Number(process.hrtime.bigint())

export const inSeconds = (moment: number): string => `${(moment / 1e9).toFixed(3)} s`

export type Witnesses = Readonly<Record<Name, Witness>>

export const witnesses: Effect.Effect<Witnesses> = Effect.all({
  lock: Witness.make(moment),
  election: Witness.make(moment)
})

export const testimonies = (all: Witnesses): Effect.Effect<Readonly<Record<Name, Testimony>>> =>
  Effect.all({ lock: all.lock.testimony, election: all.election.testimony })

/** The work of a process whose event loop stands still is not covered, whatever the reason. */
const LONGEST_TURN = 250

/** Looks at how long the turns of this process take, for as long as the scope lasts. */
export const watchTurns = (clients: ReadonlyArray<string>, all: Witnesses): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => {
        let last = moment()
        return setInterval(() => {
          const [from, to] = [last, moment()]
          last = to
          if (to - from < LONGEST_TURN * 1e6) return
          const entries = clients.map((process) => ({ process, from, to, why: "it stood still" }))
          for (const name of names) all[name].uncovered.push(...entries)
        }, 20)
      }),
      (timer) => Effect.sync(() => clearInterval(timer))
    )
  )

/** Contends until it is interrupted. */
export const compete = Effect.fnUntraced(function* (
  zk: ZooKeeper,
  client: string,
  seed: number,
  all: Witnesses,
  onHeld: Effect.Effect<void> = Effect.void
): Effect.fn.Return<ReadonlyArray<Fiber.Fiber<never>>, unknown, Scope.Scope> {
  return yield* Effect.forEach(names, (name) =>
    Effect.gen(function* () {
      const view = zk.namespace(`/${name}`)
      const take = yield* recipes[name].make(view)
      const random = randomOf(seed)
      return yield* Effect.forkScoped(
        Contender.run({
          name: client,
          zk: view,
          take: (work) => take((held) => Effect.andThen(onHeld, work(held))),
          witness: all[name],
          random,
          isExclusive: true,
          pause: () => 10 + random(100),
          linger: () => random(3 * SESSION_TIMEOUT)
        })
      )
    })
  )
})
