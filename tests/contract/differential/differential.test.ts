/**
 * Random sequences of requests sent to the in-process server and to a real one: replies and events must be the same.
 *
 * `ZK_SEQUENCES=20000` compares more than 2,000 sequences, `ZK_SEED=2` others.
 */
import { Transport } from "@effect-zookeeper/core/Transport"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as RealServer from "../../support/zookeeper/RealServer.ts"
import { type Outcome, Sequence, Side } from "./Side.ts"

const SEQUENCES = Number(process.env["ZK_SEQUENCES"] ?? 2000)
const SEED = Number(process.env["ZK_SEED"] ?? 1)
const LIMIT = Math.max(300_000, SEQUENCES * 100)

/** Both are asked to leave containers alone, which they would look for at different times. */
const start = Effect.gen(function* () {
  const theirs = yield* RealServer.make({
    config: { enforceQuota: true },
    properties: { "znode.container.checkIntervalMs": 100_000_000 }
  })
  const ours = yield* TestServer.make({
    listen: "memory",
    enforceQuota: true,
    containerCheckInterval: "1 day",
    superDigest: "super:lK75jTNcA+U9vtVEw5vB51mj/w4="
  })
  return { theirs: new Side(yield* Transport, theirs.port), ours: new Side(ours.transport, ours.port) }
})

/** The first step whose outcomes differ, with both. */
const difference = (sequence: Sequence, theirs: ReadonlyArray<Outcome>, ours: ReadonlyArray<Outcome>) => {
  const index = theirs.findIndex((outcome, i) => outcome.join("\n") !== ours[i]?.join("\n"))
  if (index === -1) return undefined
  // The last outcome is that of closing the sessions.
  const steps = sequence.slice(0, index + 1).map((step) => `  ${JSON.stringify(step)}`)
  return [...steps, "the real server:", ...theirs[index]!, "ours:", ...(ours[index] ?? [])].join("\n")
}

it.live(
  `${SEQUENCES} sequences of requests bring the same replies and events`,
  () =>
    Effect.gen(function* () {
      const { ours, theirs } = yield* start
      let runs = 0
      let requests = 0
      const compare = Effect.fnUntraced(function* (sequence: Sequence) {
        const base = `/s${runs++}`
        const [real, own] = yield* Effect.all([theirs.run(sequence, base), ours.run(sequence, base)])
        for (const step of sequence) requests += "requests" in step ? step.requests.length : 0
        const found = difference(sequence, real, own)
        return found === undefined ? true : yield* Effect.fail(found)
      })
      const result = yield* Arbitrary.checkEffect(Arbitrary.schema(Sequence), compare, {
        runs: SEQUENCES,
        seed: SEED,
        size: 12,
        maxShrinks: 2000
      })
      if (result._tag === "Falsified" && result.failure._tag === "PropertyError") {
        assert.fail(
          `they differ after these steps (run ${result.runs}, replay ${result.replay}):\n${result.failure.error}`
        )
      }
      assert.strictEqual(result._tag, "Passed")
      // Not all of them trivial.
      assert.isAbove(requests, SEQUENCES * 5)
      yield* Effect.log(`${runs} sequences, ${requests} requests`)
    }),
  LIMIT
)
