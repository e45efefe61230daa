/** Logging in by SASL: the mechanism is the test's own, the steps are the session's. */
import type { SaslMechanism } from "@effect-zookeeper/core/Sasl"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { sasl } from "@effect-zookeeper/core/wire/ops/auth"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import { awaitConnected, call, has, onSingle, refused, text } from "./clients.ts"

const md5 = (...parts: ReadonlyArray<string | Buffer>): Buffer => {
  const hash = createHash("md5")
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** DIGEST-MD5 (RFC 2831) as far as ZooKeeper needs it. */
const digestMd5 = (user: string, password: string): SaslMechanism => ({
  name: "DIGEST-MD5",
  start: () => ({
    initial: new Uint8Array(0),
    answer: (challenge) => {
      const said = text(challenge)
      if (said.startsWith("rspauth=")) return undefined
      const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(said)?.[1] ?? ""
      const [realm, nonce, cnonce, uri] = [field("realm"), field("nonce"), "0123456789abcdef", "zookeeper/zk-sasl-md5"]
      const a1 = md5(md5(`${user}:${realm}:${password}`), `:${nonce}:${cnonce}`).toString("hex")
      const a2 = md5(`AUTHENTICATE:${uri}`).toString("hex")
      const response = md5(`${a1}:${nonce}:00000001:${cnonce}:auth:${a2}`).toString("hex")
      return Buffer.from(
        `charset=utf-8,username="${user}",realm="${realm}",nonce="${nonce}",nc=00000001,cnonce="${cnonce}",` +
          `digest-uri="${uri}",maxbuf=65536,response=${response},qop=auth`
      )
    }
  })
})

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
