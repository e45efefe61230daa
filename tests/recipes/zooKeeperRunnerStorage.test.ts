/** The storage of a cluster's runners: who is there, and that no two of them ever have one shard. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import * as ZooKeeperRunnerStorage from "@effect-zookeeper/recipes/ZooKeeperRunnerStorage"
import * as TestCluster from "@effect-zookeeper/testing/TestCluster"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import type { PersistenceError } from "effect/cluster/ClusterError"
import * as MessageStorage from "effect/cluster/MessageStorage"
import * as Runner from "effect/cluster/Runner"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as ShardId from "effect/cluster/ShardId"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Singleton from "effect/cluster/Singleton"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { cutOff } from "../real/clients.ts"
import { awaitState } from "../support/awaitState.ts"
import { driven, until } from "./mutualExclusion/schedule.ts"
import { type Client, expire, onServers, PATH, proxied, queue, sessions, using } from "./support.ts"

const make = (zk: Client, config: Partial<ShardingConfig.ShardingConfig["Service"]> = {}) =>
  ZooKeeperRunnerStorage.make({ path: PATH }).pipe(
    using(zk),
    Effect.provide(ShardingConfig.layer({ shardLockExpiration: "9 seconds", ...config }))
  )

const address = (port: number) => RunnerAddress.make("10.0.0.1", port)
const runner = (port: number, weight = 1) => Runner.make({ address: address(port), groups: ["default"], weight })
const shards = (count: number) => Array.from({ length: count }, (_, index) => ShardId.make("default", index + 1))
const [first, second, third] = shards(3) as [ShardId.ShardId, ShardId.ShardId, ShardId.ShardId]

const told = (all: ReadonlyArray<readonly [Runner.Runner, boolean]>) =>
  all.map(([{ address, weight }, healthy]) => `${address.port}*${weight}${healthy ? "" : " ill"}`).join()

const names = (ids: ReadonlyArray<ShardId.ShardId>) => ids.map(String).join()

const causeOf = ({ cause }: PersistenceError) => cause as { readonly _tag: string; readonly message: string }

describe("the runners of a cluster", () => {
  it.live("have numbers of their own, and are told to all", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const [ours, theirs] = [yield* make(one!), yield* make(two!)]
      const machines = [
        yield* ours.register(runner(1), true),
        yield* theirs.register(runner(2, 3), true),
        // A second one in the same process.
        yield* theirs.register(runner(3), false)
      ]
      assert.strictEqual(new Set(machines).size, 3)
      yield* one!.sync()
      assert.strictEqual(told(yield* ours.getRunners), "1*1,2*3,3*1 ill")
      // As when the answer was lost.
      assert.strictEqual(yield* theirs.register(runner(2, 4), true), machines[1])
      yield* theirs.unregister(address(3))
      // Another session's is not touched.
      yield* theirs.unregister(address(1))
      yield* one!.sync()
      assert.strictEqual(told(yield* ours.getRunners), "1*1,2*4")
    })
  )

  it.live("are called ill and well by any of them, and go with their sessions", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(4)
      const storages = yield* Effect.forEach(clients, (zk) => make(zk))
      yield* storages[0]!.register(runner(1), true)
      for (const healthy of [false, true, false]) {
        yield* Effect.forEach(storages, (storage) => storage.setRunnerHealth(address(1), healthy), {
          concurrency: "unbounded"
        })
        assert.strictEqual(told(yield* storages[0]!.getRunners), healthy ? "1*1" : "1*1 ill")
      }
      yield* storages[1]!.setRunnerHealth(address(2), false)
      yield* expire(clients[0]!)
      yield* clients[1]!.sync()
      assert.deepStrictEqual(yield* storages[1]!.getRunners, [])
      yield* storages[1]!.setRunnerHealth(address(1), true)
      // It comes back when it sees that it is missing.
      yield* storages[0]!.register(runner(1), true)
      assert.strictEqual(told(yield* storages[0]!.getRunners), "1*1")
    })
  )

  it.live("take the place of who had their address, which is their process before its restart", () =>
    Effect.gen(function* () {
      const [before, after] = yield* sessions(2)
      const [old, restarted] = [yield* make(before!), yield* make(after!)]
      yield* old.register(runner(1), false)
      yield* restarted.register(runner(1, 2), true)
      assert.strictEqual(told(yield* restarted.getRunners), "1*2")
      assert.lengthOf(yield* queue(after!, `${PATH}/runners`), 1)
      yield* old.unregister(address(1))
      yield* after!.sync()
      assert.strictEqual(told(yield* restarted.getRunners), "1*2")
    })
  )

  it.live("leave out a number that another one has, when they are counted beyond what an id has room for", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const zk = yield* ZooKeeper.make({ connect: server.connectString })
      const storage = yield* make(zk)
      assert.strictEqual(yield* storage.register(runner(1), true), 0)
      yield* server.setSequence(`${PATH}/runners`, 1024)
      assert.strictEqual(yield* storage.register(runner(2), true), 1)
      assert.strictEqual(told(yield* storage.getRunners), "1*1,2*1")
    })
  )

  it.live("are no strangers' nodes", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const storage = yield* make(zk)
      for (const data of ["", "readme", "{}", '{"runner":{},"healthy":true}'])
        yield* zk.create(`${PATH}/runners/stranger-`, data, { mode: "persistentSequential" })
      assert.deepStrictEqual(yield* storage.getRunners, [])
    })
  )
})

describe("the shards of a cluster", () => {
  it.live("are each locked by one of many runners that want them all", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(4)
      const all = shards(60)
      const got = yield* Effect.forEach(
        clients,
        (zk, index) => Effect.flatMap(make(zk), (storage) => storage.acquire(address(index), all)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(names(got.flat().toSorted((a, b) => a.id - b.id)), names(all))
      for (const [index, zk] of clients.entries()) {
        const storage = yield* make(zk)
        assert.sameMembers((yield* storage.refresh(address(index), all)).map(String), got[index]!.map(String))
      }
    })
  )

  it.live("are given back one by one, or all that a runner has", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const [ours, theirs] = [yield* make(one!), yield* make(two!)]
      assert.strictEqual(names(yield* ours.acquire(address(1), [first, second, third])), names([first, second, third]))
      assert.strictEqual(names(yield* ours.acquire(address(1), [first, second])), names([first, second]))
      assert.deepStrictEqual(yield* theirs.acquire(address(2), [first, second]), [])
      // What others have stays theirs.
      yield* theirs.release(address(2), first)
      yield* theirs.releaseAll(address(2))
      yield* ours.release(address(1), first)
      yield* two!.sync()
      assert.strictEqual(names(yield* theirs.acquire(address(2), [first, second])), names([first]))
      assert.strictEqual(names(yield* ours.refresh(address(1), [first, second, third])), names([second, third]))
      yield* ours.releaseAll(address(1))
      yield* two!.sync()
      assert.strictEqual(names(yield* theirs.acquire(address(2), [second, third])), names([second, third]))
      // A second release, as when the answer was lost.
      yield* ours.release(address(1), second)
      assert.strictEqual(
        names(yield* theirs.refresh(address(2), [first, second, third])),
        names([first, second, third])
      )
    })
  )

  it.live("are those of an address, though two runners have one session", () =>
    Effect.gen(function* () {
      const storage = yield* make(yield* onServers())
      yield* storage.acquire(address(1), [first])
      assert.strictEqual(names(yield* storage.acquire(address(2), [first, second])), names([second]))
      yield* storage.releaseAll(address(2))
      yield* storage.release(address(2), first)
      assert.strictEqual(names(yield* storage.refresh(address(1), [first])), names([first]))
      assert.strictEqual(names(yield* storage.acquire(address(1), [second])), names([second]))
    })
  )

  it.live("are a runner's when it asks again after a lost answer", () =>
    Effect.gen(function* () {
      const { proxy, zk } = yield* proxied()
      const storage = yield* make(zk)
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === create.code)
      const error = yield* Effect.flip(storage.acquire(address(1), [first]))
      assert.strictEqual(error._tag, "PersistenceError")
      yield* dropped
      assert.strictEqual(names(yield* storage.acquire(address(1), [first])), names([first]))
    })
  )

  it.live("are lost with the session, and what another runner has by then stays as it is", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const [ours, theirs] = [yield* make(one!), yield* make(two!)]
      yield* ours.acquire(address(1), [first, second])
      yield* expire(one!)
      yield* two!.sync()
      assert.strictEqual(names(yield* theirs.acquire(address(2), [first])), names([first]))
      assert.deepStrictEqual(yield* ours.refresh(address(1), [first, second]), [])
      yield* ours.release(address(1), first)
      yield* ours.releaseAll(address(1))
      assert.strictEqual(names(yield* theirs.refresh(address(2), [first])), names([first]))
    })
  )

  it.live("are not counted on without a connection", () =>
    Effect.gen(function* () {
      const { proxy, zk } = yield* proxied({ operationTimeout: "200 millis" })
      const storage = yield* make(zk)
      yield* storage.acquire(address(1), [first])
      yield* cutOff(zk, proxy)
      const error = yield* Effect.flip(storage.refresh(address(1), [first]))
      assert.strictEqual(causeOf(error)._tag, "ZooKeeperError")
      yield* proxy.listen
      const again = Effect.orElseSucceed(storage.refresh(address(1), [first]), () => [])
      yield* awaitState(again, ({ length }) => length === 1, { describe: "it is refreshed on the next one" })
    })
  )

  it.live("nor when the session is certain for less time than the runner takes to stop", () =>
    Effect.gen(function* () {
      const zk = yield* onServers({ margin: 0.5 })
      const storage = yield* make(zk, { shardLockExpiration: "30 seconds" })
      for (const asked of [storage.acquire(address(1), [first]), storage.refresh(address(1), [first])]) {
        const cause = causeOf(yield* Effect.flip(asked))
        assert.strictEqual(cause._tag, "TooShort")
        assert.match(cause.message, /^the session is certain for 1\d{4} ms more, and 20000 are needed to stop in time$/)
      }
    })
  )

  it.live("stand on nodes that are put back when somebody has deleted them", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const storage = yield* make(zk)
      yield* zk.delete(PATH, { recursive: true })
      assert.deepStrictEqual(yield* storage.refresh(address(1), [first]), [])
      yield* zk.delete(PATH, { recursive: true })
      yield* storage.register(runner(1), true)
      assert.strictEqual(names(yield* storage.acquire(address(1), [first])), names([first]))
    })
  )

  it.effect("are free again when their runner does not know that it has them, after the time of a lock", () =>
    Effect.gen(function* () {
      const zk = yield* ZooKeeper.make({ sessionTimeout: "40 seconds" })
      const storage = yield* make(zk, { shardLockExpiration: "30 seconds" })
      // Its answers come when nobody waits for them any longer.
      yield* storage.acquire(address(1), [first, second])
      const taken = Effect.map(zk.children(`${PATH}/shards`), (all) => all.toSorted().join())
      const refreshes = Effect.fnUntraced(function* (ids: ReadonlyArray<ShardId.ShardId>, times: number) {
        for (let time = 0; time < times; time++) {
          yield* TestClock.adjust("10 seconds")
          yield* storage.refresh(address(1), ids)
        }
      })
      // One of them it has asked for at last.
      yield* refreshes([second], 2)
      assert.strictEqual(yield* taken, names([first, second]))
      yield* refreshes([], 1)
      assert.strictEqual(yield* taken, names([second]))
      // What it knows of it may still be stopping, and only it can tell.
      yield* refreshes([], 5)
      assert.strictEqual(yield* taken, names([second]))
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )
})

describe("a storage", () => {
  it.live("is refused for a session that is shorter than a lock, and for groups that are no names", () =>
    Effect.gen(function* () {
      const zk = yield* onServers({ sessionTimeout: "10 seconds" })
      const { reason } = yield* Effect.flip(make(zk, { shardLockExpiration: "35 seconds" }))
      assert.strictEqual(reason._tag, "InvalidArgument")
      assert.include(reason.message, "the session's timeout is 10s, and shardLockExpiration 35s")
      const error = yield* Effect.flip(make(zk, { availableShardGroups: ["a", "b/c"] }))
      assert.include(error.message, "the shard group 'b/c'")
      assert.deepStrictEqual(yield* zk.children("/"), [])
    })
  )
})

/** A runner of a cluster that runs one thing in one place, below a scope that is its process. */
const process = Effect.fnUntraced(function* (
  connect: string,
  port: number,
  work: Effect.Effect<void, never, Scope.Scope>
) {
  const config = ShardingConfig.layer({
    runnerAddress: Option.some(address(port)),
    shardsPerGroup: 12,
    shardLockExpiration: "9 seconds"
  })
  const cluster = Sharding.layer.pipe(
    Layer.provide([Runners.layerNoop, RunnerHealth.layerNoop, ZooKeeperRunnerStorage.layer({ path: PATH })]),
    Layer.provide([MessageStorage.layerNoop, config, ZooKeeper.layer({ connect, sessionTimeout: "9 seconds" })])
  )
  yield* Layer.build(Layer.provide(Singleton.make("work", Effect.andThen(work, Effect.never)), cluster))
})

describe("a cluster on ZooKeeper", () => {
  it.effect("runs what is to run once in one place at a time, through a partition, a restart and an orderly end", () =>
    Effect.gen(function* () {
      const { connectString, servers } = yield* TestCluster.TestCluster
      const observer = yield* ZooKeeper.make({ connect: connectString })
      /** Which runners run it, and every change of that. */
      const running = new Set<number>()
      const history: Array<string> = []
      const tell = () => void history.push([...running].join("+"))
      const workOf = (port: number) =>
        Effect.acquireRelease(Effect.sync(() => void running.add(port)).pipe(Effect.tap(Effect.sync(tell))), () =>
          Effect.sync(() => void running.delete(port)).pipe(Effect.tap(Effect.sync(tell)))
        )
      const scopes = yield* Effect.forEach([0, 1], (port) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          yield* driven(Scope.provide(process(servers[port]!.connectString, port, workOf(port)), scope))
          return scope
        })
      )
      const runsAt = (port: number) =>
        until(
          Effect.sync(() => running.has(port)),
          120
        )
      yield* until(
        Effect.sync(() => running.size > 0),
        120
      )
      const [holder] = [...running] as [number]
      const other = 1 - holder
      yield* servers[holder]!.cutClients
      assert.isTrue(yield* runsAt(other), `${history}`)
      yield* servers[holder]!.healClients
      const registered = Effect.map(observer.children(`${PATH}/runners`), ({ length }) => length === 2)
      assert.isTrue(yield* until(registered, 120), `${history}`)
      yield* driven(Scope.close(scopes[other]!, Exit.void))
      assert.isTrue(yield* runsAt(holder), `${history}`)
      yield* driven(Scope.close(scopes[holder]!, Exit.void))
      assert.deepStrictEqual(yield* driven(observer.children(`${PATH}/shards`)), [])
      assert.isFalse(
        history.some((now) => now.includes("+")),
        `${history}`
      )
    }).pipe(Effect.scoped, Effect.provide(TestCluster.layerMemory()))
  )
})
