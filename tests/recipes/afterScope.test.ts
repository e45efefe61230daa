/** What recipes that follow something give after the end of their scope: nothing that could be taken for the truth. */
import * as ChildrenCache from "@effect-zookeeper/recipes/ChildrenCache"
import * as NodeCache from "@effect-zookeeper/recipes/NodeCache"
import * as PersistentNode from "@effect-zookeeper/recipes/PersistentNode"
import * as PersistentWatch from "@effect-zookeeper/recipes/PersistentWatch"
import * as ServiceDiscovery from "@effect-zookeeper/recipes/ServiceDiscovery"
import * as TreeCache from "@effect-zookeeper/recipes/TreeCache"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { within } from "../support/realTime.ts"
import { type Client, onServers, PATH, using } from "./support.ts"

/** Makes something in a scope, subscribes, closes the scope, and looks at what those get who wait or ask then. */
const afterwards = Effect.fnUntraced(function* <A, E, E2>(
  make: Effect.Effect<A, E, Scope.Scope>,
  uses: (made: A) => ReadonlyArray<Effect.Effect<unknown, E2>>,
  subscriptions: (made: A) => ReadonlyArray<Stream.Stream<unknown, E2>>
) {
  const scope = yield* Scope.make()
  const made = yield* Scope.provide(make, scope)
  for (const use of uses(made)) yield* use
  const waiting = yield* Effect.forEach(subscriptions(made), (stream) =>
    Effect.forkChild(Stream.runDrain(stream), { startImmediately: true })
  )
  yield* Scope.close(scope, Exit.void)
  const asking = [...uses(made), ...subscriptions(made).map(Stream.runDrain)].map((use) => Effect.exit(use))
  const exits = yield* within(
    Effect.all([...waiting.map((fiber) => Fiber.await(fiber)), ...asking]),
    "10 seconds",
    () => "somebody still waits"
  )
  for (const exit of exits) assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause), `${exit}`)
})

/** Each recipe, by its name. */
const recipes = (zk: Client) => ({
  tree: afterwards(
    using(zk)(TreeCache.make({ path: PATH })),
    (cache) => [cache.ready, cache.nodes, cache.get(PATH)],
    (cache) => [cache.changes]
  ),
  children: afterwards(
    using(zk)(ChildrenCache.make({ path: PATH })),
    (cache) => [cache.ready, cache.children, cache.get("a")],
    (cache) => [cache.changes]
  ),
  node: afterwards(
    using(zk)(NodeCache.make({ path: PATH })),
    (cache) => [cache.ready, cache.get],
    (cache) => [cache.changes]
  ),
  persistentNode: afterwards(
    using(zk)(PersistentNode.make({ path: `${PATH}/mine` })),
    (node) => [node.isPresent],
    (node) => [node.presence]
  ),
  provider: afterwards(
    Effect.flatMap(using(zk)(ServiceDiscovery.make({ path: "/" })), ({ provider }) => provider("recipe")),
    (provider) => [provider.instance, provider.instances],
    () => []
  ),
  watch: afterwards(
    using(zk)(PersistentWatch.make({ paths: [PATH] })),
    () => [],
    (watch) => [watch.events]
  )
})

describe("after the end of its scope", () => {
  for (const recipe of ["tree", "children", "node", "persistentNode", "provider", "watch"] as const) {
    it.live(`${recipe}: whoever waits or asks is interrupted`, () =>
      Effect.gen(function* () {
        const zk = yield* onServers()
        yield* zk.create(`${PATH}/a`, "1", { parents: true })
        yield* recipes(zk)[recipe]
      })
    )
  }
})
