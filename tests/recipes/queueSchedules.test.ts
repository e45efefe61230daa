/**
 * Producers and consumers of a queue through random schedules of faults on an in-process cluster with a virtual clock: what
 * was put in is consumed once, none before its time, and nothing is lost. `SCHEDULE=queue:17` runs one of them.
 */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type { Applied } from "@effect-zookeeper/testing/History"
import * as DelayQueue from "@effect-zookeeper/recipes/DelayQueue"
import type { Item, Items } from "@effect-zookeeper/recipes/Item"
import * as Queue from "@effect-zookeeper/recipes/Queue"
import * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import { ClientProcess } from "./mutualExclusion/ClientProcess.ts"
import { plan, tell } from "./mutualExclusion/plan.ts"
import { randomOf } from "./mutualExclusion/randomOf.ts"
import { driven, perform, until } from "./mutualExclusion/schedule.ts"
import { Witness } from "./mutualExclusion/testimony.ts"
import { type Client, queue as names, using } from "./support.ts"

const CLIENTS = 4
const ITEMS = 12
const SHAPE = { steps: 8, servers: 3, clients: CLIENTS, length: 12_000, longest: 9000 }
const path = "/recipe"
/** What was done with an item, in one transaction with its consumption. */
const DONE = "/done"

type Random = ReturnType<typeof randomOf>

interface Kind {
  readonly schedules: number
  /** Where the items stand, and what is gone when nobody is at work. */
  readonly entries: string
  readonly beside: ReadonlyArray<string>
  readonly make: Effect.Effect<Items<any>, ZooKeeperError, ZooKeeper.ZooKeeper>
  /** How an item is put in. */
  readonly how: (random: Random) => ReadonlyArray<unknown>
}

const kinds = {
  queue: {
    schedules: 60,
    entries: `${path}/entries`,
    beside: [`${path}/taken`, `${path}/waiting`, `${path}/receipts`],
    make: Queue.make({ path, dialect: "kazoo" }),
    how: () => []
  },
  delayQueue: {
    schedules: 30,
    entries: path,
    beside: [`${path}-locks/waiting`, `${path}-locks/receipts`],
    make: DelayQueue.make({ path }),
    how: (random) => [{ after: random(3000) }]
  }
} as const satisfies Record<string, Kind>

/** What its clients know of an item. */
interface Story {
  offered: Applied | "yes"
  taken: number
  consumed: number
}

const enter = Effect.fnUntraced(function* (
  kind: Kind,
  seed: number,
  index: number,
  connect: string,
  witness: Witness,
  stories: Map<string, Story>
) {
  const name = `client ${index}`
  const process = new ClientProcess()
  const zk: Client = yield* process.run(ZooKeeper.make({ connect, sessionTimeout: 4000 }))
  const random = randomOf(seed * CLIENTS + index)
  const queue = yield* process.run(using(zk)(kind.make))
  const storyOf = (id: string) => stories.get(id)!
  const produce = Effect.gen(function* () {
    for (let item = 0; item < ITEMS; item++) {
      yield* Effect.sleep(random(2000))
      const id = `${index}.${item}`
      const story: Story = { offered: "unknown", taken: 0, consumed: 0 }
      stories.set(id, story)
      story.offered = yield* Effect.match(queue.offer(id, ...kind.how(random)), {
        onSuccess: () => "yes" as const,
        onFailure: ({ applied }) => applied
      })
    }
  })
  const work = (item: Item & Partial<DelayQueue.Due>) =>
    Effect.gen(function* () {
      const id = ZooKeeper.text(item)
      const early = item.due === undefined ? 0 : DateTime.toEpochMillis(item.due) - (yield* Clock.currentTimeMillis)
      if (early > 0) witness.problems.push(`${name}: has ${id} ${early} ms before its time`)
      storyOf(id).taken++
      witness.holding.set(name, item.node)
      yield* Effect.sleep(random(600))
      // Some fail, and so have nothing done.
      if (random(5) === 0) return yield* Effect.fail("no")
      yield* item.consume(Op.create(`${DONE}/entry-`, id, { mode: "persistentSequential" }))
      storyOf(id).consumed++
    }).pipe(Effect.ensuring(Effect.sync(() => witness.holding.delete(name))))
  const once = Effect.onExit(queue.withItem(work), (exit) =>
    Effect.sync(() => {
      if (Exit.isFailure(exit) && Cause.hasDies(exit.cause))
        witness.problems.push(`${name}: ${Cause.pretty(exit.cause)}`)
    })
  )
  const consume = Effect.forever(Effect.andThen(Effect.ignore(once), Effect.sleep("20 millis")))
  return { player: { name, process, zk, trustsSync: true }, produce, consume, queue }
})

const play = Effect.fnUntraced(function* (kindName: string, kind: Kind, seed: number) {
  const cluster = yield* TestCluster.TestCluster
  let moments = 0
  const witness = yield* Witness.make(() => moments++)
  const observer = yield* ZooKeeper.make({ connect: cluster.connectString, sessionTimeout: "60 seconds" })
  yield* observer.create(DONE)
  const stories = new Map<string, Story>()
  const all = yield* Effect.forEach(Array(CLIENTS).keys(), (index) =>
    enter(kind, seed, index, cluster.connectString, witness, stories)
  )
  const producing = yield* Effect.forEach(all, ({ player, produce }) => Effect.forkChild(player.process.run(produce)))
  const consuming = yield* Effect.forEach(all, ({ consume, player }) => Effect.forkChild(player.process.run(consume)))
  const steps = plan(randomOf(seed), SHAPE).toSorted((a, b) => a.from - b.from)
  const players = all.map(({ player }) => player)
  yield* perform(
    {
      cluster,
      observer,
      players,
      witness,
      isNamedAlone: false,
      syncLimit: 5,
      thawedAt: new Map(),
      troubled: new Set()
    },
    steps
  )
  const problems = witness.problems
  const isProduced = yield* until(
    Effect.sync(() => producing.every((fiber) => fiber.pollUnsafe() !== undefined)),
    240
  )
  if (!isProduced) problems.push("somebody still puts items in two minutes after the last fault")
  const isEmpty = yield* until(
    Effect.map(names(observer, kind.entries), ({ length }) => length === 0),
    240
  )
  if (!isEmpty) problems.push("the queue is not empty two minutes after the last fault")
  const ending = Effect.forEach([...producing, ...consuming], Fiber.interrupt, { concurrency: "unbounded" })
  yield* Effect.forkChild(ending)
  for (const below of kind.beside) {
    const isGone = yield* until(
      Effect.map(names(observer, below), ({ length }) => length === 0),
      60
    )
    if (!isGone) problems.push(`left behind below ${below}: ${(yield* driven(names(observer, below))).join()}`)
  }
  const done = new Map<string, number>()
  for (const name of yield* driven(names(observer, DONE))) {
    const id = yield* driven(observer.getString(`${DONE}/${name}`))
    done.set(id, (done.get(id) ?? 0) + 1)
  }
  for (const [id, { consumed, offered, taken }] of stories) {
    const times = done.get(id) ?? 0
    const isRight = offered === "yes" ? times === 1 : offered === "no" ? times === 0 : times <= 1
    if (!isRight || consumed > times || (times > 0 && taken === 0)) {
      problems.push(`${id}: put in: ${offered}; taken ${taken} times, consumed ${consumed} times, done ${times} times`)
    }
  }
  if (problems.length > 0) {
    const told = [
      `seed ${seed}: ${problems.join("\n  ")}`,
      ...steps.map(tell),
      `once more: SCHEDULE=${kindName}:${seed}`
    ]
    return yield* Effect.die(new Error(told.join("\n")))
  }
  const count = (of: (story: Story) => boolean) => [...stories.values()].filter(of).length
  return {
    unknown: count(({ offered }) => offered === "unknown"),
    again: count(({ taken }) => taken > 1)
  }
})

const run = (name: string, kind: Kind, seed: number) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const outcome = yield* Effect.exit(Scope.provide(play(name, kind, seed), scope))
    yield* driven(Scope.close(scope, outcome))
    return yield* outcome
  }).pipe(Random.withSeed(`${seed}`), Effect.provide(TestCluster.layerMemory({ syncLimit: 5 }), { local: true }))

const [only = "", seed] = (process.env["SCHEDULE"] ?? "").split(":")

for (const [name, kind] of Object.entries(kinds)) {
  if (only in kinds && only !== name) continue
  const seeds = only === name ? [Number(seed)] : [...Array(kind.schedules).keys()]
  it.effect(
    `${name}: what is put in is consumed once, and nothing is lost, through ${seeds.length} schedules`,
    () =>
      Effect.gen(function* () {
        const outcomes = yield* Effect.forEach(seeds, (seed) => run(name, kind, seed))
        const sum = (of: (outcome: (typeof outcomes)[number]) => number) =>
          outcomes.reduce((all, each) => all + of(each), 0)
        // It was worth looking.
        if (seeds.length === kind.schedules) {
          assert.isAbove(
            sum(({ again }) => again),
            seeds.length
          )
          assert.isAbove(
            sum(({ unknown }) => unknown),
            0
          )
        }
      }),
    600_000
  )
}
