/** Watches as an application sees them: state streams, raw events and single events. */
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { Transport } from "@effect-zookeeper/core/Transport"
import * as EventRecorder from "@effect-zookeeper/testing/EventRecorder"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { awaitState } from "../../support/awaitState.ts"
import { sleep } from "../../support/realTime.ts"
import type { It } from "../Backend.ts"
import { awaitConnected, beside, expire, onServer, refused, text } from "../clients.ts"
import * as Line from "../Line.ts"

/** Follows a state stream; `reach` waits for a state, which may stand for several changes. */
const follow = Effect.fnUntraced(function* <A extends { readonly path: string; readonly change: string }>(
  stream: Stream.Stream<A, ZooKeeperError>,
  show: (element: A) => string
) {
  const recorder = yield* EventRecorder.make(stream)
  const shown = Effect.map(recorder.events, (all) => all.map((each) => `${each.change} ${show(each)}`))
  const reach = (wanted: string) =>
    awaitState(shown, (all) => all.at(-1)?.endsWith(wanted) ?? false, { describe: `a state that ends in ${wanted}` })
  return { shown, reach }
})

const value = Option.match({ onNone: () => "none", onSome: ({ data }: { readonly data: Uint8Array }) => text(data) })
const names = Option.match({ onNone: () => "none", onSome: (all: ReadonlyArray<string>) => all.join(",") })

export const streams = (it: It) => {
  describe("a stream of states", () => {
    it.effect("of data begins with the present one and follows creation, change, deletion and re-creation", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const other = yield* beside(zk)
        const { reach, shown } = yield* follow(yield* zk.changes.dataScoped("/a"), ({ node }) => value(node))
        yield* reach("none")
        yield* other.create("/a", "1")
        yield* reach("1")
        yield* other.set("/a", "2")
        yield* reach("2")
        yield* other.delete("/a")
        yield* reach("none")
        yield* other.create("/a", "3")
        yield* reach("3")
        const seen = ["initial none", "created 1", "changed 2", "deleted none", "created 3"]
        assert.deepStrictEqual(yield* shown, seen)
      })
    )

    it.effect("begins with the present one for everybody who runs it", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a", "1")
        const first = <A>(stream: Stream.Stream<A, ZooKeeperError>) =>
          Effect.map(Stream.runHead(stream), Option.getOrThrow)
        const { changes } = zk
        for (let run = 0; run < 2; run++) {
          const [data, children, exists] = yield* Effect.all(
            [first(changes.data("/a")), first(changes.children("/")), first(changes.exists("/none"))],
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual([data.change, children.change, exists.change], ["initial", "initial", "initial"])
          assert.strictEqual(value(data.node), "1")
          assert.deepStrictEqual(children.children, Option.some(["a"]))
          assert.deepStrictEqual(exists.stat, Option.none())
        }
      })
    )

    it.effect("of children is told of names, sorted, and not of their data", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const other = yield* beside(zk)
        yield* zk.create("/p")
        const { reach, shown } = yield* follow(yield* zk.changes.childrenScoped("/p"), ({ children }) =>
          names(children)
        )
        yield* reach("initial ")
        yield* other.create("/p/b")
        yield* reach("changed b")
        yield* other.set("/p/b", "x")
        yield* other.create("/p/a")
        yield* reach("changed a,b")
        yield* other.delete("/p", { recursive: true })
        yield* reach("deleted none")
        assert.strictEqual((yield* shown)[0], "initial ")
        assert.isFalse((yield* shown).includes("changed b,b"))
      })
    )

    it.effect("of existence is not told of data", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const other = yield* beside(zk)
        const { reach, shown } = yield* follow(
          yield* zk.changes.existsScoped("/a"),
          ({ stat }) => `${Option.isSome(stat)}`
        )
        yield* reach("initial false")
        yield* other.create("/a")
        yield* reach("created true")
        yield* other.set("/a", "x")
        yield* other.delete("/a")
        yield* reach("deleted false")
        assert.deepStrictEqual(yield* shown, ["initial false", "created true", "deleted false"])
      })
    )

    it.effect("goes on after a lost connection, and after an expired session", () =>
      Effect.gen(function* () {
        const other = yield* onServer()
        const line = yield* Line.make
        const zk = yield* Effect.provideService(
          beside(other, { sessionTimeout: "3 seconds" }),
          Transport,
          line.transport
        )
        yield* other.create("/a", "1")
        const { reach } = yield* follow(yield* zk.changes.dataScoped("/a"), ({ node }) => value(node))
        yield* reach("1")
        yield* line.refuse
        yield* line.cut
        yield* other.set("/a", "2")
        yield* line.allow
        yield* reach("2")
        yield* expire(zk)
        yield* other.set("/a", "3")
        yield* reach("3")
        yield* awaitConnected(zk, 2)
        yield* other.set("/a", "4")
        yield* reach("4")
      })
    )
  })

  describe("raw events", () => {
    it.effect("come to everybody who runs the stream", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a")
        // When the watch is registered only the first event tells.
        const changing = Effect.forever(Effect.andThen(zk.set("/a", ""), sleep("20 millis")))
        for (let run = 0; run < 2; run++) {
          const first = yield* Effect.raceFirst(Stream.runHead(zk.watch("/a")), changing)
          // Servers of 3.9 tell its transaction as well.
          const told = Option.map(first, (it) => (it._tag === "Event" ? [it.event.type, it.event.path] : [it._tag]))
          assert.deepStrictEqual(told, Option.some(["NodeDataChanged", "/a"]))
        }
      })
    )

    it.effect("of a recursive watch come in order, each once", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const other = yield* beside(zk)
        const elements = yield* zk.watchScoped("/a", { recursive: true })
        const recorder = yield* EventRecorder.make(
          Stream.flatMap(elements, (element) =>
            element._tag === "Event" ? Stream.succeed(element.event) : Stream.empty
          )
        )
        yield* other.create("/a/b", "", { parents: true })
        yield* other.set("/a/b", "1")
        yield* other.delete("/a", { recursive: true })
        assert.strictEqual(yield* recorder.awaitCount(5, "20 seconds"), 5)
        assert.deepStrictEqual(
          (yield* recorder.events).map(({ path, type }) => `${type} ${path}`),
          ["NodeCreated /a", "NodeCreated /a/b", "NodeDataChanged /a/b", "NodeDeleted /a/b", "NodeDeleted /a"]
        )
      })
    )
  })

  describe("once", () => {
    it.effect("gives a value and the first change after it", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const other = yield* beside(zk)
        yield* refused(zk.once.data("/a"), "NoNode")
        const missing = yield* zk.once.exists("/a")
        assert.isTrue(Option.isNone(missing.value))
        yield* other.create("/a", "1")
        assert.strictEqual((yield* missing.next).type, "NodeCreated")
        const data = yield* zk.once.data("/a")
        assert.strictEqual(text(data.value.data), "1")
        const children = yield* zk.once.children("/a")
        assert.deepStrictEqual(children.value, [])
        yield* other.create("/a/b")
        assert.strictEqual((yield* children.next).type, "NodeChildrenChanged")
        yield* other.delete("/a", { recursive: true })
        assert.deepStrictEqual((yield* data.next).path, "/a")
      })
    )
  })
}
