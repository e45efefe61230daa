/** What becomes of a session and its operations when the session is lost: on purpose, or behind a leader that stands still. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { awaitState } from "../support/awaitState.ts"
import * as rawSession from "../support/rawSession.ts"
import { sleep } from "../support/realTime.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import { begin } from "./begin.ts"
import { awaitConnected, awaitNode, recordStates, refused } from "./clients.ts"
import { recordExistence } from "./existence.ts"

const LIMIT = 120_000

describe("a session that is expired on purpose, under load,", () => {
  it.live(
    "is followed by a new one, and what was tied to the old one is gone",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make()
        const { existence, id, load, other, states, zk } = yield* begin(ensemble, ensemble.servers[0])
        const elsewhere = ensemble.servers[1].connectString
        yield* rawSession.expireSession(elsewhere, id, Redacted.value(zk.session.password))
        yield* awaitConnected(zk, 2)
        yield* awaitNode(other, "/alive", "gone")
        yield* load.progress()
        yield* load.judge(other)
        assert.notStrictEqual(zk.session.id, id)
        // The session may be taken back once or twice before it is closed.
        assert.match(states.seen.join(" "), /^(Connected Suspended )+Expired Connecting Connected$/)
        assert.deepStrictEqual(existence, ["initial", "deleted"])
        const owned = yield* other.children("/load/protected")
        const stats = yield* Effect.forEach(owned, (name) => other.get(`/load/protected/${name}`), { concurrency: 50 })
        assert.notInclude(
          stats.map(({ stat }) => stat.ephemeralOwner),
          id
        )
      }),
    LIMIT
  )

  it.live(
    "is over where that is wanted: everything fails with SessionExpired",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make()
        const { id, load, other, states, zk } = yield* begin(ensemble, ensemble.servers[0], { onExpired: "fail" })
        const elsewhere = ensemble.servers[1].connectString
        yield* rawSession.expireSession(elsewhere, id, Redacted.value(zk.session.password))
        yield* awaitState(
          Effect.sync(() => zk.session.state._tag),
          (state) => state === "Expired",
          { describe: "the session has expired" }
        )
        yield* refused(zk.get("/"), "SessionExpired")
        yield* refused(zk.restart, "SessionExpired")
        yield* awaitNode(other, "/alive", "gone")
        yield* load.judge(other)
        yield* states.ended
        assert.match(states.seen.join(" "), /^(Connected Suspended )+Expired$/)
      }),
    LIMIT
  )
})

describe("a leader that stands still for longer than the session timeout, while the session sits on a follower,", () => {
  // A follower would drop its clients after syncLimit, and the others elect a new leader: not what is tested here.
  const patient = RealEnsemble.make({ config: { syncLimit: 100 } })

  it.live(
    "loses no write that was not reported",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* patient
        const [follower] = yield* ensemble.followers
        const leader = yield* ensemble.leader
        const { existence, id, load, other, states, zk } = yield* begin(ensemble, follower, {
          sessionTimeout: "2 seconds",
          operationTimeout: "20 seconds"
        })
        yield* leader.freeze
        // The length of the fault.
        yield* sleep("3500 millis")
        yield* leader.resume
        yield* awaitConnected(zk)
        yield* load.progress()
        yield* load.judge(other)
        // The leader decides on waking whether the session is over; the states, the epoch and the ephemeral agree.
        const expired = zk.session.epoch > 1
        assert.strictEqual(zk.session.id === id, !expired)
        assert.strictEqual(states.seen.includes("Expired"), expired, states.seen.join(", "))
        yield* awaitNode(other, "/alive", expired ? "gone" : "there")
        assert.strictEqual(existence.includes("deleted"), expired, existence.join(", "))
      }),
    LIMIT
  )

  it.live(
    "ends what is protected by the session before anybody sees its node go, in each of several rounds",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* patient
        const leader = yield* ensemble.leader
        const [follower, another] = yield* ensemble.followers
        const other = yield* ZooKeeper.make({ connect: another.connectString, sessionTimeout: "60 seconds" })
        const rounds: Array<string> = []
        for (let round = 1; round <= 3; round++) {
          const order: Array<string> = []
          const zk = yield* ZooKeeper.make({ connect: follower.connectString, sessionTimeout: "2 seconds" })
          const states = yield* recordStates(zk)
          const node = yield* zk.create(`/holder-${round}`, "", { mode: "ephemeral" })
          yield* recordExistence(other, node, (change) => order.push(change))
          yield* Effect.forkScoped(
            Effect.flip(zk.whileSession(Effect.never)).pipe(
              Effect.map(({ why }) => order.push(`${why}, ${Math.round(zk.session.deadline - Date.now())} ms left`))
            )
          )
          yield* awaitState(
            Effect.sync(() => order.length),
            (length) => length === 1,
            { describe: "the node is watched" }
          )
          yield* leader.freeze
          yield* awaitState(
            Effect.sync(() => [...order]),
            (all) => all.length === 2,
            { describe: "the lease is over" }
          )
          yield* sleep("1500 millis")
          yield* leader.resume
          yield* awaitConnected(zk)
          if (zk.session.epoch > 1) yield* awaitNode(other, node, "gone")
          yield* other.sync()
          const seen = `${order.join("; ")}; ${states.seen.join(", ")}`
          rounds.push(seen)
          assert.match(order[1] ?? "", /^deadline/, seen)
          assert.isTrue(order.length === 2 || order[2] === "deleted", seen)
        }
        assert.strictEqual(rounds.length, 3)
      }),
    LIMIT
  )
})
