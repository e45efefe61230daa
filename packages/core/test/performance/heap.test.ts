import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { GCProfiler, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as memoryServer from "./memoryServer.ts"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as (options?: { readonly type: "minor" }) => void

const live = (): number => {
  collect()
  collect()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

it.live("an outstanding operation takes little memory, its fiber included", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const zk = yield* server.session
    yield* zk.get("/a")
    server.answering.on = false
    const before = live()
    const fiber = yield* Effect.forkChild(
      Effect.forEach(
        Array.from({ length: 10_000 }, (_, index) => index),
        () => zk.get("/a"),
        { concurrency: "unbounded", discard: true }
      )
    )
    while (server.counts.requests < 10_001) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    expect((live() - before) / 10_000).toBeLessThan(1150)
    yield* Fiber.interrupt(fiber)
  })
)

it.live("what was answered leaves nothing behind", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const zk = yield* server.session
    const reads = Effect.gen(function* () {
      for (let i = 0; i < 25_000; i++) yield* zk.get("/a")
    })
    yield* reads
    const before = live()
    yield* reads
    expect(live() - before).toBeLessThan(400_000)
  })
)

/** The bytes that an effect allocates: what the heap grew between its collections. */
const allocated = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<number, E> =>
  Effect.suspend(() => {
    const profiler = new GCProfiler()
    profiler.start()
    collect()
    return Effect.map(effect, () => {
      collect()
      let sum = 0
      let after = Infinity
      for (const { afterGC, beforeGC } of profiler.stop().statistics) {
        sum += Math.max(0, beforeGC.heapStatistics.usedHeapSize - after)
        after = afterGC.heapStatistics.usedHeapSize
      }
      return sum
    })
  })

it.live("an operation allocates little, its fiber's part and this server's included", () =>
  Effect.gen(function* () {
    const zk = yield* memoryServer.make().session
    const each = Effect.fnUntraced(function* (operation: () => Effect.Effect<unknown, unknown>) {
      const loop = Effect.gen(function* () {
        for (let i = 0; i < 100; i++) yield* operation()
      })
      const fibers = Array.from({ length: 256 }, () => loop)
      const loops = Effect.all(fibers, { concurrency: "unbounded", discard: true })
      // Until the code is compiled, it allocates more: every number is an object there.
      const measured = []
      for (let i = 0; i < 4; i++) measured.push(yield* allocated(loops))
      return Math.min(...measured) / 25_600
    })
    const bytes = new Uint8Array(100)
    // 1,550 to 1,620 and 1,120 were found: what the compilers leave out differs from run to run.
    expect(yield* each(() => zk.get("/a"))).toBeLessThan(1750)
    expect(yield* each(() => zk.set("/a", bytes))).toBeLessThan(1250)
  })
)

it.live("a path that is watched, or followed, takes little memory", () =>
  Effect.gen(function* () {
    const zk = yield* memoryServer.make().session
    const each = (
      count: number,
      prefix: string,
      watch: (path: string) => Effect.Effect<unknown, unknown, Scope.Scope>
    ) =>
      Effect.gen(function* () {
        const paths = Array.from({ length: count }, (_, index) => `/${prefix}-${index}`)
        const before = live()
        const streams = yield* Effect.forEach(paths, watch, { concurrency: 256 })
        const taken = (live() - before) / streams.length
        return { taken, streams }
      })
    yield* each(1000, "warm", (path) => zk.watchScoped(path))
    yield* each(1000, "warmToo", (path) => zk.changes.dataScoped(path))
    expect((yield* each(4000, "watched", (path) => zk.watchScoped(path))).taken).toBeLessThan(1200)
    expect((yield* each(4000, "followed", (path) => zk.changes.dataScoped(path))).taken).toBeLessThan(1200)
  })
)

it.live("a closed session dies young: nothing old leads to it", () =>
  Effect.gen(function* () {
    const server = memoryServer.make()
    const sessions = (count: number) =>
      Effect.gen(function* () {
        for (let i = 0; i < count; i++) {
          yield* Effect.scoped(server.session)
          if (i % 10 === 0) collect({ type: "minor" })
        }
      })
    yield* sessions(300)
    const before = live()
    yield* sessions(300)
    collect({ type: "minor" })
    expect((process.memoryUsage().heapUsed + process.memoryUsage().external - before) / 300).toBeLessThan(6000)
  })
)
