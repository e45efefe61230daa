/** Delay queues on a real ensemble, and in virtual time on an in-process server. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as DelayQueue from "@effect-zookeeper/recipes/DelayQueue"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { cutOff } from "../real/clients.ts"
import { awaitState } from "../support/awaitState.ts"
import { contentsOf, inSync, isIdle, LOCKS, tagOf, textOf } from "./queued.ts"
import {
  awaitQueue,
  body,
  type Client,
  expire,
  onServers,
  PATH,
  precede,
  proxied,
  queue as names,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const make = (zk: Client, options: Partial<DelayQueue.Options> = {}) =>
  Effect.map(using(zk)(DelayQueue.make({ path: PATH, ...options })), (queue) => inSync(zk, queue))

/** Long enough for any test. */
const later = { after: "1 hour" } as const

describe("a delay queue", () => {
  it.live("gives what is due in the order of the times, and of one time in the order in which it was put in", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      const time = yield* DateTime.now
      yield* queue.offer("not yet", later)
      yield* queue.offer("b1", { at: time })
      yield* queue.offerAll(["b2", "b3"], { at: DateTime.toDate(time) })
      yield* queue.offer("a", { at: DateTime.toEpochMillis(time) - 1 })
      // It is before nine hexadecimal digits, and before 1970.
      yield* queue.offer("long ago", { at: new Date(2 ** 31) })
      yield* queue.offer("before there were computers", { at: new Date("1950-01-01") })
      yield* zk.transact(yield* queue.entry("b4", { at: time }))
      const order = ["before there were computers", "long ago", "a", "b1", "b2", "b3", "b4"]
      assert.strictEqual(yield* contentsOf(queue), [...order, "not yet"].join())
      for (const text of order) assert.deepStrictEqual(yield* queue.tryWithItem(textOf), Option.some(text))
      assert.deepStrictEqual(yield* queue.tryWithItem(textOf), Option.none())
      assert.strictEqual(yield* queue.size, 1)
      yield* isIdle(zk)
    })
  )

  it.live("writes the time as Curator does, and tells it", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      const written: Array<string> = []
      for (const at of [0, 1, 2 ** 32, 1_700_000_000_000, 8.64e15]) {
        yield* queue.offer("", { at })
        written.push((yield* names(zk)).at(-1)!)
      }
      assert.strictEqual(
        written.join(),
        "queue-|00000001|0000000000,queue-|00000001|0000000001,queue-|100000000|0000000002," +
          "queue-|18BCFE56800|0000000003,queue-|1EB208C2DC0000|0000000004"
      )
      const dues = (yield* queue.contents).map(({ due }) => DateTime.toEpochMillis(due))
      assert.deepStrictEqual(dues, [1, 1, 2 ** 32, 1_700_000_000_000, 8.64e15])
      assert.strictEqual(
        yield* queue.withItem(({ due }) => Effect.succeed(DateTime.formatIso(due))),
        "1970-01-01T00:00:00.001Z"
      )
    })
  )

  it.live("takes at once what has no time, as Curator's consumers give it back, and leaves alone what is no item", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      yield* queue.offer("delayed", { after: 0 })
      yield* zk.create(`${PATH}/queue-`, "given back", { mode: "persistentSequential" })
      const strangers = [
        "readme",
        "queue-|an id|0000000009",
        "queue-||0000000009",
        "queue-|18BCFE56800",
        "queue-|1|2|3"
      ]
      for (const name of strangers) yield* zk.create(`${PATH}/${name}`)
      // Java reads small digits, too, and a time that JavaScript does not have.
      yield* zk.create(`${PATH}/queue-|7fffffffffffffff|0000000009`, "never")
      assert.strictEqual(yield* contentsOf(queue), "given back,delayed,never")
      const mark = ({ due }: DelayQueue.DelayedItem) => Effect.succeed(DateTime.toEpochMillis(due))
      assert.strictEqual(yield* queue.withItem(mark), 0)
      assert.isAbove(yield* queue.withItem(mark), 0)
      assert.deepStrictEqual(yield* queue.tryWithItem(mark), Option.none())
      assert.lengthOf(yield* names(zk), strangers.length + 1)
    })
  )

  it.live("refuses what is no time, before anything is sent", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      assert.strictEqual(tagOf(yield* Effect.flip(make(zk, { lockPath: PATH }))), "InvalidArgument")
      assert.deepStrictEqual(yield* zk.children("/"), [])
      const queue = yield* make(zk)
      for (const [when, told] of [
        [{ at: Number.NaN }, "at is 'NaN'"],
        [{ at: new Date("soon") }, "at is 'Invalid Date'"],
        [{ at: "soon" }, "at is 'soon'"],
        [{ at: 8.64e15 + 1 }, "at is '8640000000000001'"],
        [{ after: "soon" as never }, "after is 'soon'"],
        [{ after: "Infinity" }, "after is 'Infinity'"],
        [{} as never, "after is 'undefined'"]
      ] as const satisfies ReadonlyArray<readonly [DelayQueue.When, string]>) {
        for (const offering of [queue.offer("", when), Effect.asVoid(queue.entry("", when))]) {
          const error = yield* Effect.flip(offering)
          assert.strictEqual(tagOf(error), "InvalidArgument")
          assert.include(error.message, told)
        }
      }
      assert.strictEqual(yield* queue.size, 0)
    })
  )

  it.live("is a layer, with options from the Config", () => {
    class Reminders extends DelayQueue.Service<Reminders>()("test/Reminders", { path: "/nowhere" }) {}
    return Effect.gen(function* () {
      const zk = yield* onServers()
      const offer = Reminders.use((reminders) => reminders.offer("a", later))
      yield* using(zk)(Effect.provide(offer, Reminders.layerConfig({ path: Config.succeed(PATH) })))
      assert.lengthOf(yield* names(zk), 1)
    })
  })

  it.live("gives each item to one of many consumers, and none before its time", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(6)
      const queues = yield* Effect.forEach(clients, (zk) => make(zk))
      const seen: Array<string> = []
      const early: Array<string> = []
      const consume = (queue: DelayQueue.DelayQueue) =>
        Effect.forever(
          queue.withItem((item) =>
            Effect.gen(function* () {
              const text = yield* textOf(item)
              seen.push(text)
              if ((yield* Clock.currentTimeMillis) < DateTime.toEpochMillis(item.due)) early.push(text)
            })
          )
        )
      const consumers = yield* Effect.forEach(queues, (queue) => Effect.forkChild(consume(queue)))
      yield* Effect.forEach(
        queues.slice(0, 3),
        (queue, producer) =>
          Effect.forEach(
            Array(15).keys(),
            (number) => queue.offer(`${producer}.${number}`, { after: (number * 97) % 700 }),
            {
              concurrency: 3
            }
          ),
        { concurrency: "unbounded" }
      )
      yield* awaitState(queues[0]!.size, (size) => size === 0, { describe: "empty", within: "30 seconds" })
      yield* Effect.forEach(consumers, Fiber.interrupt, { concurrency: "unbounded" })
      assert.lengthOf(seen, 45)
      assert.strictEqual(new Set(seen).size, 45)
      assert.deepStrictEqual(early, [])
      yield* isIdle(clients[0]!)
    })
  )
})

/** In virtual time, which is at 0 when a test begins. */
const inVirtualTime = (name: string, test: (zk: Client) => Effect.Effect<void, unknown, Scope.Scope>) =>
  it.effect(name, () =>
    Effect.gen(function* () {
      const zk = yield* ZooKeeper.make({ sessionTimeout: "40 seconds" })
      // The first watch of a session asks for the server's version, and nobody sees how long that takes.
      yield* Effect.scoped(Effect.asVoid(zk.changes.dataScoped("/elsewhere")))
      yield* test(zk)
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )

/** Waits until a session asks for nothing more: whoever sleeps now does so until something happens. */
const awaitQuiet = (zk: Client) => {
  const requests = recordRequests(zk)
  const asked = Effect.suspend(() => {
    requests.length = 0
    return Effect.as(Effect.andThen(zk.sync(), zk.sync()), requests)
  })
  return awaitState(asked, ({ length }) => length === 2, { describe: "only what asks here is asked" })
}

/** Waits until so many consumers stand in the line, and those who have to wait for a time do. */
const awaitAsleep = (zk: Client, count = 1) => Effect.andThen(awaitQueue(zk, count, `${LOCKS}/waiting`), awaitQuiet(zk))

const isDone = (fiber: Fiber.Fiber<unknown, unknown>) => fiber.pollUnsafe() !== undefined

describe("a delayed item", () => {
  inVirtualTime(
    "is taken as soon as it is due and not a millisecond before, and waiting for that sends nothing",
    (zk) =>
      Effect.gen(function* () {
        const queue = yield* make(zk)
        yield* queue.offer("a", { after: "20 seconds" })
        yield* TestClock.adjust("19999 millis")
        assert.deepStrictEqual(yield* queue.tryWithItem(textOf), Option.none())
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* queue.tryWithItem(textOf), Option.some("a"))

        yield* queue.offer("b", { after: "20 seconds" })
        const requests = recordRequests(zk)
        const taking = yield* Effect.forkChild(queue.withItem(textOf))
        yield* awaitState(
          Effect.sync(() => [...requests]),
          (asked) => asked.filter((name) => name === "getChildren2").length === 2,
          { describe: "it follows the items and the claims" }
        )
        // Answered after both.
        yield* zk.sync()
        assert.isFalse(isDone(taking))
        requests.length = 0
        for (let second = 0; second < 19; second++) yield* TestClock.adjust("1 second")
        yield* TestClock.adjust("999 millis")
        assert.deepStrictEqual(requests.splice(0), [])
        assert.isFalse(isDone(taking))
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* Fiber.join(taking), "b")
      })
  )

  inVirtualTime("is waited for no longer than one that is put in meanwhile and is due before it", (zk) =>
    Effect.gen(function* () {
      const queue = yield* make(zk)
      yield* queue.offer("late", { after: "30 seconds" })
      const order: Array<string> = []
      const consume = Effect.forever(queue.withItem((item) => Effect.map(textOf(item), (text) => order.push(text))))
      const consuming = yield* Effect.forkChild(consume)
      yield* awaitAsleep(zk)
      yield* TestClock.adjust("5 seconds")
      yield* queue.offer("early", { after: "10 seconds" })
      yield* queue.offer("earlier", { after: "5 seconds" })
      yield* awaitQuiet(zk)
      const reaches = (count: number) =>
        awaitState(
          Effect.sync(() => order.length),
          (length) => length === count,
          { describe: `${count} are taken` }
        )
      yield* TestClock.adjust("5 seconds")
      yield* reaches(1)
      // It waits anew, at the head of the line.
      yield* awaitAsleep(zk)
      yield* queue.offer("at once", { after: 0 })
      yield* reaches(2)
      yield* awaitAsleep(zk)
      yield* TestClock.adjust("5 seconds")
      yield* reaches(3)
      yield* awaitAsleep(zk)
      for (let second = 0; second < 15; second++) yield* TestClock.adjust("1 second")
      yield* reaches(4)
      assert.deepStrictEqual(order, ["earlier", "at once", "early", "late"])
      yield* Fiber.interrupt(consuming)
    })
  )

  inVirtualTime("is taken by the next one in the line when two are due at a time", (zk) =>
    Effect.gen(function* () {
      const queue = yield* make(zk)
      yield* queue.offerAll(["a", "b"], { after: "10 seconds" })
      const taking = [yield* Effect.forkChild(queue.withItem(textOf)), yield* Effect.forkChild(queue.withItem(textOf))]
      yield* awaitAsleep(zk, 2)
      for (let second = 0; second < 10; second++) yield* TestClock.adjust("1 second")
      assert.sameMembers(yield* Fiber.joinAll(taking), ["a", "b"])
    })
  )

  inVirtualTime("is noticed within a minute when the clock is set, or its machine slept", (zk) =>
    Effect.gen(function* () {
      const queue = yield* make(zk)
      const clock = yield* Clock.Clock
      let ahead = 0
      const set: Clock.Clock = Object.assign(Object.create(clock), {
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + ahead,
        currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + ahead)
      })
      yield* queue.offer("a", { after: "65 seconds" })
      const taking = yield* Effect.forkChild(Effect.provideService(queue.withItem(textOf), Clock.Clock, set))
      yield* awaitAsleep(zk)
      // Not so much that the lease would be over.
      ahead = 9000
      for (let second = 0; second < 60; second++) yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(taking), "a")
    })
  )

  it.live("is given back when the session of its consumer expires, and is due still", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const a = yield* make(one!)
      const b = yield* make(two!)
      yield* a.offer("a", { after: 0 })
      const work = body()
      const working = yield* Effect.forkChild(Effect.flip(a.withItem(() => work.run)))
      yield* work.entered
      const taking = yield* Effect.forkChild(b.withItem(textOf))
      yield* awaitQueue(two!, 1, `${LOCKS}/waiting`)
      yield* expire(one!)
      assert.strictEqual(tagOf(yield* Fiber.join(working)), "LeaseLost")
      assert.strictEqual(yield* Fiber.join(taking), "a")
      yield* isIdle(two!)
    })
  )

  it.live("falls due while its consumer has no connection, and is taken when that is back", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const theirs = yield* make(zk)
      const ours = yield* make(other)
      yield* ours.offer("a", { after: "300 millis" })
      const taking = yield* Effect.forkChild(theirs.withItem(textOf))
      // On a slow machine it may be due, and taken, before there is a line.
      yield* Effect.raceFirst(awaitQueue(other, 1, `${LOCKS}/waiting`), Fiber.await(taking))
      yield* cutOff(zk, proxy)
      yield* ours.offer("meanwhile", { at: 1 })
      const { due } = (yield* ours.contents).at(-1)!
      yield* awaitState(Clock.currentTimeMillis, (now) => now >= DateTime.toEpochMillis(due), { describe: "due" })
      yield* proxy.listen
      assert.include(["a", "meanwhile"], yield* Fiber.join(taking))
      assert.include(["a", "meanwhile"], yield* theirs.withItem(textOf))
      assert.strictEqual(yield* ours.size, 0)
      assert.strictEqual(zk.session.epoch, 1)
    })
  )

  it.live("that another one is quicker to take is waited for no longer, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const queue = yield* make(one!)
      const watched = one!.driver.watches.size
      yield* queue.offer("a", { after: "300 millis" })
      const [name] = yield* names(two!)
      // Somebody else has it in the moment in which it is due, and gives it back.
      const claim = `${LOCKS}/${name}`
      precede(one!, "multi", 1, one!.create(claim, "somebody else's", { mode: "ephemeral" }))
      const taking = yield* Effect.forkChild(queue.withItem(textOf))
      yield* awaitState(two!.exists(claim), Option.isSome, { describe: "somebody else has it" })
      yield* two!.delete(claim)
      assert.strictEqual(yield* Fiber.join(taking), "a")
      const waiting = yield* Effect.forkChild(queue.withItem(textOf))
      yield* queue.offer("b", later)
      yield* awaitQueue(two!, 1, `${LOCKS}/waiting`)
      yield* Fiber.interrupt(waiting)
      yield* awaitState(
        Effect.sync(() => one!.driver.watches.size),
        (size) => size === watched,
        { describe: `${watched} watches, as before` }
      )
      yield* isIdle(two!)
    })
  )

  it.live("is put off again in one step, and keeps its claim's promises", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      yield* queue.offer("a", { after: 0 })
      yield* queue.withItem((item) => Effect.flatMap(queue.entry(item.data, later), (again) => item.consume(again)))
      assert.strictEqual(yield* contentsOf(queue), "a")
      assert.deepStrictEqual(yield* queue.tryWithItem(textOf, { wait: "20 millis" }), Option.none())
      yield* queue.offer("b", { after: 0 })
      const scope = yield* Scope.make()
      const item = yield* Scope.provide(queue.take, scope)
      assert.strictEqual(item.node, `${LOCKS}/${item.entry.slice(PATH.length + 1)}`)
      yield* item.guard(Op.create("/guarded"))
      assert.strictEqual(yield* contentsOf(queue), "b (taken),a")
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* contentsOf(queue), "b,a")
      yield* isIdle(zk)
    })
  )
})
