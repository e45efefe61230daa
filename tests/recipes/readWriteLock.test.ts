/** Read-write locks on a real ensemble: who shares, who excludes, and the two ways between them. */
import type { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import * as Path from "@effect-zookeeper/core/Path"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as ReadWriteLock from "@effect-zookeeper/recipes/ReadWriteLock"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import {
  awaitQueue,
  body,
  type Client,
  isEntered,
  nodes,
  onServers,
  PATH,
  proxied,
  queue,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const dialects = ["curator", "kazoo", "apache"] as const

/** As the dialect's own programs write them. */
const written = {
  curator: [/^_c_[0-9a-f-]{36}-__READ__\d{10}$/, /^_c_[0-9a-f-]{36}-__WRIT__\d{10}$/],
  kazoo: [/^[0-9a-f]{32}__rlock__\d{10}$/, /^[0-9a-f]{32}__lock__\d{10}$/],
  apache: [/^x-[0-9a-f-]{36}-read-\d{10}$/, /^x-[0-9a-f-]{36}-write-\d{10}$/]
} as const

const make = (zk: Parameters<typeof using>[0], options: Partial<Parameters<typeof ReadWriteLock.make>[0]> = {}) =>
  using(zk)(ReadWriteLock.make({ path: PATH, ...options }))

describe("a read-write lock", () => {
  for (const dialect of dialects) {
    for (const other of dialects) {
      it.live(`lets readers share and writers alone: ${dialect} with ${other}`, () =>
        Effect.gen(function* () {
          const [one, two, three] = yield* sessions(3)
          const a = yield* make(one!, { dialect })
          const b = yield* make(two!, { dialect: other })
          const c = yield* make(three!, { dialect })
          const [reader, second, writer, late] = [body(), body(), body(), body()]
          const fibers = [yield* Effect.forkChild(a.read.withLock(() => reader.run))]
          yield* reader.entered
          fibers.push(yield* Effect.forkChild(b.read.withLock(() => second.run)))
          yield* second.entered
          fibers.push(yield* Effect.forkChild(c.write.withLock(() => writer.run)))
          yield* awaitQueue(one!, 3)
          // Comes after the writer, so it waits for it: writers do not starve.
          fibers.push(yield* Effect.forkChild(b.read.withLock(() => late.run)))
          yield* awaitQueue(one!, 4)
          const [first, , third] = yield* queue(one!)
          assert.match(first!, written[dialect][0])
          assert.match(third!, written[dialect][1])
          yield* reader.leave
          assert.isFalse((yield* isEntered(writer)) || (yield* isEntered(late)))
          yield* second.leave
          yield* writer.entered
          assert.isFalse(yield* isEntered(late))
          yield* writer.leave
          yield* late.entered
          yield* late.leave
          yield* Fiber.joinAll(fibers)
          assert.deepStrictEqual(yield* queue(one!), [])
        })
      )
    }
  }

  it.live("costs four requests to read or to write when nobody is in the way", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* make(zk)
      yield* lock.write.withLock(() => Effect.void)
      for (const side of [lock.read, lock.write]) {
        const requests = recordRequests(zk)
        yield* side.withLock(() => Effect.void)
        assert.deepStrictEqual(requests, ["create", "getData", "getChildren", "delete"])
      }
    })
  )

  it.live("refuses an upgrade, which would wait for itself", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* make(zk)
      for (const write of [lock.write.withLock(() => Effect.void), Effect.scoped(lock.write.acquire)]) {
        const error = yield* Effect.flip(lock.read.withLock(() => write))
        assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "InvalidArgument", String(error))
        assert.match(error.message, /upgrade/)
      }
      assert.deepStrictEqual(yield* queue(zk), [])
      // Once released it may write.
      yield* lock.write.withLock(() => Effect.void)
    })
  )

  it.live("lets a writer read at once, with its own number, and write again under that (35)", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* make(zk!, { reentrant: true })
      const writer = yield* make(other!)
      const names = yield* lock.write.withLock((held) =>
        Effect.gen(function* () {
          const waiting = yield* Effect.forkChild(writer.write.withLock(() => Effect.void))
          yield* awaitQueue(zk!, 2)
          const names = yield* lock.read.withLock((reading) =>
            Effect.as(
              lock.write.withLock(() => Effect.void),
              [held.node, reading.node]
            )
          )
          yield* Fiber.interrupt(waiting)
          return names
        })
      )
      assert.match(names[0]!, /__WRIT__(\d{10})$/)
      assert.strictEqual(names[1]!.slice(-18), `__READ__${names[0]!.slice(-10)}`)
    })
  )

  it.live("lets a writer read however it asks: tried, and held by a scope that outlives the write lock", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* make(zk!)
      const writer = yield* make(other!)
      const numbers = (write: { readonly node: string }, read: { readonly node: string }) =>
        assert.strictEqual(read.node.slice(-18), `__READ__${write.node.slice(-10)}`)
      const tried = yield* lock.write.withLock((write) =>
        lock.read.tryWithLock((read) => Effect.sync(() => numbers(write, read)))
      )
      assert.isTrue(Option.isSome(tried))
      for (const acquire of [lock.read.acquire, Effect.map(lock.read.tryAcquire(), Option.getOrThrow)]) {
        const reading = yield* Scope.make()
        const held = yield* lock.write.withLock((write) =>
          Effect.tap(Scope.provide(acquire, reading), (read) => Effect.sync(() => numbers(write, read)))
        )
        assert.deepStrictEqual(yield* writer.write.tryWithLock(() => Effect.void), Option.none())
        assert.deepStrictEqual(yield* writer.write.tryAcquire(), Option.none())
        assert.deepStrictEqual(yield* nodes(other!), [held.node])
        yield* Scope.close(reading, Exit.void)
        assert.deepStrictEqual(yield* queue(other!), [])
      }
    })
  )

  it.live("is downgraded without a gap: a writer that waits stays out, a reader that waits comes in (35)", () =>
    Effect.gen(function* () {
      const [one, two, three] = yield* sessions(3)
      const [a, b, c] = yield* Effect.forEach([one!, two!, three!], (zk) => make(zk))
      const [reader, writer] = [body(), body()]
      yield* Effect.scoped(
        Effect.gen(function* () {
          const scope = yield* Effect.scope
          const reading = yield* a!.write.withLock((held) =>
            Effect.gen(function* () {
              yield* Effect.forkDetach(b!.read.withLock(() => reader.run))
              yield* awaitQueue(one!, 2)
              yield* Effect.forkDetach(c!.write.withLock(() => writer.run))
              yield* awaitQueue(one!, 3)
              const reading = yield* Scope.provide(a!.downgrade(held), scope)
              yield* awaitQueue(one!, 4)
              assert.isFalse(yield* isEntered(reader))
              return reading
            })
          )
          yield* reader.entered
          assert.isTrue(Option.isSome(yield* one!.exists(reading.node)))
          yield* reader.leave
          yield* awaitQueue(one!, 2)
          assert.isFalse(yield* isEntered(writer))
        })
      )
      yield* writer.entered
      yield* writer.leave
      yield* awaitQueue(one!, 0)
    })
  )

  it.live("gives its readers no token, who come as such or by a downgrade, and has them tell what they tell", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* make(zk, { data: "me" })
      const look = (held: object & { readonly node: string }) =>
        Effect.map(zk.getString(held.node), (data) => [data, "fencingToken" in held])
      assert.deepStrictEqual(yield* lock.read.withLock(look), ["me", false])
      assert.deepStrictEqual(yield* lock.write.withLock(look), ["me", true])
      assert.deepStrictEqual(yield* lock.write.withLock(() => lock.read.withLock(look)), ["me", false])
      assert.deepStrictEqual(
        (yield* lock.write.withLock(() => lock.read.withLock(() => lock.read.contenders))).map(ZooKeeper.text),
        ["me", "me"]
      )
    })
  )

  it.live("interrupts the work of a reader whose node is deleted, and of a downgraded one while its writer stays", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* make(zk!)
      const deleteReader = Effect.flatMap(nodes(other!), (all) =>
        other!.delete(all.find((node) => node.includes("__READ__"))!)
      )
      const loses = Effect.fnUntraced(function* (
        reading: (body: Effect.Effect<void>) => Effect.Effect<unknown, ZooKeeperError | LeaseLost>
      ) {
        const work = body()
        const reader = yield* Effect.forkChild(reading(work.run))
        yield* work.entered
        yield* deleteReader
        return yield* Fiber.join(reader)
      })
      const alone = yield* Effect.flip(loses((work) => lock.read.withLock(() => work)))
      assert.strictEqual(alone._tag, "LeaseLost")
      const left = yield* loses((work) =>
        lock.write.withLock(() =>
          Effect.andThen(
            Effect.exit(lock.read.withLock(() => work)),
            Effect.map(nodes(other!), (all) => all.length)
          )
        )
      )
      assert.strictEqual(left, 1)
    })
  )

  it.live("a downgraded reader stops when its writer would have stopped (stopOn)", () =>
    Effect.gen(function* () {
      const { proxy, zk } = yield* proxied()
      const lock = yield* make(zk, { stopOn: "suspended" })
      const scope = yield* Scope.make()
      const held = yield* lock.write.withLock((writer) => Scope.provide(lock.downgrade(writer), scope))
      const lost = yield* Effect.forkChild(Effect.flip(held.lost), { startImmediately: true })
      yield* proxy.cut
      assert.strictEqual((yield* Fiber.join(lost)).why, "disconnected")
      yield* Scope.close(scope, Exit.void)
    })
  )

  it.live("a downgrade of a lost write lock fails and leaves no reader", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* make(zk!)
      const error = yield* Effect.scoped(
        Effect.gen(function* () {
          const held = yield* lock.write.acquire
          yield* other!.delete(held.node)
          return yield* Effect.flip(lock.downgrade(held))
        })
      )
      assert.strictEqual(error._tag, "LeaseLost")
      assert.deepStrictEqual(yield* queue(other!), [])
    })
  )

  it.live("a downgraded reader has the writer's number in every dialect, and all others can read it", () =>
    Effect.gen(function* () {
      for (const dialect of dialects) {
        const zk = yield* onServers()
        const lock = yield* make(zk, { dialect })
        yield* lock.write.withLock(() => Effect.void)
        const [held, reading, all] = yield* lock.write.withLock((held) =>
          lock.read.withLock((reading) => Effect.map(lock.read.contenders, (all) => [held, reading, all] as const))
        )
        assert.match(Path.name(reading.node), written[dialect][0])
        assert.strictEqual(reading.node.slice(-10), held.node.slice(-10))
        assert.lengthOf(all, 2)
      }
    })
  )

  /** A downgrade in a scope of its own, whose reader is there and cannot be looked at. */
  const unseen = Effect.fnUntraced(function* () {
    const [zk, other] = yield* sessions(2)
    const lock = yield* make(zk!)
    const held = yield* lock.write.acquire
    const { driver } = zk! as unknown as { driver: { submit: Client["driver"]["submit"] } }
    const submit = driver.submit
    driver.submit = (call) => (call.operation.name === "getData" ? false : submit(call))
    const scope = yield* Scope.make()
    const downgrade = yield* Effect.forkChild(Scope.provide(lock.downgrade(held), scope))
    yield* awaitQueue(other!, 2)
    return { downgrade, held, other: other!, scope }
  })

  it.live("a downgrade that is interrupted leaves no reader, though its scope goes on", () =>
    Effect.gen(function* () {
      const { downgrade, held, other } = yield* unseen()
      yield* Fiber.interrupt(downgrade)
      // Its create may have been unanswered still, and then the node goes in the background.
      yield* awaitQueue(other, 1)
      assert.deepStrictEqual(yield* nodes(other), [held.node])
    })
  )

  it.live("a downgrade ends when its scope is closed meanwhile", () =>
    Effect.gen(function* () {
      const { downgrade, held, other, scope } = yield* unseen()
      yield* Scope.close(scope, Exit.void)
      const exit = yield* Effect.timeoutOption(Fiber.await(downgrade), "10 seconds")
      assert.isTrue(Option.isSome(exit) && Exit.isFailure(exit.value), "it waits for ever")
      assert.deepStrictEqual(yield* nodes(other), [held.node])
    })
  )

  it.live("two readers that both try to write give up without a deadlock (35)", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const locks = yield* Effect.forEach([one!, two!], (zk) => make(zk))
      const results = yield* Effect.forEach(
        locks,
        (lock) => Effect.flip(lock.read.withLock(() => lock.write.tryWithLock(() => Effect.void))),
        { concurrency: 2 }
      )
      const tried = yield* Effect.flip(locks[0]!.read.withLock(() => locks[0]!.write.tryAcquire()))
      assert.deepStrictEqual(
        [...results, tried].map((error) => error._tag === "ZooKeeperError" && error.reason._tag),
        ["InvalidArgument", "InvalidArgument", "InvalidArgument"]
      )
    })
  )
})
