/** What becomes of a session and its operations when servers of its ensemble are killed, frozen and restarted. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { awaitState } from "../support/awaitState.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import { begin } from "./begin.ts"
import { awaitConnected, type Client, refused } from "./clients.ts"
import type * as Load from "./load.ts"

const LIMIT = 120_000

/** The session went on: suspended and connected in turn, its ephemeral never gone. */
const unharmed = Effect.fnUntraced(function* (
  zk: Client,
  id: bigint,
  states: ReadonlyArray<string>,
  existence: ReadonlyArray<string>,
  load: Load.Load,
  other: Client
) {
  yield* load.progress()
  yield* load.judge(other)
  assert.strictEqual(zk.session.id, id)
  assert.strictEqual(zk.session.epoch, 1)
  states.forEach((state, i) => assert.strictEqual(state, i % 2 === 0 ? "Connected" : "Suspended", states.join(", ")))
  assert.strictEqual(states.at(-1), "Connected")
  assert.strictEqual((yield* other.get("/alive")).stat.ephemeralOwner, id)
  assert.notInclude(existence, "deleted")
})

describe("a session on an ensemble, under load,", () => {
  it.live(
    "goes on when the leader that serves it is killed",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make()
        const leader = yield* ensemble.leader
        const { existence, id, load, other, states, zk } = yield* begin(ensemble, leader)
        yield* leader.kill
        yield* ensemble.awaitQuorum
        yield* awaitConnected(zk)
        assert.notStrictEqual(zk.session.server, leader.connectString)
        yield* unharmed(zk, id, states.seen, existence, load, other)
        assert.isAtLeast(states.seen.length, 3)
      }),
    LIMIT
  )

  it.live(
    "goes on when the leader is killed while it sits on a follower",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make()
        const [follower] = yield* ensemble.followers
        const { existence, id, load, other, states, zk } = yield* begin(ensemble, follower)
        yield* (yield* ensemble.leader).kill
        yield* ensemble.awaitQuorum
        yield* awaitConnected(zk)
        yield* unharmed(zk, id, states.seen, existence, load, other)
      }),
    LIMIT
  )

  it.live(
    "moves on when the follower that serves it freezes, and is not taken back by its thawing",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make()
        const [follower] = yield* ensemble.followers
        const { existence, id, load, other, states, zk } = yield* begin(ensemble, follower, {
          sessionTimeout: "9 seconds"
        })
        yield* follower.freeze
        yield* awaitState(
          Effect.sync(() => zk.session.server),
          (server) => server !== undefined && server !== follower.connectString,
          { describe: "another server serves the session" }
        )
        yield* load.progress()
        yield* follower.resume
        yield* ensemble.followers
        yield* unharmed(zk, id, states.seen, existence, load, other)
        assert.deepStrictEqual(states.seen, ["Connected", "Suspended", "Connected"])
      }),
    LIMIT
  )

  it.live(
    "goes on when all servers are restarted one after the other",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make()
        const { existence, id, load, other, states, zk } = yield* begin(ensemble, ensemble.servers[0])
        yield* ensemble.roll
        yield* awaitConnected(zk)
        yield* unharmed(zk, id, states.seen, existence, load, other)
        assert.isAtLeast(states.seen.length, 3)
      }),
    LIMIT
  )

  it.live(
    "waits while two of three are stopped, and goes on when they are back",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make()
        const { existence, id, load, other, states, zk } = yield* begin(ensemble, ensemble.servers[0], {
          operationTimeout: "3 seconds"
        })
        const stopped = ensemble.servers.slice(1)
        for (const server of stopped) yield* server.kill
        yield* awaitState(
          Effect.sync(() => zk.session.state._tag),
          (state) => state === "Suspended",
          { describe: "the last server serves nobody" }
        )
        yield* refused(zk.create("/during"), "Timeout")
        yield* refused(zk.get("/alive"), "Timeout")
        for (const server of stopped) yield* server.spawn
        yield* ensemble.awaitQuorum
        yield* awaitConnected(zk)
        yield* unharmed(zk, id, states.seen, existence, load, other)
        assert.strictEqual((yield* other.exists("/during"))._tag, "None")
        assert.isAbove(load.counts()["not done"], 0)
      }),
    LIMIT
  )
})
