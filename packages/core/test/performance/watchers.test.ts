/** Who is looked at when something happens to one of many watches: those that it concerns, and nobody else. */
import * as Acl from "@effect-zookeeper/core/Acl"
import { Transport } from "@effect-zookeeper/core/Transport"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { View } from "../../src/client/Attempt.ts"
import type { Watcher } from "../../src/client/watch/Entry.ts"
import { WatchHub } from "../../src/client/watch/WatchHub.ts"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

const MANY = 20_000

/** Notes whenever anything of it is asked for. */
class Noting implements Watcher {
  looks = 0
  told: Array<string> = []
  private readonly isRecursive: boolean

  constructor(isRecursive: boolean) {
    this.isRecursive = isRecursive
  }

  get recursive(): boolean {
    this.looks++
    return this.isRecursive
  }

  get onEvent(): Watcher["onEvent"] {
    this.looks++
    return ({ path, type }) => void this.told.push(`${type} ${path}`)
  }

  onGap(): void {}
  onDowngrade(): void {}
  onEnd(): void {}
}

const make = Effect.gen(function* () {
  const server = yield* TestServer.make({ listen: "memory" })
  const open = Effect.provideService(ZooKeeper.make(), Transport, server.transport)
  const zk = yield* open
  const other = yield* open
  const session = zk.driver
  const run = yield* FiberSet.runtime(yield* FiberSet.make())<never>()
  const retry = Schedule.recurs(0)
  const hub = new WatchHub(session, retry, run)
  const view: View = { session, root: "", defaultAcl: Acl.openUnsafe, retry, background: run, hub }
  const watch = (path: string, recursive: boolean) => {
    const watcher = new Noting(recursive)
    return hub.watch(view, path, watcher, () => Effect.succeed(watcher))
  }
  return { hub, other, server, watch, zk }
})

const times = <A, E, R>(count: number, effect: (index: number) => Effect.Effect<A, E, R>) =>
  Effect.forEach(
    Array.from({ length: count }, (_, index) => index),
    effect,
    { concurrency: 256 }
  )

const looks = (watchers: ReadonlyArray<Noting>) => watchers.reduce((sum, watcher) => sum + watcher.looks, 0)

it.live("20,000 who watch one path join and leave in as many steps", () =>
  Effect.gen(function* () {
    const { hub, server, watch } = yield* make
    const joined = yield* times(MANY, () => {
      const scope = Scope.makeUnsafe()
      return Effect.map(Scope.provide(watch("/a", false), scope), (watcher) => ({ scope, watcher }))
    })
    const watchers = joined.map(({ watcher }) => watcher)
    expect(looks(watchers)).toBeLessThanOrEqual(MANY * 5)
    expect(hub.size).toBe(1)
    const before = looks(watchers)
    // The last ones first, and then the first ones.
    const order = [...joined.slice(MANY / 2).toReversed(), ...joined.slice(0, MANY / 2)]
    yield* Effect.forEach(order, ({ scope }) => Scope.close(scope, Exit.void), { discard: true })
    expect(looks(watchers) - before).toBeLessThanOrEqual(MANY * 5)
    while (hub.size > 0) yield* Effect.yieldNow
    expect(yield* server.watchCount).toBe(0)
  })
)

it.live("an event looks at those who are told of it, however many watch other paths, or the path above alone", () =>
  Effect.gen(function* () {
    const { other, watch, zk } = yield* make
    yield* other.create("/a")
    yield* other.create("/a/b")
    const alone = yield* times(1000, () => watch("/a", false))
    const elsewhere = yield* times(1000, (index) => watch(`/elsewhere-${index}`, index % 2 === 0))
    const concerned = [yield* watch("/a/b", false), yield* watch("/a", true), yield* watch("/", true)]
    const others = [...alone, ...elsewhere]
    const before = looks(others)
    const concernedBefore = looks(concerned)
    yield* other.set("/a/b", "x")
    yield* zk.sync()
    for (const { told } of concerned) expect(told).toEqual(["NodeDataChanged /a/b"])
    expect(looks(concerned) - concernedBefore).toBe(3)
    expect(looks(others) - before).toBe(0)
    // A change of children is derived for those who watch the parent alone.
    yield* other.create("/a/c")
    yield* zk.sync()
    for (const { told } of alone) expect(told).toEqual(["NodeChildrenChanged /a"])
    for (const { told } of elsewhere) expect(told).toEqual([])
    expect(looks(others) - before).toBe(alone.length)
  })
)

it.live("several who pull one stream share its elements, and one that is interrupted takes none along", () =>
  Effect.gen(function* () {
    const { other, zk } = yield* make
    const events = yield* zk.watchScoped("/a")
    const pull = Effect.forkChild(Stream.runHead(events), { startImmediately: true })
    const [gone, first, second, third] = [yield* pull, yield* pull, yield* pull, yield* pull]
    yield* Fiber.interrupt(gone)
    yield* other.create("/a")
    yield* other.set("/a", "x")
    yield* zk.sync()
    yield* Fiber.interrupt(third)
    const told = yield* Effect.forEach([first, second], Fiber.join)
    expect(
      told.map((head) => (head._tag === "Some" && head.value._tag === "Event" ? head.value.event.type : ""))
    ).toEqual(["NodeCreated", "NodeDataChanged"])
    yield* other.delete("/a")
    yield* zk.sync()
    expect(yield* Stream.runHead(events)).toMatchObject({ value: { event: { type: "NodeDeleted" } } })
  })
)
