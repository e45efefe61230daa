/** `zk` over TLS: what its flags ask for, whether a verb opens a session or not. */
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as net from "node:net"
import * as path from "node:path"
import * as tls from "node:tls"
import * as certificates from "../support/tls/certificates.ts"
import { zk } from "./zk.ts"

const authority = path.join(import.meta.dirname, "../support/tls/ca.cert.pem")

/** A server that is reached by TLS only, as `ZK_CONNECT`. */
const secured = Effect.gen(function* () {
  const { port } = yield* TestServer.make()
  const { cert, key } = certificates.server
  const listener = yield* Effect.acquireRelease(
    Effect.callback<tls.Server>((resume) => {
      const listener = tls.createServer({ cert, key }, (outer) => {
        const inner = net.connect(port, "127.0.0.1")
        outer.on("error", () => inner.destroy())
        inner.on("error", () => outer.destroy())
        outer.pipe(inner)
        inner.pipe(outer)
      })
      listener.listen(0, "127.0.0.1", () => resume(Effect.succeed(listener)))
    }),
    (listener) => Effect.sync(() => listener.close())
  )
  return { ZK_CONNECT: `127.0.0.1:${(listener.address() as net.AddressInfo).port}`, ZK_TIMEOUT: "5s" }
})

const verbs = [
  { args: ["ls", "/"], answer: "zookeeper\n" },
  { args: ["4lw", "ruok"], answer: "imok" }
]

for (const { answer, args } of verbs) {
  describe(`zk ${args.join(" ")}, over TLS,`, () => {
    it.live("trusts the authorities of --cacert", () =>
      Effect.gen(function* () {
        const env = yield* secured
        const { code, stderr, text } = yield* zk([...args, "--cacert", authority], { env })
        assert.deepStrictEqual([code, text, stderr], [0, answer, ""])
      })
    )

    it.live("accepts any certificate with --insecure, and warns of it", () =>
      Effect.gen(function* () {
        const env = { ...(yield* secured), ZK_INSECURE: "true" }
        const { code, stderr, text } = yield* zk(args, { env })
        assert.deepStrictEqual(
          [code, text, stderr],
          [0, answer, "zk: warn: --insecure accepts any certificate: anybody may be the server\n"]
        )
      })
    )

    it.live("ends with 6 for a server whose authority nobody trusts", () =>
      Effect.gen(function* () {
        const env = { ...(yield* secured), ZK_TLS: "true" }
        const { code, stderr, text } = yield* zk(args, { env })
        assert.deepStrictEqual([code, text], [6, ""])
        assert.match(stderr, /self-signed|unable to (verify|get)/)
      })
    )
  })
}
