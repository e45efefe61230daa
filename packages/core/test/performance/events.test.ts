/** What a chunk of many events brings about: one wake for each who is told of any of them, and one write. */
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as memoryServer from "./memoryServer.ts"

const MANY = 200
const paths = Array.from({ length: MANY }, (_, index) => `/node-${index}`)

/** Until what was sent is answered, and all that follows from that is sent. */
const settled = (zk: ZooKeeper) => Effect.andThen(zk.delete("/b"), zk.delete("/b"))

it.live("whoever follows a node takes all of its events in a chunk at once", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const zk = yield* server.session
    const taken: Array<string> = []
    for (const path of paths) {
      const events = yield* zk.watchScoped(path)
      yield* Effect.forkScoped(
        Stream.runForEachArray(events, (elements) => Effect.sync(() => taken.push(`${elements.length} of ${path}`))),
        { startImmediately: true }
      )
    }
    server.tell([...paths, ...paths, ...paths])
    expect(taken).toEqual(paths.map((path) => `3 of ${path}`))
  })
)

it.live("the reads after a chunk of events leave in one write, and one for each node", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const zk = yield* server.session
    for (const path of paths) {
      const states = yield* zk.changes.dataScoped(path)
      yield* Effect.forkScoped(Stream.runDrain(states), { startImmediately: true })
    }
    yield* settled(zk)
    const before = { ...server.counts }
    server.tell([...paths, ...paths])
    expect(server.counts.requests - before.requests).toBe(MANY)
    expect(server.counts.writes - before.writes).toBe(1)
    yield* settled(zk)
  })
)

it.live("what happens to a node while it is read again is one more read, however much it is", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const zk = yield* server.session
    const states = yield* zk.changes.dataScoped("/a")
    yield* Effect.forkScoped(Stream.runDrain(states), { startImmediately: true })
    yield* settled(zk)
    const before = server.counts.requests
    for (let i = 0; i < 10; i++) server.tell(["/a"])
    expect(server.counts.requests - before).toBe(1)
    yield* settled(zk)
    expect(server.counts.requests - before - 2).toBe(2)
  })
)

it.live("whoever follows instead of somebody who is gone gets the read that is under way, or else reads anew", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const zk = yield* server.session
    const states = yield* zk.changes.dataScoped("/a")
    const versions = yield* Queue.unbounded<bigint | undefined>()
    const follow = Effect.forkScoped(
      Stream.runForEach(states, ({ node }) => Queue.offer(versions, Option.getOrUndefined(node)?.stat.mzxid)),
      { startImmediately: true }
    )
    const first = yield* follow
    expect(yield* Queue.take(versions)).toBe(3n)
    const before = server.counts.requests
    server.answering.mzxid = 4n
    server.tell(["/a"])
    yield* Fiber.interrupt(first)
    const second = yield* follow
    expect(yield* Queue.take(versions)).toBe(4n)
    expect(server.counts.requests - before).toBe(1)
    server.answering.mzxid = 5n
    server.tell(["/a"])
    yield* Fiber.interrupt(second)
    yield* settled(zk)
    yield* follow
    expect(yield* Queue.take(versions)).toBe(5n)
    expect(server.counts.requests - before).toBe(1 + 1 + 2 + 1)
  })
)

it.live("a read that is refused is made once more, and what is said then ends the stream", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const zk = yield* server.session
    const following = yield* Effect.forkScoped(Stream.runDrain(yield* zk.changes.dataScoped("/a")), {
      startImmediately: true
    })
    yield* settled(zk)
    const before = server.counts.requests
    server.answering.err = -102
    server.tell(["/a"])
    const { operation, path, reason } = yield* Effect.flip(Fiber.join(following))
    expect({ operation, path, reason: reason._tag }).toEqual({ operation: "get", path: "/a", reason: "NoAuth" })
    expect(server.counts.requests - before).toBe(2)
  })
)
