/** Row 16 of the parity table: count, wait for a count, check the order of paths. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as EventRecorder from "../src/EventRecorder.ts"

describe("EventRecorder", () => {
  it.effect("waits for a count and returns it either way", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<{ readonly path: string }>()
      const recorder = yield* EventRecorder.make(Stream.fromQueue(queue), { id: "w1" })
      strictEqual(recorder.id, "w1")
      const three = yield* Effect.forkChild(recorder.awaitCount(3, "5 seconds"), { startImmediately: true })
      for (const path of ["/a", "/b", "/c"]) yield* Queue.offer(queue, { path })
      strictEqual(yield* Fiber.join(three), 3)
      const four = yield* Effect.forkChild(recorder.awaitCount(4, "5 seconds"), { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      strictEqual(yield* Fiber.join(four), 3)
      deepStrictEqual(yield* recorder.events, [{ path: "/a" }, { path: "/b" }, { path: "/c" }])
    })
  )

  it.effect("fails at the first path out of order", () =>
    Effect.gen(function* () {
      const recorder = yield* EventRecorder.make(Stream.make({ path: "/n0" }, { path: "/n2" }, { path: "/n1" }))
      yield* recorder.done
      strictEqual(Exit.isSuccess(yield* Effect.exit(recorder.expectPaths((i) => ["/n0", "/n2", "/n1"][i]!))), true)
      const wrong = yield* Effect.flip(recorder.expectPaths((i) => `/n${i}`))
      deepStrictEqual([wrong.index, wrong.expected, wrong.got], [1, "/n1", "/n2"])
      strictEqual(wrong.message, "event 1 is of '/n2', expected '/n1'")
    })
  )

  it.effect("a stream that fails ends the waiting and tells why", () =>
    Effect.gen(function* () {
      const broken = Stream.concat(Stream.make({ path: "/a" }), Stream.fail("broken" as const))
      const recorder = yield* EventRecorder.make(broken)
      strictEqual(yield* recorder.awaitCount(2, "1 hour"), 1)
      strictEqual(yield* Effect.flip(recorder.done), "broken")
    })
  )
})
