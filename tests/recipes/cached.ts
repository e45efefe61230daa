/** What the tests of caches look at: the nodes shown, the changes told, and what happens while the connection is away. */
import type { Bounds, CacheChange } from "@effect-zookeeper/recipes/Cache"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { awaitState } from "../support/awaitState.ts"
import type * as Proxy from "../support/Proxy.ts"
import { type Client, cutOff } from "../real/clients.ts"
import { recordRequests } from "./support.ts"

export const shown = (nodes: ReadonlyMap<string, ZooKeeper.Node>) =>
  [...nodes.keys()]
    .sort()
    .map((path) => `${path}=${ZooKeeper.text(nodes.get(path)!)}`)
    .join(" ")

export const awaitShown = <E>(nodes: Effect.Effect<ReadonlyMap<string, ZooKeeper.Node>, E>, what: string) =>
  awaitState(Effect.map(nodes, shown), (now) => now === what, { describe: `shows '${what}'`, within: "30 seconds" })

export const record = <E>(changes: Stream.Stream<CacheChange, E>) =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    yield* Effect.forkScoped(
      Stream.runForEach(changes, (change) =>
        Effect.sync(() =>
          seen.push(
            change._tag === "Resync" ? "Resync" : `${change._tag} ${change.path}=${ZooKeeper.text(change.node)}`
          )
        )
      ),
      { startImmediately: true }
    )
    return seen
  })

export const awaitSeen = (seen: ReadonlyArray<string>, wanted: ReadonlyArray<string>) =>
  awaitState(
    Effect.sync(() => [...seen]),
    (now) => now.length >= wanted.length,
    { describe: `saw ${wanted.join()}` }
  ).pipe(Effect.map((now) => assert.deepStrictEqual(now, wanted)))

/** Bounds that hold nothing, or cannot be counted. */
export const noBounds = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]

/** They are refused before anything is asked. */
export const refusesNoBounds = Effect.fnUntraced(function* (
  zk: Client,
  make: (bounds: Bounds) => Effect.Effect<unknown, ZooKeeperError, Scope.Scope>
) {
  const requests = recordRequests(zk)
  for (const name of ["maxNodes", "buffer"]) {
    for (const bound of noBounds) {
      const error = yield* Effect.flip(make({ [name]: bound }))
      assert.strictEqual(error.reason._tag, "InvalidArgument")
      assert.include(error.message, `/recipe: ${name} is ${bound}; it must be a whole number`)
    }
  }
  assert.deepStrictEqual(requests, [])
})

/** Does something while the session is without a connection. */
export const whileAway = Effect.fnUntraced(function* <A, E, R>(
  { proxy, zk }: { readonly proxy: Proxy.Proxy; readonly zk: Client },
  change: Effect.Effect<A, E, R>
) {
  yield* cutOff(zk, proxy)
  yield* change
  yield* proxy.listen
})
