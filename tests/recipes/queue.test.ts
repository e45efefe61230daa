/** Queues on a real ensemble. */
import * as Op from "@effect-zookeeper/core/Op"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Queue from "@effect-zookeeper/recipes/Queue"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { cutOff } from "../real/clients.ts"
import { awaitState } from "../support/awaitState.ts"
import { contentsOf, inSync, isIdle, LOCKS, tagOf, textOf } from "./queued.ts"
import {
  awaitQueue,
  body,
  type Client,
  expire,
  expireDuring,
  holdBack,
  isEntered,
  onServers,
  PATH,
  precede,
  proxied,
  queue as names,
  recordEvents,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const make = (zk: Client, options: Partial<Queue.Options> = {}) =>
  Effect.map(using(zk)(Queue.make({ path: PATH, ...options })), (queue) => inSync(zk, queue))

/** Where a dialect has its items and their claims, and what else. */
const places = {
  curator: { items: PATH, claims: LOCKS, beside: LOCKS, name: /^queue-\d{10}$/ },
  kazoo: { items: `${PATH}/entries`, claims: `${PATH}/taken`, beside: PATH, name: /^entry-100-\d{10}$/ },
  apache: { items: PATH, claims: LOCKS, beside: LOCKS, name: /^qn-\d{10}$/ }
} as const

describe("a queue", () => {
  for (const [dialect, { beside, claims, items, name }] of Object.entries(places)) {
    const options = { dialect: dialect as keyof typeof places }

    it.live(`gives its items in order, each to one consumer, as ${dialect} lays them out`, () =>
      Effect.gen(function* () {
        const [one, two] = yield* sessions(2)
        const producer = yield* make(one!, options)
        const consumer = yield* make(two!, options)
        yield* producer.offer("a")
        yield* producer.offerAll(["b", "c"])
        yield* producer.offerAll([])
        assert.strictEqual(yield* producer.size, 3)
        for (const each of yield* names(one!, items)) assert.match(each, name)
        yield* consumer.withItem((first) =>
          Effect.gen(function* () {
            assert.strictEqual(ZooKeeper.text(first), "a")
            assert.deepStrictEqual(first.others, [])
            assert.strictEqual(first.node, `${claims}/${first.entry.slice(items.length + 1)}`)
            yield* one!.sync()
            assert.strictEqual((yield* one!.get(first.node)).stat.ephemeralOwner, two!.session.id)
            assert.strictEqual((yield* one!.get(first.node)).stat.czxid, first.fencingToken)
            assert.strictEqual(yield* contentsOf(producer), "a (taken),b,c")
            // The others do not wait for it.
            assert.strictEqual(yield* producer.withItem(textOf), "b")
          })
        )
        assert.strictEqual(yield* contentsOf(producer), "c")
        assert.deepStrictEqual(yield* producer.tryWithItem(textOf), Option.some("c"))
        assert.deepStrictEqual(yield* producer.tryWithItem(textOf), Option.none())
        assert.strictEqual(yield* producer.size, 0)
        yield* isIdle(one!, claims, beside)
      })
    )

    it.live(`waits for an item, in the line of ${dialect}`, () =>
      Effect.gen(function* () {
        const [one, two] = yield* sessions(2)
        const producer = yield* make(one!, options)
        const consumer = yield* make(two!, options)
        const waiting = yield* Effect.forkChild(consumer.withItem(textOf))
        yield* awaitQueue(one!, 1, `${beside}/waiting`)
        yield* producer.offer("late")
        assert.strictEqual(yield* Fiber.join(waiting), "late")
        yield* isIdle(one!, claims, beside)
      })
    )
  }

  it.live("has its priorities, as the other libraries write them", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      for (const [dialect, priorities, written] of [
        ["curator", [5, -5, 0, undefined], "queue-100000005,queue-0FFFFFFFB,queue-100000000,queue-"],
        ["kazoo", [5, 999, 0, undefined], "entry-005-,entry-999-,entry-000-,entry-100-"]
      ] as const) {
        const queue = yield* make(zk, { dialect, path: `/${dialect}` })
        const items = dialect === "kazoo" ? "/kazoo/entries" : "/curator"
        for (const priority of priorities) yield* queue.offer(String(priority), { priority })
        assert.strictEqual((yield* names(zk, items)).map((name) => name.slice(0, -10)).join(), written)
        const order: Array<string> = []
        while ((yield* queue.size) > 0) order.push(yield* queue.withItem(textOf))
        assert.strictEqual(order.join(), dialect === "kazoo" ? "0,5,undefined,999" : "undefined,-5,0,5")
      }
    })
  )

  it.live("refuses what cannot be, before anything is sent", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      for (const options of [{ lockPath: PATH }, { dialect: "kazoo", lockPath: LOCKS }] as const) {
        assert.strictEqual(tagOf(yield* Effect.flip(make(zk, options))), "InvalidArgument")
      }
      assert.deepStrictEqual(yield* zk.children("/"), [])
      const curators = yield* make(zk)
      const kazoos = yield* make(zk, { dialect: "kazoo", path: "/kazoo" })
      const apaches = yield* make(zk, { dialect: "apache", path: "/apache" })
      for (const [queue, priority] of [
        [curators, 2 ** 31],
        [curators, 0.5],
        [curators, Number.NaN],
        [kazoos, -1],
        [kazoos, 1000],
        [apaches, 0]
      ] as const) {
        const error = yield* Effect.flip(queue.offer("", { priority }))
        assert.strictEqual(tagOf(error), "InvalidArgument")
        assert.include(error.message, `priority is ${priority}`)
        assert.strictEqual(yield* queue.size, 0)
      }
      const huge = yield* Effect.flip(curators.offerAll(Array(3).fill("x".repeat(400_000))))
      assert.strictEqual(tagOf(huge), "InvalidArgument")
      assert.strictEqual(
        tagOf(yield* Effect.flip(Effect.scoped(curators.tryTake({ wait: "soon" as never })))),
        "InvalidArgument"
      )
      assert.strictEqual(yield* curators.size, 0)
    })
  )

  it.live("writes and reads the frames of Curator, several items in one, and takes what is in no frame as it is", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      yield* queue.offer("ab")
      const [name] = yield* names(zk)
      assert.strictEqual(
        Buffer.from((yield* zk.get(`${PATH}/${name}`)).data).toString("hex"),
        "00010001 01 00000002 6162 02".replaceAll(" ", "")
      )
      assert.strictEqual(yield* queue.withItem(textOf), "ab")
      const put = (hex: string) =>
        zk.create(`${PATH}/queue-`, Buffer.from(hex.replaceAll(" ", ""), "hex"), { mode: "persistentSequential" })
      yield* put("00010001 01 00000001 61 01 00000000 01 00000002 6263 02")
      const texts = ({ data, others }: Queue.Item) =>
        Effect.succeed([data, ...others].map((each) => ZooKeeper.text({ data: each })))
      assert.deepStrictEqual(yield* queue.withItem(texts), ["a", "", "bc"])
      yield* put("0001000102")
      assert.deepStrictEqual(yield* queue.withItem(texts), [""])
      // No version, no end, more than there is, nothing at all.
      for (const hex of ["68656c6c6f", "000100010100000001", "0001000101000000ff6102", "00010001", ""]) {
        yield* put(hex)
        const data = yield* queue.withItem(({ data }) => Effect.succeed(Buffer.from(data).toString("hex")))
        assert.strictEqual(data, hex)
      }
    })
  )

  it.live("leaves alone what is no item: a delayed one of Curator's, and whatever else stands there", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      yield* zk.create(`${PATH}/queue-|18BCFE56800|0000000000`)
      yield* zk.create(`${PATH}/readme`)
      yield* queue.offer("mine")
      assert.strictEqual(yield* contentsOf(queue), "mine")
      assert.strictEqual(yield* queue.withItem(textOf), "mine")
      assert.deepStrictEqual(yield* queue.tryWithItem(textOf), Option.none())
      assert.lengthOf(yield* names(zk), 2)
    })
  )

  it.live("costs two requests to put in, six to take and consume, of which it waits for one and four", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      yield* queue.offer("first")
      const requests = recordRequests(zk)
      yield* queue.offer("a")
      assert.deepStrictEqual(requests.splice(0), ["multi", "delete"])
      yield* queue.offerAll(["b", "c", "d"])
      assert.deepStrictEqual(requests.splice(0), ["multi", "delete"])
      const take = ["getChildren", "getChildren", "multi", "getData", "getData"]
      yield* queue.withItem(() => Effect.void)
      assert.deepStrictEqual(requests.splice(0), [...take, "multi"])
      // No more while somebody has the first one.
      yield* queue.withItem(() => queue.withItem(() => Effect.void))
      assert.deepStrictEqual(requests.splice(0), [...take, ...take, "multi", "multi"])
    })
  )

  it.live("gives each item to one of many consumers, whoever puts it in", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(8)
      const queues = yield* Effect.forEach(clients, (zk) => make(zk))
      const seen: Array<string> = []
      const consume = (queue: Queue.Queue) =>
        Effect.forever(queue.withItem((item) => Effect.map(textOf(item), (text) => seen.push(text))))
      const consumers = yield* Effect.forEach(queues, (queue) => Effect.forkChild(consume(queue)))
      yield* Effect.forEach(
        queues.slice(0, 4),
        (queue, producer) =>
          Effect.forEach(Array(15).keys(), (number) => queue.offer(`${producer}.${number}`), { concurrency: 3 }),
        { concurrency: "unbounded" }
      )
      yield* awaitState(queues[0]!.size, (size) => size === 0, { describe: "empty", within: "30 seconds" })
      yield* Effect.forEach(consumers, Fiber.interrupt, { concurrency: "unbounded" })
      assert.lengthOf(seen, 60)
      assert.strictEqual(new Set(seen).size, 60)
      yield* isIdle(clients[0]!)
    })
  )

  it.live("wakes one of twenty consumers for an item, and asks no more than twenty times for it", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(20)
      const queues = yield* Effect.forEach(clients, (zk) => make(zk))
      yield* queues[19]!.offer("none is missing below the path")
      yield* queues[19]!.withItem(() => Effect.void)
      const works = clients.map(() => body())
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      for (const [index, queue] of queues.entries()) {
        fibers.push(yield* Effect.forkChild(queue.withItem(() => works[index]!.run)))
        yield* awaitQueue(clients[0]!, index + 1, `${LOCKS}/waiting`)
      }
      const events = clients.map(recordEvents)
      const requests = clients.map(recordRequests)
      for (let turn = 0; turn < 3; turn++) {
        for (const seen of [...events, ...requests]) seen.length = 0
        yield* queues[19]!.offer("an item")
        yield* works[turn]!.entered
        yield* awaitQueue(clients[0]!, 19 - turn, `${LOCKS}/waiting`)
        yield* awaitState(
          Effect.sync(() => [events[turn + 1]!.length, clients[turn + 1]!.driver.watches.size] as const),
          ([seen, watches]) => seen > 0 && watches >= 2,
          { describe: "the next one is the head" }
        )
        // The head, and who is the next one.
        const woken = events.flatMap((seen, index) => (seen.length > 0 ? [index] : []))
        assert.deepStrictEqual(woken, [turn, turn + 1])
        const asked = requests.reduce((sum, { length }, index) => sum + (index === 0 ? 0 : length), 0)
        assert.isAtMost(asked, 20)
        yield* works[turn]!.leave
        yield* Fiber.join(fibers[turn]!)
      }
      yield* Effect.forEach(fibers, Fiber.interrupt, { concurrency: "unbounded" })
      yield* isIdle(clients[0]!)
    })
  )

  it.live("makes its nodes again where they went, empty containers above all (museum 36)", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      for (const dialect of ["curator", "kazoo"] as const) {
        const path = `/${dialect}`
        const queue = yield* make(zk, { dialect, path })
        const reap = Effect.andThen(
          Effect.ignore(zk.delete(path, { recursive: true })),
          Effect.ignore(zk.delete(`${path}-locks`, { recursive: true }))
        )
        yield* reap
        yield* queue.offer("a")
        yield* Effect.ignore(zk.delete(dialect === "kazoo" ? `${path}/taken` : `${path}-locks`, { recursive: true }))
        assert.strictEqual(yield* queue.withItem(textOf), "a")
        yield* reap
        // Between the making and the create, too.
        precede(zk, "multi", 2, Effect.ignore(zk.delete(dialect === "kazoo" ? `${path}/entries` : path)))
        yield* queue.offer("b")
        assert.strictEqual(yield* contentsOf(queue), "b")
        yield* reap
        assert.strictEqual(yield* queue.size, 0)
        assert.deepStrictEqual(yield* queue.tryWithItem(textOf), Option.none())
        const waiting = yield* Effect.forkChild(queue.withItem(textOf))
        yield* awaitQueue(zk, 1, dialect === "kazoo" ? `${path}/waiting` : `${path}-locks/waiting`)
        yield* queue.offer("c")
        assert.strictEqual(yield* Fiber.join(waiting), "c")
      }
    })
  )

  it.live("is a layer, with options from the Config", () => {
    class Jobs extends Queue.Service<Jobs>()("test/Jobs", { path: "/nowhere" }) {}
    return Effect.gen(function* () {
      const zk = yield* onServers()
      const offer = Jobs.use((jobs) => jobs.offer("a"))
      const live = Jobs.layerConfig({ path: Config.succeed(PATH) })
      yield* using(zk)(Effect.provide(offer, live))
      assert.lengthOf(yield* names(zk), 1)
    })
  })
})

describe("an item", () => {
  it.live("is given back to its place when the body fails or is interrupted, and somebody else gets it", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const a = yield* make(one!)
      const b = yield* make(two!)
      yield* a.offerAll(["first", "second"])
      assert.strictEqual(yield* Effect.flip(a.withItem(() => Effect.fail("no"))), "no")
      assert.strictEqual(yield* contentsOf(a), "first,second")
      const work = body()
      const working = yield* Effect.forkChild(a.withItem(() => work.run))
      yield* work.entered
      yield* Fiber.interrupt(working)
      yield* isIdle(two!)
      // Who waits for one that somebody has is told when it comes back.
      const scope = yield* Scope.make()
      for (const text of ["first", "second"]) {
        assert.strictEqual(ZooKeeper.text(yield* Scope.provide(a.take, scope)), text)
      }
      const waiting = yield* Effect.forkChild(b.withItem(textOf))
      yield* awaitQueue(one!, 1, `${LOCKS}/waiting`)
      yield* Scope.close(scope, Exit.void)
      assert.include(["first", "second"], yield* Fiber.join(waiting))
      yield* isIdle(two!)
      assert.strictEqual(yield* a.size, 1)
    })
  )

  it.live("is consumed with other operations or not at all", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      yield* queue.offer("a")
      yield* zk.create("/done", "")
      const error = yield* Effect.flip(
        queue.withItem((item) => item.consume(Op.set("/done", "a"), Op.create("/done", "again")))
      )
      assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "TransactionFailed", String(error))
      if (error._tag === "ZooKeeperError" && error.reason._tag === "TransactionFailed") {
        assert.deepStrictEqual([error.reason.index, error.reason.name], [1, "NodeExists"])
      }
      assert.strictEqual(yield* zk.getString("/done"), "")
      assert.strictEqual(yield* contentsOf(queue), "a")
      // And what comes after it in the body is not interrupted, nor is anything consumed twice.
      const after = yield* queue.withItem((item) =>
        Effect.gen(function* () {
          yield* item.consume(Op.set("/done", "a"))
          yield* zk.sync()
          yield* Effect.yieldNow
          assert.strictEqual(tagOf(yield* Effect.flip(item.consume())), "LeaseLost")
          assert.strictEqual(tagOf(yield* Effect.flip(item.guard(Op.set("/done", "b")))), "LeaseLost")
          return yield* zk.getString("/done")
        })
      )
      assert.strictEqual(after, "a")
      assert.strictEqual(yield* queue.size, 0)
      yield* isIdle(zk)
    })
  )

  it.live("is not lost to its own consumption, whose answer comes after the event", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      yield* queue.offer("a")
      const { driver } = zk as { driver: { submit: Client["driver"]["submit"] } }
      const submit = driver.submit.bind(driver)
      const events = recordEvents(zk)
      const after = yield* queue.withItem((item) =>
        Effect.gen(function* () {
          driver.submit = (call) => {
            // Answers only when whoever waits for the event has heard of it.
            const late: typeof call = Object.create(call)
            const succeed: typeof call.succeed = (response) => {
              assert.isTrue(events.some(({ type }) => type === "NodeDeleted"))
              const after = (turns: number): unknown =>
                turns === 0 ? call.succeed(response) : setImmediate(() => after(turns - 1))
              after(20)
            }
            Object.assign(late, { succeed })
            return submit(late)
          }
          yield* item.consume()
          driver.submit = submit
          return "and so on"
        })
      )
      assert.strictEqual(after, "and so on")
      assert.strictEqual(yield* queue.size, 0)
    })
  )

  it.live("is done when what its body has begun has consumed it, though the body did not wait for that", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      yield* queue.offer("a")
      yield* zk.create("/done", "")
      yield* queue.withItem((item) => Effect.forkScoped(item.consume(Op.set("/done", "a")), { startImmediately: true }))
      assert.strictEqual(yield* zk.getString("/done"), "a")
      assert.strictEqual(yield* queue.size, 0)
      yield* isIdle(zk)
    })
  )

  it.live("that was given back is not said to be consumed, where the answer was lost and nothing was done", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const queue = yield* make(zk)
      const theirs = yield* make(other)
      yield* queue.offer("a")
      const scope = yield* Scope.make()
      const item = yield* Scope.provide(queue.take, scope)
      yield* proxy.stall
      // The second one asks whether the first one was done.
      const { asked, letGo } = holdBack(zk, 2, "multi")
      const consuming = yield* Effect.forkChild(Effect.flip(item.consume(Op.create("/done"))), {
        startImmediately: true
      })
      yield* proxy.cut
      yield* proxy.flow
      yield* asked
      yield* Scope.close(scope, Exit.void)
      yield* isIdle(other)
      yield* letGo
      const error = yield* Fiber.join(consuming)
      assert.isTrue(error._tag === "ZooKeeperError" && error.applied === "unknown", String(error))
      assert.strictEqual(yield* contentsOf(theirs), "a")
      assert.isTrue(Option.isNone(yield* other.exists("/done")))
    })
  )

  it.live("is moved to another queue in one step, to the end of its own, too", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const inbox = yield* make(zk)
      const outbox = yield* make(zk, { path: "/outbox", dialect: "kazoo" })
      yield* inbox.offerAll(["bad", "good"])
      yield* inbox.withItem((item) => Effect.flatMap(inbox.entry(item.data), (again) => item.consume(again)))
      assert.strictEqual(yield* contentsOf(inbox), "good,bad")
      yield* inbox.withItem((item) =>
        Effect.flatMap(outbox.entry(item.data, { priority: 1 }), (next) => item.consume(next))
      )
      assert.strictEqual(yield* contentsOf(inbox), "bad")
      assert.strictEqual(yield* contentsOf(outbox), "good")
    })
  )

  it.live("of a consumer whose session expires goes to another one, and the first can do nothing more with it", () =>
    Effect.gen(function* () {
      const [one, two, three] = yield* sessions(3)
      const a = yield* make(one!)
      const b = yield* make(two!)
      yield* three!.create("/done", "")
      yield* a.offer("a")
      const work = body()
      let held: Queue.Item | undefined
      const working = yield* Effect.forkChild(
        Effect.flip(
          a.withItem((item) => {
            held = item
            return work.run
          })
        )
      )
      yield* work.entered
      const other = body()
      const taking = yield* Effect.forkChild(b.withItem((item) => Effect.andThen(other.run, textOf(item))))
      yield* awaitQueue(three!, 1, `${LOCKS}/waiting`)
      yield* expire(one!)
      assert.strictEqual(tagOf(yield* Fiber.join(working)), "LeaseLost")
      yield* other.entered
      // The other one's claim has the same name, and is not taken for the first one's.
      assert.strictEqual(tagOf(yield* Effect.flip(held!.consume(Op.set("/done", "first")))), "LeaseLost")
      assert.strictEqual(tagOf(yield* Effect.flip(held!.guard(Op.set("/done", "first")))), "LeaseLost")
      assert.strictEqual(yield* contentsOf(a), "a (taken)")
      assert.strictEqual(yield* three!.getString("/done"), "")
      yield* other.leave
      assert.strictEqual(yield* Fiber.join(taking), "a")
      assert.strictEqual(yield* b.size, 0)
      yield* isIdle(three!)
    })
  )

  it.live("whose claim somebody deletes is lost: the body is interrupted, and nothing is consumed", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const queue = yield* make(one!)
      yield* queue.offer("a")
      const work = body()
      const working = yield* Effect.forkChild(Effect.flip(queue.withItem(() => work.run)))
      yield* work.entered
      const claim = (yield* names(two!, LOCKS)).find((name) => name.startsWith("queue-"))
      yield* two!.delete(`${LOCKS}/${claim}`)
      assert.strictEqual(tagOf(yield* Fiber.join(working)), "LeaseLost")
      assert.strictEqual(yield* contentsOf(queue), "a")
      // Before it can know of it, too.
      yield* Effect.scoped(
        Effect.gen(function* () {
          const item = yield* queue.take
          precede(one!, "multi", 1, one!.delete(item.node))
          assert.strictEqual(tagOf(yield* Effect.flip(item.consume())), "LeaseLost")
        })
      )
      assert.strictEqual(yield* contentsOf(queue), "a")
    })
  )

  it.live("is guarded and consumed by what its session alone has, and not by the name of its claim", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const queue = yield* make(one!)
      yield* queue.offer("a")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const item = yield* queue.take
          const results = yield* item.guard(Op.create("/guarded"), Op.check("/guarded", 0))
          assert.deepStrictEqual(results, ["/guarded", undefined])
          const error = yield* Effect.flip(item.guard(Op.check("/guarded", 0), Op.create("/guarded")))
          assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "TransactionFailed", String(error))
          if (error._tag === "ZooKeeperError" && error.reason._tag === "TransactionFailed") {
            assert.strictEqual(error.reason.index, 1)
          }
          // As it is for another session, whatever node of the claim's name it finds.
          const [receipt] = yield* names(two!, `${LOCKS}/receipts`)
          yield* two!.delete(`${LOCKS}/receipts/${receipt}`)
          assert.strictEqual(tagOf(yield* Effect.flip(item.guard(Op.create("/never")))), "LeaseLost")
          assert.strictEqual(tagOf(yield* Effect.flip(item.consume(Op.create("/never")))), "LeaseLost")
        })
      )
      assert.isTrue(Option.isNone(yield* two!.exists("/never")))
      yield* isIdle(two!)
      assert.strictEqual(yield* contentsOf(queue), "a")
    })
  )

  it.live("that somebody takes away without a claim is waited for no longer: the next one comes", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const queue = yield* make(one!, { dialect: "apache" })
      yield* queue.offerAll(["a", "b"])
      const [first] = yield* names(two!)
      // Right after the claim.
      precede(one!, "getData", 1, one!.delete(`${PATH}/${first}`))
      assert.strictEqual(yield* queue.withItem(textOf), "b")
      yield* queue.offer("c")
      const gone = yield* Effect.flip(queue.withItem((item) => Effect.andThen(two!.delete(item.entry), one!.sync())))
      assert.strictEqual(tagOf(gone), "LeaseLost")
      yield* isIdle(two!)
    })
  )

  it.live("given back in one fiber is not taken from another fiber of the same session", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      yield* queue.offer("a")
      const scope = yield* Scope.make()
      const item = yield* Scope.provide(queue.take, scope)
      yield* zk.delete(item.node)
      yield* awaitState(Effect.map(Effect.timeoutOption(Effect.flip(item.lost), 0), Option.isSome), (lost) => lost, {
        describe: "the first one knows"
      })
      const work = body()
      const working = yield* Effect.forkChild(queue.withItem((item) => Effect.andThen(work.run, textOf(item))))
      yield* work.entered
      yield* Scope.close(scope, Exit.void)
      yield* zk.sync()
      assert.isTrue(Option.isSome(yield* zk.exists(item.node)))
      yield* work.leave
      assert.strictEqual(yield* Fiber.join(working), "a")
    })
  )

  it.live("is given up as soon as the connection is gone, if that is wanted", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const queue = yield* make(zk, { stopOn: "suspended" })
      yield* queue.offer("a")
      const work = body()
      const working = yield* Effect.forkChild(Effect.flip(queue.withItem(() => work.run)))
      yield* work.entered
      yield* cutOff(zk, proxy)
      // At once, without waiting for a connection to give it back.
      assert.strictEqual(tagOf(yield* Fiber.join(working)), "LeaseLost")
      assert.isFalse(zk.session.connected)
      yield* proxy.listen
      yield* isIdle(other)
      assert.strictEqual(yield* (yield* make(other)).withItem(textOf), "a")
    })
  )
})

describe("a consumer that waits", () => {
  it.live("hears of what was put in while it had no connection (museum 20)", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      for (const dialect of ["curator", "kazoo"] as const) {
        const options = { dialect, path: `/${dialect}` }
        const theirs = yield* make(zk, options)
        const ours = yield* make(other, options)
        const line = dialect === "kazoo" ? "/kazoo/waiting" : "/curator-locks/waiting"
        const waiting = yield* Effect.forkChild(theirs.withItem(textOf))
        yield* awaitQueue(other, 1, line)
        yield* cutOff(zk, proxy)
        yield* ours.offer("meanwhile")
        yield* proxy.listen
        assert.strictEqual(yield* Fiber.join(waiting), "meanwhile")
        assert.strictEqual(zk.session.epoch, 1)
      }
    })
  )

  it.live("is interrupted when another fiber closes the scope, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const queue = yield* make(zk)
      const scope = yield* Scope.make()
      const taking = yield* Effect.forkDetach(Scope.provide(queue.take, scope))
      yield* awaitQueue(zk, 1, `${LOCKS}/waiting`)
      yield* Scope.close(scope, Exit.void)
      const exit = yield* Effect.timeoutOption(Fiber.await(taking), "10 seconds")
      assert.isTrue(Option.isSome(exit) && Exit.isFailure(exit.value))
      yield* isIdle(zk)
    })
  )

  it.live("goes on with the next session when its own expires, at the head and behind it", () =>
    Effect.gen(function* () {
      const [one, two, three] = yield* sessions(3)
      const queue = yield* make(three!)
      const first = yield* Effect.forkChild(Effect.flatMap(make(one!), (queue) => queue.withItem(textOf)))
      yield* awaitQueue(three!, 1, `${LOCKS}/waiting`)
      const second = yield* Effect.forkChild(Effect.flatMap(make(two!), (queue) => queue.withItem(textOf)))
      yield* awaitQueue(three!, 2, `${LOCKS}/waiting`)
      yield* expire(one!)
      yield* expire(two!)
      yield* queue.offerAll(["a", "b"])
      assert.sameMembers(yield* Fiber.joinAll([first, second]), ["a", "b"])
      yield* isIdle(three!)
    })
  )

  it.live("leaves nothing behind when it is interrupted: no place, no claim, no watch (museum 24)", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const queue = yield* make(zk!)
      const watched = zk!.driver.watches.size
      for (let round = 0; round < 20; round++) {
        assert.deepStrictEqual(yield* queue.tryWithItem(textOf, { wait: "20 millis" }), Option.none())
      }
      const [head, behind] = [
        yield* Effect.forkChild(queue.withItem(textOf)),
        yield* Effect.forkChild(queue.withItem(textOf))
      ]
      yield* awaitQueue(other!, 2, `${LOCKS}/waiting`)
      yield* Fiber.interrupt(behind)
      yield* Fiber.interrupt(head)
      yield* isIdle(other!)
      // With items as well, also when another one gets them.
      yield* queue.offerAll(Array.from({ length: 5 }, String))
      for (let round = 0; round < 5; round++) yield* queue.withItem(() => Effect.void)
      const beaten = yield* Effect.forkChild(queue.withItem(textOf))
      yield* awaitQueue(other!, 1, `${LOCKS}/waiting`)
      const claim = `${LOCKS}/queue-0000000005`
      precede(zk!, "multi", 1, zk!.create(claim, "somebody else's", { mode: "ephemeral" }))
      yield* (yield* make(other!)).offer("x")
      yield* awaitState(zk!.exists(claim), Option.isSome, { describe: "somebody else has it" })
      assert.isFalse(yield* isEntered({ entered: Effect.asVoid(Fiber.await(beaten)) }))
      yield* zk!.delete(claim)
      assert.strictEqual(yield* Fiber.join(beaten), "x")
      yield* awaitState(
        Effect.sync(() => zk!.driver.watches.size),
        (size) => size === watched,
        { describe: `${watched} watches, as before` }
      )
      yield* isIdle(other!)
    })
  )

  it.live("gives back what it has just claimed when it is interrupted meanwhile", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const queue = yield* make(zk!)
      yield* queue.offer("a")
      for (const request of ["multi", "getData"]) {
        let interrupt = Effect.void
        const taking = yield* Effect.forkChild(
          Effect.scoped(Effect.andThen(Effect.yieldNow, Effect.andThen(queue.take, Effect.never)))
        )
        interrupt = Effect.asVoid(Fiber.interrupt(taking))
        precede(
          zk!,
          request,
          1,
          Effect.suspend(() => interrupt)
        )
        assert.isTrue(Exit.isFailure(yield* Fiber.await(taking)))
        yield* isIdle(other!)
        assert.strictEqual(yield* contentsOf(queue), "a")
      }
    })
  )

  it.live("that is tried with a time gets what comes within it, and keeps nothing that comes at its end", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const a = yield* make(one!)
      const b = yield* make(two!)
      const trying = yield* Effect.forkChild(a.tryWithItem(textOf, { wait: "30 seconds" }))
      yield* awaitQueue(two!, 1, `${LOCKS}/waiting`)
      yield* b.offer("in time")
      assert.deepStrictEqual(yield* Fiber.join(trying), Option.some("in time"))
      const scope = yield* Scope.make()
      let found = 0
      for (let round = 0; round < 30; round++) {
        const late = yield* Effect.forkChild(Scope.provide(a.tryTake({ wait: round % 6 }), scope))
        yield* b.offer(`${round}`)
        if (Option.isSome(yield* Fiber.join(late))) found++
      }
      // Those that were found are claimed, the others free.
      yield* awaitState(
        Effect.map(b.contents, (all) => all.filter(({ isTaken }) => isTaken).length),
        (taken) => taken === found,
        { describe: `${found} are claimed` }
      )
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* b.size, 30)
      yield* isIdle(two!)
    })
  )
})

describe("a lost answer", () => {
  it.live("to an item that is put in: it is in once, whether it was done or not", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const queue = yield* make(zk)
      const theirs = yield* make(other)
      yield* queue.offer("before")
      for (const dialect of ["the item stays", "it is consumed before anybody can look"] as const) {
        const dropped = yield* proxy.dropReplyTo(({ type }) => type === multi.code)
        yield* proxy.refuse
        const offering = yield* Effect.forkChild(queue.offerAll(["a", "b"]))
        yield* dropped
        if (dialect !== "the item stays") {
          for (let left = yield* theirs.size; left > 0; left--) yield* theirs.withItem(textOf)
        }
        yield* proxy.listen
        yield* Fiber.join(offering)
        assert.strictEqual(yield* contentsOf(theirs), dialect === "the item stays" ? "before,a,b" : "")
        yield* isIdle(other)
      }
      // And where it did not get there: the connection broke before.
      yield* proxy.stall
      const offering = yield* Effect.forkChild(queue.offer("c"), { startImmediately: true })
      yield* proxy.cut
      yield* proxy.flow
      yield* Fiber.join(offering)
      assert.strictEqual(yield* contentsOf(theirs), "c")
      assert.strictEqual(zk.session.epoch, 1)
      yield* isIdle(other)
    })
  )

  it.live("that is lost with its session: nobody knows, and nothing is put in again", () =>
    Effect.gen(function* () {
      const stage = yield* proxied()
      const queue = yield* make(stage.zk)
      const go = body()
      const offering = yield* Effect.forkChild(Effect.flip(Effect.andThen(go.run, queue.offer("a"))))
      yield* expireDuring(stage, multi, go.leave)
      assert.strictEqual((yield* Fiber.join(offering)).applied, "unknown")
      assert.strictEqual(yield* contentsOf(queue), "a")
      yield* isIdle(stage.other)
    })
  )

  it.live("to an offer that is interrupted leaves no receipt behind", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const queue = yield* make(zk)
      yield* queue.offer("before")
      yield* isIdle(other)
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === multi.code)
      const offering = yield* Effect.forkChild(queue.offer("a"))
      yield* dropped
      yield* Fiber.interrupt(offering)
      yield* isIdle(other)
    })
  )

  it.live("to a claim, or to any other step: the item is worked on once", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const queue = yield* make(zk)
      const producer = yield* make(other)
      for (const code of [multi.code, 4, 8]) {
        yield* producer.offer("a")
        const dropped = yield* proxy.dropReplyTo(({ type }) => type === code)
        let worked = 0
        const working = yield* Effect.forkChild(queue.withItem(() => Effect.sync(() => ++worked)))
        yield* dropped
        yield* Fiber.join(working)
        assert.strictEqual(worked, 1)
        assert.strictEqual(yield* producer.size, 0)
        yield* isIdle(other)
      }
      assert.strictEqual(zk.session.epoch, 1)
    })
  )

  it.live("to the consumption, done or not: the item is consumed, and what goes with it is done once", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const queue = yield* make(zk)
      yield* queue.offerAll(["a", "b"])
      yield* other.create("/log")
      const log = Op.create("/log/entry-", "", { mode: "persistentSequential" })
      yield* queue.withItem((item) =>
        Effect.gen(function* () {
          const dropped = yield* proxy.dropReplyTo(({ type }) => type === multi.code)
          yield* item.consume(log)
          yield* dropped
        })
      )
      assert.lengthOf(yield* names(other, "/log"), 1)
      yield* queue.withItem((item) =>
        Effect.gen(function* () {
          yield* proxy.stall
          const consuming = yield* Effect.forkChild(item.consume(log), { startImmediately: true })
          yield* proxy.cut
          yield* proxy.flow
          yield* Fiber.join(consuming)
        })
      )
      assert.lengthOf(yield* names(other, "/log"), 2)
      assert.strictEqual(yield* queue.size, 0)
      assert.strictEqual(zk.session.epoch, 1)
      yield* isIdle(other)
    })
  )

  it.live("to the consumption that is lost with its session: it fails, and does not say that it was done", () =>
    Effect.gen(function* () {
      const stage = yield* proxied()
      const queue = yield* make(stage.zk)
      yield* queue.offer("a")
      const entered = body()
      const consuming = yield* Effect.forkChild(
        Effect.flip(queue.withItem((item) => Effect.andThen(entered.run, item.consume())))
      )
      yield* entered.entered
      yield* expireDuring(stage, multi, entered.leave)
      const error = yield* Fiber.join(consuming)
      assert.isTrue(
        error._tag === "LeaseLost" || (error._tag === "ZooKeeperError" && error.applied === "unknown"),
        String(error)
      )
      assert.strictEqual(yield* queue.size, 0)
    })
  )

  it.live("to a place in the line: there is one", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const queue = yield* make(zk)
      const first = yield* Effect.forkChild(queue.withItem(textOf))
      yield* awaitQueue(other, 1, `${LOCKS}/waiting`)
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === create.code)
      const second = yield* Effect.forkChild(queue.withItem(textOf))
      yield* dropped
      yield* awaitQueue(other, 2, `${LOCKS}/waiting`)
      assert.isFalse(yield* isEntered({ entered: Effect.asVoid(Fiber.await(second)) }))
      yield* (yield* make(other)).offerAll(["a", "b"])
      assert.sameMembers(yield* Fiber.joinAll([first, second]), ["a", "b"])
      yield* isIdle(other)
    })
  )
})
