/**
 * A server up to 3.8 keeps one mode for a path and a connection, and the next request replaces it: whoever comes and goes,
 * in whatever order, nobody else who watches the path goes deaf.
 */
import type { EventType } from "@effect-zookeeper/core/WatchEvent"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { awaitState } from "../support/awaitState.ts"
import type { Client } from "../real/clients.ts"
import { awaitReconnect, record, single } from "./support.ts"

const kinds = ["recursive", "raw", "data", "children", "once"] as const
type Kind = (typeof kinds)[number]

const permutations = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  items.length < 2
    ? [items]
    : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))

/** Somebody who watches, and whether what was done last reached them. */
interface Watching {
  readonly hears: (round: number) => Effect.Effect<unknown, unknown>
}

const watch = Effect.fnUntraced(function* (zk: Client, kind: Kind, path: string) {
  switch (kind) {
    case "recursive":
    case "raw": {
      const { seen } = yield* Effect.flatMap(zk.watchScoped(path, { recursive: kind === "recursive" }), record)
      let rounds = 0
      const count = (type: EventType) =>
        seen.filter((element) => element._tag === "Event" && element.event.type === type).length
      const counts = Effect.sync(() => ({
        data: count("NodeDataChanged"),
        children: count(kind === "recursive" ? "NodeCreated" : "NodeChildrenChanged")
      }))
      return {
        hears: () =>
          Effect.gen(function* () {
            rounds++
            const heard = yield* awaitState(counts, ({ children, data }) => data >= rounds && children >= rounds, {
              describe: `${rounds} rounds heard by ${kind}`
            })
            // And each once.
            assert.deepStrictEqual(heard, { data: rounds, children: rounds })
          })
      } satisfies Watching
    }
    case "data": {
      const { last } = yield* Effect.flatMap(zk.changes.dataScoped(path), record)
      return {
        hears: (round) =>
          last(({ node }) => Option.isSome(node) && node.value.stat.version === round, `data in round ${round}`)
      } satisfies Watching
    }
    case "children": {
      const { last } = yield* Effect.flatMap(zk.changes.childrenScoped(path), record)
      return {
        hears: (round) =>
          last(
            ({ children }) => Option.isSome(children) && children.value.length === round,
            `children in round ${round}`
          )
      } satisfies Watching
    }
    case "once": {
      const { next } = yield* zk.once.data(path)
      const fiber = yield* Effect.forkScoped(next)
      return { hears: () => Fiber.join(fiber) } satisfies Watching
    }
  }
})

const cases = permutations(kinds).filter((order) => order[0]! < order[1]!)

describe("watches of every kind on one path", () => {
  it.live(
    "hear everything while they are there, in every order of coming and going",
    () =>
      Effect.gen(function* () {
        const { cut, other, zk } = yield* single()
        const run = (coming: ReadonlyArray<Kind>, going: ReadonlyArray<Kind>, path: string, reconnects: boolean) =>
          Effect.gen(function* () {
            yield* other.create(path)
            const there = new Map<Kind, { readonly watching: Watching; readonly scope: Scope.Closeable }>()
            let round = 0
            const check = Effect.gen(function* () {
              round++
              yield* other.create(`${path}/child-${round}`)
              yield* other.set(path, "x")
              for (const { watching } of there.values()) yield* watching.hears(round)
            })
            for (const kind of coming) {
              const scope = yield* Scope.make()
              there.set(kind, { watching: yield* Scope.provide(watch(zk, kind, path), scope), scope })
            }
            // The answer to the sync comes behind the registration of all watches.
            if (reconnects) yield* Effect.andThen(awaitReconnect(zk, cut), zk.sync())
            yield* check
            there.delete("once")
            for (const kind of going) {
              const one = there.get(kind)
              if (one === undefined) continue
              there.delete(kind)
              yield* Scope.close(one.scope, Exit.void)
              yield* check
            }
          })
        for (const [index, order] of cases.entries()) {
          yield* run(order, order.toReversed(), `/reversed-${index}`, false)
          yield* run(order, order, `/same-${index}`, false)
        }
        for (const [index, order] of cases.filter((_, i) => i % 6 === 0).entries()) {
          yield* run(order, order, `/cut-${index}`, true)
        }
        assert.strictEqual(zk.driver.watches.size, 0)
      }),
    120_000
  )
})
