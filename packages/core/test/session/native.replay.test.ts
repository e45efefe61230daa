/** Watches are registered again with the newest transaction whose events have been told, and with none newer. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { setWatches2 } from "@effect-zookeeper/core/wire/ops/watches"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { MemoryNetwork, settle } from "../support/MemoryNetwork.ts"
import { type Request, reply, server } from "../support/scripts.ts"

const ADD_WATCH = 106
const SET_WATCHES = 105
const ANSWERED = -8
const PONG = -2
const OK = new Uint8Array([0, 0, 0, 0])

it.effect("a replay that is cut short is made once more from where it began", () =>
  Effect.gen(function* () {
    const zxids: Array<ReadonlyArray<bigint>> = []
    let cuts = 3
    const network = new MemoryNetwork(
      server({
        answer: ({ body, type }: Request, end) => {
          if (type === ADD_WATCH) return OK
          if (type !== SET_WATCHES) return undefined
          const { relativeZxid } = setWatches2.request.decode(body)
          const index = network.sessions.indexOf(end)
          zxids[index] = [...(zxids[index] ?? []), relativeZxid]
          reply(end, ANSWERED, new Uint8Array(), 50n)
          // What the server knows by now; the events of the other requests are still to come.
          reply(end, PONG, new Uint8Array(), 50n)
          if (zxids[index].length === 1 && cuts-- > 0) end.close()
          return "nothing"
        }
      })
    )
    const zk = yield* ZooKeeper.make({
      connect: "a:1",
      release: "detach",
      reconnect: Schedule.spaced("100 millis")
    }).pipe(network.provide)
    const name = "x".repeat(1000)
    for (let index = 0; index < 150; index++) {
      yield* Effect.forkChild(Stream.runDrain(zk.changes.exists(`/${name}${index}`)), { startImmediately: true })
    }
    const pass = Effect.andThen(TestClock.adjust("200 millis"), settle)
    while (zk.driver.watches.size < 150) yield* pass
    network.last.close()
    yield* pass
    yield* pass
    const before = zxids.filter((seen) => seen !== undefined)
    assert.strictEqual(before.length, 4)
    assert.isAbove(before.at(-1)!.length, 1, "more than one request")
    assert.deepStrictEqual([...new Set(before.flat())], [1n])
    // Once it is done, what came with it counts.
    network.last.close()
    yield* pass
    assert.deepStrictEqual([...new Set(zxids.at(-1))], [50n])
  })
)
