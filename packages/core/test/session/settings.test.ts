/** Options: their defaults, and bad ones refused by a message that names the value. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Options } from "../../src/session/Options.ts"
import { check } from "../../src/session/settings.ts"

describe("the defaults", () => {
  it.effect("are those of the design", () =>
    Effect.gen(function* () {
      const settings = yield* check({})
      assert.deepStrictEqual(settings.rules, {
        timeout: 10_000,
        connectTimeout: 15_000,
        releaseTimeout: 2000,
        hosts: ["127.0.0.1:2181"],
        onExpired: "renew",
        readOnly: false,
        margin: 0.25,
        confirm: "sync"
      })
      assert.strictEqual(settings.operationTimeout, 30_000)
      assert.strictEqual(settings.release, "close")
      assert.strictEqual(settings.maxInFlight, 16_384)
      assert.strictEqual(settings.maxQueued, 65_536)
      assert.strictEqual(settings.maxRequest, 1_048_575)
      assert.strictEqual(settings.maxReply, 16 * 1024 * 1024)
      assert.strictEqual(settings.confirm, "sync")
    })
  )

  it.effect("undefined is the same as left out", () =>
    Effect.gen(function* () {
      const nothing = yield* check({ sessionTimeout: undefined, connect: undefined, readOnly: undefined })
      assert.deepStrictEqual(nothing.rules, (yield* check({})).rules)
    })
  )
})

describe("values", () => {
  it.effect("hosts are shuffled unless that is not wanted, and the chroot is kept", () =>
    Effect.gen(function* () {
      const names = Array.from({ length: 30 }, (_, index) => `host${index}:2181`)
      const options = { connect: `${names.join(",")}/app` }
      const inOrder = yield* check({ ...options, shuffleHosts: false })
      assert.deepStrictEqual(inOrder.rules.hosts, names)
      assert.strictEqual(inOrder.connect.chroot, "/app")
      const shuffled = yield* check(options)
      assert.notDeepEqual(shuffled.rules.hosts, names)
      assert.deepStrictEqual([...shuffled.rules.hosts].sort(), [...names].sort())
      assert.deepStrictEqual(
        shuffled.connect.hosts.map(({ host }) => host),
        shuffled.rules.hosts.map((host) => host.split(":")[0])
      )
    })
  )

  it.effect("durations are any Duration.Input, and infinity where it makes sense", () =>
    Effect.gen(function* () {
      const settings = yield* check({
        sessionTimeout: "4 seconds",
        connectTimeout: "infinity",
        operationTimeout: Duration.infinity,
        releaseTimeout: 70
      })
      assert.strictEqual(settings.rules.timeout, 4000)
      assert.strictEqual(settings.rules.connectTimeout, Infinity)
      assert.strictEqual(settings.operationTimeout, Infinity)
      assert.strictEqual(settings.rules.releaseTimeout, 70)
    })
  )

  it.effect("a Schedule is taken as it is", () =>
    Effect.gen(function* () {
      const schedule = Schedule.recurs(3)
      assert.strictEqual((yield* check({ reconnect: schedule })).reconnect, schedule)
    })
  )
})

describe("is refused, by name:", () => {
  const bad: ReadonlyArray<readonly [string, Record<string, unknown>, ...ReadonlyArray<string>]> = [
    ["an unknown option", { sessionTimeOut: 5 }, "sessionTimeOut", "sessionTimeout"],
    ["a timeout of no time", { sessionTimeout: "0 seconds" }, "sessionTimeout", "0 seconds"],
    ["a timeout below a millisecond", { sessionTimeout: "300 micros" }, "sessionTimeout", "0.3 ms"],
    ["a negative timeout", { connectTimeout: -5 }, "connectTimeout", "-5"],
    ["a word that is no duration", { operationTimeout: "soon" }, "operationTimeout", "soon"],
    ["an object that is no duration", { releaseTimeout: { fortnights: 2 } }, "releaseTimeout", "fortnights"],
    ["NaN", { sessionTimeout: Number.NaN }, "sessionTimeout", "NaN"],
    ["an endless session", { sessionTimeout: Duration.infinity }, "sessionTimeout"],
    ["a session timeout that no int holds", { sessionTimeout: "30 days" }, "sessionTimeout", "2592000000"],
    ["a Schedule that is none", { reconnect: "often" }, "reconnect", "often"],
    ["a port out of range", { connect: "host:99999" }, "host:99999"],
    ["an empty host", { connect: "a:2181,,b:2181" }, "a:2181,,b:2181"],
    ["an empty connect string", { connect: "" }, "''"],
    ["a chroot with a trailing slash", { connect: "host:2181/app/" }, "/app/"],
    ["a relative chroot", { connect: "host:2181/../app" }, "host:2181/../app"],
    ["a margin of nothing", { margin: 0 }, "margin", "0"],
    ["a margin of all", { margin: 1 }, "margin", "1"],
    ["a margin that leaves no time for a heartbeat", { margin: 0.8 }, "margin", "0.8"],
    ["room for no request", { maxInFlight: 0 }, "maxInFlight", "0"],
    ["a fraction of a request", { maxQueued: 1.5 }, "maxQueued", "1.5"],
    ["requests too small for anything", { maxRequest: 10 }, "maxRequest", "10"],
    ["replies too small for anything", { maxReply: -1 }, "maxReply", "-1"],
    ["a release that is none", { release: "keep" }, "release", "keep", "detach"],
    ["an end that is none", { onExpired: "explode" }, "onExpired", "explode", "renew"],
    ["a confirmation that is none", { confirm: "ping" }, "confirm", "ping", "quorum"]
  ]
  for (const [what, options, ...named] of bad) {
    it.effect(what, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(check(options as Options))
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.strictEqual(error.applied, "no")
        for (const text of named) assert.include(error.message, text)
      })
    )
  }
})
