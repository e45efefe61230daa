/** No credential is seen: in a log line, in an error, in a span, or by whoever prints the options or the session. */
import * as DigestMd5 from "@effect-zookeeper/core/DigestMd5"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import { inspect } from "node:util"
import * as certificates from "../support/tls/certificates.ts"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import * as SharedServers from "../support/SharedServers.ts"
import { awaitConnected } from "../real/clients.ts"
import { spying } from "./support.ts"

const SECRET = "hush-hush"

/** The secret as text, as its bytes in hexadecimal, and as the numbers of its bytes. */
const forms = (secret: string | Uint8Array): ReadonlyArray<string> => {
  const bytes = Buffer.from(secret)
  return [
    bytes.toString("latin1"),
    bytes.toString("hex"),
    bytes.toString("hex").replaceAll(/(..)(?=.)/g, "$1 "),
    [...bytes].join(", ")
  ]
}

const shows = (text: string, secret: string | Uint8Array) => forms(secret).filter((form) => text.includes(form))

const everything = (value: unknown): string =>
  [
    inspect(value, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null, breakLength: 100_000 }),
    String(value),
    JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part)) ?? ""
  ].join("\n")

/** Runs with every log line of every level kept. */
const logging = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make((entry) => {
      lines.push(inspect(entry.message, { depth: 10 }), String(entry.cause))
    })
    return effect.pipe(
      Effect.provide(Logger.layer([logger])),
      Effect.provideService(References.MinimumLogLevel, "Trace"),
      Effect.map((value) => ({ value, text: lines.join("\n"), lines: lines.length }))
    )
  })

const options = {
  auth: [{ scheme: "digest", credentials: Redacted.make(`ann:${SECRET}`) }],
  tls: { ca: certificates.authority, key: Redacted.make(SECRET), passphrase: Redacted.make(SECRET) }
}

describe("a credential", () => {
  it("is not seen in options, whoever prints them", () => {
    const mechanism = DigestMd5.make({ username: "ann", password: Redacted.make(SECRET) })
    const resume = { id: 1n, password: Redacted.make(Buffer.from(SECRET)) }
    assert.deepStrictEqual(shows(everything({ ...options, sasl: mechanism, resume }), SECRET), [])
  })

  it.live("is not seen in a session that works, and in what it logs", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make({
        jaas: `Server { org.apache.zookeeper.server.auth.DigestLoginModule required user_bob="${SECRET}"; };`
      })
      const { proxy } = yield* spying(server.port)
      const { lines, text } = yield* logging(
        Effect.gen(function* () {
          const zk = yield* ZooKeeper.make({
            connect: proxy.connectString,
            sessionTimeout: "30 seconds",
            auth: options.auth,
            sasl: DigestMd5.make({ username: "bob", password: Redacted.make(SECRET) })
          })
          yield* proxy.cut
          yield* zk.sync()
          yield* awaitConnected(zk)
          const password = Redacted.value(zk.session.password)
          assert.isTrue(password.some((byte) => byte !== 0))
          for (const printed of [zk, zk.session, zk.driver, zk.namespace("/a")]) {
            const text = everything(printed)
            assert.deepStrictEqual(shows(text, SECRET), [])
            assert.deepStrictEqual(shows(text, password), [])
          }
          const failed = everything(yield* Effect.flip(zk.get("/missing")))
          assert.deepStrictEqual([...shows(failed, SECRET), ...shows(failed, password)], [])
        })
      )
      assert.isAbove(lines, 2)
      assert.deepStrictEqual(shows(text, SECRET), [])
    })
  )

  it.live("is not seen when it is refused, or cannot be used", () =>
    Effect.gen(function* () {
      const connect = yield* SharedServers.single
      const attempts = [
        { connect, auth: [{ scheme: "nonsense", credentials: Redacted.make(SECRET) }] },
        { connect, sasl: DigestMd5.make({ username: "bob", password: Redacted.make(SECRET) }) },
        { connect, tls: options.tls, connectTimeout: "2 seconds", reconnect: "100 millis" },
        { connect, auth: options.auth, nonsense: options.auth }
      ] as const
      for (const attempt of attempts) {
        const { text, value } = yield* logging(Effect.flip(ZooKeeper.make(attempt as object)))
        assert.deepStrictEqual(shows(text + everything(value), SECRET), [])
      }
    })
  )
})
