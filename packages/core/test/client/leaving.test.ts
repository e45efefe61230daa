/** Whoever has left a path takes nothing from those who watch it afterwards, in a network that answers at once. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { removeWatches } from "@effect-zookeeper/core/wire/ops/watches"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { MemoryNetwork, settle } from "../support/MemoryNetwork.ts"
import { EXISTS, server, SYNC, typesOf } from "../support/scripts.ts"

it.effect("a watch stays on the server when two others have left the path one right after the other", () =>
  Effect.gen(function* () {
    const network = new MemoryNetwork(server())
    const zk = yield* ZooKeeper.make({ connect: "a:1", release: "detach" }).pipe(network.provide)
    const first = yield* zk.once.exists("/a")
    const waiting = yield* Effect.forkChild(first.next, { startImmediately: true })
    yield* Fiber.interrupt(waiting)
    // Its request waits until the watch of the first one is removed.
    const second = yield* Effect.forkChild(zk.once.exists("/a"), { startImmediately: true })
    yield* Fiber.interrupt(second)
    yield* zk.sync()
    yield* zk.once.exists("/a")
    yield* settle
    assert.deepStrictEqual(typesOf(network.last), [EXISTS, removeWatches.code, SYNC, EXISTS])
  })
)
