/** SASL with DIGEST-MD5: on every connection, before any operation, whoever else logs in beside. */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { sasl } from "@effect-zookeeper/core/wire/ops/auth"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { awaitState } from "../support/awaitState.ts"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import { awaitConnected, cutOff, has, refused } from "../real/clients.ts"
import { digest, digestMd5, isAtRest, spying } from "./support.ts"

const jaas =
  "Server { org.apache.zookeeper.server.auth.DigestLoginModule required " +
  'user_bob="bobpw" user_ann="ann\\"s, pw" user_super="adminpw"; };'

const server = Effect.gen(function* () {
  const made = yield* RealServer.make({ jaas })
  return { connect: made.connectString, ...(yield* spying(made.port)) }
})

describe("a SASL login", () => {
  it.live("opens what is bob's, on every connection before any operation, and digest may stand beside it", () =>
    Effect.gen(function* () {
      const { codes, connect, proxy } = yield* server
      const zk = yield* ZooKeeper.make({
        connect: proxy.connectString,
        sessionTimeout: "30 seconds",
        sasl: digestMd5("bob", "bobpw"),
        auth: [digest("carl:3")]
      })
      const acl = Result.getOrThrow(Acl.parseList("sasl:bob:cdrwa"))
      yield* zk.create("/bobs", "secret", { acl })
      for (let round = 0; round < 3; round++) {
        yield* cutOff(zk, proxy)
        const read = yield* Effect.forkChild(zk.getString("/bobs"), { startImmediately: true })
        yield* proxy.listen
        assert.strictEqual(yield* Fiber.join(read), "secret")
        assert.deepStrictEqual(codes.at(-1)!.slice(0, 4), [sasl.code, sasl.code, 100, getData.code])
      }
      for (const stranger of [{}, { sasl: digestMd5("ann", 'ann"s, pw') }]) {
        yield* refused((yield* ZooKeeper.make({ connect, ...stranger })).get("/bobs"), "NoAuth")
      }
    })
  )

  it.live("is nobody else's, in one process with others and over reconnects (bug museum 14)", () =>
    Effect.gen(function* () {
      const { proxy } = yield* server
      const names = ["bob", "ann", "bob", "ann"]
      const sessions = yield* Effect.forEach(
        names,
        (name) =>
          ZooKeeper.make({
            connect: proxy.connectString,
            sessionTimeout: "30 seconds",
            sasl: name === "bob" ? digestMd5("bob", "bobpw") : digestMd5("ann", 'ann"s, pw')
          }),
        { concurrency: "unbounded" }
      )
      for (const [i, zk] of sessions.entries()) yield* zk.create(`/of-${i}`, "", { acl: Acl.creatorAll })
      yield* proxy.cut
      for (const [i, zk] of sessions.entries()) {
        yield* awaitConnected(zk)
        assert.deepStrictEqual((yield* zk.getAcl(`/of-${i}`)).acl, [{ perms: 31, scheme: "sasl", id: names[i]! }])
        if (yield* has(zk, 7)) {
          const ids = (yield* zk.whoAmI).filter(({ scheme }) => scheme === "sasl").map(({ id }) => id)
          assert.deepStrictEqual(ids, [names[i]])
        }
      }
    })
  )

  for (const [why, name, password] of [
    ["a wrong password", "bob", "hush"],
    ["a user that nobody knows", "nobody", "hush"]
  ] as const) {
    it.live(`with ${why} ends in AuthFailed, and is never tried again in a loop`, () =>
      Effect.gen(function* () {
        const { proxy } = yield* server
        const error = yield* refused(
          ZooKeeper.make({ connect: proxy.connectString, sasl: digestMd5(name, password) }),
          "AuthFailed"
        )
        assert.include(error.message, "DIGEST-MD5")
        assert.strictEqual(proxy.accepted(), 1)
        yield* isAtRest(proxy)
      })
    )
  }

  it.live("that is refused later, on a reconnect, ends the session and all that waits", () =>
    Effect.gen(function* () {
      const first = yield* RealServer.make({ jaas })
      const { proxy } = yield* spying(first.port)
      let password = "bobpw"
      const zk = yield* ZooKeeper.make({
        connect: proxy.connectString,
        sessionTimeout: "30 seconds",
        sasl: { name: "DIGEST-MD5", start: () => digestMd5("bob", password).start() }
      })
      password = "changed"
      yield* cutOff(zk, proxy)
      const read = yield* Effect.forkChild(Effect.flip(zk.get("/")), { startImmediately: true })
      yield* proxy.listen
      assert.strictEqual((yield* Fiber.join(read)).reason._tag, "AuthFailed")
      yield* awaitState(
        Effect.sync(() => zk.session.state._tag),
        (state) => state === "AuthFailed",
        { describe: "the session is over" }
      )
      yield* isAtRest(proxy)
    })
  )
})

describe("a server that serves nobody who has not logged in by SASL", () => {
  it.live("says so once, and serves who has", () =>
    Effect.gen(function* () {
      const demanding = yield* RealServer.make({ jaas, properties: { "zookeeper.sessionRequireClientSASLAuth": true } })
      const { proxy } = yield* spying(demanding.port)
      const connect = proxy.connectString
      const zk = yield* ZooKeeper.make({ connect, sasl: digestMd5("bob", "bobpw") })
      yield* zk.create("/a", "1")
      assert.strictEqual(yield* zk.getString("/a"), "1")
      const wrong = yield* refused(ZooKeeper.make({ connect, sasl: digestMd5("bob", "hush") }), "AuthFailed")
      assert.include(wrong.message, "DIGEST-MD5")
      const before = proxy.accepted()
      const stranger = yield* ZooKeeper.make({ connect, sessionTimeout: "30 seconds" })
      const error = yield* refused(stranger.get("/a"), "AuthFailed")
      assert.include(error.message, "logged in")
      yield* awaitState(
        Effect.sync(() => stranger.session.state._tag),
        (state) => state === "AuthFailed",
        { describe: "the session is over" }
      )
      assert.strictEqual(proxy.accepted(), before + 1)
      yield* isAtRest(proxy)
    })
  )
})
