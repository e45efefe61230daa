/** Writes whose answer is lost after the server did them, and before it saw them. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { setData } from "@effect-zookeeper/core/wire/ops/data"
import { sync } from "@effect-zookeeper/core/wire/ops/sync"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Proxy from "../support/Proxy.ts"
import { awaitState } from "../support/awaitState.ts"
import * as rawSession from "../support/rawSession.ts"
import { awaitConnected, type Client, cutOff, onSingle, type Options, refused } from "./clients.ts"

const proxiedWith = Effect.fnUntraced(function* (options: Options) {
  const other = yield* onSingle({ sessionTimeout: "60 seconds" })
  const proxy = yield* Proxy.make({ port: Number(other.session.hosts[0]!.split(":")[1]) })
  const connect = `${proxy.connectString}${other.session.root}`
  const zk = yield* ZooKeeper.make({
    sessionTimeout: "30 seconds",
    releaseTimeout: "200 millis",
    ...options,
    connect
  })
  yield* other.create("/p")
  return { zk, other, proxy }
})

const proxied = proxiedWith({})

const isCreate = ({ type }: Proxy.ProxiedRequest) => type === create.code

const childrenOf = (zk: Client) => Effect.map(zk.children("/p"), (names) => names.map((name) => `/p/${name}`).sort())

describe("a create whose answer is lost after the commit", () => {
  for (const mode of ["persistentSequential", "ephemeralSequential", "persistent", "ephemeral"] as const) {
    it.live(`is found again and not done twice, when it is protected: ${mode}`, () =>
      Effect.gen(function* () {
        const { other, proxy, zk } = yield* proxied
        const made: Array<string> = []
        for (let round = 0; round < 5; round++) {
          const dropped = yield* proxy.dropReplyTo(isCreate)
          made.push(yield* zk.create("/p/n-", `${round}`, { mode, protected: true }))
          yield* dropped
        }
        assert.deepStrictEqual(yield* childrenOf(other), made.sort())
        assert.strictEqual(zk.session.epoch, 1)
      })
    )
  }

  it.live("is found again also when the connection breaks while it is looked for", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied
      const lost = yield* proxy.dropReplyTo(isCreate)
      const again = yield* proxy.dropReplyTo(({ type }) => type === sync.code)
      const path = yield* zk.create("/p/n-", "", { mode: "ephemeralSequential", protected: true })
      yield* lost
      yield* again
      assert.deepStrictEqual(yield* childrenOf(other), [path])
    })
  )

  it.live("is found again also when it was asked for between two sessions", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied
      const { id, password } = zk.session
      yield* cutOff(zk, proxy)
      yield* rawSession.expireSession(other.session.hosts[0]!, id, Redacted.value(password))
      const dropped = yield* proxy.dropReplyTo(isCreate)
      const create = zk.create("/p/n-", "", { mode: "ephemeralSequential", protected: true })
      // The first one fails with the old session, before there is a new one.
      const creating = yield* Effect.forkChild(
        Effect.andThen(
          refused(create, "SessionExpired"),
          Effect.suspend(() => create)
        ),
        { startImmediately: true }
      )
      yield* proxy.listen
      const path = yield* Fiber.join(creating)
      yield* dropped
      assert.strictEqual(zk.session.epoch, 2)
      assert.deepStrictEqual(yield* childrenOf(other), [path])
    })
  )

  it.live("fails with what is known, when it is not protected: it may have been done, and it was", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied
      const dropped = yield* proxy.dropReplyTo(isCreate)
      yield* refused(zk.create("/p/n-", "", { mode: "persistentSequential" }), "ConnectionLost", "unknown")
      yield* dropped
      assert.deepStrictEqual(yield* childrenOf(other), ["/p/n-0000000000"])
    })
  )

  it.live("is not continued in the next session (museum 28)", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied
      const { id, password } = zk.session
      const dropped = yield* proxy.dropReplyTo(isCreate)
      const creating = yield* Effect.forkScoped(
        zk.create("/p/n-", "", { mode: "ephemeralSequential", protected: true }),
        { startImmediately: true }
      )
      yield* proxy.refuse
      yield* dropped
      yield* rawSession.expireSession(other.session.hosts[0]!, id, Redacted.value(password))
      yield* proxy.listen
      const error = yield* refused(Fiber.join(creating), "SessionExpired", "unknown")
      assert.strictEqual(error.path, "/p/n-")
      yield* awaitConnected(zk, 2)
      assert.deepStrictEqual(yield* childrenOf(other), [])
    })
  )

  it.live("and that cannot be looked for before its retries end, fails, and its node goes later", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxiedWith({ operationTimeout: "200 millis", retry: Schedule.recurs(1) })
      const dropped = yield* proxy.dropReplyTo(isCreate)
      yield* proxy.refuse
      const creating = zk.create("/p/n-", "", { mode: "ephemeralSequential", protected: true })
      const error = yield* refused(creating, "Timeout", "unknown")
      yield* dropped
      assert.strictEqual(error.path, "/p/n-")
      assert.strictEqual((yield* childrenOf(other)).length, 1)
      yield* proxy.listen
      yield* awaitState(childrenOf(other), (nodes) => nodes.length === 0, { describe: "the node is gone again" })
      assert.strictEqual(zk.session.epoch, 1)
    })
  )

  it.live("and whose caller is interrupted while it is looked for, leaves no node behind", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied
      const dropped = yield* proxy.dropReplyTo(isCreate)
      yield* proxy.refuse
      const creating = yield* Effect.forkScoped(
        zk.create("/p/n-", "", { mode: "ephemeralSequential", protected: true }),
        { startImmediately: true }
      )
      yield* dropped
      yield* awaitState(
        Effect.sync(() => zk.session.state._tag),
        (state) => state === "Suspended",
        { describe: "the connection is lost" }
      )
      yield* Fiber.interrupt(creating)
      assert.strictEqual((yield* childrenOf(other)).length, 1)
      yield* proxy.listen
      yield* awaitState(childrenOf(other), (nodes) => nodes.length === 0, { describe: "the node is gone again" })
      assert.strictEqual(zk.session.epoch, 1)
    })
  )
})

describe("a protected create whose caller is interrupted before the answer", () => {
  it.live("leaves no node behind", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied
      yield* proxy.stall
      const creating = yield* Effect.forkScoped(
        zk.create("/p/n-", "", { mode: "ephemeralSequential", protected: true }),
        { startImmediately: true }
      )
      // It leaves at the end of this turn.
      yield* Effect.yieldNow
      yield* Fiber.interrupt(creating)
      yield* proxy.flow
      yield* awaitState(
        Effect.map(other.get("/p"), ({ stat }) => stat),
        ({ cversion, numChildren }) => cversion === 2 && numChildren === 0,
        { describe: "the node was made and is gone again" }
      )
    })
  )
})

describe("a create that was sent and never arrived", () => {
  it.live("is sent again when it is protected, and is told as unknown when it is not", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied
      yield* proxy.stall
      const plain = yield* Effect.forkScoped(zk.create("/p/plain"), { startImmediately: true })
      const guarded = yield* Effect.forkScoped(
        zk.create("/p/n-", "", { mode: "ephemeralSequential", protected: true }),
        { startImmediately: true }
      )
      // Both leave in the write of this turn, into a proxy that holds everything back.
      yield* Effect.yieldNow
      yield* Effect.yieldNow
      yield* proxy.cut
      yield* proxy.flow
      yield* refused(Fiber.join(plain), "ConnectionLost", "unknown")
      const path = yield* Fiber.join(guarded)
      assert.deepStrictEqual(yield* childrenOf(other), [path])
    })
  )
})

describe("a set whose answer is lost after the commit (museum 32)", () => {
  const isSet = ({ type }: Proxy.ProxiedRequest) => type === setData.code

  it.live("fails with what is known, with a version and without", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied
      for (const options of [{}, { version: 1 }]) {
        const dropped = yield* proxy.dropReplyTo(isSet)
        yield* refused(zk.set("/p", "x", options), "ConnectionLost", "unknown")
        yield* dropped
      }
      assert.strictEqual((yield* other.get("/p")).stat.version, 2)
    })
  )

  it.live("makes an update fail, unless doing it twice does no harm", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied
      const dropped = yield* proxy.dropReplyTo(isSet)
      yield* refused(
        zk.update("/p", () => "once"),
        "ConnectionLost",
        "unknown"
      )
      yield* dropped
      const again = yield* proxy.dropReplyTo(isSet)
      const stat = yield* zk.update("/p", () => "twice", { idempotent: true })
      yield* again
      assert.strictEqual(stat.version, 3)
      assert.strictEqual(yield* other.getString("/p"), "twice")
    })
  )
})
