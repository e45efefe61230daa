/** An election on an ensemble: its candidates are connected to different servers. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Election from "@effect-zookeeper/recipes/Election"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { awaitState } from "../support/awaitState.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import { expire, PATH as path, using } from "./support.ts"

it.live("a standby on another server takes over when the session of the leader ends on a third one", () =>
  Effect.gen(function* () {
    const ensemble = yield* RealEnsemble.make()
    const [one, two] = yield* Effect.forEach(ensemble.servers.slice(0, 2), ({ connectString }) =>
      ZooKeeper.make({ connect: connectString, sessionTimeout: "2 seconds", onExpired: "fail" })
    )
    const a = yield* using(one!)(Election.make({ path }))
    const b = yield* using(two!)(Election.make({ path }))
    const first = yield* Effect.forkChild(Effect.exit(a.whileLeader(() => Effect.never)))
    yield* awaitState(a.role, (role) => role === "Leader", { describe: "leads" })
    const second = yield* Effect.forkChild(b.whileLeader(() => Effect.succeed("took over")))
    yield* awaitState(b.role, (role) => role === "Standby", { describe: "stands by" })
    yield* expire(one!, ensemble.servers[2].connectString)
    assert.strictEqual(yield* Fiber.join(second), "took over")
    yield* Fiber.join(first)
  })
)
