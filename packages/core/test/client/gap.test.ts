/** The mark of a gap comes when the server has the watch again, in a network that the test decides. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { addWatch, setWatches2 } from "@effect-zookeeper/core/wire/ops/watches"
import { MemoryNetwork, settle } from "../support/MemoryNetwork.ts"
import { reply, requestsOf, server } from "../support/scripts.ts"

const NO_ERROR = Buffer.alloc(4)

it.effect("a Resync is told once setWatches2 is answered, and once for several connections in between", () =>
  Effect.gen(function* () {
    const network = new MemoryNetwork(
      server({
        answer: ({ type }) => (type === addWatch.code ? NO_ERROR : type === setWatches2.code ? "nothing" : undefined)
      })
    )
    const zk = yield* ZooKeeper.make({ connect: "a:1", release: "detach", reconnect: "1 minute" }).pipe(network.provide)
    const seen: Array<string> = []
    yield* Effect.forkScoped(
      Stream.runForEach(yield* zk.watchScoped("/a"), ({ _tag }) => Effect.sync(() => seen.push(_tag)))
    )
    const reconnect = Effect.gen(function* () {
      const before = network.last
      before.close()
      for (let turn = 0; turn < 100 && (network.last === before || !zk.session.connected); turn++) {
        yield* TestClock.adjust("100 millis")
        yield* settle
      }
      yield* settle
      return requestsOf(network.last).find(({ type }) => type === setWatches2.code)!
    })
    yield* reconnect
    assert.deepStrictEqual(seen, [])
    const { xid } = yield* reconnect
    assert.deepStrictEqual(seen, [])
    assert.isTrue(zk.session.connected)
    reply(network.last, xid, Buffer.alloc(0))
    yield* settle
    assert.deepStrictEqual(seen, ["Resync"])
  })
)
