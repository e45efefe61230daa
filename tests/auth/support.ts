/** What tests of logins share: what goes over the wire in which order, and when a client has come to rest. */
import * as DigestMd5 from "@effect-zookeeper/core/DigestMd5"
import type { Auth } from "@effect-zookeeper/core/ZooKeeper"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Proxy from "../support/Proxy.ts"
import { sleep } from "../support/realTime.ts"

export const digest = (credentials: string): Auth => ({ scheme: "digest", credentials: Redacted.make(credentials) })

export const digestMd5 = (username: string, password: string) =>
  DigestMd5.make({ username, password: Redacted.make(password) })

/** A proxy that writes down the codes of all requests, connection by connection; a 0 stands for a handshake. */
export const spying = Effect.fnUntraced(function* (port: number) {
  const proxy = yield* Proxy.make({ port })
  const codes: Array<Array<number>> = []
  let connections = 0
  // A rule that drops nothing sees everything but handshakes.
  const never = yield* proxy.dropReplyTo(({ type }) => {
    while (connections < proxy.accepted()) {
      connections++
      codes.push([])
    }
    codes.at(-1)?.push(type)
    return false
  })
  assert.isDefined(never)
  return { proxy, codes: codes as ReadonlyArray<ReadonlyArray<number>> }
})

/** Nothing connects any more: whoever tried again in a loop would have by now. */
export const isAtRest = Effect.fnUntraced(function* (proxy: Proxy.Proxy) {
  const before = proxy.accepted()
  yield* sleep("400 millis")
  assert.strictEqual(proxy.accepted(), before, "no further connection")
})

/** PEM files beside those of tests/support/tls: another authority, and what it vouches for. */
export const pem = (name: string): string =>
  fs.readFileSync(path.join(import.meta.dirname, "certificates", `${name}.pem`), "utf8")
