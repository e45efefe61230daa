/** Locks that are asked for: who holds one hears of it, wherever it is in its life, and decides. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as ReadWriteLock from "@effect-zookeeper/recipes/ReadWriteLock"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { cutOff } from "../real/clients.ts"
import {
  awaitQueue,
  body,
  holdBack,
  onServers,
  PATH as path,
  proxied,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const isAsked = ({ askedBack }: { readonly askedBack: Effect.Effect<void> }) =>
  Effect.map(Effect.timeoutOption(askedBack, 0), Option.isSome)

describe("a lock that is asked for", () => {
  it.live("is given back by a holder that listens, for one request and one look", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const ours = yield* using(zk!)(Lock.make({ path, data: "ours" }))
      const theirs = yield* using(other!)(Lock.make({ path, dialect: "kazoo" }))
      const work = body()
      const working = yield* Effect.forkChild(
        ours.withLock(({ askedBack }) => Effect.raceFirst(Effect.as(work.run, "done"), Effect.as(askedBack, "asked")))
      )
      yield* work.entered
      const waiting = yield* Effect.forkChild(theirs.withLock(() => Effect.succeed("theirs")))
      yield* awaitQueue(other!, 2)
      const [holder] = yield* theirs.contenders
      const [holders, askers] = [recordRequests(zk!), recordRequests(other!)]
      yield* theirs.askBack(holder!)
      assert.strictEqual(yield* Fiber.join(working), "asked")
      assert.strictEqual(yield* Fiber.join(waiting), "theirs")
      assert.strictEqual(askers.filter((name) => name === "setData").length, 1)
      assert.deepStrictEqual(
        holders.filter((name) => name === "getData" || name === "delete"),
        ["getData", "delete"]
      )
      // It is no longer there to be asked.
      yield* theirs.askBack(holder!)
      yield* other!.sync()
      assert.deepStrictEqual(yield* theirs.contenders, [])
    })
  )

  it.live("stays with a holder that does not listen, and tells of the asking where its data was", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* using(zk!)(Lock.make({ path, data: "ours" }))
      const theirs = yield* using(other!)(Lock.make({ path }))
      yield* lock.withLock((held) =>
        Effect.gen(function* () {
          yield* other!.sync()
          const [holder] = yield* theirs.contenders
          assert.isFalse(yield* isAsked(held))
          yield* theirs.askBack(holder!)
          yield* theirs.askBack(holder!)
          yield* held.askedBack
          // Whatever is written there afterwards.
          yield* other!.set(held.node, "something else")
          assert.isTrue(yield* isAsked(held))
          yield* theirs.askBack(holder!)
          yield* zk!.sync()
          assert.deepStrictEqual((yield* lock.contenders).map(ZooKeeper.text), ["__REVOKE__"])
          assert.deepStrictEqual(yield* theirs.tryWithLock(() => Effect.void), Option.none())
          yield* held.guard(Op.create("/written", ""))
        })
      )
    })
  )

  it.live("is heard of by who waited for it then, once it is held", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const ours = yield* using(zk!)(Lock.make({ path }))
      const theirs = yield* using(other!)(Lock.make({ path }))
      const waiting = yield* theirs.withLock(() =>
        Effect.gen(function* () {
          const waiting = yield* Effect.forkDetach(ours.withLock(({ askedBack }) => askedBack))
          yield* awaitQueue(other!, 2)
          const [, waiter] = yield* theirs.contenders
          yield* theirs.askBack(waiter!)
          return waiting
        })
      )
      yield* Fiber.join(waiting)
    })
  )

  it.live("is heard of by who had not yet looked at its node", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const ours = yield* using(zk!)(Lock.make({ path }))
      const theirs = yield* using(other!)(Lock.make({ path }))
      const look = holdBack(zk!, 1, "getData")
      const working = yield* Effect.forkChild(ours.withLock(({ askedBack }) => askedBack))
      yield* look.asked
      yield* awaitQueue(other!, 1)
      const [contender] = yield* theirs.contenders
      yield* theirs.askBack(contender!)
      yield* look.letGo
      yield* Fiber.join(working)
    })
  )

  it.live("is heard of with the next connection", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const ours = yield* using(zk)(Lock.make({ path }))
      const theirs = yield* using(other)(Lock.make({ path }))
      yield* ours.withLock((held) =>
        Effect.gen(function* () {
          yield* cutOff(zk, proxy)
          yield* Effect.flatMap(theirs.contenders, ([holder]) => theirs.askBack(holder!))
          assert.isFalse(yield* isAsked(held))
          yield* proxy.listen
          yield* held.askedBack
        })
      )
    })
  )

  it.live("to write is given back by all readers, and by a writer that reads on", () =>
    Effect.gen(function* () {
      const [one, two, three] = yield* sessions(3)
      const [first, second, writer] = [
        yield* using(one!)(ReadWriteLock.make({ path })),
        yield* using(two!)(ReadWriteLock.make({ path, dialect: "apache" })),
        yield* using(three!)(ReadWriteLock.make({ path }))
      ]
      const reading = yield* Effect.forkChild(
        first.write.withLock((held) =>
          // Not the reader, which is asked for itself.
          Effect.tap(
            first.read.withLock(({ askedBack }) => askedBack),
            () => Effect.map(isAsked(held), assert.isFalse)
          )
        )
      )
      yield* awaitQueue(three!, 2)
      const reader = (yield* writer.read.contenders).filter(({ node }) => node.includes("__READ__"))
      yield* Effect.forEach(reader, writer.read.askBack)
      yield* Fiber.join(reading)

      const readers = yield* Effect.forkChild(
        Effect.forEach([first, second], ({ read }) => read.withLock(({ askedBack }) => askedBack), {
          concurrency: "unbounded"
        })
      )
      yield* awaitQueue(three!, 2)
      const writing = yield* Effect.forkChild(writer.write.withLock((held) => Effect.succeed(held.node)))
      yield* awaitQueue(three!, 3)
      const before = (yield* writer.write.contenders).slice(0, 2)
      yield* Effect.forEach(before, writer.write.askBack)
      yield* Fiber.join(readers)
      assert.include(yield* Fiber.join(writing), "__WRIT__")
    })
  )

  it.live("is one of this path", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* using(zk)(Lock.make({ path }))
      yield* zk.create("/config", "precious")
      const error = yield* Effect.flip(lock.askBack({ node: "/config", data: new Uint8Array() }))
      assert.strictEqual(error.reason._tag, "InvalidArgument")
      assert.include(error.message, `'${path}'; give one of its contenders`)
      assert.strictEqual(yield* zk.getString("/config"), "precious")
    })
  )
})
