/** Watches that are set again by reads: nobody stays deaf, whatever becomes of the reads. */
import * as Acl from "@effect-zookeeper/core/Acl"
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import { ConnectionLost, Timeout } from "@effect-zookeeper/core/ZooKeeperError"
import { type SetWatches, setWatches } from "@effect-zookeeper/core/wire/ops/watches"
import * as Faults from "@effect-zookeeper/testing/Faults"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { dial } from "../../packages/core/src/nodeZookeeperClient/OwnLine.ts"
import { Rearm } from "../../packages/core/src/nodeZookeeperClient/rearm.ts"
import type { LinkEvents } from "../../packages/core/src/session/Link.ts"
import type { AnyCall } from "../../packages/core/src/session/Session.ts"
import { awaitState } from "../support/awaitState.ts"
import * as Proxy from "../support/Proxy.ts"
import { within } from "../support/realTime.ts"
import { acceptSession, reply } from "../support/script.ts"
import * as ScriptedServer from "../support/ScriptedServer.ts"
import { nextRequest } from "./answering.ts"
import { native, own } from "./drivers.ts"
import nzc from "./nzc.ts"

/** Reads that wait for what the test answers, and what was told. */
const readsOf = (request: Partial<SetWatches>) => {
  const reads: Array<AnyCall> = []
  const told: Array<WatchEvent> = []
  const connection = { isOver: false }
  const rearm = new Rearm(
    (call) => reads.push(call),
    (event) => told.push(event),
    () => connection.isOver
  )
  const add = (more: Partial<SetWatches>) =>
    rearm.add({ relativeZxid: 5n, dataWatches: [], existWatches: [], childWatches: [], ...more })
  add(request)
  return { reads, told, connection, rearm, add }
}

const bounded = <A, E, R>(effect: Effect.Effect<A, E, R>) => within(effect, "20 seconds", () => "it did not end")

const paths = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, index) => `/${index}`)

describe("the reads", () => {
  it("are at most 64 at a time, also when the watches come in several requests", () => {
    const { add, reads, rearm } = readsOf({ dataWatches: paths(50) })
    add({ childWatches: paths(50) })
    assert.lengthOf(reads, 64)
    for (let index = 0; index < reads.length; index++) {
      assert.isTrue(rearm.isUnderWay)
      reads[index]!.succeed(index < 50 ? { mzxid: 5n } : { children: [], stat: { pzxid: 5n } })
    }
    assert.lengthOf(reads, 100)
    assert.isFalse(rearm.isUnderWay)
  })

  it("stay under way when the connection ends before them, and tell all of it when done once more", () => {
    const { connection, reads, rearm, told } = readsOf({ dataWatches: paths(100) })
    for (const read of reads.slice(0, 20)) read.succeed({ mzxid: 7n })
    connection.isOver = true
    for (const read of reads.slice(20)) read.fail(new ConnectionLost({ detail: "gone" }), "unknown")
    assert.lengthOf(told, 20)
    assert.lengthOf(reads, 84)
    assert.isTrue(rearm.isUnderWay)
    const next = readsOf({ dataWatches: paths(100) })
    for (let index = 0; index < next.reads.length; index++) next.reads[index]!.succeed({ mzxid: 7n })
    assert.lengthOf(next.told, 100)
    assert.isFalse(next.rearm.isUnderWay)
  })

  it("tell nothing when the session has ended: that is told to everybody", () => {
    const { reads, rearm, told } = readsOf({ dataWatches: paths(100) })
    for (const read of reads) read.refuse(-112, 5n)
    assert.lengthOf(told, 0)
    assert.lengthOf(reads, 64)
    assert.isTrue(rearm.isUnderWay)
  })

  it("tell the event that each watch waits for when they are refused or come too late", () => {
    const watches = { dataWatches: ["/data"], existWatches: ["/exist"], childWatches: ["/child"] }
    const expected = [
      { type: "NodeDataChanged", path: "/data" },
      { type: "NodeCreated", path: "/exist" },
      { type: "NodeChildrenChanged", path: "/child" }
    ]
    const refused = readsOf(watches)
    for (const read of refused.reads) read.refuse(-102, 5n)
    assert.deepStrictEqual(refused.told, expected as never)
    const late = readsOf(watches)
    for (const read of late.reads) read.fail(new Timeout({ millis: 1 }), "unknown")
    assert.deepStrictEqual(late.told, expected as never)
    assert.isFalse(refused.rearm.isUnderWay || late.rearm.isUnderWay)
  })
})

it.live("a line is replaying until all reads have ended, and for ever when its connection ends before", () =>
  Effect.gen(function* () {
    const ignored = () => {}
    const handshaken = yield* Deferred.make<void>()
    const events: LinkEvents = {
      onHandshake: () => Deferred.doneUnsafe(handshaken, Effect.void),
      onHeard: ignored,
      onFlushed: ignored,
      onEvent: ignored,
      onEventsTold: ignored,
      onWatchesSet: ignored,
      onFatalCode: ignored,
      onLost: ignored
    }
    const server = yield* ScriptedServer.make
    const limits = { maxRequest: 1_048_575, maxReply: 1_048_575, confirm: "quorum" } as const
    const host = { host: "127.0.0.1", port: server.port }
    const { line, opened } = dial(nzc as never, 10_000, limits)(host, events, () => 0)
    const isReplaying = () => (line as { readonly isReplaying?: boolean }).isReplaying
    const connection = yield* bounded(opened)
    const resume = { timeOut: 10_000, sessionId: 0n, passwd: null, readOnly: false }
    line.handshake(connection, { ...resume, protocolVersion: 0, lastZxidSeen: 0n })
    const peer = yield* server.accept
    yield* acceptSession(peer)
    yield* bounded(Deferred.await(handshaken))
    assert.isFalse(isReplaying())
    const request = { relativeZxid: 0n, dataWatches: [], existWatches: [], childWatches: ["/a"] }
    line.setWatches(setWatches, request)
    assert.isTrue(isReplaying())
    yield* reply(peer, { xid: (yield* nextRequest(peer)).xid, err: -101 })
    yield* awaitState(Effect.sync(isReplaying), (replaying) => replaying === false, { describe: "all is replayed" })
    line.setWatches(setWatches, request)
    line.destroy(new ConnectionLost({ detail: "gone" }))
    assert.isTrue(isReplaying())
  })
)

const withoutRead = [{ ...Acl.openUnsafe[0]!, perms: Acl.Perms.ALL & ~Acl.Perms.READ }]

describe("over a client of its own", () => {
  it.live("who watches is told when no answer comes in time on a connection that stays up", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const zk = yield* own(server.connectString, { sessionTimeout: "30 seconds", operationTimeout: "200 millis" })
      const watches = yield* Effect.forEach(paths(100), (path) => Effect.andThen(zk.create(path), zk.once.data(path)))
      yield* server.faults.inject(Faults.delay("500 millis"))
      yield* server.dropConnections
      yield* bounded(Effect.forEach(watches, ({ next }) => next, { concurrency: "unbounded" }))
    })
  )

  it.live("who watches children that may not be read any more is told", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const admin = yield* native(server.connectString)
      yield* admin.create("/p")
      const zk = yield* own(server.connectString)
      const { next } = yield* zk.once.children("/p")
      yield* admin.setAcl("/p", withoutRead)
      yield* server.dropConnections
      assert.strictEqual((yield* bounded(next)).type, "NodeChildrenChanged")
    })
  )

  it.live("who watches children that have become too many to be read is told, and the connection after is good", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const proxy = yield* Proxy.make({ port: server.port })
      const admin = yield* native(server.connectString)
      yield* admin.create("/p")
      const zk = yield* own(proxy.connectString, { maxReply: 2000 })
      const { next } = yield* zk.once.children("/p")
      const told = yield* Effect.forkChild(next, { startImmediately: true })
      yield* proxy.refuse
      yield* proxy.cut
      yield* awaitState(
        Effect.sync(() => zk.session.state._tag),
        (tag) => tag === "Suspended",
        { describe: "the session is Suspended" }
      )
      yield* Effect.forEach(paths(100), (path) => admin.create(`/p${path}-${"x".repeat(40)}`), { concurrency: 100 })
      yield* proxy.listen
      assert.strictEqual((yield* bounded(Fiber.join(told))).type, "NodeChildrenChanged")
      yield* bounded(zk.exists("/p"))
    })
  )
})
