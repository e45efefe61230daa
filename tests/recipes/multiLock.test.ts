/** Several locks as one, on a real ensemble. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as MultiLock from "@effect-zookeeper/recipes/MultiLock"
import * as ReadWriteLock from "@effect-zookeeper/recipes/ReadWriteLock"
import * as Semaphore from "@effect-zookeeper/recipes/Semaphore"
import * as Transaction from "@effect-zookeeper/recipes/Transaction"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { awaitState } from "../support/awaitState.ts"
import {
  awaitQueue,
  body,
  type Client,
  expire,
  isEntered,
  nodes,
  onServers,
  precede,
  queue,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const [A, B, C] = ["/a", "/b", "/c"] as const
const ALL = [A, B, C]

const make = (zk: Client, options: Partial<MultiLock.Options> = {}) =>
  using(zk)(MultiLock.make({ paths: ALL, ...options }))

const single = (zk: Client, path: string) => using(zk)(Lock.make({ path }))

const awaitQueues = Effect.fnUntraced(function* (zk: Client, ...lengths: ReadonlyArray<number>) {
  for (const [index, length] of lengths.entries()) yield* awaitQueue(zk, length, ALL[index])
})

describe("several locks as one", () => {
  it.live("are taken in the order of their names, however they are listed, and given back in reverse", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      for (const path of ALL) yield* zk.create(path)
      const locks = yield* make(zk, { paths: [C, A, B], data: "me" })
      const asked: Array<string> = []
      const { driver } = zk as { driver: { submit: Client["driver"]["submit"] } }
      const submit = driver.submit.bind(driver)
      driver.submit = (call) => {
        const { path } = call.request as { readonly path: string }
        asked.push(`${call.operation.name} ${path.slice(zk.session.root.length).slice(0, 2)}`)
        return submit(call)
      }
      const holders = yield* locks.withLock(({ holders }) => Effect.succeed(holders))
      assert.deepStrictEqual(
        asked,
        [A, B, C]
          .flatMap((path) => [`create ${path}`, `getData ${path}`, `getChildren ${path}`])
          .concat([C, B, A].map((path) => `delete ${path}`))
      )
      assert.deepStrictEqual(
        holders.map(({ node }) => node.slice(0, 2)),
        [C, A, B]
      )
      const [ofC, ofA, ofB] = holders
      assert.isTrue(ofA!.fencingToken < ofB!.fencingToken && ofB!.fencingToken < ofC!.fencingToken)
    })
  )

  it.live("have one holder at a time, each of them, and nobody waits for ever whoever lists them in which order", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(6)
      const listed = [
        [A, B],
        [B, A],
        [B, C],
        [C, B],
        [C, A],
        [C, B, A]
      ] as const
      const inside = new Set<string>()
      yield* Effect.forEach(
        clients,
        (zk, index) =>
          Effect.gen(function* () {
            const paths = listed[index]!
            const locks = yield* make(zk, { paths })
            const work = Effect.gen(function* () {
              for (const path of paths) {
                assert.isFalse(inside.has(path), `two hold ${path}`)
                inside.add(path)
              }
              yield* zk.sync()
              for (const path of paths) inside.delete(path)
            })
            yield* Effect.repeat(
              locks.withLock(() => work),
              { times: 7 }
            )
          }),
        { concurrency: "unbounded", discard: true }
      )
      yield* awaitQueues(clients[0]!, 0, 0, 0)
    })
  )

  it.live("exclude who takes one of them alone", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const locks = yield* make(one!)
      for (const path of ALL) {
        const alone = yield* single(two!, path)
        assert.isTrue(Option.isNone(yield* locks.withLock(() => alone.tryWithLock(() => Effect.void))))
        assert.isTrue(Option.isNone(yield* alone.withLock(() => locks.tryWithLock(() => Effect.void))))
      }
    })
  )

  it.live("are not held when one of them is not free in time, and then nothing stays behind", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const locks = yield* make(one!)
      const last = yield* single(two!, C)
      for (const wait of [undefined, "100 millis"] as const) {
        yield* last.withLock(() =>
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* locks.tryWithLock(() => Effect.void, { wait }), Option.none())
            assert.deepStrictEqual(yield* Effect.scoped(locks.tryAcquire({ wait })), Option.none())
            // Not even as long as the scope lasts.
            yield* locks.tryAcquire({ wait })
            yield* awaitQueues(two!, 0, 0, 1)
          })
        )
      }
      assert.deepStrictEqual(yield* locks.tryWithLock(() => Effect.succeed("free")), Option.some("free"))
      const held = yield* Effect.scoped(
        Effect.tap(locks.tryAcquire({ wait: "10 seconds" }), awaitQueues(two!, 1, 1, 1))
      )
      assert.isTrue(Option.isSome(held))
      yield* awaitQueues(two!, 0, 0, 0)
      const { reason } = yield* Effect.flip(Effect.scoped(locks.tryAcquire({ wait: "soon" as "1 second" })))
      assert.strictEqual(reason._tag, "InvalidArgument")
    })
  )

  for (const [index, path] of ALL.entries()) {
    it.live(`are lost with ${path}, and the others are given back`, () =>
      Effect.gen(function* () {
        const [one, two] = yield* sessions(2)
        const locks = yield* make(one!)
        const work = body()
        const holding = yield* Effect.forkChild(Effect.flip(locks.withLock(() => work.run)))
        yield* work.entered
        const [node] = yield* nodes(two!, path)
        yield* two!.delete(node!)
        const error = yield* Fiber.join(holding)
        assert.isTrue(error._tag === "LeaseLost" && error.why === "deleted")
        yield* awaitQueues(two!, 0, 0, 0)

        const scope = yield* Scope.make()
        const held = yield* Scope.provide(locks.acquire, scope)
        yield* two!.delete(held.holders[index]!.node)
        assert.strictEqual((yield* Effect.flip(held.lost)).why, "deleted")
        yield* Scope.close(scope, Exit.void)
      })
    )
  }

  it.live("are lost with their session, and can be had with the next one", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const locks = yield* make(one!)
      const work = body()
      const holding = yield* Effect.forkChild(Effect.flip(locks.withLock(() => work.run)))
      yield* work.entered
      yield* expire(one!)
      assert.strictEqual((yield* Fiber.join(holding))._tag, "LeaseLost")
      yield* locks.withLock(() => awaitQueues(two!, 1, 1, 1))
    })
  )

  it.live("what was given back is lost, and guards nothing", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const locks = yield* make(zk)
      const held = yield* locks.withLock((held) => Effect.succeed(held))
      assert.strictEqual((yield* Effect.flip(held.lost)).why, "deleted")
      const requests = recordRequests(zk)
      assert.strictEqual((yield* Effect.flip(held.guard(Op.create("/late", ""))))._tag, "LeaseLost")
      assert.deepStrictEqual(requests, [])
    })
  )

  it.live("guard what is written by the nodes of all, in one transaction", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const locks = yield* make(zk)
      const [path, { version }] = yield* locks.withLock(({ guard }) =>
        guard(Op.create("/written", "1"), Op.set("/written", "2"))
      )
      assert.deepStrictEqual([path, version], ["/written", 1])
      const wrong = yield* Effect.flip(
        locks.withLock(({ guard }) => guard(Op.set("/written", "3"), Op.set("/missing", "")))
      )
      // It counts the operations of the caller.
      assert.isTrue(wrong._tag === "ZooKeeperError" && wrong.reason._tag === "TransactionFailed")
      assert.include(wrong.message, "/missing")
      const index =
        wrong._tag === "ZooKeeperError" && wrong.reason._tag === "TransactionFailed" ? wrong.reason.index : undefined
      assert.strictEqual(index, 1)
      for (const each of ALL.keys()) {
        const error = yield* Effect.scoped(
          Effect.gen(function* () {
            const { guard, holders } = yield* locks.acquire
            // The server deletes it before it sees the transaction, of which nobody here has heard then.
            precede(zk, "multi", 1, zk.delete(holders[each]!.node))
            return yield* Effect.flip(guard(Op.set("/written", "4")))
          })
        )
        assert.strictEqual(error._tag, "LeaseLost")
      }
      assert.strictEqual(yield* zk.getString("/written"), "2")
    })
  )

  it.live("a transaction of several modules is committed under all of them", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const locks = yield* make(zk)
      const transaction = yield* using(zk)(Transaction.make())
      const results = yield* transaction.add(Op.create("/written", ""))
      yield* locks.withLock((held) => transaction.commitUnder(held))
      assert.deepStrictEqual(yield* results, ["/written"])
    })
  )

  for (const [how, lose] of [
    ["by hand", (one: Client) => Effect.flatMap(nodes(one, A), ([node]) => one.delete(node!))],
    ["with its session", (one: Client) => expire(one)]
  ] as const) {
    it.live(`who loses one ${how} while it waits for another gives back all, and begins anew`, () =>
      Effect.gen(function* () {
        const [one, two] = yield* sessions(2)
        const locks = yield* make(one!)
        const middle = yield* single(two!, B)
        const scope = yield* Scope.make()
        yield* Scope.provide(middle.acquire, scope)
        const waiting = yield* Effect.forkChild(locks.withLock(() => Effect.succeed("mine")))
        yield* awaitQueues(two!, 1, 2, 0)
        const [inA] = yield* nodes(two!, A)
        const [, inB] = yield* nodes(two!, B)
        yield* lose(one!)
        yield* awaitState(
          Effect.all([nodes(two!, A), nodes(two!, B)]),
          ([a, b]) => a.length === 1 && a[0] !== inA && b.length === 2 && b[1] !== inB,
          { describe: "it has another node in both queues", within: "30 seconds" }
        )
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(yield* Fiber.join(waiting), "mine")
        yield* awaitQueues(two!, 0, 0, 0)
      })
    )
  }

  it.live("who is interrupted while it waits gives back what it has", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const locks = yield* make(one!)
      const last = yield* single(two!, C)
      const scope = yield* Effect.scope
      yield* last.withLock(() =>
        Effect.gen(function* () {
          // In a scope that goes on.
          const waiting = yield* Effect.forkChild(Scope.provide(locks.acquire, scope))
          yield* awaitQueues(two!, 1, 1, 2)
          yield* Fiber.interrupt(waiting)
          yield* awaitQueues(two!, 0, 0, 1)
        })
      )
    })
  )

  it.live("fail as one when one of them cannot be had, and the others are given back", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create(C, "", { mode: "ephemeral" })
      const locks = yield* make(zk)
      const scope = yield* Effect.scope
      for (const attempt of [Effect.asVoid(locks.acquire), Effect.asVoid(locks.tryAcquire())]) {
        const { reason } = yield* Effect.flip(Scope.provide(attempt, scope))
        assert.strictEqual(reason._tag, "NoChildrenForEphemerals")
        yield* awaitQueues(zk, 0, 0)
      }
    })
  )

  it.live("give back all when the body fails or is interrupted", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const locks = yield* make(zk)
      assert.strictEqual(yield* Effect.flip(locks.withLock(() => Effect.fail("no" as const))), "no")
      yield* awaitQueues(zk, 0, 0, 0)
      const work = body()
      const holding = yield* Effect.forkChild(locks.withLock(() => work.run))
      yield* work.entered
      yield* Fiber.interrupt(holding)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(holding)))
      yield* awaitQueues(zk, 0, 0, 0)
    })
  )

  it.live("are refused when there are none of them, or one twice", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const [other, lock] = [yield* single(zk, A), yield* single(zk, B)]
      for (const [attempt, says] of [
        [make(zk, { paths: [] }), "there is no path"],
        [make(zk, { paths: [A, B, A] }), "the path '/a' is listed twice"],
        [using(zk)(MultiLock.all([])), "there is no lock"],
        [using(zk)(MultiLock.all([other, lock, lock])), "the locks at 1 and 2 of the list are the same one"]
      ] as const) {
        const error = yield* Effect.flip(attempt)
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.include(error.message, says)
      }
      assert.deepStrictEqual(yield* zk.children("/"), [])
    })
  )

  it.live("write the names of their dialect", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const locks = yield* make(zk, { paths: [A, B], dialect: "kazoo" })
      yield* locks.withLock(({ holders }) =>
        Effect.sync(() => {
          for (const { node } of holders) assert.match(node, /^\/[ab]\/[0-9a-f]{32}__lock__\d{10}$/)
        })
      )
    })
  )

  it.live("are a service of an application", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      class Both extends MultiLock.Service<Both>()("tests/Both", { paths: [A, B] }) {}
      const live = Layer.provide(Both.layer, Layer.succeed(ZooKeeper.ZooKeeper, zk))
      const held = Effect.flatMap(Both, (both) => both.withLock(() => Effect.all([queue(zk, A), queue(zk, B)])))
      const queues = yield* Effect.provide(held, live)
      assert.deepStrictEqual(
        queues.map(({ length }) => length),
        [1, 1]
      )
    })
  )
})

describe("locks of several kinds as one", () => {
  it.live("are taken in the order in which they are listed, each as its own kind", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const kinds = Effect.fnUntraced(function* (zk: Client) {
        const { read } = yield* using(zk)(ReadWriteLock.make({ path: C }))
        const leases = yield* using(zk)(Semaphore.make({ path: B, leases: 2 }))
        return yield* using(zk)(MultiLock.all([read, leases, yield* single(zk, A)]))
      })
      const [first, second] = [yield* kinds(one!), yield* kinds(two!)]
      const work = body()
      const token = yield* Effect.forkChild(
        first.withLock(({ holders: [, , { fencingToken }] }) => Effect.as(work.run, fencingToken))
      )
      yield* work.entered
      // Both read, and both have a lease; the lock is the first one's alone.
      const next = body()
      const waiting = yield* Effect.forkChild(second.withLock(() => next.run))
      yield* awaitQueue(one!, 2, A)
      yield* awaitQueue(one!, 2, C)
      yield* awaitQueue(one!, 2, `${B}/leases`)
      assert.isFalse(yield* isEntered(next))
      yield* work.leave
      assert.isAbove(Number(yield* Fiber.join(token)), 0)
      yield* next.entered
      const { write } = yield* using(one!)(ReadWriteLock.make({ path: C }))
      assert.isTrue(Option.isNone(yield* write.tryWithLock(() => Effect.void)))
      yield* next.leave
      yield* Fiber.join(waiting)
    })
  )

  it.live("are lost with any of them", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const leases = yield* using(one!)(Semaphore.make({ path: B, leases: 1 }))
      const both = yield* using(one!)(MultiLock.all([yield* single(one!, A), leases]))
      const work = body()
      const holding = yield* Effect.forkChild(Effect.flip(both.withLock(() => work.run)))
      yield* work.entered
      const [lease] = yield* nodes(two!, `${B}/leases`)
      yield* two!.delete(lease!)
      assert.strictEqual((yield* Fiber.join(holding))._tag, "LeaseLost")
      yield* awaitQueue(two!, 0, A)
    })
  )
})
