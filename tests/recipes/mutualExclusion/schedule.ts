/** One random schedule of faults on a virtual cluster, judged; a failing one is tried again with fewer faults. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { queue } from "../support.ts"
import { cause, type Player, type Stage } from "./causeFault.ts"
import { ClientProcess } from "./ClientProcess.ts"
import * as Contender from "./contender.ts"
import { plan, type Step, tell } from "./plan.ts"
import { randomOf } from "./randomOf.ts"
import { type Recipe, type RecipeName, recipes } from "./recipes.ts"
import { Witness } from "./testimony.ts"
import { judge, type Verdict } from "./verdict.ts"

const CLIENTS = 5
export const SESSION_TIMEOUT = 4000
export const SHAPE = { steps: 8, servers: 3, clients: CLIENTS, length: 12_000, longest: 9000 }

/** In some of them the followers wait for a leader that stands still for longer than a session lives. */
const syncLimitOf = (seed: number) => (seed % 3 === 0 ? 20 : 5)

/** What came of a schedule: `refused` are guarded writes of those who held no more. */
export interface Outcome extends Verdict {
  readonly refused: number
}

/** Lets virtual time pass while something is done: whoever asks may have to connect again first. */
export const driven = Effect.fnUntraced(function* <A, E>(effect: Effect.Effect<A, E>): Effect.fn.Return<A, E> {
  const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
  while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust(10)
  return yield* Fiber.join(fiber)
})

/** Lets virtual time pass until something is so, at most so many times half a second; whether it is. */
export const until = Effect.fnUntraced(function* <E>(
  isSo: Effect.Effect<boolean, E>,
  most: number
): Effect.fn.Return<boolean, E> {
  for (let left = most; left > 0 && !(yield* driven(isSo)); left--) yield* TestClock.adjust(500)
  return yield* driven(isSo)
})

const enter = Effect.fnUntraced(function* (
  seed: number,
  index: number,
  connect: string,
  recipe: Recipe,
  witness: Witness
) {
  const name = `client ${index}`
  const process = new ClientProcess()
  // Odd seeds trust the leader's word, even ones the quorum's only.
  const confirm = seed % 2 === 0 ? ("quorum" as const) : ("sync" as const)
  const zk = yield* process.run(ZooKeeper.make({ connect, sessionTimeout: SESSION_TIMEOUT, confirm }))
  const random = randomOf(seed * CLIENTS + index)
  const take = yield* process.run(recipe.make(zk))
  const isExclusive = recipe.atATime === 1 && recipe.isNamedAlone
  const contender = {
    name,
    zk,
    take,
    witness,
    random,
    isExclusive,
    pause: () => 20 + random(400),
    linger: () => 1000 + random(9000)
  }
  return { player: { name, process, zk, trustsSync: confirm === "sync" } satisfies Player, contender }
})

/** Lets the planned faults happen, each for its time. */
export const perform = Effect.fnUntraced(function* (stage: Stage, steps: ReadonlyArray<Step>) {
  const begin = yield* Clock.currentTimeMillis
  const due: Array<{ readonly at: number; readonly run: Effect.Effect<void> }> = steps.map((step) => ({
    at: step.from,
    run: Effect.map(cause(stage, step), ({ undo }) => void due.push({ at: step.to, run: undo }))
  }))
  while (due.length > 0) {
    due.sort((a, b) => a.at - b.at)
    const next = due.shift()!
    yield* TestClock.adjust(Math.max(0, begin + next.at - (yield* Clock.currentTimeMillis)))
    yield* next.run
  }
  for (const server of stage.cluster.servers) yield* server.faults.clear
})

const play = Effect.fnUntraced(function* (recipe: Recipe, seed: number, steps: ReadonlyArray<Step>) {
  const cluster = yield* TestCluster.TestCluster
  const clock = yield* Clock.Clock
  const times: Array<number> = []
  const witness = yield* Witness.make(() => times.push(clock.currentTimeMillisUnsafe()) - 1)
  const observer = yield* ZooKeeper.make({ connect: cluster.connectString, sessionTimeout: "60 seconds" })
  for (const node of Contender.nodes) yield* observer.create(node)
  const all = yield* Effect.forEach(Array(CLIENTS).keys(), (index) =>
    enter(seed, index, cluster.connectString, recipe, witness)
  )
  const loops = yield* Effect.forEach(all, ({ contender, player }) =>
    Effect.forkChild(player.process.run(Contender.run(contender)))
  )
  const players = all.map(({ player }) => player)
  yield* perform(
    {
      cluster,
      observer,
      players,
      witness,
      isNamedAlone: recipe.isNamedAlone,
      syncLimit: syncLimitOf(seed),
      thawedAt: new Map(),
      troubled: new Set()
    },
    steps
  )
  const before = witness.entered
  const goesOn = yield* until(
    Effect.sync(() => witness.entered >= before + CLIENTS),
    120
  )
  if (!goesOn) witness.problems.push(`only ${witness.entered - before} holds in a minute after the last fault`)
  yield* Effect.forkChild(Effect.forEach(loops, Fiber.interrupt, { concurrency: "unbounded", discard: true }))
  for (const below of recipe.below) {
    const isEmpty = yield* until(
      Effect.map(queue(observer, below), ({ length }) => length === 0),
      60
    )
    if (!isEmpty) witness.problems.push(`left behind below ${below}: ${(yield* driven(queue(observer, below))).join()}`)
  }
  const testimony = yield* witness.testimony
  const timeOf = (moment: number) => `${((times[moment] ?? NaN) / 1000).toFixed(3)} s (${moment})`
  return { ...judge(testimony, recipe.atATime, timeOf), refused: testimony.refused }
})

const attempt = (recipe: Recipe, seed: number, steps: ReadonlyArray<Step>): Effect.Effect<Outcome, unknown> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const outcome = yield* Effect.exit(Scope.provide(play(recipe, seed, steps), scope))
    // Sessions that are cut off are closed for as long as that may take.
    yield* driven(Scope.close(scope, outcome))
    return yield* outcome
  }).pipe(
    Random.withSeed(`${seed}`),
    Effect.provide(TestCluster.layerMemory({ syncLimit: syncLimitOf(seed) }), { local: true })
  )

/** Leaves out every fault without which it fails all the same. */
const shrink = Effect.fnUntraced(function* (recipe: Recipe, seed: number, steps: ReadonlyArray<Step>) {
  let least = steps
  for (const step of steps) {
    const less = least.filter((other) => other !== step)
    if ((yield* attempt(recipe, seed, less)).problems.length > 0) least = less
  }
  return least
})

/** Dies with all that is known of it when something was not as it must be. */
export const run = Effect.fnUntraced(function* (name: RecipeName, seed: number) {
  const recipe = recipes[name]
  const steps = plan(randomOf(seed), SHAPE).toSorted((a, b) => a.from - b.from)
  const outcome = yield* attempt(recipe, seed, steps)
  if (outcome.problems.length === 0) return outcome
  const least = yield* shrink(recipe, seed, steps)
  const { problems } = yield* attempt(recipe, seed, least)
  const told = [
    `${name}, seed ${seed}: ${outcome.problems.join("\n  ")}`,
    `  the faults:\n${steps.map(tell).join("\n")}`,
    `  with these alone:\n${least.map(tell).join("\n")}\n  ${problems.join("\n  ")}`,
    `  once more: SCHEDULE=${name}:${seed}`
  ]
  return yield* Effect.die(new Error(told.join("\n")))
})
