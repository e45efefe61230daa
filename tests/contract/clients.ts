/** Sessions on the backend under test, each below a chroot of its own. */
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { closeSession } from "@effect-zookeeper/core/wire/ops/session"
import { Transport } from "@effect-zookeeper/core/Transport"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import { open } from "../../packages/testing/test/RawClient.ts"
import type { Client, Options } from "../real/clients.ts"
import { Backend } from "./Backend.ts"

export * from "../real/clients.ts"

/** A session below a fresh chroot that exists. */
export const onServer = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<Client, ZooKeeperError, Scope.Scope | Backend> {
  const backend = yield* Backend
  const zk = yield* backend.open({ ...options, connect: `${backend.connect}/${randomUUID()}` })
  yield* zk.ensureRoot
  return zk
})

/** Another session on the server and below the chroot of `zk`: on the same server of an ensemble, whose reads may lag. */
export const beside = (zk: Client, options: Options = {}) =>
  Effect.flatMap(Backend, ({ open }) => open({ ...options, connect: `${zk.session.server}${zk.session.root}` }))

/**
 * Ends the session from outside: another connection takes it over and closes it. Its owner comes back at once and may be
 * quicker, so both are sent together, and again until the session cannot be resumed any more.
 */
export const expire = Effect.fnUntraced(function* (zk: Client) {
  const transport = yield* Transport
  const { id, password, server } = zk.session
  const passwd = Redacted.value(password)
  for (let attempt = 0; attempt < 50; attempt++) {
    const connection = yield* open(transport, Number(server!.split(":")[1]))
    const [response] = yield* Effect.all(
      [connection.handshake({ sessionId: id, passwd }), Effect.sync(() => connection.send(closeSession, undefined))],
      { concurrency: "unbounded" }
    )
    if (response !== undefined && response.sessionId !== id) return
    while ((yield* connection.take) !== undefined);
  }
  return assert.fail("the session was not to be ended")
})
