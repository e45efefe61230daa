/** How the tests of an ensemble begin: a session on one server, an observer on another, and a load. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Member, RealEnsemble } from "../support/zookeeper/RealEnsemble.ts"
import { type Options, recordStates } from "./clients.ts"
import { recordExistence } from "./existence.ts"
import * as Load from "./load.ts"

/** The session under test on `first`, an observer elsewhere, an ephemeral that it watches, and the load. */
export const begin = Effect.fnUntraced(function* (ensemble: RealEnsemble, first: Member, options: Options = {}) {
  const others = ensemble.servers.filter(({ id }) => id !== first.id)
  const on = (servers: ReadonlyArray<Member>) => servers.map(({ connectString }) => connectString).join(",")
  const zk = yield* ZooKeeper.make({
    sessionTimeout: "30 seconds",
    ...options,
    connect: on([first, ...others]),
    shuffleHosts: false
  })
  assert.strictEqual(zk.session.server, first.connectString)
  const other = yield* ZooKeeper.make({
    connect: on([...others, first]),
    shuffleHosts: false,
    sessionTimeout: "60 seconds"
  })
  const states = yield* recordStates(zk)
  yield* zk.create("/alive", "", { mode: "ephemeral" })
  const existence = yield* recordExistence(other, "/alive")
  const load = yield* Load.start(zk)
  yield* load.progress()
  return { zk, other, states, existence, load, id: zk.session.id }
})
