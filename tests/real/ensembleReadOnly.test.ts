/** Servers without a quorum that serve reads all the same, and clients that are content with that. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { awaitElement, awaitState } from "../support/awaitState.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import { recordStates, refused } from "./clients.ts"

const LIMIT = 120_000

/** An ensemble with something to read, of which only the first server is left; what starts the others again. */
const withoutQuorum = Effect.gen(function* () {
  const ensemble = yield* RealEnsemble.make({ readOnlyMode: true, config: { localSessionsEnabled: true } })
  const [last, ...others] = ensemble.servers
  yield* Effect.scoped(
    Effect.gen(function* () {
      const zk = yield* ZooKeeper.make({ connect: last.connectString })
      yield* zk.create("/a", "readable")
    })
  )
  for (const server of others) yield* server.kill
  yield* awaitState(last.fourLetterWord("srvr"), (answer) => answer.includes("read-only"), {
    describe: "the last server serves reads",
    within: "60 seconds"
  })
  const restore = Effect.andThen(
    Effect.forEach(others, (server) => server.spawn, { discard: true }),
    ensemble.awaitQuorum
  )
  return { ensemble, last, restore }
})

describe("a server without a quorum", () => {
  it.live(
    "serves reads to those who want that, refuses their writes, and is left for a better one",
    () =>
      Effect.gen(function* () {
        const { ensemble, last, restore } = yield* withoutQuorum
        const zk = yield* ZooKeeper.make({ connect: ensemble.connectString, readOnly: true })
        assert.deepStrictEqual(zk.session.state, { _tag: "Connected", readOnly: true })
        assert.strictEqual(zk.session.server, last.connectString)
        assert.isBelow(zk.session.deadline, Date.now())
        const states = yield* recordStates(zk)
        assert.strictEqual(yield* zk.getString("/a"), "readable")
        assert.include(yield* zk.children("/"), "a")
        for (const write of [
          zk.set("/a", "x"),
          zk.create("/b"),
          zk.create("/e", "", { mode: "ephemeral" }),
          zk.delete("/a"),
          zk.transact(Op.check("/a", "any")),
          zk.sync()
        ]) {
          yield* refused(write as Effect.Effect<unknown, ZooKeeperError>, "NotReadOnly")
        }
        const lost = yield* Effect.flip(zk.whileSession(Effect.never))
        assert.strictEqual(lost._tag, "LeaseLost")

        const search = yield* Effect.forkScoped(
          awaitElement(zk.session.states, (state) => state._tag === "Connected" && !state.readOnly, {
            describe: "a server with a quorum is found",
            within: "90 seconds"
          })
        )
        yield* restore
        yield* Fiber.join(search)
        yield* zk.set("/a", "written")
        assert.strictEqual(yield* zk.getString("/a"), "written")
        assert.isAbove(zk.session.deadline, Date.now())
        assert.strictEqual(states.seen.at(-1), "Connected")
      }),
    LIMIT
  )

  it.live(
    "is no server for those who want to write: they are told why",
    () =>
      Effect.gen(function* () {
        const { last } = yield* withoutQuorum
        const make = ZooKeeper.make({ connect: last.connectString, connectTimeout: "1500 millis" })
        const error = yield* refused(make, "ConnectFailed")
        assert.include(error.message, `${last.connectString}: `)
      }),
    LIMIT
  )

  it.live(
    "takes over a reader whose session is over, and gives it back to the others",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make({ readOnlyMode: true, config: { localSessionsEnabled: true } })
        const others = ensemble.servers.slice(1)
        const zk = yield* ZooKeeper.make({
          connect: ensemble.connectString,
          shuffleHosts: false,
          readOnly: true,
          sessionTimeout: "2 seconds"
        })
        yield* zk.create("/a", "readable")
        for (const server of others) yield* server.kill
        yield* awaitElement(zk.session.states, (state) => state._tag === "Connected" && state.readOnly, {
          describe: "the last server serves reads",
          within: "60 seconds"
        })
        assert.strictEqual(yield* zk.getString("/a"), "readable")
        yield* refused(zk.set("/a", "x"), "NotReadOnly")
        for (const server of others) yield* server.spawn
        yield* awaitElement(zk.session.states, (state) => state._tag === "Connected" && !state.readOnly, {
          describe: "a server with a quorum is found",
          within: "90 seconds"
        })
        yield* zk.set("/a", "written")
      }),
    LIMIT
  )
})
