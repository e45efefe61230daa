import { expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import * as memoryServer from "./memoryServer.ts"

const times = <A, E>(count: number, effect: Effect.Effect<A, E>) =>
  Effect.forEach(
    Array.from({ length: count }, () => effect),
    (each) => each,
    { concurrency: "unbounded" }
  )

it.live("1,000 operations of one turn leave in one write", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const zk = yield* server.session
    const before = { ...server.counts }
    yield* times(1000, zk.get("/a"))
    expect(server.counts.requests - before.requests).toBe(1000)
    expect(server.counts.writes - before.writes).toBe(1)
  })
)

it.live("a turn of many requests leaves in pieces of about 64 KiB, so that the buffer stays small", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const zk = yield* server.session
    const before = { ...server.counts }
    yield* times(10_000, zk.get("/a"))
    expect(server.counts.requests - before.requests).toBe(10_000)
    // 19 bytes each.
    expect(server.counts.writes - before.writes).toBe(3)
  })
)

it.live(
  "what the answers of a chunk bring about leaves in one write, in two where the server has that much to do",
  () =>
    Effect.gen(function* () {
      const server = memoryServer.make()
      const zk = yield* server.session
      const counted = Effect.fnUntraced(function* (depth: number) {
        // Out of the chunk that brought this fiber here.
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        const before = { ...server.counts }
        yield* times(depth, Effect.andThen(zk.get("/a"), Effect.andThen(zk.delete("/a"), zk.get("/a"))))
        expect(server.counts.requests - before.requests).toBe(3 * depth)
        return [server.counts.writes - before.writes, server.counts.chunks - before.chunks]
      })
      expect(yield* counted(60)).toStrictEqual([3, 3])
      // The first write has all of them, and each of its halves is answered for itself from then on.
      expect(yield* counted(200)).toStrictEqual([5, 5])
    })
)

it.live("an operation that follows another costs one write and one reading of the clock", () =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    let readings = 0
    const monotonicTimeNanosUnsafe = () => {
      readings++
      return clock.monotonicTimeNanosUnsafe()
    }
    const counting: Clock.Clock = Object.assign(Object.create(clock), { monotonicTimeNanosUnsafe })
    const server = memoryServer.make()
    const zk = yield* Effect.provideService(server.session, Clock.Clock, counting)
    yield* zk.get("/a")
    const before = { ...server.counts, readings }
    for (let i = 0; i < 100; i++) yield* zk.get("/a")
    expect(server.counts.writes - before.writes).toBe(100)
    // The alarm reads it too, hardly ever.
    expect(readings - before.readings).toBeLessThan(110)
  })
)

it.live("what follows an answer waits for company while the server has much to do, and at no other time", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const zk = yield* server.session
    server.answering.batch = 1
    const writes = Effect.fnUntraced(function* (depth: number) {
      // Out of the chunk that brought this fiber here.
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      const before = server.counts.writes
      yield* times(depth, Effect.andThen(zk.get("/a"), zk.get("/a")))
      return server.counts.writes - before
    })
    // The first requests in one write, then one for each answer.
    expect(yield* writes(8)).toBe(1 + 8)
    expect(yield* writes(15)).toBe(1 + 15)
    // Half of what is in flight at a time.
    expect(yield* writes(16)).toBe(1 + 2)
    expect(yield* writes(256)).toBe(1 + 2)
  })
)

it("frames that lie whole in a chunk are handed out in place, and one that is cut is copied once", () => {
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 100]), Buffer.alloc(100, 1)])
  const chunk = Buffer.concat([...Array.from({ length: 1000 }, () => frame), frame.subarray(0, 50)])
  const frames = new Frames(1 << 20)
  let inPlace = 0
  const owned: Array<Buffer> = []
  const onFrame = (bytes: Buffer, _start: number, _end: number, isOwned: boolean) => {
    if (isOwned) owned.push(bytes)
    else if (bytes === chunk) inPlace++
  }
  frames.push(chunk, onFrame)
  frames.push(frame.subarray(50), onFrame)
  expect(inPlace).toBe(1000)
  expect(owned.map((bytes) => bytes.buffer.byteLength)).toEqual([100])
})

it("of a very large frame nothing is copied but what its first and last read brought", () => {
  const frame = Buffer.alloc(4 + 1_000_000, 7)
  frame.writeInt32BE(1_000_000)
  const frames = new Frames(1 << 20)
  const owned: Array<Buffer> = []
  const onFrame = (bytes: Buffer) => void owned.push(bytes)
  frames.push(frame.subarray(0, 65_536), onFrame)
  const rooms = []
  // As much as a socket has at a time.
  for (let at = 65_536; at < 965_536; at += 100_000) {
    const room = frames.room()!
    rooms.push(room)
    frames.push(room.subarray(0, frame.copy(room, 0, at, at + 100_000)), onFrame)
  }
  expect(frames.room()).toBeUndefined()
  frames.push(frame.subarray(965_536), onFrame)
  expect(owned.length).toBe(1)
  expect(owned[0]!.equals(frame.subarray(4))).toBe(true)
  for (const room of rooms) expect(room.buffer).toBe(owned[0]!.buffer)
})

it.live("a value keeps no more than a little memory alive, and none that is used again", () =>
  Effect.gen(function* () {
    const zk = yield* memoryServer.make().session
    const values = yield* times(100, zk.get("/a"))
    for (const { data } of values) {
      expect(data.buffer.byteLength).toBeLessThanOrEqual(4096)
      data.fill(1)
    }
    yield* times(100, zk.get("/a"))
    for (const { data } of values) expect(data.every((byte) => byte === 1)).toBe(true)
  })
)

it.live("reading rests while many small answers are to come, and at no other time", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const zk = yield* server.session
    const rests = Effect.fnUntraced(function* (depth: number) {
      // Out of the chunk that brought this fiber here.
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      const before = server.counts.rests
      yield* times(depth, zk.get("/a"))
      return server.counts.rests - before
    })
    expect(yield* rests(1000)).toBe(0)
    server.answering.batch = 1
    expect(yield* rests(1000)).toBe(1000 - 128)
    expect(yield* rests(100)).toBe(0)
    server.answering.batch = 100
    expect(yield* rests(1000)).toBe(0)
    server.answering.batch = 1
    server.answering.length = 10_000
    expect(yield* rests(1000)).toBe(0)
  })
)

it.live("reading rests while only reads after several events are outstanding, until somebody waits", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    server.answering.batch = 1
    const zk = yield* server.session
    const told = yield* Queue.unbounded<string>()
    for (const path of ["/a", "/b"]) {
      yield* Effect.forkScoped(Stream.runForEach(zk.changes.data(path), (each) => Queue.offer(told, each.path)))
      yield* Queue.take(told)
    }
    const change = (...paths: ReadonlyArray<string>) => {
      server.answering.mzxid++
      server.tell(paths)
    }
    change("/a")
    yield* Queue.take(told)
    expect(server.counts.rests, "after a lone event").toBe(0)
    change("/a", "/b")
    yield* Queue.takeN(told, 2)
    expect(server.counts.rests, "after two").toBe(1)
    server.answering.on = false
    change("/a", "/b")
    expect(server.counts).toMatchObject({ rests: 2, wakes: 0 })
    yield* Effect.forkScoped(zk.get("/c"), { startImmediately: true })
    expect(server.counts.wakes, "once somebody waits").toBe(1)
    server.tell(["/a", "/b"])
    expect(server.counts, "while somebody waits").toMatchObject({ rests: 2, wakes: 1 })
  })
)
