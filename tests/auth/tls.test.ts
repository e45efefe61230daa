/** TLS with real servers: who they are, who we are, and a clear failure wherever one of the two is not proven. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { AddressInfo } from "node:net"
import * as tls from "node:tls"
import * as certificates from "../support/tls/certificates.ts"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import type { TlsSettings } from "../support/zookeeper/zooCfg.ts"
import { awaitConnected, has, refused } from "../real/clients.ts"
import { pem, spying } from "./support.ts"

type TlsOptions = NonNullable<NonNullable<Parameters<typeof ZooKeeper.make>[0]>["tls"]>

const server = (settings: Partial<TlsSettings> = {}, config: RealServer.Options["config"] = {}) =>
  RealServer.make({
    tls: {
      keyStore: certificates.server.cert + certificates.server.key,
      trustStore: certificates.authority,
      ...settings
    },
    config
  })

const trusting: TlsOptions = { ca: certificates.authority }
const asClient: TlsOptions = {
  ...trusting,
  cert: certificates.client.cert,
  key: Redacted.make(certificates.client.key)
}

/** The causes of a connection that never comes about. */
const causes = (port: number, tls: TlsOptions, host = "127.0.0.1") =>
  Effect.gen(function* () {
    const connect = `${host}:${port}`
    const error = yield* refused(
      ZooKeeper.make({
        connect,
        tls,
        sessionTimeout: "40 seconds",
        connectTimeout: "15 seconds",
        reconnect: "200 millis"
      }),
      "ConnectFailed"
    )
    const { reason } = error
    if (reason._tag !== "ConnectFailed") return assert.fail(reason._tag)
    const [attempt] = reason.attempts
    assert.strictEqual(attempt?.host, connect)
    assert.include(error.message, attempt!.cause)
    return attempt!.cause
  })

describe("over TLS", () => {
  it.live("a client's certificate is its identity, over reconnects too; who has none is turned away", () =>
    Effect.gen(function* () {
      const { securePort } = yield* server()
      const { proxy } = yield* spying(securePort!)
      const zk = yield* ZooKeeper.make({ connect: proxy.connectString, tls: asClient, sessionTimeout: "30 seconds" })
      yield* zk.create("/mine", "x", { acl: [{ perms: 31, scheme: "x509", id: "CN=client" }] })
      assert.strictEqual(yield* zk.getString("/mine"), "x")
      if (yield* has(zk, 7)) assert.deepInclude([...(yield* zk.whoAmI)], { scheme: "x509", id: "CN=client" })
      yield* proxy.cut
      yield* zk.sync()
      yield* awaitConnected(zk)
      assert.strictEqual(yield* zk.getString("/mine"), "x")
      // Large answers and many small ones.
      const data = "x".repeat(900_000)
      yield* zk.create("/large", data)
      const texts = yield* Effect.forEach(Array.from({ length: 20 }), () => zk.getString("/large"), { concurrency: 20 })
      assert.isTrue(texts.every((text) => text === data))
      assert.match(yield* causes(securePort!, trusting), /certificate|alert/i)
      const stranger = { ...trusting, cert: pem("stranger.cert"), key: Redacted.make(pem("stranger.key")) }
      assert.match(yield* causes(securePort!, stranger), /certificate|alert/i)
    })
  )

  it.live("a server is checked: its authority, its name, its certificate's time", () =>
    Effect.gen(function* () {
      const { port, securePort } = yield* server({ clientAuth: "none" })
      const ok = yield* ZooKeeper.make({ connect: `localhost:${securePort}`, tls: trusting })
      assert.isTrue(ok.session.connected)
      assert.match(yield* causes(securePort!, {}), /self-signed|unable to (verify|get)/)
      assert.match(yield* causes(securePort!, { ca: pem("other.ca") }), /signature|self-signed|unable to (verify|get)/)
      const wrong = yield* causes(securePort!, { ...trusting, servername: "zookeeper.example" })
      assert.include(wrong, "zookeeper.example")
      // Several authorities, and none at all for experiments.
      for (const tls of [{ ca: [pem("other.ca"), certificates.authority] }, { verify: false }]) {
        yield* Effect.scoped(ZooKeeper.make({ connect: `127.0.0.1:${securePort}`, tls }))
      }
      // A server that does not speak it, and one to which it is not spoken.
      assert.isNotEmpty(yield* causes(port, trusting))
      yield* refused(
        ZooKeeper.make({ connect: `127.0.0.1:${securePort}`, connectTimeout: "2 seconds" }),
        "ConnectFailed"
      )
    })
  )

  it.live("a certificate that has expired, or is another host's, is refused", () =>
    Effect.gen(function* () {
      const [expired, elsewhere] = yield* Effect.all(
        [
          server({ keyStore: pem("expired"), clientAuth: "none" }),
          server({ keyStore: pem("elsewhere"), clientAuth: "none" })
        ],
        { concurrency: 2 }
      )
      const ca = pem("other.ca")
      assert.include(yield* causes(expired.securePort!, { ca }), "certificate has expired")
      for (const host of ["127.0.0.1", "localhost"]) {
        assert.include(yield* causes(elsewhere.securePort!, { ca }, host), host)
      }
      // Named as its certificate names it.
      const zk = yield* ZooKeeper.make({
        connect: `127.0.0.1:${elsewhere.securePort}`,
        tls: { ca, servername: "zookeeper.example" }
      })
      assert.isTrue(zk.session.connected)
    })
  )

  it.live("1.2 and 1.3 are spoken, and 1.3 can be insisted on", () =>
    Effect.gen(function* () {
      const both = {
        "ssl.protocol": "TLSv1.3",
        "ssl.enabledProtocols": "TLSv1.3,TLSv1.2",
        "ssl.ciphersuites": "TLS_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
      }
      const old = { "ssl.protocol": "TLSv1.2", "ssl.enabledProtocols": "TLSv1.2" }
      const [newer, older] = yield* Effect.all(
        [server({ clientAuth: "none" }, both), server({ clientAuth: "none" }, old)],
        { concurrency: 2 }
      )
      const strict: TlsOptions = { ...trusting, minVersion: "TLSv1.3" }
      for (const [port, tls] of [
        [newer.securePort, strict],
        [newer.securePort, trusting],
        [older.securePort, trusting]
      ] as const) {
        const zk = yield* ZooKeeper.make({ connect: `127.0.0.1:${port}`, tls })
        yield* zk.sync()
      }
      assert.match(yield* causes(older.securePort!, strict), /protocol|alert/i)
    })
  )

  it.live("four-letter words and the options of a layer go the same way", () =>
    Effect.gen(function* () {
      const { securePort } = yield* server()
      const env = {
        ZK: `127.0.0.1:${securePort}`,
        CA: certificates.authority,
        CERT: certificates.client.cert,
        KEY: certificates.client.key
      }
      const layer = ZooKeeper.layerConfig({
        connect: Config.String("ZK"),
        tls: Config.all({ ca: Config.String("CA"), cert: Config.String("CERT"), key: Config.Redacted("KEY") })
      })
      const mode = ZooKeeper.ZooKeeper.use((zk) => zk.fourLetterWord("srvr")).pipe(
        Effect.provide(Layer.provide(layer, ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))
      )
      const answer = yield* mode
      assert.strictEqual(answer._tag === "Answered" ? answer.value.mode : answer._tag, "standalone")
    })
  )
})

describe("the name that is asked for (SNI)", () => {
  it.live("is the host's, or the one that the options give; addresses are no names", () =>
    Effect.gen(function* () {
      const asked: Array<string | false | null> = []
      const listener = yield* Effect.acquireRelease(
        Effect.promise(
          () =>
            new Promise<tls.Server>((resolve) => {
              const { cert, key } = certificates.server
              const listener = tls.createServer({ cert, key }, (socket) => {
                asked.push(socket.servername ?? null)
                socket.destroy()
              })
              listener.listen(0, "127.0.0.1", () => resolve(listener))
            })
        ),
        (listener) => Effect.sync(() => listener.close())
      )
      const { port } = listener.address() as AddressInfo
      const name = (host: string, tls: TlsOptions) =>
        Effect.gen(function* () {
          asked.length = 0
          yield* causes(port, tls, host)
          return asked[0]
        })
      assert.strictEqual(yield* name("localhost", trusting), "localhost")
      assert.isNotOk(yield* name("127.0.0.1", trusting))
      assert.strictEqual(yield* name("127.0.0.1", { ...trusting, servername: "localhost" }), "localhost")
    })
  )
})
