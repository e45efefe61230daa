/** A session that follows the members of a real ensemble. */
import * as EnsembleTracker from "@effect-zookeeper/recipes/EnsembleTracker"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { awaitState } from "../support/awaitState.ts"
import * as SharedServers from "../support/SharedServers.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import { type Client, recordRequests, using } from "./support.ts"

const awaitHosts = (zk: Client, hosts: ReadonlyArray<string>) =>
  awaitState(
    Effect.sync(() => zk.session.hosts.toSorted()),
    (now) => now.join() === hosts.toSorted().join(),
    { describe: `the hosts are ${hosts.join()}` }
  )

describe("an ensemble tracker", () => {
  it.live(
    "goes on with the servers that are left, and with those that come back, below a chroot too",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make({ reconfig: true })
        const all = ensemble.servers.map(({ connectString }) => connectString)
        const auth = [{ scheme: "digest", credentials: Redacted.make("super:secret") }]
        const operator = yield* ZooKeeper.make({ connect: ensemble.connectString, auth })
        const [follower] = yield* ensemble.followers
        const zk = yield* ZooKeeper.make({ connect: `${follower.connectString}/app` })
        yield* zk.ensureRoot
        yield* Layer.build(Layer.provide(EnsembleTracker.layer, Layer.succeed(ZooKeeper.ZooKeeper, zk)))
        yield* awaitHosts(zk, all)
        // It stays with the server that it has.
        assert.strictEqual(zk.session.server, follower.connectString)
        const { id } = zk.session

        const line = (yield* operator.config).data
        const own = ZooKeeper.text({ data: line })
          .split("\n")
          .find((each) => each.startsWith(`server.${follower.id}=`))!
        yield* operator.reconfig({ leaving: [`${follower.id}`] })
        yield* awaitHosts(
          zk,
          all.filter((host) => host !== follower.connectString)
        )
        yield* zk.create("/goes-on", "")
        assert.notStrictEqual(zk.session.server, follower.connectString)
        yield* operator.reconfig({ joining: [own] })
        yield* awaitHosts(zk, all)
        yield* zk.sync()
        assert.strictEqual(zk.session.id, id)
      }),
    120_000
  )

  it.live("changes nothing where a server stands alone, and follows no more when its scope has closed", () =>
    Effect.gen(function* () {
      const connect = yield* SharedServers.single
      const zk = yield* ZooKeeper.make({ connect })
      const scope = yield* Scope.make()
      yield* Scope.provide(using(zk)(EnsembleTracker.make), scope)
      assert.deepStrictEqual(zk.session.hosts, [connect])
      const requests = recordRequests(zk)
      yield* Scope.close(scope, Exit.void)
      yield* zk.sync()
      assert.deepStrictEqual(requests, ["removeWatches", "sync"])
    })
  )
})
