/** Id queues on a real ensemble. */
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import * as IdQueue from "@effect-zookeeper/recipes/IdQueue"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { awaitState } from "../support/awaitState.ts"
import { contentsOf, inSync, isIdle, LOCKS, tagOf, textOf } from "./queued.ts"
import {
  awaitQueue,
  type Client,
  expireDuring,
  holdBack,
  onServers,
  PATH,
  precede,
  proxied,
  queue as names,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const make = (zk: Client, options: Partial<IdQueue.Options> = {}) =>
  Effect.map(using(zk)(IdQueue.make({ path: PATH, ...options })), (queue) => inSync(zk, queue))

describe("an id queue", () => {
  it.live("gives its items in the order in which they were put in, whatever their ids, and tells these", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      yield* queue.offer("a", "z")
      yield* queue.offerAll(["b", "c"], "some id, ünïcode: 1-2")
      yield* zk.transact(yield* queue.entry("d", "-"))
      assert.strictEqual(
        (yield* names(zk)).join(),
        "queue-|z|0000000000,queue-|some id, ünïcode: 1-2|0000000001,queue-|some id, ünïcode: 1-2|0000000002,queue-|-|0000000003"
      )
      assert.deepStrictEqual(
        (yield* queue.contents).map(({ id }) => id),
        ["z", "some id, ünïcode: 1-2", "some id, ünïcode: 1-2", "-"]
      )
      const told = (item: IdQueue.IdentifiedItem) => Effect.map(textOf(item), (text) => `${text} ${item.id}`)
      for (const wanted of ["a z", "b some id, ünïcode: 1-2", "c some id, ünïcode: 1-2", "d -"]) {
        assert.deepStrictEqual(yield* queue.tryWithItem(told), Option.some(wanted))
      }
      assert.deepStrictEqual(yield* queue.tryWithItem(told), Option.none())
      yield* isIdle(zk)
    })
  )

  it.live("waits for an item, and leaves alone what is none", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const queue = yield* make(one!)
      const strangers = ["readme", "queue-0000000007", "queue-||0000000007", "queue-|a|b|0000000007", "queue-|a|"]
      for (const name of strangers) yield* two!.create(`${PATH}/${name}`)
      const waiting = yield* Effect.forkChild(queue.withItem(textOf))
      yield* awaitQueue(two!, 1, `${LOCKS}/waiting`)
      yield* (yield* make(two!)).offer("late", "id")
      assert.strictEqual(yield* Fiber.join(waiting), "late")
      assert.strictEqual(yield* contentsOf(queue), "")
      assert.strictEqual(yield* queue.remove("a"), 0)
      assert.lengthOf(yield* names(one!), strangers.length)
    })
  )

  it.live("refuses ids that Curator would write as others, or no server would take, before anything is sent", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      assert.strictEqual(tagOf(yield* Effect.flip(make(zk, { lockPath: PATH }))), "InvalidArgument")
      const queue = yield* make(zk)
      for (const id of ["", "a/b", "a|b", "/", "|"]) {
        for (const refused of [queue.offer("", id), Effect.asVoid(queue.entry("", id)), queue.remove(id)]) {
          const error = yield* Effect.flip(Effect.asVoid(refused))
          assert.strictEqual(tagOf(error), "InvalidArgument")
          assert.include(error.message, `id is '${id}'`)
        }
      }
      assert.strictEqual(tagOf(yield* Effect.flip(queue.offer("", "\u0000"))), "InvalidArgument")
      assert.strictEqual(yield* queue.size, 0)
    })
  )

  it.live("is a layer, with options from the Config", () => {
    class Mails extends IdQueue.Service<Mails>()("test/Mails", { path: "/nowhere" }) {}
    return Effect.gen(function* () {
      const zk = yield* onServers()
      const offer = Mails.use((mails) => mails.offer("a", "id"))
      yield* using(zk)(Effect.provide(offer, Mails.layerConfig({ path: Config.succeed(PATH) })))
      assert.lengthOf(yield* names(zk), 1)
    })
  })
})

describe("remove", () => {
  it.live("takes out all items with the id but those that somebody works on, and counts them", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const queue = yield* make(one!)
      const theirs = yield* make(two!)
      yield* queue.offerAll(["a", "b", "c"], "x")
      yield* queue.offer("d", "y")
      const requests = recordRequests(two!)
      yield* queue.withItem((item) =>
        Effect.gen(function* () {
          yield* two!.sync()
          assert.strictEqual(yield* theirs.remove("x"), 2)
          assert.strictEqual(yield* contentsOf(queue), "a (taken),d")
          assert.strictEqual(yield* theirs.remove("x"), 0)
          assert.strictEqual(yield* theirs.remove("z"), 0)
          assert.strictEqual(item.id, "x")
        })
      )
      // A list each time; two transactions and a look for an item, one where somebody has it.
      const wanted = { getChildren: 3, multi: 6, getData: 2, sync: 1 }
      for (const [name, count] of Object.entries(wanted)) {
        assert.lengthOf(
          requests.filter((each) => each === name),
          count,
          name
        )
      }
      assert.strictEqual(yield* contentsOf(queue), "d")
      yield* isIdle(one!)
    })
  )

  it.live("and consumers at once: each item goes to one of them", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(5)
      const queues = yield* Effect.forEach(clients, (zk) => make(zk))
      yield* Effect.forEach(queues, (queue, index) => queue.offerAll(Array(10).fill(`${index}`), "x"))
      let consumed = 0
      const consumers = yield* Effect.forEach(queues.slice(0, 3), (queue) =>
        Effect.forkChild(Effect.forever(queue.withItem(() => Effect.sync(() => consumed++))))
      )
      const removed = yield* Effect.forEach(queues.slice(3), (queue) => queue.remove("x"), { concurrency: "unbounded" })
      yield* awaitState(queues[0]!.size, (size) => size === 0, { describe: "empty", within: "30 seconds" })
      yield* Effect.forEach(consumers, Fiber.interrupt, { concurrency: "unbounded" })
      assert.strictEqual(
        removed.reduce((sum, each) => sum + each, consumed),
        50
      )
      yield* isIdle(clients[0]!)
    })
  )

  it.live("is told which it has taken out when an answer is lost, and takes each out once", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const queue = yield* make(zk)
      const theirs = yield* make(other)
      for (const nth of [1, 2]) {
        yield* theirs.offer("a", "x")
        let count = 0
        const dropped = yield* proxy.dropReplyTo(({ type }) => type === multi.code && ++count === nth)
        const removing = yield* Effect.forkChild(queue.remove("x"))
        yield* dropped
        assert.strictEqual(yield* Fiber.join(removing), 1)
        assert.strictEqual(yield* theirs.size, 0)
        yield* isIdle(other)
      }
      assert.strictEqual(zk.session.epoch, 1)
    })
  )

  it.live("fails when the session ends before it is known, and does not say that there was nothing", () =>
    Effect.gen(function* () {
      const stage = yield* proxied()
      const queue = yield* make(stage.zk)
      yield* (yield* make(stage.other)).offer("a", "x")
      // The first transaction is the claim, the second one takes it out.
      const { asked, letGo } = holdBack(stage.zk, 2, "multi")
      const removing = yield* Effect.forkChild(Effect.flip(queue.remove("x")))
      yield* asked
      yield* expireDuring(stage, multi, letGo)
      assert.strictEqual((yield* Fiber.join(removing)).applied, "unknown")
      yield* isIdle(stage.other)
    })
  )

  it.live("goes on when somebody deletes its claim, or is beaten to the item", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const queue = yield* make(one!)
      for (const [nth, removed] of [
        ["its claim is deleted", 1],
        ["its item is deleted", 0]
      ] as const) {
        yield* queue.offer("a", "x")
        const [name] = yield* names(two!)
        const claim = `${LOCKS}/${name}`
        if (nth === "its item is deleted") precede(one!, "multi", 1, one!.delete(`${PATH}/${name}`))
        else precede(one!, "getData", 1, one!.delete(claim))
        assert.strictEqual(yield* queue.remove("x"), removed)
        assert.strictEqual(yield* queue.size, 0)
        yield* isIdle(two!)
      }
    })
  )

  it.live("leaves no claim behind when it is interrupted", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const queue = yield* make(one!)
      for (const nth of [1, 2]) {
        yield* queue.offerAll(["a", "b", "c"], "x")
        let interrupt = Effect.void
        const removing = yield* Effect.forkChild(Effect.andThen(Effect.yieldNow, queue.remove("x")))
        interrupt = Effect.asVoid(Fiber.interrupt(removing))
        precede(
          one!,
          nth === 1 ? "multi" : "getData",
          1,
          Effect.suspend(() => interrupt)
        )
        yield* Fiber.await(removing)
        yield* isIdle(two!)
        while ((yield* queue.size) > 0) yield* queue.withItem(textOf)
      }
    })
  )
})
