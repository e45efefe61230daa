/** How a provider chooses: in turn, at random, the same again; and whom it leaves out for how long. */
import { type CacheFailure, CacheFull } from "../src/Cache.ts"
import { choosing } from "../src/internal/choosing.ts"
import type { ServiceInstance } from "../src/ServiceInstance.ts"
import type { Options } from "../src/ServiceProvider.ts"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const instanceOf = (id: string, more: Partial<ServiceInstance> = {}): ServiceInstance => ({
  name: "web",
  id,
  address: undefined,
  port: undefined,
  sslPort: undefined,
  payload: null,
  registrationTimeUTC: 0,
  serviceType: "DYNAMIC",
  uriSpec: undefined,
  enabled: true,
  ...more
})

const [a, b, c] = ["a", "b", "c"].map((id) => instanceOf(id)) as [ServiceInstance, ServiceInstance, ServiceInstance]

/** A provider over the instances that are told it, these first. */
const over = Effect.fnUntraced(function* (first: ReadonlyArray<ServiceInstance>, options: Options = {}) {
  const states = yield* Queue.unbounded<ReadonlyArray<ServiceInstance>>()
  // Who asks for the next one has done with the one before.
  const asked = yield* Queue.unbounded<void>()
  const asking = Effect.andThen(Queue.offer(asked, undefined), Queue.take(states))
  const { instance, instances, noteError } = yield* choosing("/web", Stream.fromEffectRepeat(asking), options)
  yield* Queue.take(asked)
  const become = (next: ReadonlyArray<ServiceInstance>) => Effect.andThen(Queue.offer(states, next), Queue.take(asked))
  yield* become(first)
  const chosen = Effect.map(instance, Option.match({ onNone: () => "none", onSome: ({ id }) => id }))
  /** The next so many that it chooses. */
  const next = (count: number) => Effect.map(Effect.replicateEffect(chosen, count), (ids) => ids.join(""))
  return { become, next, noteError, ids: Effect.map(instances, (all) => all.map(({ id }) => id).join("")) }
})

describe("choosing", () => {
  it.effect("in turn takes one after the other, from anywhere on, also when they change", () =>
    Effect.gen(function* () {
      const begins = new Set<string>()
      for (const seed of Array(20).keys()) {
        const { become, next } = yield* over([a, b, c])
        const begin = yield* Random.withSeed(next(1), seed)
        begins.add(begin)
        assert.strictEqual(begin + (yield* next(5)), { a: "abcabc", b: "bcabca", c: "cabcab" }[begin])
        yield* become([a, c])
        assert.include(["acac", "caca"], yield* next(4))
      }
      assert.deepStrictEqual([...begins].sort(), ["a", "b", "c"])
    })
  )

  it.effect("at random takes any, as Effect's Random says", () =>
    Effect.gen(function* () {
      const { next } = yield* over([a, b, c], { strategy: "random" })
      const first = yield* Random.withSeed(next(30), "seed")
      assert.strictEqual(yield* Random.withSeed(next(30), "seed"), first)
      assert.deepStrictEqual([...new Set(first)].sort(), ["a", "b", "c"])
    })
  )

  it.effect("sticks to one for as long as it may be chosen, whatever it tells", () =>
    Effect.gen(function* () {
      const { become, next, noteError } = yield* over([a, b, c], { strategy: "sticky", down: { errors: 1 } })
      const first = yield* next(1)
      assert.strictEqual(yield* next(5), first.repeat(5))
      const others = [a, b, c].filter(({ id }) => id !== first)
      yield* become([...others, instanceOf(first, { payload: "new" })])
      assert.strictEqual(yield* next(3), first.repeat(3))
      yield* noteError(instanceOf(first))
      const second = yield* next(1)
      assert.notStrictEqual(second, first)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* next(3), second.repeat(3))
      yield* become([instanceOf(second, { registrationTimeUTC: 1 })])
      assert.strictEqual(yield* next(1), second)
      yield* become([])
      assert.strictEqual(yield* next(1), "none")
    })
  )

  it.effect("leaves out who is not enabled, and who is not let through", () =>
    Effect.gen(function* () {
      const { become, ids, next } = yield* over([a, instanceOf("b", { enabled: false }), c], {
        filter: ({ id }) => id !== "c"
      })
      assert.strictEqual(yield* ids, "a")
      assert.strictEqual(yield* next(3), "aaa")
      yield* become([a, b, c])
      assert.strictEqual(yield* ids, "ab")
      yield* become([c])
      assert.strictEqual(yield* next(1), "none")
    })
  )

  it.effect("leaves out who has failed twice within 30 seconds, until 30 seconds after the last time", () =>
    Effect.gen(function* () {
      const { become, ids, noteError } = yield* over([a, b])
      yield* noteError(a)
      assert.strictEqual(yield* ids, "ab")
      yield* TestClock.adjust("30 seconds")
      // The first one does not count any more.
      yield* noteError(a)
      assert.strictEqual(yield* ids, "ab")
      yield* TestClock.adjust("29 seconds")
      yield* noteError(a)
      assert.strictEqual(yield* ids, "b")
      // It tells something else, which does not make it another one.
      yield* become([instanceOf("a", { payload: 1 }), b])
      yield* TestClock.adjust("29999 millis")
      assert.strictEqual(yield* ids, "b")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* ids, "ab")
      // And begins anew.
      yield* noteError(a)
      assert.strictEqual(yield* ids, "ab")
    })
  )

  it.effect("goes on leaving out who goes on failing, and takes who was registered anew", () =>
    Effect.gen(function* () {
      const { become, ids, noteError } = yield* over([a], { down: { errors: 1, within: "10 seconds" } })
      for (let turn = 0; turn < 3; turn++) {
        yield* noteError(a)
        yield* TestClock.adjust("9 seconds")
        assert.strictEqual(yield* ids, "")
      }
      yield* become([instanceOf("a", { registrationTimeUTC: 1 })])
      assert.strictEqual(yield* ids, "a")
    })
  )

  it.effect("fails for good when the instances cannot be followed", () =>
    Effect.gen(function* () {
      const full = new CacheFull({ path: "/web", maxNodes: 1 })
      const states: Stream.Stream<ReadonlyArray<ServiceInstance>, CacheFailure> = Stream.fail(full)
      const provider = yield* choosing("/web", states, {})
      assert.strictEqual(yield* Effect.flip(provider.instance), full)
      assert.strictEqual(yield* Effect.flip(provider.instances), full)
    })
  )

  it.effect("refuses a policy that is none", () =>
    Effect.gen(function* () {
      for (const [down, problem] of [
        [{ errors: 0 }, "/web: errors is 0; it must be a whole number, 1 or more"],
        [{ errors: 1.5 }, "/web: errors is 1.5; it must be"],
        [{ within: "soon" as "1 second" }, "/web: within is 'soon'; it must be a duration"]
      ] as const) {
        const error = yield* Effect.flip(choosing("/web", Stream.never, { down }))
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.include(error.message, problem)
      }
    })
  )
})
