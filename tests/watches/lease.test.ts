/** The deadline of a session on a follower lies before its end, as others see that, whenever the leader stands still. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { awaitState } from "../support/awaitState.ts"
import { sleep } from "../support/realTime.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import { awaitConnected, awaitNode } from "../real/clients.ts"
import { awaitReconnect, ensemble as proxied } from "./support.ts"

const ROUNDS = 20

/** The newest deadline that the session ever had, looked at all the time. */
const newestDeadline = (zk: ZooKeeper.ZooKeeper) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const seen = { newest: 0 }
        const look = () => (seen.newest = Math.max(seen.newest, zk.session.deadline))
        return { seen, timer: setInterval(look, 2) }
      }),
      ({ timer }) => Effect.sync(() => clearInterval(timer))
    ),
    ({ seen }) => seen
  )

describe(`the lease, with a leader that stands still ${ROUNDS} times for longer than the session timeout,`, () => {
  it.live(
    "is over before another client sees the ephemeral go, and so is what it guards",
    () =>
      Effect.gen(function* () {
        // A follower would drop its clients after syncLimit, and the others elect a new leader: not what is tested here.
        const ensemble = yield* RealEnsemble.make({ tickTime: 100, config: { syncLimit: 200 } })
        const rounds: Array<string> = []
        let expiries = 0
        for (let round = 1; round <= ROUNDS; round++) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              // With such short ticks a busy machine may have had another one elected.
              const leader = yield* ensemble.leader
              const [follower, another] = yield* ensemble.followers
              const other = yield* ZooKeeper.make({ connect: another.connectString, sessionTimeout: "60 seconds" })
              const zk = yield* ZooKeeper.make({
                connect: follower.connectString,
                sessionTimeout: "1200 millis",
                onExpired: "fail"
              })
              const timeout = Duration.toMillis(zk.session.negotiatedTimeout)
              const seen = yield* newestDeadline(zk)
              // With so short a timeout, a busy machine may be too slow for the first request.
              const node = yield* Effect.retry(zk.create("/holder-", "", { mode: "ephemeralSequential" }), { times: 9 })
              let goneAt: number | undefined
              const exists = yield* other.changes.existsScoped(node)
              yield* Effect.forkScoped(
                Stream.runForEach(exists, ({ change }) =>
                  Effect.sync(() => {
                    if (change === "deleted") goneAt = Date.now()
                  })
                )
              )
              let endedAt: number | undefined
              const guarded = yield* Effect.forkScoped(
                Effect.onExit(zk.whileSession(Effect.never), () => Effect.sync(() => (endedAt = Date.now())))
              )
              yield* other.sync()
              yield* leader.freeze
              // The length of the fault, a little different each time.
              yield* sleep(timeout * (1.1 + (round % 5) / 10))
              yield* leader.resume
              const replaced = awaitState(ensemble.leader, ({ id }) => id !== leader.id, {
                describe: "the work ends, or the server that stood still does not lead",
                within: "30 seconds"
              })
              yield* Effect.raceFirst(Fiber.await(guarded), replaced)
              const exit = guarded.pollUnsafe()
              if (exit === undefined) {
                rounds.push("another one leads")
                return
              }
              assert.isTrue(Exit.isFailure(exit))
              yield* Effect.raceFirst(
                awaitNode(other, node, "gone"),
                awaitState(Effect.exit(zk.whileSession(Effect.void)), Exit.isSuccess, {
                  describe: "the session is gone, or goes on"
                })
              )
              yield* other.sync()
              if (goneAt === undefined) {
                rounds.push("survived")
                return
              }
              expiries++
              rounds.push(`deadline ${goneAt - seen.newest} ms, work ${goneAt - endedAt!} ms before the end`)
              assert.isBelow(seen.newest, goneAt, rounds.join("; "))
              assert.isBelow(endedAt!, goneAt, rounds.join("; "))
            })
          )
        }
        assert.isAbove(expiries, 0, rounds.join("; "))
      }),
    ROUNDS * 20_000 + 60_000
  )
})

describe("a lease that is confirmed through the quorum", () => {
  it.live("goes on for as long as work does, and neither a sync nor a resumed session makes it longer", () =>
    Effect.gen(function* () {
      const { cut, zk } = yield* proxied({ confirm: "quorum", sessionTimeout: "20 seconds" })
      const opened = zk.session.deadline
      yield* sleep("20 millis")
      yield* zk.sync()
      yield* awaitReconnect(zk, cut)
      yield* zk.sync()
      // The two clocks that it is counted by differ by less than this.
      assert.approximately(zk.session.deadline, opened, 10)
      yield* zk.create("/a")
      yield* awaitState(
        Effect.sync(() => zk.session.deadline - opened),
        (gained) => gained > 10,
        { describe: "a write confirms the session" }
      )
      const fiber = yield* Effect.forkScoped(zk.whileSession(Effect.never))
      const before = zk.session.deadline
      yield* awaitState(
        Effect.sync(() => zk.session.deadline - before),
        (gained) => gained > 2000,
        { describe: "the deadline moves" }
      )
      assert.isUndefined(fiber.pollUnsafe())
      yield* awaitConnected(zk)
    })
  )

  it.live("can be begun on a session that was silent for long", () =>
    Effect.gen(function* () {
      const { zk } = yield* proxied({ confirm: "quorum", sessionTimeout: "2 seconds" })
      // Only pings keep it, until the lease is over.
      yield* awaitState(
        Effect.sync(() => zk.session.deadline - Date.now()),
        (left) => left < 0,
        { describe: "the lease is over" }
      )
      assert.strictEqual(yield* zk.whileSession(Effect.succeed(1)), 1)
      assert.isAbove(zk.session.deadline, Date.now())
    })
  )
})
