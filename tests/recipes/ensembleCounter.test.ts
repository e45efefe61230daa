/** Counters on an ensemble that loses its leader, again and again, while all of its clients count. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Counter from "@effect-zookeeper/recipes/Counter"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { awaitState } from "../support/awaitState.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import { count, judge, type Tally } from "./counting/tally.ts"
import { randomOf } from "./mutualExclusion/randomOf.ts"
import { PATH as path, using } from "./support.ts"

const SESSIONS = 8

it.live("what is counted while leaders are killed and stand still is counted once", () =>
  Effect.gen(function* () {
    const ensemble = yield* RealEnsemble.make()
    const connect = ensemble.connectString
    const tally: Tally = { done: [], unknown: [], refused: 0 }
    let isOver = false
    const loops = yield* Effect.forEach(Array(SESSIONS).keys(), (index) =>
      Effect.gen(function* () {
        const zk = yield* ZooKeeper.make({ connect, sessionTimeout: "4 seconds" })
        const counter = yield* using(zk)(Counter.make({ path }))
        return yield* Effect.forkChild(count(counter, randomOf(index), tally, () => isOver))
      })
    )
    const more = Effect.suspend(() => {
      const before = tally.done.length
      return awaitState(
        Effect.sync(() => tally.done.length - before),
        (done) => done >= 3 * SESSIONS,
        { describe: "they count" }
      )
    })
    yield* more
    for (let round = 0; round < 2; round++) {
      const killed = yield* ensemble.leader
      yield* killed.kill
      yield* more
      yield* killed.start
      yield* ensemble.awaitQuorum
      // The others elect another one; this one hears of it when it wakes up.
      const frozen = yield* ensemble.leader
      yield* frozen.freeze
      yield* more
      yield* frozen.resume
      yield* more
    }
    isOver = true
    yield* Effect.forEach(loops, Fiber.join)
    const observer = yield* ZooKeeper.make({ connect })
    const { get } = yield* using(observer)(Counter.make({ path }))
    assert.deepStrictEqual(judge(tally, yield* Effect.andThen(observer.sync(), get)), [])
  })
)
