/** What every server since 3.5 does, and how the servers of an ensemble catch up with each other. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { realServer } from "../contract/Backend.ts"
import { basic } from "../contract/subjects/basic.ts"
import * as SharedServers from "../support/SharedServers.ts"
import { awaitNode } from "./clients.ts"

layer(realServer, { excludeTestServices: true, timeout: "2 minutes" })("a real server", basic)

it.live("two servers of an ensemble catch up with their leader", () =>
  Effect.gen(function* () {
    const connect = yield* SharedServers.ensemble
    const [one, other] = yield* Effect.all([
      ZooKeeper.make({ connect, shuffleHosts: false }),
      ZooKeeper.make({ connect: connect.split(",").toReversed().join(","), shuffleHosts: false })
    ])
    assert.notStrictEqual(one.session.server, other.session.server)
    yield* one.create("/synced", "")
    for (let i = 0; i < 20; i++) {
      yield* one.set("/synced", `${i}`)
      yield* other.sync("/synced")
      assert.strictEqual(yield* other.getString("/synced"), `${i}`)
    }
    yield* one.delete("/synced")
    yield* other.sync()
    yield* awaitNode(other, "/synced", "gone")
  })
)
