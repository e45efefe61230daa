/**
 * `layerConfig` reads options of every shape: what arrives at the network shows it.
 */
import * as Acl from "@effect-zookeeper/core/Acl"
import type { Target } from "@effect-zookeeper/core/Connection"
import * as SessionStore from "@effect-zookeeper/core/SessionStore"
import { Transport } from "@effect-zookeeper/core/Transport"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import { type ConnectRequest, connectRequest } from "@effect-zookeeper/core/wire/ops/connect"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"

interface Seen {
  readonly targets: Array<Target>
  readonly requests: Array<ConnectRequest>
}

/** Opens a session over a network that takes the handshake and hangs up; gives the error and what came to the network. */
const open = (options: Config.Wrap<ZooKeeper.Options>, values: Record<string, unknown>) =>
  Effect.gen(function* () {
    const seen: Seen = { targets: [], requests: [] }
    const network = Layer.succeed(Transport, {
      open: (target, receiver) =>
        Effect.sync(() => {
          seen.targets.push(target)
          return {
            write: (bytes: Buffer) => {
              const reader = new JuteReader().reset(bytes, 4, bytes.length, false)
              seen.requests.push(connectRequest.decode(reader))
              queueMicrotask(() => receiver.onClose("it hung up"))
              return true
            },
            destroy: () => {}
          }
        })
    })
    const error = yield* Layer.build(ZooKeeper.layerConfig(options)).pipe(
      Effect.provide(network),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(values)),
      Effect.scoped,
      Effect.flip
    )
    return { ...seen, error }
  })

const oneAttempt = Config.succeed(Schedule.recurs(0))

describe("layerConfig", () => {
  it.live("reads options one by one, of every shape", () =>
    Effect.gen(function* () {
      const auth = Config.all([
        Config.all({ scheme: Config.String("SCHEME"), credentials: Config.Redacted("CREDENTIALS") })
      ])
      const { error, requests, targets } = yield* open(
        {
          connect: Config.String("CONNECT"),
          sessionTimeout: Config.Duration("TIMEOUT"),
          connectTimeout: Config.succeed("infinity"),
          operationTimeout: Config.Number("OPERATION"),
          release: Config.Literals(["close", "detach"], "RELEASE"),
          resume: Config.option(Config.succeed({ id: 7n, password: Redacted.make(new Uint8Array([1, 2])) })).pipe(
            Config.map(Option.getOrUndefined)
          ),
          sessionStore: Config.String("FILE").pipe(Config.map(SessionStore.file)),
          defaultAcl: Config.succeed(Acl.creatorAll),
          auth,
          tls: { servername: Config.String("NAME"), key: Config.Redacted("KEY"), verify: Config.succeed(false) },
          readOnly: Config.Boolean("READONLY"),
          reconnect: oneAttempt,
          retry: Config.Duration("RETRY"),
          maxInFlight: Config.Int("IN_FLIGHT"),
          margin: Config.Number("MARGIN")
        },
        {
          CONNECT: "127.0.0.1:7/app",
          TIMEOUT: "7 seconds",
          OPERATION: "250",
          RELEASE: "detach",
          FILE: "/nowhere/session",
          SCHEME: "digest",
          CREDENTIALS: "ann:secret",
          NAME: "zk.example",
          KEY: "a key",
          READONLY: "true",
          RETRY: "1 second",
          IN_FLIGHT: "10",
          MARGIN: "0.5"
        }
      )
      assert.strictEqual(error._tag, "ZooKeeperError")
      assert.include(error.message, "127.0.0.1:7: it hung up")
      const [target] = targets
      assert.strictEqual(target?.port, 7)
      assert.strictEqual(target?.tls?.servername, "zk.example")
      assert.strictEqual(target?.tls?.verify, false)
      assert.strictEqual(Redacted.value(target!.tls!.key!), "a key")
      assert.strictEqual(requests.length, 1)
      assert.deepInclude(requests[0], { timeOut: 7000, sessionId: 7n, passwd: new Uint8Array([1, 2]), readOnly: true })
    })
  )

  it.live("takes one Config for all options", () =>
    Effect.gen(function* () {
      const { requests } = yield* open(
        Config.all({ connect: Config.String("CONNECT"), sessionTimeout: Config.Duration("TIMEOUT") }).pipe(
          Config.map((options): ZooKeeper.Options => ({ ...options, reconnect: Schedule.recurs(0) }))
        ),
        { CONNECT: "127.0.0.1:7", TIMEOUT: "4 seconds" }
      )
      assert.strictEqual(requests[0]?.timeOut, 4000)
    })
  )

  it.live("takes a Config that gives nothing for the default", () =>
    Effect.gen(function* () {
      const { requests } = yield* open(
        {
          connect: Config.String("CONNECT"),
          sessionTimeout: Config.Duration("TIMEOUT").pipe(Config.withDefault<Duration.Input | undefined>(undefined)),
          reconnect: oneAttempt
        },
        { CONNECT: "127.0.0.1:7" }
      )
      assert.strictEqual(requests[0]?.timeOut, 10_000)
    })
  )

  it.live("fails with ConfigError for a missing value, with InvalidArgument for one that cannot work", () =>
    Effect.gen(function* () {
      const missing = yield* open({ connect: Config.String("CONNECT") }, {})
      assert.strictEqual(missing.error._tag, "ConfigError")
      assert.include(String(missing.error), "CONNECT")
      const bad = yield* open({ connect: Config.String("CONNECT") }, { CONNECT: "h1:99999" })
      assert.strictEqual(bad.error._tag, "ZooKeeperError")
      assert.include(bad.error.message, "99999")
      assert.deepStrictEqual(bad.targets, [])
    })
  )
})
