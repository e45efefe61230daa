/** Reading and changing the membership of an ensemble. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SharedServers from "../support/SharedServers.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import { onSingle, refused, text } from "./clients.ts"

const versionIn = (config: string): bigint => BigInt(`0x${/^version=([0-9a-f]+)$/m.exec(config)?.[1] ?? "0"}`)

describe("the configuration", () => {
  it.live("of an ensemble names its servers, of a single one nothing", () =>
    Effect.gen(function* () {
      const zk = yield* ZooKeeper.make({ connect: yield* SharedServers.ensemble })
      const config = text((yield* zk.config).data)
      assert.strictEqual(config.match(/^server\.\d=/gm)?.length, 3, config)
      const single = yield* onSingle()
      assert.strictEqual((yield* single.config).data.length, 0)
    })
  )

  it.live("cannot be changed where that is switched off, nor on a single server", () =>
    Effect.gen(function* () {
      const zk = yield* ZooKeeper.make({ connect: yield* SharedServers.ensemble })
      yield* refused(zk.reconfig({ leaving: ["3"] }), "ReconfigDisabled")
      const single = yield* onSingle()
      yield* refused(single.reconfig({ leaving: ["3"] }), "ReconfigDisabled")
      yield* refused(single.reconfig({}), "InvalidArgument")
      yield* refused(single.reconfig({ leaving: ["3"], members: [] }), "InvalidArgument")
      yield* refused(single.reconfig({ members: [] }), "InvalidArgument")
      yield* refused(single.reconfig({ joining: [], leaving: [] }), "InvalidArgument")
      yield* refused(single.reconfig({ leaving: ["3"], from: -1n }), "InvalidArgument")
    })
  )

  it.live(
    "is changed by super: a server leaves and comes back",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make({ reconfig: true })
        const [follower] = yield* ensemble.followers
        const connect = ensemble.servers
          .filter(({ id }) => id !== follower.id)
          .map(({ connectString }) => connectString)
          .join(",")
        const nobody = yield* ZooKeeper.make({ connect })
        const auth = [{ scheme: "digest", credentials: Redacted.make("super:secret") }]
        const zk = yield* ZooKeeper.make({ connect, auth })
        const before = text((yield* zk.config).data)
        const line = before.split("\n").find((line) => line.startsWith(`server.${follower.id}=`))!
        yield* refused(nobody.reconfig({ leaving: [`${follower.id}`] }), "NoAuth")
        yield* refused(zk.reconfig({ leaving: [`${follower.id}`], from: versionIn(before) + 1n }), "BadVersion")
        yield* refused(zk.reconfig({ joining: ["nonsense"] }), "BadArguments")

        const without = text((yield* zk.reconfig({ leaving: [`${follower.id}`], from: versionIn(before) })).data)
        assert.notInclude(without, line)
        assert.isTrue(versionIn(without) > versionIn(before))
        yield* nobody.sync()
        assert.strictEqual(text((yield* nobody.config).data), without)
        const back = text((yield* zk.reconfig({ joining: [line] })).data)
        assert.include(back, line)
        const members = back.split("\n").filter((entry) => entry.startsWith("server."))
        const same = text((yield* zk.reconfig({ members })).data)
        assert.include(same, line)
        // Three of six are no majority, and those that join are not there.
        const absent = [7, 8, 9].map((id) => `server.${id}=127.0.0.1:${id}:1${id}:participant;127.0.0.1:2${id}`)
        yield* refused(zk.reconfig({ joining: absent }), "NewConfigNoQuorum")
      }),
    60_000
  )
})
