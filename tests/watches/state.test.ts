/** State streams follow a node through everything that can happen to it, to the connection and to the session. */
import type { Node } from "@effect-zookeeper/core/ZooKeeper"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as rawSession from "../support/rawSession.ts"
import { sleep } from "../support/realTime.ts"
import { awaitConnected, type Client } from "../real/clients.ts"
import { ensemble, record, single } from "./support.ts"

const LIMIT = 120_000

const zxidOf = (node: Option.Option<Node>): bigint | undefined =>
  Option.getOrUndefined(Option.map(node, ({ stat }) => stat.mzxid))

/** Expires the session through the server that it is not on. */
const expire = (zk: Client, other: Client) =>
  Effect.gen(function* () {
    const { epoch } = zk.session
    yield* rawSession.expireSession(other.session.hosts.join(","), zk.session.id, Redacted.value(zk.session.password))
    yield* awaitConnected(zk, epoch + 1)
  })

/** Something happens, and the stream ends with what is there, also after a cut. */
const phases =
  (cut: Effect.Effect<unknown>, settled: (phase: string) => Effect.Effect<unknown, unknown>) =>
  (name: string, what: Effect.Effect<unknown, unknown>) =>
    Effect.gen(function* () {
      yield* what
      yield* settled(name)
      yield* cut
      yield* settled(`${name} and a cut`)
    })

describe("a stream of a node's data", () => {
  it.live(
    "ends every phase with the server's state: creation, sets, deletion, creation, cuts all along, an expiry",
    () =>
      Effect.gen(function* () {
        const { cut, other, zk } = yield* ensemble()
        const { last, seen } = yield* record(zk.changes.data("/node"))
        yield* last(({ change }) => change === "initial", "the first element")
        const settled = (phase: string) =>
          Effect.gen(function* () {
            const node = yield* other.getOption("/node")
            const element = yield* last((element) => zxidOf(element.node) === zxidOf(node), `the state after ${phase}`)
            assert.deepStrictEqual(element.node, node, phase)
          })
        const phase = phases(cut, settled)
        const sets = Effect.gen(function* () {
          for (let i = 1; i <= 1000; i++) {
            yield* other.set("/node", `${i}`)
            if (i % 50 === 0) yield* cut
          }
        })
        yield* phase("the creation", other.create("/node"))
        yield* phase("the sets", sets)
        yield* phase("the deletion", other.delete("/node"))
        yield* phase("the second creation", other.create("/node", "again"))
        yield* phase("the expiry", expire(zk, other))
        yield* phase("a set after the expiry", other.set("/node", "last"))
        // Never back in time: each element is newer than the one before it.
        const zxids = seen.flatMap(({ node }) => zxidOf(node) ?? [])
        assert.deepStrictEqual(
          zxids,
          [...new Set(zxids)].sort((a, b) => (a < b ? -1 : 1))
        )
        assert.strictEqual(zk.session.epoch, 2)
      }),
    LIMIT
  )

  it.live(
    "sees what happens while there is no connection, also across an expiry",
    () =>
      Effect.gen(function* () {
        const { cut, other, proxies, zk } = yield* ensemble({ sessionTimeout: "2 seconds" })
        yield* other.create("/node", "0")
        const data = yield* record(zk.changes.data("/node"))
        const exists = yield* record(zk.changes.exists("/node"))
        yield* data.next(1)
        yield* exists.next(1)
        const away = (meanwhile: Effect.Effect<unknown, unknown>) =>
          Effect.gen(function* () {
            for (const proxy of proxies) yield* proxy.refuse
            yield* cut
            yield* meanwhile
            for (const proxy of proxies) yield* proxy.listen
          })
        yield* away(other.delete("/node"))
        assert.deepStrictEqual(
          (yield* data.next(1)).map(({ change, node }) => [change, node]),
          [["resynced", Option.none()]]
        )
        assert.deepStrictEqual(
          (yield* exists.next(1)).map(({ stat }) => stat),
          [Option.none()]
        )
        yield* away(other.create("/node", "1"))
        yield* data.last(({ node }) => Option.isSome(node), "the node that was created meanwhile")
        yield* exists.last(({ stat }) => Option.isSome(stat), "that it exists")
        yield* away(
          Effect.gen(function* () {
            yield* rawSession.expireSession(
              other.session.hosts.join(","),
              zk.session.id,
              Redacted.value(zk.session.password)
            )
            yield* other.delete("/node")
            yield* other.create("/node", "2")
          })
        )
        yield* awaitConnected(zk, 2)
        const node = yield* other.get("/node")
        yield* data.last((element) => zxidOf(element.node) === node.stat.mzxid, "the node of the new session")
        yield* exists.last(
          ({ stat }) => Option.isSome(stat) && stat.value.czxid === node.stat.czxid,
          "the node of the new session exists"
        )
      }),
    LIMIT
  )
})

describe("a stream whose read waits for a connection", () => {
  it.live("lives on when its session expires meanwhile, and when the wait was too long", () =>
    Effect.gen(function* () {
      const { other, proxies, zk } = yield* single({ operationTimeout: "1 second" })
      yield* other.create("/node", "0")
      const { last } = yield* record(zk.changes.data("/node"))
      yield* last(({ change }) => change === "initial", "the first element")
      const proxy = proxies[0]!
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === getData.code)
      yield* proxy.refuse
      yield* other.set("/node", "1")
      yield* dropped
      // Longer than an operation may take.
      yield* sleep("1500 millis")
      yield* rawSession.expireSession(other.session.hosts.join(","), zk.session.id, Redacted.value(zk.session.password))
      yield* proxy.listen
      yield* awaitConnected(zk, 2)
      yield* last(({ node }) => Option.isSome(node) && node.value.stat.version === 1, "the set")
      yield* other.set("/node", "2")
      yield* last(({ node }) => Option.isSome(node) && node.value.stat.version === 2, "the next set")
    })
  )
})

describe("a stream of a node's children", () => {
  it.live(
    "ends every phase with the server's names: 10,000 of them come, cuts all along, some go, all go, an expiry",
    () =>
      Effect.gen(function* () {
        const { cut, other, zk } = yield* ensemble()
        const { last } = yield* record(zk.changes.children("/parent"))
        yield* last(({ change }) => change === "initial", "the first element")
        const settled = (phase: string) =>
          Effect.gen(function* () {
            const found = yield* Effect.option(other.children("/parent"))
            const names = Option.map(found, (names) => [...names].sort())
            const element = yield* last(
              ({ children }) =>
                Option.map(children, ({ length }) => length).toString() ===
                Option.map(names, ({ length }) => length).toString(),
              `the names after ${phase}`
            )
            assert.deepStrictEqual(element.children, names, phase)
          })
        const phase = phases(cut, settled)
        const names = Array.from({ length: 10_000 }, (_, i) => `/parent/child-${i}`)
        const each = (some: ReadonlyArray<string>, what: (path: string) => Effect.Effect<unknown, unknown>) =>
          Effect.gen(function* () {
            for (let from = 0; from < some.length; from += 500) {
              yield* Effect.forEach(some.slice(from, from + 500), what, { concurrency: "unbounded", discard: true })
              yield* cut
            }
          })
        yield* phase("the creation", other.create("/parent"))
        yield* phase(
          "10,000 creations",
          each(names, (path) => other.create(path))
        )
        yield* phase("a child's set", other.set(names[7]!, "x"))
        yield* phase("the expiry", expire(zk, other))
        yield* phase(
          "half of the deletions",
          each(names.slice(5000), (path) => other.delete(path))
        )
        yield* phase("the end of all", other.delete("/parent", { recursive: true }))
        yield* phase("the second creation", Effect.andThen(other.create("/parent"), other.create("/parent/one")))
      }),
    LIMIT
  )
})
