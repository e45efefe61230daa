/** TLS with real servers: who the server is, who the client is, and what a refusal says. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import * as certificates from "../support/tls/certificates.ts"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import { awaitConnected, has, refused } from "./clients.ts"

const pem = ({ cert, key }: { readonly cert: string; readonly key: string }) => cert + key

const secure = (settings: {
  readonly keyStore?: string
  readonly clientAuth?: "none" | "want" | "need"
  readonly config?: Readonly<Record<string, string>>
}) =>
  Effect.map(
    RealServer.make({
      ...(settings.config === undefined ? {} : { config: settings.config }),
      tls: {
        keyStore: settings.keyStore ?? pem(certificates.server),
        trustStore: certificates.authority,
        ...(settings.clientAuth === undefined ? {} : { clientAuth: settings.clientAuth })
      }
    }),
    (server) => ({ server, connect: `127.0.0.1:${server.securePort}` })
  )

const client = { cert: certificates.client.cert, key: Redacted.make(certificates.client.key) }

describe("TLS", () => {
  it.live("a client certificate is an identity, on every connection", () =>
    Effect.gen(function* () {
      const { connect, server } = yield* secure({})
      const tls = { ca: certificates.authority, ...client }
      const zk = yield* ZooKeeper.make({ connect, tls, sessionTimeout: "30 seconds" })
      if (yield* has(zk, 7)) assert.deepInclude([...(yield* zk.whoAmI)], { scheme: "x509", id: "CN=client" })
      yield* zk.create("/mine", "x", { acl: [{ perms: 31, scheme: "x509", id: "CN=client" }] })
      yield* server.terminate
      yield* server.start
      yield* awaitConnected(zk)
      assert.strictEqual(yield* zk.getString("/mine"), "x")
      assert.strictEqual((yield* zk.fourLetterWord("srvr"))._tag, "Answered")
    })
  )

  it.live("without a client certificate, where the server wants none; 1.3 where the server can", () =>
    Effect.gen(function* () {
      const { connect } = yield* secure({
        clientAuth: "none",
        config: {
          "ssl.protocol": "TLSv1.3",
          "ssl.enabledProtocols": "TLSv1.3,TLSv1.2",
          "ssl.ciphersuites": "TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
        }
      })
      const ca = certificates.authority
      const zk = yield* ZooKeeper.make({ connect, tls: { ca, minVersion: "TLSv1.3" } })
      yield* zk.create("/a")
      const older = yield* ZooKeeper.make({ connect, tls: { ca, minVersion: "TLSv1.2" } })
      yield* older.get("/a")
    })
  )

  const failing = (connect: string, tls: ZooKeeper.Options["tls"]) =>
    refused(ZooKeeper.make({ connect, tls, connectTimeout: "5 seconds" }), "ConnectFailed")

  it.live("says why a server is not trusted, or does not take the client", () =>
    Effect.gen(function* () {
      const ca = certificates.authority
      const { connect } = yield* secure({})
      assert.match((yield* failing(connect, client)).message, /certificate/)
      assert.match(
        (yield* failing(connect, { ca, ...client, servername: "zk.example.org" })).message,
        /zk\.example\.org/
      )
      const without = yield* failing(connect, { ca })
      assert.match(without.message, /certificate|alert|handshake|closed/i)
      const plain = yield* refused(ZooKeeper.make({ connect, connectTimeout: "5 seconds" }), "ConnectFailed")
      assert.include(plain.message, connect)
    })
  )

  it.live("says that a certificate has expired, and connects all the same where nobody asks", () =>
    Effect.gen(function* () {
      const { connect } = yield* secure({ keyStore: pem(certificates.expired), clientAuth: "none" })
      assert.match((yield* failing(connect, { ca: certificates.expired.cert })).message, /expired/)
      const zk = yield* ZooKeeper.make({ connect, tls: { verify: false } })
      yield* zk.exists("/")
    })
  )

  it.live("asks for a name when the host is one, and shows no key", () =>
    Effect.gen(function* () {
      const { server } = yield* secure({})
      const options = { connect: `localhost:${server.securePort}`, tls: { ca: certificates.authority, ...client } }
      const zk = yield* ZooKeeper.make(options)
      yield* zk.exists("/")
      const secret = certificates.client.key.split("\n")[1]!
      assert.notInclude(inspect(options, { depth: 9 }), secret)
      assert.notInclude(inspect(zk, { depth: 9, showHidden: true }), secret)
    })
  )
})
