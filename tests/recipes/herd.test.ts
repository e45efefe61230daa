/** Two hundred who wait: one release wakes one of them. */
import * as Lock from "@effect-zookeeper/recipes/Lock"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { awaitQueue, body, PATH, recordEvents, sessions, using } from "./support.ts"

const WAITERS = 200
const SESSIONS = 20

it.live("a release wakes one of 200 waiters", () =>
  Effect.gen(function* () {
    const clients = yield* sessions(SESSIONS)
    const bodies = Array.from({ length: WAITERS + 1 }, body)
    const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
    // Neighbours in the queue have different sessions, so that an event tells whose waiter it was for.
    for (const [index, work] of bodies.entries()) {
      const lock = yield* using(clients[index % SESSIONS]!)(Lock.make({ path: PATH }))
      fibers.push(yield* Effect.forkChild(lock.withLock(() => work.run)))
      yield* awaitQueue(clients[0]!, index + 1)
    }
    yield* bodies[0]!.entered
    const events = clients.map(recordEvents)
    for (let turn = 0; turn < 5; turn++) {
      for (const seen of events) seen.length = 0
      yield* bodies[turn]!.leave
      yield* bodies[turn + 1]!.entered
      yield* awaitQueue(clients[0]!, WAITERS - turn)
      yield* Effect.forEach(clients, (zk) => zk.sync())
      const woken = events.map((seen) => seen.map(({ type }) => type))
      const expected = clients.map((_, index) => (index === turn || index === turn + 1 ? ["NodeDeleted"] : []))
      assert.deepStrictEqual(woken, expected)
    }
    yield* Effect.forEach(fibers, Fiber.interrupt, { concurrency: "unbounded" })
    yield* awaitQueue(clients[0]!, 0)
  })
)
