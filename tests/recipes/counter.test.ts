/** Counters on a real ensemble: every change is done once or not at all, whatever becomes of its answer. */
import * as Counter from "@effect-zookeeper/recipes/Counter"
import * as Acl from "@effect-zookeeper/core/Acl"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { cutOff } from "../real/clients.ts"
import { awaitState } from "../support/awaitState.ts"
import type { Proxy } from "../support/Proxy.ts"
import {
  awaitQueue,
  type Client,
  expire,
  expireDuring,
  onServers,
  PATH as path,
  precede,
  proxied,
  queue,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const make = (zk: Client, options: Partial<Counter.Options> = {}) => using(zk)(Counter.make({ path, ...options }))

/** The number as the leader knows it. */
const numberOf = (zk: Client) =>
  Effect.andThen(
    zk.sync(),
    Effect.flatMap(Effect.scoped(make(zk)), ({ get }) => get)
  )

const failureOf = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.instanceOf(error, ZooKeeperError)
    return error as unknown as ZooKeeperError
  })

/** Drops the answer to the next transaction, and keeps the client away until it is let in. */
const loseAnswer = (proxy: Proxy) =>
  Effect.map(
    proxy.dropReplyTo(({ type }) => type === multi.code),
    (dropped) => Effect.andThen(dropped, proxy.refuse)
  )

/** Lets the next transaction come as far as the proxy, which carries nothing from then on; waits until it has come so far. */
const holdChange = (zk: Client, proxy: Proxy) => {
  const held = Deferred.makeUnsafe<void>()
  precede(zk, "multi", 1, Effect.andThen(proxy.stall, Deferred.succeed(held, undefined)))
  return Deferred.await(held)
}

describe("a counter", () => {
  it.live("counts, up and down, and says from where to where", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const counter = yield* make(zk!, { path: "/deep/below/count" })
      const theirs = yield* make(other!, { path: "/deep/below/count" })
      assert.strictEqual(yield* counter.get, 0n)
      assert.isTrue(Option.isNone(yield* zk!.exists("/deep")), "nothing is made before the first change")
      assert.deepStrictEqual(yield* counter.add(5n), { before: 0n, after: 5n })
      assert.deepStrictEqual(yield* theirs.add(-7n), { before: 5n, after: -2n })
      assert.deepStrictEqual(yield* counter.increment, { before: -2n, after: -1n })
      assert.deepStrictEqual(yield* theirs.decrement, { before: -1n, after: -2n })
      yield* zk!.sync()
      assert.strictEqual(yield* counter.get, -2n)
      assert.isTrue(yield* counter.compareAndSet(-2n, 40n))
      assert.isFalse(yield* counter.compareAndSet(-2n, 50n))
      yield* theirs.set(41n)
      assert.deepStrictEqual(yield* counter.increment, { before: 41n, after: 42n })
    })
  )

  it.live("begins with the initial number, also in a node that is empty or made anew", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create(path)
      const counter = yield* make(zk, { initial: 10n })
      assert.strictEqual(yield* counter.get, 10n)
      assert.deepStrictEqual(yield* counter.increment, { before: 10n, after: 11n })
      yield* zk.delete(path, { recursive: true })
      assert.strictEqual(yield* counter.get, 10n)
      assert.deepStrictEqual(yield* counter.increment, { before: 10n, after: 11n })
      yield* zk.delete(path, { recursive: true })
      assert.isTrue(yield* counter.compareAndSet(10n, 3n))
      yield* zk.delete(path, { recursive: true })
      yield* counter.set(4n)
      assert.strictEqual(yield* counter.get, 4n)
    })
  )

  it.live("tells its number now and whenever it is another one", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const counter = yield* make(zk!)
      const theirs = yield* make(other!)
      const seen = yield* Queue.unbounded<bigint>()
      yield* Effect.forkScoped(Stream.runForEach(counter.changes, (value) => Queue.offer(seen, value)))
      assert.strictEqual(yield* Queue.take(seen), 0n)
      for (const value of [1n, 2n, 3n]) {
        yield* theirs.increment
        assert.strictEqual(yield* Queue.take(seen), value)
      }
      // Written, but not another number.
      yield* theirs.set(3n)
      yield* expire(zk!)
      yield* theirs.add(4n)
      assert.strictEqual(yield* Queue.take(seen), 7n)
      yield* other!.set(path, "seven")
      const ended = yield* Effect.flip(Stream.runDrain(counter.changes))
      assert.strictEqual(ended.reason._tag, "DecodeFailed")
    })
  )

  it.live("needs two requests a change, and one node below it, until its scope closes", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const scope = yield* Scope.make()
      const counter = yield* Scope.provide(make(zk!), scope)
      yield* counter.increment
      const asked = recordRequests(zk!)
      for (let count = 0; count < 5; count++) yield* counter.increment
      yield* counter.set(0n)
      assert.deepStrictEqual(asked, [...Array(5).fill(["getData", "multi"]), "multi"].flat())
      assert.lengthOf(yield* queue(other!), 1)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* queue(other!), [])
      assert.strictEqual(yield* counter.get, 0n)
      for (const change of [counter.increment, counter.set(1n), counter.compareAndSet(0n, 1n)]) {
        const exit = yield* Effect.exit<unknown, unknown, never>(change)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause), `${exit}`)
      }
      assert.deepStrictEqual(yield* queue(other!), [])
    })
  )

  it.live("refuses what its notation cannot hold, and sends nothing", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      for (const [as, most] of [
        ["int32", 2n ** 31n - 1n],
        ["int64", 2n ** 63n - 1n]
      ] as const) {
        const least = -most - 1n
        const counter = yield* make(zk, { as, path: `/${as}` })
        yield* counter.set(most)
        const over = yield* failureOf(counter.increment)
        assert.strictEqual(over.reason._tag, "InvalidArgument")
        assert.strictEqual(over.applied, "no")
        assert.include(over.message, `${most + 1n} is more than an ${as} can be, ${most}; count as "decimal"`)
        assert.strictEqual(yield* counter.get, most)
        assert.isTrue(yield* counter.compareAndSet(most, least))
        assert.include((yield* failureOf(counter.decrement)).message, `${least - 1n} is less than an ${as}`)
        assert.strictEqual(yield* counter.get, least)
        const asked = recordRequests(zk)
        for (const change of [counter.set(most + 1n), counter.compareAndSet(least, most + 1n)]) {
          assert.strictEqual((yield* failureOf<unknown, unknown>(change)).reason._tag, "InvalidArgument")
        }
        assert.strictEqual(
          (yield* failureOf(Effect.scoped(make(zk, { as, initial: least - 1n })))).reason._tag,
          "InvalidArgument"
        )
        assert.deepStrictEqual(asked, [])
      }
      const endless = yield* make(zk, { as: "decimal", path: "/decimal" })
      yield* endless.set(10n ** 40n)
      assert.deepStrictEqual(yield* endless.increment, { before: 10n ** 40n, after: 10n ** 40n + 1n })
      assert.strictEqual(yield* zk.getString("/decimal"), `1${"0".repeat(39)}1`)
    })
  )

  it.live("says what is in the node instead of a number, and changes nothing but when it is set", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create(path, "42")
      const counter = yield* make(zk)
      for (const use of [counter.get, counter.increment, counter.compareAndSet(42n, 43n)]) {
        const error = yield* failureOf<unknown, unknown>(use)
        assert.strictEqual(error.reason._tag, "DecodeFailed")
        assert.strictEqual(error.applied, "no")
        assert.include(error.message, `'42' (2 bytes) is no number as "int64"; as "decimal" it would be one`)
      }
      assert.strictEqual(yield* zk.getString(path), "42")
      yield* counter.set(42n)
      assert.deepStrictEqual(yield* counter.increment, { before: 42n, after: 43n })
    })
  )

  it.live("changes nothing where it may not create its receipt", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const acl = [{ perms: Acl.Perms.READ | Acl.Perms.WRITE, scheme: "world", id: "anyone" }]
      yield* zk.create(path, "7", { acl })
      const counter = yield* make(zk, { as: "decimal" })
      const error = yield* failureOf(counter.increment)
      assert.strictEqual(error.reason._tag, "NoAuth")
      assert.strictEqual(error.applied, "no")
      assert.strictEqual(yield* counter.get, 7n)
    })
  )

  it.live("refuses a path that is none", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const counter = yield* make(zk, { path: "count" })
      for (const use of [counter.get, counter.increment, counter.set(1n)]) {
        assert.strictEqual((yield* failureOf<unknown, unknown>(use)).reason._tag, "InvalidArgument")
      }
    })
  )
})

describe("many at once", () => {
  it.live("50 sessions outrun each other, and each change is done once, for few requests", () =>
    Effect.gen(function* () {
      const [SESSIONS, CHANGES] = [50, 10]
      const clients = yield* sessions(SESSIONS)
      const counters = yield* Effect.forEach(clients, (zk) => make(zk))
      const asked = clients.map(recordRequests)
      const changes = yield* Effect.forEach(
        counters,
        (counter) => Effect.forEach(Array(CHANGES).keys(), () => counter.increment),
        { concurrency: "unbounded" }
      )
      // From 0 to 500, each step once.
      assert.sameMembers(
        changes.flat().map(({ after }) => after),
        [...Array(SESSIONS * CHANGES).keys()].map((index) => BigInt(index + 1))
      )
      assert.isTrue(changes.flat().every(({ after, before }) => after === before + 1n))
      assert.strictEqual(yield* numberOf(clients[0]!), 500n)
      // Who is outrun pauses: about 6 (measured), where without a pause it is about as many as there are others.
      const requests = asked.reduce((sum, { length }) => sum + length, 0)
      assert.isBelow(requests / (SESSIONS * CHANGES), 20)
    })
  )

  it.live("changes of one counter take turns, so that they are two requests each", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const counter = yield* make(zk)
      yield* counter.increment
      const asked = recordRequests(zk)
      yield* Effect.forEach(Array(50).keys(), () => counter.add(2n), { concurrency: "unbounded" })
      assert.strictEqual(yield* counter.get, 101n)
      assert.lengthOf(asked, 101)
    })
  )
})

describe("a lost answer", () => {
  it.live("is asked about until it is known: the change is done once (museum 32)", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const counter = yield* make(zk)
      // The first one of a receipt, and later ones.
      for (let round = 1; round <= 3; round++) {
        const dropped = yield* proxy.dropReplyTo(({ type }) => type === multi.code)
        assert.deepStrictEqual(yield* counter.increment, { before: BigInt(round) - 1n, after: BigInt(round) })
        yield* dropped
        assert.strictEqual(yield* numberOf(other), BigInt(round))
      }
      assert.lengthOf(yield* queue(other), 1)
    })
  )

  it.live("also where others have counted on meanwhile, who wrote the same bytes or another number", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const counter = yield* make(zk)
      const theirs = yield* make(other)
      yield* counter.increment
      for (const meanwhile of [theirs.increment, theirs.set(1n), theirs.add(5n)]) {
        yield* theirs.set(1n)
        const lost = yield* loseAnswer(proxy)
        const counting = yield* Effect.forkChild(counter.increment)
        yield* lost
        yield* meanwhile
        const expected = yield* numberOf(other)
        yield* proxy.listen
        assert.deepStrictEqual(yield* Fiber.join(counting), { before: 1n, after: 2n })
        assert.strictEqual(yield* numberOf(other), expected)
      }
    })
  )

  it.live("of a request that never came there: it is done then, on what is there by then", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const counter = yield* make(zk)
      const theirs = yield* make(other)
      yield* counter.increment
      for (const [meanwhile, before] of [
        [Effect.void, 1n],
        [theirs.set(8n), 8n]
      ] as const) {
        yield* theirs.set(1n)
        const held = holdChange(zk, proxy)
        const counting = yield* Effect.forkChild(counter.increment)
        yield* held
        yield* meanwhile
        // What the proxy holds goes with the connection.
        yield* proxy.cut
        yield* proxy.flow
        assert.deepStrictEqual(yield* Fiber.join(counting), { before, after: before + 1n })
        assert.strictEqual(yield* numberOf(other), before + 1n)
      }
    })
  )

  it.live("of a server that is slow: every copy of the request comes there, and one is done", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied({ operationTimeout: "200 millis" })
      const counter = yield* make(zk)
      yield* counter.increment
      const asked = recordRequests(zk)
      const held = holdChange(zk, proxy)
      const counting = yield* Effect.forkChild(counter.increment)
      yield* held
      yield* awaitState(
        Effect.sync(() => asked.filter((name) => name === "multi").length),
        (count) => count >= 3,
        { describe: "three are on their way" }
      )
      yield* proxy.flow
      assert.deepStrictEqual(yield* Fiber.join(counting), { before: 1n, after: 2n })
      assert.strictEqual(yield* numberOf(other), 2n)
      assert.strictEqual(zk.session.epoch, 1)
    })
  )

  it.live("of the first change, at each of its steps", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      for (const [round, code] of [create.code, create.code, multi.code].entries()) {
        let count = 0
        // The node, the receipt, the change.
        const dropped = yield* proxy.dropReplyTo(({ type }) => type === code && (round !== 1 || ++count === 2))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const counter = yield* make(zk)
            assert.deepStrictEqual(yield* counter.increment, { before: 0n, after: 1n })
            assert.lengthOf(yield* queue(other), 1)
          })
        )
        yield* dropped
        yield* awaitQueue(other, 0)
        yield* other.delete(path)
        yield* zk.sync()
      }
    })
  )

  it.live("and then the session: it is told that nobody knows, and the counter goes on with the next one", () =>
    Effect.gen(function* () {
      const parts = yield* proxied()
      const { other, zk } = parts
      const counter = yield* make(zk)
      yield* counter.increment
      const failed = Deferred.makeUnsafe<ZooKeeperError>()
      const counting = Effect.forkChild(
        Effect.flatMap(failureOf(counter.increment), (error) => Deferred.succeed(failed, error))
      )
      yield* expireDuring(parts, multi, counting)
      const error = yield* Deferred.await(failed)
      assert.strictEqual(error.applied, "unknown")
      assert.include(error.message, `add ${path}: `)
      // It was done, and nothing does it again.
      assert.strictEqual(yield* numberOf(other), 2n)
      assert.deepStrictEqual(yield* counter.increment, { before: 2n, after: 3n })
      assert.lengthOf(yield* queue(other), 1)
    })
  )

  it.live("and then the receipt, by hand: it is told that nobody knows", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const counter = yield* make(zk)
      yield* counter.increment
      const lost = yield* loseAnswer(proxy)
      const counting = yield* Effect.forkChild(failureOf(counter.increment))
      yield* lost
      for (const name of yield* queue(other)) yield* other.delete(`${path}/${name}`)
      yield* proxy.listen
      const error = yield* Fiber.join(counting)
      assert.strictEqual(error.applied, "unknown")
      assert.strictEqual(error.reason._tag, "ConnectionLost")
      assert.deepStrictEqual(yield* counter.increment, { before: 2n, after: 3n })
    })
  )

  it.live("of one that was interrupted is nobody's, and does not pass for the next one's", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const counter = yield* make(zk)
      yield* counter.increment
      const held = holdChange(zk, proxy)
      const interrupted = yield* Effect.forkChild(counter.add(10n))
      yield* held
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(interrupted))
      const next = yield* Effect.forkChild(counter.increment)
      let count = 0
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === multi.code && ++count === 2)
      yield* proxy.flow
      yield* dropped
      yield* Fiber.join(interrupting)
      const { after } = yield* Fiber.join(next)
      assert.strictEqual(after, 12n)
      assert.strictEqual(yield* numberOf(other), 12n)
      yield* awaitQueue(other, 1)
    })
  )
})

describe("through what happens to sessions and nodes", () => {
  it.live("its session expires, its receipt is deleted or written to: it goes on, once each", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const counter = yield* make(zk!)
      yield* counter.increment
      const receipt = Effect.map(queue(other!), ([name]) => `${path}/${name}`)
      yield* expire(zk!)
      assert.deepStrictEqual(yield* counter.increment, { before: 1n, after: 2n })
      yield* other!.delete(yield* receipt)
      assert.deepStrictEqual(yield* counter.increment, { before: 2n, after: 3n })
      yield* other!.set(yield* receipt, "")
      assert.deepStrictEqual(yield* counter.increment, { before: 3n, after: 4n })
      assert.lengthOf(yield* queue(other!), 1)
      assert.strictEqual(yield* numberOf(other!), 4n)
    })
  )

  it.live("goes on when the versions of its node wrap, and says how where nothing can be compared (museum 35)", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const zk = yield* ZooKeeper.make({ connect: server.connectString })
      const counter = yield* make(zk)
      yield* counter.increment
      const seen = yield* Queue.unbounded<bigint>()
      yield* Effect.forkScoped(Stream.runForEach(counter.changes, (value) => Queue.offer(seen, value)))
      assert.strictEqual(yield* Queue.take(seen), 1n)
      yield* server.setVersion(path, 2 ** 31 - 2)
      for (let before = 1n; before < 5n; before++) {
        assert.deepStrictEqual(yield* counter.increment, { before, after: before + 1n })
        assert.strictEqual(yield* Queue.take(seen), before + 1n)
      }
      assert.strictEqual((yield* zk.get(path)).stat.version, -(2 ** 31) + 2)
      yield* zk.update(path, ({ data }) => data)
      yield* server.setVersion(path, -2)
      assert.deepStrictEqual(yield* counter.increment, { before: 5n, after: 6n })
      const error = yield* failureOf(counter.increment)
      assert.strictEqual(error.reason._tag, "InvalidArgument")
      assert.include(error.message, "set the number to go on")
      yield* counter.set(6n)
      assert.deepStrictEqual(yield* counter.increment, { before: 6n, after: 7n })
    })
  )

  it.live("without a connection a change fails in its time, and was not done", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied({ operationTimeout: "300 millis" })
      const counter = yield* make(zk)
      yield* counter.increment
      yield* cutOff(zk, proxy)
      const error = yield* failureOf(counter.increment)
      assert.strictEqual(error.reason._tag, "Timeout")
      assert.strictEqual(error.applied, "no")
      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(counter.increment, "50 millis")))
      yield* proxy.listen
      assert.strictEqual(yield* numberOf(other), 1n)
      yield* awaitState(Effect.exit(counter.increment), Exit.isSuccess, { describe: "it counts again" })
      assert.strictEqual(yield* numberOf(other), 2n)
    })
  )

  it.live("an interrupted change leaves nothing that is in the way, and no node when the scope closes", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const counter = yield* make(zk!)
          for (let turns = 0; turns < 40; turns++) {
            const counting = yield* Effect.forkChild(counter.increment, { startImmediately: true })
            for (let turn = 0; turn < turns % 10; turn++) yield* Effect.yieldNow
            if (turns % 3 === 0) yield* zk!.sync()
            yield* Fiber.interrupt(counting)
          }
          const { before } = yield* counter.increment
          assert.isAtMost(Number(before), 40)
          assert.isAtMost((yield* queue(other!)).length, 1)
        })
      )
      yield* awaitQueue(other!, 0)
    })
  )
})

it.live("is a service of the application", () =>
  Effect.gen(function* () {
    class Visits extends Counter.Service<Visits>()("app/Visits", { path: "/visits", as: "decimal" }) {}
    const zk = yield* onServers()
    const after = Effect.map(
      Effect.flatMap(Visits, ({ increment }) => increment),
      ({ after }) => after
    )
    assert.strictEqual(yield* using(zk)(Effect.provide(after, Visits.layer)), 1n)
    assert.strictEqual(ZooKeeper.text(yield* zk.get("/visits")), "1")
  })
)
