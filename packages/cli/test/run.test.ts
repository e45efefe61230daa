/** Running a program that cannot be ended from here, as one that sudo runs for somebody else. */
import { assert, it, vi } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import { run } from "../src/exec/run.ts"

const STILL_RUNS = "sleep cannot be ended from here and still runs; what is held is kept while it can be"

it.live("what is held is not given back before the end of a program that cannot be ended", () =>
  Effect.gen(function* () {
    const groups = new Set<number>()
    const { kill } = process
    const outOfReach = vi.spyOn(process, "kill").mockImplementation((group) => {
      groups.add(group)
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" })
    })
    yield* Effect.addFinalizer(() => Effect.sync(() => outOfReach.mockRestore()))
    const said = Deferred.makeUnsafe<void>()
    const logger = Logger.make(({ message }) => {
      if (String(message) === STILL_RUNS) Deferred.doneUnsafe(said, Effect.void)
    })
    const limits = { grace: 1, deadline: () => Date.now() + 60_000, inFront: false }
    const running = yield* Effect.forkChild(
      Effect.provide(run({ command: "sleep", args: ["600"], env: {} }, limits), Logger.layer([logger])),
      { startImmediately: true }
    )
    const ending = yield* Effect.forkChild(Fiber.interrupt(running), { startImmediately: true })
    yield* Deferred.await(said)
    assert.strictEqual(running.pollUnsafe(), undefined)
    outOfReach.mockRestore()
    for (const group of groups) kill.call(process, group, "SIGKILL")
    yield* Fiber.join(ending)
  })
)
