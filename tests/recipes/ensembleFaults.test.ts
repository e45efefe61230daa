/**
 * A minute of random faults on a real ensemble, while clients in several processes contend for a lock and an election: what
 * they saw is recorded and judged. `SEED=123` has the same faults again, as far as a real ensemble lets it.
 */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as ChaosProxy from "@effect-zookeeper/testing/ChaosProxy"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { awaitState } from "../support/awaitState.ts"
import { sleep } from "../support/realTime.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import * as ChildClient from "./mutualExclusion/ChildClient.ts"
import {
  compete,
  inSeconds,
  names,
  SESSION_TIMEOUT,
  testimonies,
  watchTurns,
  witnesses
} from "./mutualExclusion/competition.ts"
import { nodes } from "./mutualExclusion/contender.ts"
import { randomOf } from "./mutualExclusion/randomOf.ts"
import { ofLines, ofProcess, ofServers, TICK, type Trouble, type Wired } from "./mutualExclusion/realFaults.ts"
import { recipes } from "./mutualExclusion/recipes.ts"
import { merge } from "./mutualExclusion/testimony.ts"
import { judge } from "./mutualExclusion/verdict.ts"
import { queue } from "./support.ts"

const MINUTE = 60_000
/** In the process of the test; one more has a process of its own. */
const CLIENTS = 4

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000)

it.live(
  `one holder at a time through a minute of random faults, some of its clients stopped (seed ${seed})`,
  () =>
    Effect.gen(function* () {
      const begun = Date.now()
      const faults: Array<string> = []
      const random = randomOf(seed)
      const log = (what: string) => faults.push(`${((Date.now() - begun) / 1000).toFixed(1)} s: ${what}`)

      const ensemble = yield* RealEnsemble.make({ tickTime: TICK })
      const observer = yield* ZooKeeper.make({ connect: ensemble.connectString, sessionTimeout: "30 seconds" })
      for (const name of names) {
        yield* observer.create(`/${name}`)
        for (const node of nodes) yield* observer.create(`/${name}${node}`)
      }
      const proxied = Effect.forEach(ensemble.servers, ({ port }) => ChaosProxy.make({ port }))
      const all = yield* witnesses

      const clients = yield* Effect.forEach(
        Array(CLIENTS).keys(),
        Effect.fnUntraced(function* (index) {
          const proxies = yield* proxied
          const trustsSync = index % 2 === 0
          const zk = yield* ZooKeeper.make({
            connect: proxies.map(({ connectString }) => connectString).join(),
            sessionTimeout: SESSION_TIMEOUT,
            connectTimeout: "1 minute",
            confirm: trustsSync ? "sync" : "quorum"
          })
          return { name: `client ${index}`, proxies, zk, trustsSync }
        })
      )
      const childProxies = yield* proxied
      const child = yield* ChildClient.start(
        childProxies.map(({ connectString }) => connectString).join(),
        "child",
        seed
      )
      yield* watchTurns(
        clients.map(({ name }) => name),
        all
      )
      const loops = yield* Effect.forEach(clients, ({ name, zk }, index) => compete(zk, name, seed + index + 1, all))
      const progress = (more: number, what: string) => {
        const counts = () => [...names.map((name) => all[name].entered), child.held()]
        const before = counts()
        const held = awaitState(Effect.sync(counts), (now) => now.every((n, index) => n >= before[index]! + more), {
          describe: `everybody holds something ${what}`,
          within: "2 minutes"
        })
        return Effect.raceFirst(child.crashed, held)
      }
      yield* progress(2, "at the start")

      const wired: ReadonlyArray<Wired> = [...clients, { name: "child", proxies: childProxies, trustsSync: false }]
      const trouble = (turn: number): Trouble => ({
        ensemble,
        clients: wired,
        witnesses: all,
        random: randomOf(seed * 3 + turn),
        log
      })
      const end = Date.now() + MINUTE
      const again = <E>(effect: Effect.Effect<void, E>) =>
        Effect.whileLoop({
          while: () => Date.now() < end,
          body: () =>
            Effect.andThen(
              effect,
              Effect.suspend(() => sleep(100 + random(800)))
            ),
          step: () => {}
        })
      const troubles = [again(ofServers(trouble(0))), again(ofLines(trouble(1))), again(ofProcess(trouble(2), child))]
      yield* Effect.raceFirst(child.crashed, Effect.all(troubles, { concurrency: "unbounded", discard: true }))

      yield* ensemble.awaitQuorum
      yield* progress(3, "after the last fault")
      yield* Effect.forEach(loops.flat(), Fiber.interrupt, { concurrency: "unbounded", discard: true })
      const [ours, theirs] = [yield* testimonies(all), yield* child.testimonies]
      for (const name of names) {
        for (const below of recipes[name].below) {
          yield* awaitState(queue(observer, `/${name}${below}`), (left) => left.length === 0, {
            describe: `nothing is left below /${name}${below}`
          })
        }
        const testimony = merge([ours[name], theirs[name]])
        const { held, judged, problems } = judge(testimony, 1, inSeconds)
        assert.deepStrictEqual(problems, [], `${name}, seed ${seed}\n${problems.join("\n")}\n${faults.join("\n")}`)
        // It was worth looking.
        assert.isAbove(judged, 10, `of ${held}\n${faults.join("\n")}`)
      }
      const longest = Math.max(...theirs.lock.uncovered.map(({ from, to }) => to - from))
      assert.isAbove(longest, SESSION_TIMEOUT * 1e6, "the child stood still for longer than its session lives")
    }),
  5 * MINUTE
)
