/** Transactions of several parts on a real ensemble (parity 18). */
import * as Op from "@effect-zookeeper/core/Op"
import { isZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as Transaction from "@effect-zookeeper/recipes/Transaction"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { onServers, PATH, proxied, recordRequests, using } from "./support.ts"

describe("a transaction", () => {
  it.live("is one for all parts, and each of them gets its own results", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const transaction = yield* using(zk)(Transaction.make())
      const first = yield* transaction.add(Op.create("/a", "1"), Op.set("/a", "2"))
      const second = yield* transaction.add(Op.check("/a", 1))
      const third = yield* transaction.add(Op.create("/a/b"))
      const requests = recordRequests(zk)
      yield* transaction.commit
      assert.deepStrictEqual(requests, ["multi"])
      const [path, stat] = yield* first
      assert.deepStrictEqual([path, stat.version, yield* second, yield* third], ["/a", 1, [undefined], ["/a/b"]])
      // It is empty again.
      yield* transaction.commit
      assert.deepStrictEqual(requests, ["multi"])
    })
  )

  it.live("does nothing when one part is refused, and tells who was in the way", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const transaction = yield* using(zk)(Transaction.make())
      const innocent = yield* transaction.add(Op.create("/a"), Op.create("/b"))
      const guilty = yield* transaction.add(Op.create("/c"), Op.check("/missing", "any"))
      const error = yield* Effect.flip(transaction.commit)
      assert.isTrue(error.reason._tag === "TransactionFailed" && error.reason.index === 3)
      const own = yield* Effect.flip(guilty)
      assert.isTrue(
        own._tag === "ZooKeeperError" && own.reason._tag === "TransactionFailed" && own.reason.index === 1,
        String(own)
      )
      const other = yield* Effect.flip(innocent)
      assert.isTrue(other._tag === "NotCommitted" && other.applied === "no")
      assert.match(other.message, /\/missing/)
      assert.deepStrictEqual(yield* zk.children("/"), [])
    })
  )

  it.live("commits under a holder only while its node exists", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const transaction = yield* using(zk)(Transaction.make())
      const lock = yield* using(zk)(Lock.make({ path: PATH }))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const held = yield* lock.acquire
          const good = yield* transaction.add(Op.create("/a"))
          yield* transaction.commitUnder(held)
          assert.deepStrictEqual(yield* good, ["/a"])
          const guilty = yield* transaction.add(Op.create("/a"))
          yield* Effect.flip(transaction.commitUnder(held))
          const own = yield* Effect.flip(guilty)
          assert.isTrue(
            own._tag === "ZooKeeperError" && own.reason._tag === "TransactionFailed" && own.reason.index === 0
          )
          yield* zk.delete(held.node)
          const late = yield* transaction.add(Op.create("/b"))
          assert.strictEqual((yield* Effect.flip(transaction.commitUnder(held)))._tag, "LeaseLost")
          assert.strictEqual((yield* Effect.flip(late))._tag, "NotCommitted")
        })
      )
      assert.isTrue(Option.isNone(yield* zk.exists("/b")))
    })
  )

  it.live("asks for version 0 where that is asked for, and not for any (museum 33)", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create("/a", "0")
      yield* zk.set("/a", "1")
      const transaction = yield* using(zk)(Transaction.make())
      for (const op of [Op.set("/a", "2", { version: 0 }), Op.check("/a", 0), Op.delete("/a", { version: 0 })]) {
        const part: Effect.Effect<unknown, unknown> = yield* transaction.add(op)
        const { reason } = yield* Effect.flip(transaction.commit)
        assert.isTrue(reason._tag === "TransactionFailed" && reason.name === "BadVersion", String(reason))
        assert.isTrue(isZooKeeperError(yield* Effect.flip(part)))
      }
      assert.strictEqual(yield* zk.getString("/a"), "1")
    })
  )

  it.live("fails with what is known when the answer is lost: it may have been done", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const transaction = yield* using(zk)(Transaction.make())
      const part = yield* transaction.add(Op.create("/a"))
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === multi.code)
      const error = yield* Effect.flip(transaction.commit)
      yield* dropped
      assert.strictEqual(error.applied, "unknown")
      const own = yield* Effect.flip(part)
      assert.isTrue(own._tag === "NotCommitted" && own.applied === "unknown", String(own))
      assert.match(own.message, /may/)
      assert.isTrue(Option.isSome(yield* other.exists("/a")))
    })
  )

  it.live("tells its parts when it dies", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const transaction = yield* using(zk)(Transaction.make())
      const guilty = yield* transaction.add(Op.create("/a", "", { acl: [null as never] }))
      const innocent = yield* transaction.add(Op.create("/b"))
      assert.isTrue(Exit.hasDies(yield* Effect.exit(transaction.commit)))
      for (const part of [guilty, innocent]) assert.strictEqual((yield* Effect.flip(part))._tag, "NotCommitted")
    })
  )

  it.live("tells its parts when it is interrupted that it may have been done", () =>
    Effect.gen(function* () {
      const { proxy, zk } = yield* proxied()
      const transaction = yield* using(zk)(Transaction.make())
      const part = yield* transaction.add(Op.create("/a"))
      yield* proxy.stall
      const committing = yield* Effect.forkChild(transaction.commit, { startImmediately: true })
      yield* Fiber.interrupt(committing)
      yield* proxy.flow
      const own = yield* Effect.flip(part)
      assert.isTrue(own._tag === "NotCommitted" && own.applied === "unknown", String(own))
    })
  )

  it.live("is a layer that modules share", () => {
    class Orders extends Transaction.Service<Orders>()("test/Orders") {}
    const module = (path: string) => Effect.flatMap(Orders, (orders) => orders.add(Op.create(path)))
    return Effect.gen(function* () {
      const zk = yield* onServers()
      const program = Effect.gen(function* () {
        const results = yield* Effect.forEach(["/x", "/y"], module)
        yield* (yield* Orders).commit
        return (yield* Effect.all(results)).flat()
      })
      const layer = Layer.provide(Orders.layer, Layer.succeed(ZooKeeper.ZooKeeper, zk))
      assert.deepStrictEqual(yield* Effect.provide(program, layer), ["/x", "/y"])
    })
  })
})
