/** Subscribers of events get each of them once, whenever they come. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { Broadcast } from "../src/internal/Broadcast.ts"

it.effect("who subscribes because of an event gets it with what is there, and not once more", () =>
  Effect.gen(function* () {
    const there: Array<string> = []
    const broadcast = new Broadcast<string, never>("gap", 8)
    const events = broadcast.stream(() => [...there])
    const add = (element: string) => {
      there.push(element)
      broadcast.publish(element)
    }
    const seen: Array<string> = []
    const follow = Stream.runForEach(Stream.take(events, 2), (event) => Effect.sync(() => seen.push(event)))
    const following = yield* Stream.take(events, 1).pipe(
      Stream.runDrain,
      Effect.andThen(Effect.forkDetach(follow, { startImmediately: true })),
      Effect.forkChild({ startImmediately: true })
    )
    add("first")
    const second = yield* Fiber.join(following)
    add("second")
    yield* Fiber.join(second)
    assert.deepStrictEqual(seen, ["first", "second"])
  })
)
