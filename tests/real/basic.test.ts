/** What every server since 3.5 does, and how the servers of an ensemble catch up with each other. */
import type * as FourLetterWord from "@effect-zookeeper/core/FourLetterWord"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { realServer } from "../contract/Backend.ts"
import { basic } from "../contract/subjects/basic.ts"
import * as SharedServers from "../support/SharedServers.ts"
import { awaitNode } from "./clients.ts"

layer(realServer, { excludeTestServices: true, timeout: "2 minutes" })("a real server", basic)

const isFollower = (answer: FourLetterWord.Answer<"srvr">): boolean =>
  answer._tag === "Answered" && answer.value.mode === "follower"

it.live("a follower catches up with its leader by sync", () =>
  Effect.gen(function* () {
    const connect = yield* SharedServers.ensemble
    const one = yield* ZooKeeper.make({ connect })
    // A leader answers sync at once, though a follower may have applied, and acknowledged, what it has not yet applied itself.
    const followers = yield* Effect.filter(one.session.hosts, (host) =>
      Effect.map(one.fourLetterWord("srvr", host), (answer) => isFollower(answer))
    )
    const { server } = one.session
    const other = yield* ZooKeeper.make({ connect: followers.find((host) => host !== server)! })
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
