/** Watches belong to connections: the session registers those of its table again on the next one. */
import { assert, describe } from "@effect/vitest"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { Transport } from "@effect-zookeeper/core/Transport"
import * as Effect from "effect/Effect"
import { awaitState } from "../../support/awaitState.ts"
import { awaitConnected, beside, call, type Client, onServer } from "../clients.ts"
import { recordEvents } from "../events.ts"
import type { It } from "../Backend.ts"
import * as Line from "../Line.ts"

/** A session on a line that can be cut, and one that nothing comes in the way of. */
const onLine = Effect.gen(function* () {
  const other = yield* onServer()
  const line = yield* Line.make
  const zk = yield* Effect.provideService(
    beside(other, { sessionTimeout: "30 seconds", reconnect: "1 minute" }),
    Transport,
    line.transport
  )
  const at = (path: string) => other.session.root + (path === "/" ? "" : path)
  const { watches } = zk.driver
  return { zk, other, line, at, watches, events: yield* recordEvents(zk) }
})

/** Takes the network away while something happens elsewhere. */
const away = <A, E, R>(zk: Client, line: Line.Line, meanwhile: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    yield* zk.sync()
    const { id } = zk.session
    yield* line.refuse
    yield* line.cut
    yield* awaitState(
      Effect.sync(() => zk.session.state._tag),
      (state) => state === "Suspended",
      { describe: "the connection is lost" }
    )
    yield* meanwhile
    yield* line.allow
    yield* awaitConnected(zk)
    assert.strictEqual(zk.session.id, id)
    // Behind the watches.
    yield* zk.sync()
  })

export const replay = (it: It) => {
  describe("after a reconnect", () => {
    it.effect("what changed meanwhile fires at once, and the rest is armed", () =>
      Effect.gen(function* () {
        const { at, events, other, line, watches, zk } = yield* onLine
        for (const name of ["/same", "/changed", "/gone", "/again", "/parent"]) yield* other.create(name)
        for (const name of ["/same", "/changed", "/gone", "/again"]) watches.add(at(name), "data")
        watches.add(at("/new"), "exist")
        watches.add(at("/never"), "exist")
        watches.add(at("/parent"), "child")
        yield* away(
          zk,
          line,
          Effect.gen(function* () {
            yield* other.set("/changed", "1")
            yield* other.delete("/gone")
            yield* other.delete("/again")
            yield* other.create("/again")
            yield* other.create("/new")
            yield* other.create("/parent/child")
          })
        )
        const fired = [
          "NodeChildrenChanged /parent",
          "NodeCreated /new",
          // Deleted and made again is a change to a data watch (measured on 3.8.0).
          "NodeDataChanged /again",
          "NodeDataChanged /changed",
          "NodeDeleted /gone"
        ]
        assert.deepStrictEqual([...(yield* events.seen)].sort(), fired)
        yield* other.set("/same", "1")
        yield* other.create("/never")
        assert.deepStrictEqual((yield* events.seen).slice(fired.length), [
          "NodeDataChanged /same",
          "NodeCreated /never"
        ])
        assert.strictEqual(watches.size, 0)
      })
    )

    it.effect("a persistent watch tells nothing of what it missed, unless it stands in a list that does", () =>
      Effect.gen(function* () {
        const { at, events, other, line, watches, zk } = yield* onLine
        for (const name of ["/quiet", "/both", "/tree"]) yield* other.create(name)
        watches.add(at("/quiet"), "persistent")
        watches.add(at("/both"), "persistent")
        watches.add(at("/both"), "data")
        watches.add(at("/tree"), "recursive")
        yield* away(
          zk,
          line,
          Effect.all([other.set("/quiet", "1"), other.set("/both", "1"), other.create("/tree/a")], { discard: true })
        )
        assert.deepStrictEqual(yield* events.seen, ["NodeDataChanged /both"])
        for (const name of ["/quiet", "/both", "/tree/a"]) yield* other.set(name, "2")
        assert.deepStrictEqual((yield* events.seen).slice(1), [
          "NodeDataChanged /quiet",
          "NodeDataChanged /both",
          "NodeDataChanged /tree/a"
        ])
        yield* away(zk, line, other.set("/tree/a", "3"))
        yield* other.set("/tree/a", "4")
        assert.strictEqual((yield* events.seen).at(-1), "NodeDataChanged /tree/a")
        // The data list still stands for what was seen of /both: nothing of it changed since.
        assert.strictEqual((yield* events.seen).length, 5)
      })
    )

    it.effect("a one-shot watch that was spent is not armed again", () =>
      Effect.gen(function* () {
        const { at, events, other, line, watches, zk } = yield* onLine
        yield* other.create("/a")
        yield* call(zk, getData, { path: at("/a"), watch: true })
        watches.add(at("/a"), "data")
        yield* other.set("/a", "1")
        yield* zk.sync()
        assert.isFalse(watches.has(at("/a"), "data"))
        yield* away(zk, line, other.set("/a", "2"))
        yield* other.set("/a", "3")
        assert.deepStrictEqual(yield* events.seen, ["NodeDataChanged /a"])
      })
    )

    it.effect("more watches than one request holds are all there", () =>
      Effect.gen(function* () {
        const { at, events, other, line, watches, zk } = yield* onLine
        const count = 4000
        const name = (i: number) => `/a-node-with-a-name-that-is-long-enough-to-fill-a-request-${i}`
        for (let i = 0; i < count; i++) watches.add(at(name(i)), "exist")
        assert.isAbove(watches.batches(0n).length, 1)
        yield* away(zk, line, other.create(name(7)))
        const some = [0, 1, 1500, 2000, 2500, count - 2, count - 1]
        for (const i of some) yield* other.create(name(i))
        assert.deepStrictEqual(
          yield* events.seen,
          [7, ...some].map((i) => `NodeCreated ${name(i)}`)
        )
      })
    )

    it.effect("they are registered before any operation is sent", () =>
      Effect.gen(function* () {
        const { at, events, other, line, watches, zk } = yield* onLine
        yield* other.create("/a")
        watches.add(at("/a"), "data")
        yield* away(zk, line, Effect.forkScoped(zk.set("/a", "mine"), { startImmediately: true }))
        assert.deepStrictEqual(yield* events.seen, ["NodeDataChanged /a"])
        assert.strictEqual(yield* zk.getString("/a"), "mine")
      })
    )
  })
}
