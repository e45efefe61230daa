/** Logging in by SASL, before any operation and on every connection. */
import * as DigestMd5 from "@effect-zookeeper/core/DigestMd5"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { sasl } from "@effect-zookeeper/core/wire/ops/auth"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import { awaitConnected, call, has, onSingle, refused } from "./clients.ts"

const digestMd5 = (username: string, password: string) =>
  DigestMd5.make({ username, password: Redacted.make(password) })

const withSasl = RealServer.make({
  jaas: 'Server { org.apache.zookeeper.server.auth.DigestLoginModule required user_bob="bobpw"; };'
})

describe("a SASL login", () => {
  it.live("comes before every operation, on every connection", () =>
    Effect.gen(function* () {
      const server = yield* withSasl
      const zk = yield* ZooKeeper.make({
        connect: server.connectString,
        sessionTimeout: "30 seconds",
        sasl: digestMd5("bob", "bobpw")
      })
      const acl = [{ perms: 31, scheme: "sasl", id: "bob" }]
      yield* zk.create("/bobs", "secret", { acl })
      if (yield* has(zk, 7)) assert.deepInclude([...(yield* zk.whoAmI)], { scheme: "sasl", id: "bob" })
      const stranger = yield* ZooKeeper.make({ connect: server.connectString })
      yield* refused(stranger.get("/bobs"), "NoAuth")
      yield* server.terminate
      yield* server.start
      yield* awaitConnected(zk)
      assert.strictEqual(yield* zk.getString("/bobs"), "secret")
    })
  )

  it.live("with a wrong password ends the session", () =>
    Effect.gen(function* () {
      const server = yield* withSasl
      const options = { connect: server.connectString, sasl: digestMd5("bob", "wrong") }
      const error = yield* refused(ZooKeeper.make(options), "AuthFailed")
      assert.include(error.message, "DIGEST-MD5")
    })
  )

  it.live("on a server without SASL is refused: nobody would be logged in", () =>
    Effect.gen(function* () {
      const zk = yield* onSingle()
      assert.isNull(yield* call(zk, sasl, { token: new Uint8Array(0) }))
      const connect = zk.session.hosts.join(",")
      const error = yield* refused(ZooKeeper.make({ connect, sasl: digestMd5("bob", "bobpw") }), "AuthFailed")
      assert.include(error.message, "no SASL")
    })
  )
})
