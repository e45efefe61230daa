/** Five clients compare and set one node of a cluster that everything happens to: what they saw fits one order. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Faults from "@effect-zookeeper/testing/Faults"
import * as History from "@effect-zookeeper/testing/History"
import * as HistoryChecker from "@effect-zookeeper/testing/HistoryChecker"
import * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"

type Input = HistoryChecker.RegisterInput<number>
type Output = number | boolean | void

const CLIENTS = 5
const OPERATIONS = 30
const RUNS = 30

/** Values are never repeated, so that a version that has changed means a value that has. */
const perform = Effect.fnUntraced(function* (zk: ZooKeeper.ZooKeeper, input: Input) {
  if (input._tag === "write") return yield* Effect.asVoid(zk.set("/n", `${input.value}`))
  // Reads of a follower may lag.
  yield* zk.sync("/n")
  const { data, stat } = yield* zk.get("/n")
  const value = Number(new TextDecoder().decode(data))
  if (input._tag === "read") return value
  if (value !== input.expected) return false
  return yield* zk.set("/n", `${input.value}`, { version: stat.version }).pipe(
    Effect.as(true),
    Effect.catchReason("ZooKeeperError", "BadVersion", () => Effect.succeed(false))
  )
})

const appliedOf = (exit: Exit.Exit<Output, ZooKeeperError>): History.Applied =>
  Option.match(Exit.findErrorOption(exit), { onNone: () => "unknown", onSome: ({ applied }) => applied })

/** Counts operations that ended, so that what goes wrong begins and ends with them. */
class Progress {
  private count = 0
  private waiting: Array<{ readonly count: number; readonly go: () => void }> = []

  ended(): void {
    this.count++
    for (const each of this.waiting.filter(({ count }) => count <= this.count)) each.go()
    this.waiting = this.waiting.filter(({ count }) => count > this.count)
  }

  /** Completes when so many more have ended. */
  after(more: number): Effect.Effect<void> {
    return Effect.callback((resume) => {
      this.waiting.push({ count: this.count + more, go: () => resume(Effect.void) })
    })
  }
}

const client = Effect.fnUntraced(function* (
  name: number,
  connect: string,
  history: History.History<Input, Output>,
  progress: Progress
) {
  const zk = yield* ZooKeeper.make({ connect, sessionTimeout: "10 seconds" })
  for (let i = 1; i <= OPERATIONS; i++) {
    const value = name * 1000 + i
    const kind = yield* Random.nextIntBetween(0, 4)
    const seen = Effect.orElseSucceed(Effect.map(zk.getString("/n"), Number), () => 0)
    const input: Input =
      kind === 0
        ? { _tag: "read" }
        : kind === 1
          ? { _tag: "write", value }
          : { _tag: "cas", expected: yield* seen, value }
    yield* Effect.exit(history.record(`${name}`, input, perform(zk, input), appliedOf))
    progress.ended()
    yield* Effect.sleep(yield* Random.nextIntBetween(1, 300))
  }
}, Effect.scoped)

const trouble = Effect.fnUntraced(function* (cluster: TestCluster.TestClusterShape, progress: Progress) {
  const server = cluster.servers[yield* Random.nextIntBetween(0, cluster.servers.length)]!
  const nth = yield* Random.nextIntBetween(1, 3)
  const kinds = [
    server.faults.inject(Faults.dropAfterCommit(nth)),
    server.faults.inject(Faults.dropAfterCommit()),
    server.faults.inject(Faults.dropAfterCommit()),
    server.faults.inject(Faults.dropBeforeCommit(nth)),
    server.faults.inject(Faults.cutReply(nth)),
    server.dropConnections,
    Effect.andThen(server.lag, Effect.andThen(progress.after(8), server.catchUp)),
    Effect.andThen(server.kill, Effect.andThen(progress.after(10), server.restart)),
    Effect.andThen(server.freeze, Effect.andThen(progress.after(9), server.resume))
  ]
  yield* kinds[yield* Random.nextIntBetween(0, kinds.length)]!
})

const run = Effect.gen(function* () {
  const cluster = yield* TestCluster.TestCluster
  const history = yield* History.make<Input, Output>()
  const progress = new Progress()
  const setup = yield* ZooKeeper.make({ connect: cluster.connectString })
  yield* setup.create("/n", "0")
  const clients = yield* Effect.forkChild(
    Effect.forEach(
      Array.from({ length: CLIENTS }, (_, index) => index + 1),
      (name) => client(name, cluster.connectString, history, progress),
      { concurrency: "unbounded", discard: true }
    )
  )
  const troubles = yield* Effect.forkChild(
    Effect.forever(Effect.andThen(trouble(cluster, progress), progress.after(2)))
  )
  let steps = 0
  while (clients.pollUnsafe() === undefined && steps++ < 2000) yield* TestClock.adjust("100 millis")
  yield* Fiber.interrupt(troubles)
  yield* Fiber.join(clients)
  for (const server of cluster.servers) {
    yield* server.faults.clear
    yield* server.catchUp
    yield* server.resume
    yield* server.restart
  }
  yield* TestClock.adjust("20 seconds")
  return yield* history.operations
}).pipe(Effect.scoped, Effect.provide(TestCluster.layerMemory(), { local: true }))

it.effect(`a register is linearizable through kills, freezes and lost answers, ${RUNS} times`, () =>
  Effect.gen(function* () {
    let swapped = 0
    let open = 0
    for (let seed = 0; seed < RUNS; seed++) {
      const operations = yield* Random.withSeed(run, `seed ${seed}`)
      const verdict = HistoryChecker.check(HistoryChecker.register<number>(0), operations)
      assert.strictEqual(verdict._tag, "Linearizable", JSON.stringify({ seed, verdict }, undefined, 1))
      swapped += operations.filter(({ completed, input }) => input._tag === "cas" && completed?.output === true).length
      open += operations.filter(({ completed }) => completed === undefined).length
    }
    // It was worth looking.
    assert.isAbove(swapped, RUNS * CLIENTS * 3)
    assert.isAbove(open, 5)
  })
)
