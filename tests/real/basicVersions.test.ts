/** Operations that came after 3.5: done by servers that know them, refused by older ones in a way that names the cause. */
import * as Op from "@effect-zookeeper/core/Op"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { addWatch, setWatches2 } from "@effect-zookeeper/core/wire/ops/watches"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { awaitConnected, call, type Client, has, onSingle, refused } from "./clients.ts"

const UNIMPLEMENTED = -6

/** Runs on any server: succeeds since `minor`, before that fails as `Unimplemented` and leaves a session that works. */
const since = <A>(minor: number, operation: (zk: Client) => Effect.Effect<A, ZooKeeperError>) =>
  Effect.gen(function* () {
    const zk = yield* onSingle({ sessionTimeout: "30 seconds" })
    yield* zk.create("/mine", "", { mode: "ephemeral" })
    if (yield* has(zk, minor)) {
      yield* operation(zk)
    } else {
      yield* refused(operation(zk), "Unimplemented")
    }
    // An unknown operation costs the connection, not the session; a read is sent again on the next one.
    assert.strictEqual((yield* zk.get("/mine")).stat.ephemeralOwner, zk.session.id)
    assert.strictEqual(zk.session.epoch, 1)
  })

describe("since 3.6", () => {
  it.live("multiRead", () => since(6, (zk) => zk.multiRead(Op.get("/"))))
  it.live("getEphemerals", () => since(6, (zk) => zk.getEphemerals()))
  it.live("allChildrenNumber", () => since(6, (zk) => zk.allChildrenNumber("/")))

  it.live("addWatch and setWatches2", () =>
    Effect.gen(function* () {
      for (const send of [
        (zk: Client) => call(zk, addWatch, { path: "/", mode: 0 }),
        (zk: Client) =>
          call(zk, setWatches2, {
            relativeZxid: 0n,
            dataWatches: [],
            existWatches: [],
            childWatches: [],
            persistentWatches: ["/"],
            persistentRecursiveWatches: []
          })
      ]) {
        const zk = yield* onSingle()
        const outcome = yield* Effect.match(send(zk), { onFailure: ({ code }) => code, onSuccess: () => 0 })
        assert.strictEqual(outcome, (yield* has(zk, 6)) ? 0 : UNIMPLEMENTED)
        yield* awaitConnected(zk)
      }
    })
  )
})

describe("since 3.7", () => {
  it.live("whoAmI", () => since(7, (zk) => zk.whoAmI))
})
