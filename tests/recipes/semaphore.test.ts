/** Semaphores on a real ensemble. */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Semaphore from "@effect-zookeeper/recipes/Semaphore"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { awaitWatched } from "../real/clients.ts"
import { awaitState } from "../support/awaitState.ts"
import {
  awaitQueue,
  body,
  type Client,
  expire,
  isEntered,
  loggingTo,
  nodes,
  onServers,
  PATH,
  precede,
  queue,
  recordEvents,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const LEASES = `${PATH}/leases`
const LOCKS = `${PATH}/locks`

const make = (zk: Client, options: Partial<Semaphore.Options> = {}) =>
  using(zk)(Semaphore.make({ path: PATH, leases: 2, ...options }))

const isIdle = Effect.fnUntraced(function* (zk: Client) {
  yield* awaitQueue(zk, 0, LEASES)
  yield* awaitQueue(zk, 0, LOCKS)
})

describe("a semaphore", () => {
  it.live("has as many holders as leases, and the next ones come in order", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(6)
      let inside = 0
      let most = 0
      const order: Array<number> = []
      const bodies = clients.map(() => body())
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      for (const [index, zk] of clients.entries()) {
        const semaphore = yield* make(zk)
        fibers.push(
          yield* Effect.forkChild(
            semaphore.withLease(() =>
              Effect.gen(function* () {
                most = Math.max(most, ++inside)
                order.push(index)
                yield* bodies[index]!.run
                inside--
              })
            )
          )
        )
        // Two hold; the third waits among the leases at the head of the line, the others behind it.
        if (index < 2) yield* bodies[index]!.entered
        else {
          yield* awaitQueue(clients[0]!, 3, LEASES)
          yield* awaitQueue(clients[0]!, index - 1, LOCKS)
        }
      }
      for (const [index, { entered, leave }] of bodies.entries()) {
        yield* entered
        // Two that come in at a time may begin in any order.
        if (index + 1 < bodies.length) yield* bodies[index + 1]!.entered
        yield* leave
      }
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(order, [0, 1, 2, 3, 4, 5])
      assert.strictEqual(most, 2)
      yield* isIdle(clients[0]!)
    })
  )

  it.live("wakes only the head of the line when a lease comes back", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(5)
      const semaphores = yield* Effect.forEach(clients, (zk) => make(zk, { leases: 1 }))
      const bodies = clients.map(() => body())
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      for (const [index, semaphore] of semaphores.entries()) {
        fibers.push(yield* Effect.forkChild(semaphore.withLease(() => bodies[index]!.run)))
        if (index === 0) yield* bodies[0]!.entered
        else yield* awaitQueue(clients[0]!, index, LOCKS)
      }
      yield* awaitQueue(clients[0]!, 2, LEASES)
      // Its place in the line, its lease, and the one that it waits for.
      yield* awaitWatched(clients[1]!, 3)
      const events = clients.map(recordEvents)
      yield* bodies[0]!.leave
      yield* bodies[1]!.entered
      yield* awaitQueue(clients[0]!, 2, LEASES)
      yield* Effect.forEach(clients, (zk) => zk.sync())
      // The head learns of the lease that came back and of its own place in the line, which the second one takes over.
      assert.deepStrictEqual(
        events.map((seen) => seen.length),
        [1, 2, 1, 0, 0]
      )
      yield* Effect.forEach(bodies, ({ leave }) => leave)
      yield* Fiber.joinAll(fibers)
      yield* isIdle(clients[0]!)
    })
  )

  it.live("costs seven requests to acquire and one to release", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const semaphore = yield* make(zk)
      yield* semaphore.withLease(() => Effect.void)
      const requests = recordRequests(zk)
      const take = ["create", "getData", "getChildren"]
      yield* semaphore.withLease(() =>
        Effect.sync(() => assert.deepStrictEqual(requests, [...take, ...take, "delete"]))
      )
      assert.deepStrictEqual(requests, [...take, ...take, "delete", "delete"])
      requests.length = 0
      yield* semaphore.tryWithLease(() => Effect.void)
      assert.deepStrictEqual(requests, [...take, "delete"])
    })
  )

  it.live("tried, gives none when all leases are out, and never more than there are", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(8)
      const semaphores = yield* Effect.forEach(clients, (zk) => make(zk, { leases: 3 }))
      let inside = 0
      for (let round = 0; round < 5; round++) {
        const results = yield* Effect.forEach(
          semaphores,
          (semaphore) =>
            semaphore.tryWithLease(() =>
              Effect.gen(function* () {
                assert.isAtMost(++inside, 3)
                yield* clients[0]!.sync()
                inside--
              })
            ),
          { concurrency: "unbounded" }
        )
        assert.isTrue(results.some(Option.isSome))
      }
      const scope = yield* Scope.make()
      for (const semaphore of semaphores.slice(0, 3)) yield* Scope.provide(semaphore.acquire, scope)
      assert.deepStrictEqual(yield* semaphores[3]!.tryWithLease(() => Effect.void), Option.none())
      assert.deepStrictEqual(
        yield* semaphores[3]!.tryWithLease(() => Effect.void, { wait: "100 millis" }),
        Option.none()
      )
      assert.deepStrictEqual(yield* semaphores[3]!.tryAcquire(), Option.none())
      assert.deepStrictEqual(yield* semaphores[3]!.tryAcquire({ wait: "100 millis" }), Option.none())
      yield* clients[3]!.sync()
      assert.strictEqual((yield* semaphores[3]!.holders).length, 3)
      yield* Scope.close(scope, Exit.void)
      yield* isIdle(clients[0]!)
      const free = yield* Effect.scoped(
        Effect.tap(semaphores[3]!.tryAcquire(), () =>
          Effect.map(Effect.andThen(clients[0]!.sync(), semaphores[0]!.holders), ({ length }) =>
            assert.strictEqual(length, 1)
          )
        )
      )
      assert.isTrue(Option.isSome(free))
      yield* isIdle(clients[0]!)
    })
  )

  for (const [how, size] of [
    ["in decimal", (count: number) => `${count}\n`],
    ["as a SharedCount of Curator", (count: number) => new Uint8Array([0, 0, 0, count])]
  ] as const) {
    it.live(`follows a node that says its size ${how}`, () =>
      Effect.gen(function* () {
        const [one, two] = yield* sessions(2)
        yield* one!.create("/size", size(1))
        const options = { leases: 5, sizeNode: "/size" }
        const a = yield* make(one!, options)
        const b = yield* make(two!, options)
        assert.strictEqual(yield* a.size, 1)
        const [first, second] = [body(), body()]
        const holder = yield* Effect.forkChild(a.withLease(() => first.run))
        yield* first.entered
        const waiter = yield* Effect.forkChild(b.withLease(() => second.run))
        yield* awaitQueue(one!, 2, LEASES)
        assert.isFalse(yield* isEntered(second))
        yield* one!.set("/size", size(2))
        yield* second.entered
        for (const nonsense of ["many", "several"]) {
          yield* one!.set("/size", nonsense)
          yield* two!.sync()
          // Nobody knows what that means, so it means nothing.
          assert.strictEqual(yield* (yield* make(two!, options)).size, 5)
          assert.strictEqual(yield* b.size, 2)
        }
        yield* one!.set("/size", size(1))
        yield* awaitState(b.size, (now) => now === 1, { describe: "one lease" })
        // Nobody loses a lease, but there is none for others.
        assert.deepStrictEqual(yield* b.tryWithLease(() => Effect.void), Option.none())
        yield* one!.delete("/size")
        yield* awaitState(b.size, (now) => now === 5, { describe: "as many as the option says" })
        yield* first.leave
        yield* second.leave
        yield* Fiber.joinAll([holder, waiter])
      })
    )
  }

  it.live("has no holder while its size is 0, and wakes who waits when there is a lease again", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      yield* one!.create("/size", "0")
      const a = yield* make(one!, { sizeNode: "/size" })
      const b = yield* make(two!, { sizeNode: "/size" })
      assert.deepStrictEqual(yield* a.tryWithLease(() => Effect.void), Option.none())
      const work = body()
      const first = yield* Effect.forkChild(a.withLease(() => work.run))
      yield* awaitQueue(one!, 1, LEASES)
      const second = yield* Effect.forkChild(b.withLease(() => Effect.void))
      yield* awaitQueue(one!, 2, LOCKS)
      assert.isFalse(yield* isEntered(work))
      yield* one!.set("/size", "1")
      yield* work.entered
      yield* work.leave
      yield* Fiber.joinAll([first, second])
      yield* isIdle(one!)
    })
  )

  it.live("refuses a number of leases that is none, before anything is written", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      for (const leases of [0, -1, 1.5, Number.NaN]) {
        const { reason } = yield* Effect.flip(make(zk, { leases }))
        assert.strictEqual(reason._tag, "InvalidArgument", `${leases}`)
      }
      assert.deepStrictEqual(yield* zk.children("/"), [])
    })
  )

  it.live("is not made where its size may not be read", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create("/size", "1", { acl: [{ perms: Acl.Perms.ADMIN, scheme: "world", id: "anyone" }] })
      const error = yield* Effect.flip(make(zk, { sizeNode: "/size" }))
      assert.strictEqual(error.reason._tag, "NoAuth")
    })
  )

  it.live("says when its size is followed no more, and keeps the one that it had", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create("/size", "3")
      const logged: Array<string> = []
      const semaphore = yield* loggingTo(logged)(make(zk, { sizeNode: "/size" }))
      const unread = [{ perms: Acl.Perms.WRITE, scheme: "world", id: "anyone" }]
      precede(zk, "getData", 1, zk.setAcl("/size", unread))
      yield* zk.set("/size", "4")
      yield* awaitState(
        Effect.sync(() => [...logged]),
        (now) => now.length > 0,
        { describe: "a warning" }
      )
      assert.match(logged[0]!, /^\/size is followed no more: .*not allowed.*; there are still 3 leases$/)
      assert.strictEqual(yield* semaphore.size, 3)
    })
  )

  it.live("leaves nothing behind when a waiter is interrupted, in the line and at its head", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(3)
      const [a, b, c] = yield* Effect.forEach(clients, (zk) => make(zk, { leases: 1 }))
      const work = body()
      const holder = yield* Effect.forkChild(a!.withLease(() => work.run))
      yield* work.entered
      const head = yield* Effect.forkChild(b!.withLease(() => Effect.void))
      yield* awaitQueue(clients[0]!, 2, LEASES)
      const behind = yield* Effect.forkChild(c!.withLease(() => Effect.void))
      yield* awaitQueue(clients[0]!, 2, LOCKS)
      yield* Fiber.interrupt(behind)
      // Its create may have been unanswered still, and then the node goes in the background.
      yield* awaitQueue(clients[0]!, 1, LOCKS)
      yield* Fiber.interrupt(head)
      yield* awaitQueue(clients[0]!, 1, LEASES)
      yield* awaitQueue(clients[0]!, 0, LOCKS)
      yield* work.leave
      yield* Fiber.join(holder)
    })
  )

  it.live("gives no lease to whoever is interrupted while it leaves the line", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const semaphore = yield* make(zk!)
      const scope = yield* Effect.scope
      const go = Deferred.makeUnsafe<void>()
      const acquiring = yield* Effect.forkChild(
        Effect.andThen(Deferred.await(go), Scope.provide(semaphore.acquire, scope))
      )
      // The first deletion is that of its place in the line.
      precede(zk!, "delete", 1, Fiber.interrupt(acquiring))
      yield* Deferred.succeed(go, undefined)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(acquiring)))
      yield* isIdle(other!)
    })
  )

  it.live("interrupts the work when a lease is lost, and others take it", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const a = yield* make(one!, { leases: 1 })
      const b = yield* make(two!, { leases: 1 })
      for (const lose of [Effect.flatMap(nodes(two!, LEASES), ([node]) => two!.delete(node!)), expire(one!)]) {
        const work = body()
        const holder = yield* Effect.forkChild(Effect.flip(a.withLease(() => work.run)))
        yield* work.entered
        const waiter = yield* Effect.forkChild(b.withLease(() => Effect.succeed("mine")))
        yield* awaitQueue(two!, 2, LEASES)
        yield* lose
        assert.strictEqual((yield* Fiber.join(holder))._tag, "LeaseLost")
        assert.strictEqual(yield* Fiber.join(waiter), "mine")
      }
    })
  )

  it.live("interrupts the work under a lease that was tried for, too", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const semaphore = yield* make(one!)
      const work = body()
      const holder = yield* Effect.forkChild(Effect.flip(semaphore.tryWithLease(() => work.run)))
      yield* work.entered
      yield* Effect.flatMap(nodes(two!, LEASES), ([node]) => two!.delete(node!))
      assert.strictEqual((yield* Fiber.join(holder))._tag, "LeaseLost")
    })
  )

  it.live("goes on for the head of the line when its session expires while it waits", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const a = yield* make(one!, { leases: 1 })
      const b = yield* make(two!, { leases: 1 })
      const work = body()
      const holder = yield* Effect.forkChild(a.withLease(() => work.run))
      yield* work.entered
      const waiter = yield* Effect.forkChild(b.withLease(() => Effect.succeed("mine")))
      yield* awaitQueue(one!, 2, LEASES)
      yield* expire(two!)
      yield* work.leave
      assert.strictEqual(yield* Fiber.join(waiter), "mine")
      yield* Fiber.join(holder)
      yield* isIdle(one!)
    })
  )

  it.live(
    "stands in the line again when its session expires: who waits among the leases beside it may be Curator's",
    () =>
      Effect.gen(function* () {
        const [one, two, three] = yield* sessions(3)
        const a = yield* make(one!, { leases: 1 })
        const b = yield* make(two!, { leases: 1 })
        const work = body()
        const holder = yield* Effect.forkChild(a.withLease(() => work.run))
        yield* work.entered
        const waiter = yield* Effect.forkChild(b.withLease(() => Effect.succeed("mine")))
        yield* awaitQueue(one!, 2, LEASES)
        const next = yield* three!.create(`${LOCKS}/_c_5e7f0a1c-0000-4000-8000-000000000000-lock-`, "", {
          mode: "ephemeralSequential"
        })
        yield* expire(two!)
        yield* awaitState(nodes(one!, LOCKS), (all) => all.length === 2 && all[0] === next, {
          describe: "it stands behind the next one",
          within: "10 seconds"
        })
        yield* awaitQueue(one!, 1, LEASES)
        yield* three!.delete(next)
        yield* work.leave
        assert.strictEqual(yield* Fiber.join(waiter), "mine")
        yield* Fiber.join(holder)
        yield* isIdle(one!)
      })
  )
})

describe("a semaphore in the dialect kazoo", () => {
  const ofKazoo = (zk: Client, leases = 2) => make(zk, { dialect: "kazoo", leases })
  const LINE = `${PATH}-__lock__`

  it.live("has as many holders as leases, and no more, whoever comes and goes", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(5)
      let inside = 0
      let most = 0
      yield* Effect.forEach(
        clients,
        (zk) =>
          Effect.flatMap(ofKazoo(zk), (semaphore) =>
            Effect.repeat(
              semaphore.withLease(() =>
                Effect.gen(function* () {
                  most = Math.max(most, ++inside)
                  yield* Effect.yieldNow
                  yield* zk.get(PATH)
                  inside--
                })
              ),
              { times: 4 }
            )
          ),
        { concurrency: "unbounded", discard: true }
      )
      assert.isAtMost(most, 2)
      assert.strictEqual(yield* clients[0]!.getString(PATH), "2")
      yield* awaitQueue(clients[0]!, 0)
      yield* awaitQueue(clients[0]!, 0, LINE)
    })
  )

  it.live(
    "has all its leases out at a time, and tells who has them in the order of their coming, with their data",
    () =>
      Effect.gen(function* () {
        const clients = yield* sessions(3)
        for (const [index, zk] of clients.entries()) {
          const semaphore = yield* make(zk, { dialect: "kazoo", leases: 3, data: `${index}` })
          yield* semaphore.acquire
          assert.deepStrictEqual((yield* semaphore.holders).map(ZooKeeper.text), ["0", "1", "2"].slice(0, index + 1))
        }
        assert.deepStrictEqual(yield* queue(clients[0]!, LINE), [])
      })
  )

  it.live("costs eight requests to acquire and one to release", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const semaphore = yield* ofKazoo(zk)
      yield* semaphore.withLease(() => Effect.void)
      const requests = recordRequests(zk)
      const node = yield* semaphore.withLease(({ node }) => Effect.succeed(node))
      assert.match(node, new RegExp(`^${PATH}/[0-9a-f]{32}$`))
      assert.deepStrictEqual(requests, [
        "getData",
        "create",
        "getData",
        "getChildren",
        "getChildren",
        "multi",
        "getData",
        "delete",
        "delete"
      ])
    })
  )

  it.live("gives none when all leases are out, tells who has them, and hands over in order", () =>
    Effect.gen(function* () {
      const [one, two, three] = yield* sessions(3)
      const [a, b, c] = [yield* ofKazoo(one!, 1), yield* ofKazoo(two!, 1), yield* ofKazoo(three!, 1)]
      const scope = yield* Scope.make()
      const held = yield* Scope.provide(a.acquire, scope)
      assert.deepStrictEqual(yield* b.tryWithLease(() => Effect.void), Option.none())
      assert.deepStrictEqual(yield* b.tryWithLease(() => Effect.void, { wait: "200 millis" }), Option.none())
      assert.deepStrictEqual(
        (yield* b.holders).map(({ node }) => node),
        [held.node]
      )
      const order: Array<string> = []
      const second = yield* Effect.forkChild(b.withLease(() => Effect.sync(() => order.push("b"))))
      yield* awaitQueue(one!, 1, LINE)
      const third = yield* Effect.forkChild(c.withLease(() => Effect.sync(() => order.push("c"))))
      yield* awaitQueue(one!, 2, LINE)
      // Who loses its place in the line, by hand or with its session, stands at its end.
      const [head] = yield* nodes(one!, LINE)
      yield* one!.delete(head!)
      yield* awaitState(queue(one!, LINE), (names) => names.length === 2 && !head!.endsWith(names[0]!), {
        describe: "the head stands at the end"
      })
      yield* expire(three!)
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(second)
      yield* Fiber.join(third)
      assert.lengthOf(order, 2)
      yield* awaitQueue(one!, 0)
      yield* awaitQueue(one!, 0, LINE)
    })
  )

  it.live("interrupts the work when the lease is lost", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const semaphore = yield* ofKazoo(zk!)
      const held = Deferred.makeUnsafe<string>()
      const work = yield* Effect.forkChild(
        Effect.flip(semaphore.withLease(({ node }) => Effect.andThen(Deferred.succeed(held, node), Effect.never)))
      )
      yield* other!.delete(yield* Deferred.await(held))
      assert.strictEqual((yield* Fiber.join(work))._tag, "LeaseLost")
    })
  )

  for (const request of ["getChildren", "multi"]) {
    it.live(`makes its path again when that goes right before the ${request}`, () =>
      Effect.gen(function* () {
        const [zk, other] = yield* sessions(2)
        const path = request === "multi" ? "" : PATH
        precede(zk!, request, 1, zk!.delete(PATH), path)
        yield* (yield* ofKazoo(zk!)).withLease(() => zk!.get(PATH))
        assert.strictEqual(yield* zk!.getString(PATH), "2")
        yield* awaitQueue(other!, 0)
        yield* awaitQueue(other!, 0, LINE)
      })
    )
  }

  it.live("refuses another number than the path says, and a size node", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create(PATH, "3")
      const error = yield* Effect.flip((yield* ofKazoo(zk)).withLease(() => Effect.void))
      assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "InvalidArgument")
      assert.include(error.message, "has 3 leases, not 2")
      assert.deepStrictEqual(yield* queue(zk), [])
      yield* zk.set(PATH, "of no concern")
      yield* (yield* ofKazoo(zk)).withLease(() => Effect.void)
      const refused = yield* Effect.flip(make(zk, { dialect: "kazoo", sizeNode: "/size" }))
      assert.strictEqual(refused.reason._tag, "InvalidArgument")
    })
  )
})
