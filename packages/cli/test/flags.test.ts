import { assert, describe, it } from "@effect/vitest"
import * as Command from "effect/cli/Command"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { root } from "../src/connection/flags.ts"
import { observe } from "./support.ts"

/** The flags as a command sees them. */
const flags = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    let seen: Effect.Success<typeof root> | undefined
    const probe = Command.make("probe", {}, () => Effect.map(root, (flags) => void (seen = flags)))
    yield* observe(Command.runWith(root.pipe(Command.withSubcommands([probe])), { version: "0" })(args), { env })
    return yield* Effect.fromNullishOr(seen)
  })

describe("flags", () => {
  it.effect("have defaults", () =>
    Effect.gen(function* () {
      const all = yield* flags(["probe"])
      assert.strictEqual(all.connect, "127.0.0.1:2181")
      assert.deepStrictEqual(all.timeout, Duration.seconds(15))
      assert.strictEqual(Duration.toMillis(all.sessionTimeout), 10_000)
      assert.strictEqual(all.output, "text")
      assert.strictEqual(all.driver, "native")
      assert.strictEqual(all.readonly, false)
      assert.deepStrictEqual(all.auth, [])
      assert.isTrue(Option.isNone(all.sessionFile))
      assert.isTrue(Option.isNone(all.acl))
    })
  )

  it.effect("are read from the environment, and the command line wins", () =>
    Effect.gen(function* () {
      const env = {
        ZK_CONNECT: "env:1/app",
        ZK_TIMEOUT: "infinity",
        ZK_SESSION_TIMEOUT: "500ms",
        ZK_SESSION_FILE: "/tmp/session",
        ZK_OUTPUT: "ndjson",
        ZK_READONLY: "true",
        ZK_ACL: "world:anyone:r",
        ZK_DRIVER: "node-zookeeper-client"
      }
      const fromEnv = yield* flags(["probe"], env)
      assert.strictEqual(fromEnv.connect, "env:1/app")
      assert.strictEqual(fromEnv.timeout, "infinity")
      assert.strictEqual(Duration.toMillis(fromEnv.sessionTimeout), 500)
      assert.deepStrictEqual(fromEnv.sessionFile, Option.some("/tmp/session"))
      assert.strictEqual(fromEnv.output, "ndjson")
      assert.strictEqual(fromEnv.readonly, true)
      assert.strictEqual(fromEnv.driver, "node-zookeeper-client")
      assert.deepStrictEqual(fromEnv.acl, Option.some([{ perms: 1, scheme: "world", id: "anyone" }]))
      const both = yield* flags(["-c", "flag:2", "probe", "-o", "json", "--timeout", "2m"], env)
      assert.strictEqual(both.connect, "flag:2")
      assert.strictEqual(both.output, "json")
      assert.deepStrictEqual(both.timeout, Duration.minutes(2))
    })
  )

  it.effect("take several logins, and know which of them everyone can see", () =>
    Effect.gen(function* () {
      const reveal = ({ auth }: Effect.Success<typeof root>) =>
        auth.map(({ fromCommandLine, text }) => [Redacted.value(text), fromCommandLine])
      const fromFlags = yield* flags(["probe", "--auth", "digest:a:b", "--auth", "@file"], { ZK_AUTH: "digest:c:d" })
      assert.deepStrictEqual(reveal(fromFlags), [
        ["digest:a:b", true],
        ["@file", true]
      ])
      const fromEnv = yield* flags(["probe"], { ZK_AUTH: "digest:a:b c\ndigest:d:e\n" })
      assert.deepStrictEqual(reveal(fromEnv), [
        ["digest:a:b c", false],
        ["digest:d:e", false]
      ])
    })
  )
})
