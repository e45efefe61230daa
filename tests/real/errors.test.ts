/** The refusals that no test of an operation brings about: quotas, local sessions, demanded logins, broken requests. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { createRequest } from "@effect-zookeeper/core/wire/ops/create"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { nothing, write } from "@effect-zookeeper/core/wire/Operation"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { awaitState } from "../support/awaitState.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import { beside, call, has, onSingle, refused } from "./clients.ts"

describe("the server refuses", () => {
  it.live("what goes beyond a hard quota", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make({ config: { enforceQuota: true } })
      const zk = yield* ZooKeeper.make({ connect: server.connectString })
      yield* zk.create("/q")
      // Before 3.7 there are soft limits only, and the others cost whoever writes below them the connection.
      const enforced = yield* has(zk, 7)
      const limits = enforced ? "count=-1,bytes=-1,byteHardLimit=8,countHardLimit=3" : "count=3,bytes=8"
      yield* zk.create("/zookeeper/quota/q/zookeeper_limits", limits, { parents: true })
      yield* zk.create("/zookeeper/quota/q/zookeeper_stats", "count=1,bytes=0")
      yield* zk.create("/q/a", "1234")
      yield* zk.create("/q/b", "1234")
      if (enforced) {
        yield* refused(zk.create("/q/c"), "QuotaExceeded")
        yield* refused(zk.set("/q/a", "12345"), "QuotaExceeded")
        const { reason } = yield* refused(zk.transact(Op.create("/q/c")), "TransactionFailed")
        assert.isTrue(reason._tag === "TransactionFailed" && reason.name === "QuotaExceeded")
      } else {
        yield* zk.create("/q/c")
      }
      yield* zk.delete("/q/b")
      yield* zk.create("/q/d")
    })
  )

  it.live("an ephemeral on a session that only one server knows", () =>
    Effect.gen(function* () {
      const ensemble = yield* RealEnsemble.make({
        config: { localSessionsEnabled: true, localSessionsUpgradingEnabled: false }
      })
      const zk = yield* ZooKeeper.make({ connect: ensemble.connectString })
      yield* zk.create("/a")
      yield* refused(zk.create("/e", "", { mode: "ephemeral" }), "EphemeralOnLocalSession")
      assert.deepStrictEqual(yield* zk.exists("/e"), Option.none())
    })
  )

  it.live("everybody who has not logged in, where a login is demanded: the session ends and says so", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make({
        jaas: 'Server { org.apache.zookeeper.server.auth.DigestLoginModule required user_bob="bobpw"; };',
        config: { sessionRequireClientSASLAuth: true }
      })
      const zk = yield* ZooKeeper.make({ connect: server.connectString, releaseTimeout: "200 millis" })
      const failed = yield* refused(zk.create("/a"), "AuthFailed")
      assert.include(failed.message, "sasl")
      yield* awaitState(
        Effect.sync(() => zk.session.state._tag),
        (state) => state === "AuthFailed",
        { describe: "the session is over" }
      )
      yield* refused(zk.get("/"), "AuthFailed")
    })
  )

  it.live("what waited too long while it was overloaded; that is sent again by itself", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make({
        properties: {
          "zookeeper.request_throttle_max_requests": 1,
          "zookeeper.request_throttle_stall_time": 20,
          "zookeeper.throttled_op_wait_time": 1
        }
      })
      const zk = yield* ZooKeeper.make({ connect: server.connectString, retry: "20 seconds" })
      yield* zk.create("/a")
      if (!(yield* has(zk, 7))) return
      const request = { path: "/a", watch: false }
      const codes = yield* Effect.forEach(
        Array.from({ length: 20 }),
        () => Effect.match(call(zk, getData, request), { onFailure: ({ code }) => code, onSuccess: () => 0 }),
        { concurrency: "unbounded" }
      )
      assert.includeMembers(codes, [-127])
      yield* Effect.forEach(Array.from({ length: 5 }), () => zk.get("/a"), { concurrency: "unbounded" })
    })
  )

  it.live("the deletion of what it needs itself", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make()
      const zk = yield* ZooKeeper.make({ connect: server.connectString })
      for (const path of ["/zookeeper", "/zookeeper/quota", "/zookeeper/config"]) {
        yield* refused(zk.delete(path), "BadArguments")
      }
      yield* refused(zk.delete("/"), "BadArguments")
    })
  )

  it.live("a request that it cannot read, and goes on with the session", () =>
    Effect.gen(function* () {
      const zk = yield* onSingle()
      const cut = write("create", 1, { ...createRequest, encode: (writer) => writer.int(7) }, nothing)
      const { code } = yield* Effect.flip(call(zk, cut, { path: "/", data: null, acl: [], flags: 0 }))
      assert.strictEqual(code, -5)
      yield* zk.create("/a")
    })
  )

  it.live("an operation that nobody knows, at the cost of the connection", () =>
    Effect.gen(function* () {
      const zk = yield* onSingle({ sessionTimeout: "30 seconds" })
      yield* zk.create("/a", "", { mode: "ephemeral" })
      const unheard = write("unheard", 99, nothing, nothing)
      const { code } = yield* Effect.flip(call(zk, unheard, undefined))
      assert.strictEqual(code, -6)
      // A read is sent again on the next connection.
      assert.strictEqual((yield* zk.get("/a")).stat.ephemeralOwner, zk.session.id)
      assert.strictEqual(zk.session.epoch, 1)
    })
  )
})

describe("an error", () => {
  it.live("says what happened, to which path, in which session, and what is known of its outcome", () =>
    Effect.gen(function* () {
      const zk = yield* onSingle()
      yield* zk.create("/a")
      const error = yield* refused(zk.create("/a"), "NodeExists")
      assert.strictEqual(error.operation, "create")
      assert.strictEqual(error.path, "/a")
      assert.strictEqual(error.sessionId, zk.session.id)
      assert.include(error.message, "create /a: ")
      const other = yield* beside(zk)
      yield* other.sync()
      assert.isTrue(error.zxid !== undefined && error.zxid > 0n && error.zxid <= other.session.lastZxid)
    })
  )
})
