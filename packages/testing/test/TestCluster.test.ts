/** Several servers: who leads, who hears whom, and what that means for sessions and reads. */
import { openUnsafe } from "@effect-zookeeper/core/Acl"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { getData, setData } from "@effect-zookeeper/core/wire/ops/data"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { closeSession, ping } from "@effect-zookeeper/core/wire/ops/session"
import { sync } from "@effect-zookeeper/core/wire/ops/sync"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as TestCluster from "../src/TestCluster.ts"
import { connect, open, type RawClient } from "./RawClient.ts"

const node = (path: string, flags = 0, data = "") => ({ path, data: Buffer.from(data), acl: openUnsafe, flags })
const closed = (client: RawClient) => Effect.map(client.take, (frame) => strictEqual(frame, undefined))
const read = (client: RawClient, path: string) =>
  Effect.map(client.call(getData, { path, watch: false }), ({ body, err }) =>
    body?.data == null ? err : Buffer.from(body.data).toString()
  )

const start = (options: TestCluster.Options = {}) =>
  Effect.map(TestCluster.make({ ...options, listen: "memory" }), (cluster) => ({
    ...cluster,
    one: cluster.servers[0]!,
    two: cluster.servers[1]!,
    three: cluster.servers[2]!,
    client: (port: number, timeOut = 10_000) => connect(cluster.transport, { port, timeOut })
  }))

const roles = ({ servers }: TestCluster.TestClusterShape) => Effect.forEach(servers, ({ role }) => role)

describe("TestCluster", () => {
  it.effect("what one server commits the others show, in the epoch of the leader", () =>
    Effect.gen(function* () {
      const cluster = yield* start()
      deepStrictEqual(yield* roles(cluster), ["follower", "follower", "leader"])
      const a = yield* cluster.client(2181)
      const b = yield* cluster.client(2182)
      yield* b.call(exists, { path: "/x", watch: true })
      const made = yield* a.call(create, node("/x", 0, "1"))
      strictEqual(made.zxid, 0x1_0000_0003n)
      deepStrictEqual(yield* b.event, { type: 1, state: 3, path: "/x" })
      strictEqual(yield* read(b, "/x"), "1")
      const config = (yield* read(b, "/zookeeper/config")) as string
      strictEqual(config.split("\n").at(-1), "version=100000000")
    })
  )

  it.effect("a session moves; its old connection still reads and is closed at its first write", () =>
    Effect.gen(function* () {
      const cluster = yield* start()
      const old = yield* cluster.client(2181)
      yield* old.call(create, node("/e", 1, "mine"))
      const moved = yield* open(cluster.transport, 2182)
      strictEqual((yield* moved.handshake({ ...old.session }))?.sessionId, old.session.sessionId)
      strictEqual(yield* read(old, "/e"), "mine")
      strictEqual((yield* old.call(ping, undefined)).err, 0)
      old.send(setData, { path: "/e", data: null, version: -1 })
      yield* closed(old)
      strictEqual((yield* moved.call(setData, { path: "/e", data: null, version: -1 })).err, 0)
    })
  )

  it.effect("the leader is killed: its clients and the followers' are dropped, sessions and nodes survive", () =>
    Effect.gen(function* () {
      const cluster = yield* start()
      const a = yield* cluster.client(2181)
      yield* a.call(create, node("/e", 1, "here"))
      yield* cluster.three.kill
      yield* closed(a)
      yield* TestClock.adjust("1 second")
      deepStrictEqual(yield* roles(cluster), ["follower", "leader", "stopped"])
      const again = yield* open(cluster.transport, 2182)
      strictEqual((yield* again.handshake({ ...a.session }))?.sessionId, a.session.sessionId)
      strictEqual((yield* again.call(create, node("/after"))).zxid, 0x2_0000_0001n)
      yield* cluster.three.restart
      const third = yield* cluster.client(2183)
      strictEqual(yield* read(third, "/e"), "here")
      deepStrictEqual(yield* roles(cluster), ["follower", "leader", "follower"])
    })
  )

  it.effect("a paused leader: the follower answers pings, and the session is gone when the leader wakes", () =>
    Effect.gen(function* () {
      const cluster = yield* start({ syncLimit: 10 })
      const a = yield* cluster.client(2181, 2000)
      yield* cluster.three.freeze
      for (let i = 0; i < 15; i++) {
        yield* TestClock.adjust("200 millis")
        strictEqual((yield* a.call(ping, undefined)).err, 0)
      }
      // A write waits for the leader.
      const write = yield* Effect.forkChild(a.call(create, node("/late")), { startImmediately: true })
      yield* TestClock.adjust("200 millis")
      strictEqual(write.pollUnsafe(), undefined)
      strictEqual(a.isClosed(), false)
      yield* cluster.three.resume
      // The write came too late: closed instead of an answer.
      strictEqual(Exit.isFailure(yield* Fiber.await(write)), true)
      deepStrictEqual(yield* cluster.two.sessions, [])
    })
  )

  it.effect("signs of life reach the leader every half tick, whoever serves the session", () =>
    Effect.gen(function* () {
      const cluster = yield* start()
      const a = yield* cluster.client(2181, 2000)
      for (let i = 0; i < 60; i++) {
        yield* TestClock.adjust("600 millis")
        strictEqual((yield* a.call(ping, undefined)).err, 0)
      }
      yield* TestClock.adjust("3500 millis")
      yield* closed(a)
    })
  )

  it.effect("a follower cut off from its leader answers for syncLimit ticks and then serves nobody", () =>
    Effect.gen(function* () {
      const cluster = yield* start({ syncLimit: 4 })
      const a = yield* cluster.client(2181, 60_000)
      const b = yield* cluster.client(2182, 60_000)
      yield* b.call(create, node("/x", 0, "old"))
      yield* cluster.partition([1], [2, 3])
      yield* b.call(setData, { path: "/x", data: Buffer.from("new"), version: -1 })
      yield* TestClock.adjust("1900 millis")
      strictEqual(yield* read(a, "/x"), "old")
      yield* TestClock.adjust("600 millis")
      yield* closed(a)
      const turnedAway = yield* open(cluster.transport, 2181)
      strictEqual(yield* turnedAway.handshake(), undefined)
      yield* cluster.heal
      yield* TestClock.adjust("500 millis")
      const again = yield* open(cluster.transport, 2181)
      strictEqual((yield* again.handshake({ ...a.session }))?.sessionId, a.session.sessionId)
      strictEqual(yield* read(again, "/x"), "new")
    })
  )

  it.effect("a leader cut off still answers sync, commits nothing, and steps down for the one the others elect", () =>
    Effect.gen(function* () {
      const cluster = yield* start({ syncLimit: 4 })
      const a = yield* cluster.client(2183, 60_000)
      yield* cluster.partition([3], [1, 2])
      strictEqual((yield* a.call(sync, { path: "/" })).err, 0)
      a.send(create, node("/lost"))
      yield* TestClock.adjust("1 second")
      deepStrictEqual(a.received(), [])
      yield* TestClock.adjust("4 seconds")
      yield* closed(a)
      deepStrictEqual(yield* roles(cluster), ["follower", "leader", "looking"])
      yield* cluster.heal
      yield* TestClock.adjust("1 second")
      deepStrictEqual(yield* roles(cluster), ["follower", "leader", "follower"])
      const b = yield* cluster.client(2183)
      strictEqual(yield* read(b, "/lost"), -101)
    })
  )

  it.effect("a leader paused for longer than the others wait is deposed", () =>
    Effect.gen(function* () {
      const cluster = yield* start({ syncLimit: 4 })
      yield* cluster.three.freeze
      yield* TestClock.adjust("4 seconds")
      strictEqual((yield* cluster.leader)?.id, 2)
      yield* cluster.three.resume
      yield* TestClock.adjust("1 second")
      deepStrictEqual(yield* roles(cluster), ["follower", "leader", "follower"])
    })
  )

  it.effect("a server that lags shows the past, turns away who knows more, and catches up for sync", () =>
    Effect.gen(function* () {
      const cluster = yield* start()
      const a = yield* cluster.client(2181)
      const b = yield* cluster.client(2182)
      yield* b.call(create, node("/x", 0, "1"))
      yield* cluster.one.lag
      const { zxid } = yield* b.call(setData, { path: "/x", data: Buffer.from("2"), version: -1 })
      strictEqual(yield* read(a, "/x"), "1")
      const ahead = yield* open(cluster.transport, 2181)
      strictEqual(yield* ahead.handshake({ lastZxidSeen: zxid }), undefined)
      const synced = yield* Effect.forkChild(a.call(sync, { path: "/x" }), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      strictEqual(synced.pollUnsafe(), undefined)
      yield* cluster.one.catchUp
      yield* Fiber.join(synced)
      strictEqual(yield* read(a, "/x"), "2")
    })
  )

  it.effect("without a quorum there is nothing, or read-only mode", () =>
    Effect.gen(function* () {
      const strict = yield* start()
      yield* strict.two.kill
      yield* strict.three.kill
      const refused = yield* open(strict.transport, 2181)
      strictEqual(yield* refused.handshake(), undefined)

      const cluster = yield* start({ readOnlyMode: true })
      const before = yield* cluster.client(2181)
      yield* before.call(create, node("/x", 0, "kept"))
      yield* cluster.two.kill
      yield* cluster.three.kill
      yield* TestClock.adjust("1 second")
      const writer = yield* open(cluster.transport, 2181)
      strictEqual(yield* writer.handshake(), undefined)
      const resumed = yield* open(cluster.transport, 2181)
      strictEqual(yield* resumed.handshake({ ...before.session, readOnly: true }), undefined)
      // connect_readonly_server_no_local_sessions
      const header = yield* open(cluster.transport, 2181)
      header.write("0000002d" + "00".repeat(12) + "00002710" + "00".repeat(8) + "00000010" + "00".repeat(16) + "01")
      strictEqual((yield* header.take)?.toString("hex"), "000000000000000100000002ffffff89")

      const local = yield* start({ readOnlyMode: true, localSessionsEnabled: true })
      yield* local.two.kill
      yield* local.three.kill
      yield* TestClock.adjust("1 second")
      const reader = yield* open(local.transport, 2181)
      const session = yield* reader.handshake({ readOnly: true })
      strictEqual(session?.readOnly, true)
      strictEqual((yield* reader.call(exists, { path: "/", watch: false })).err, 0)
      strictEqual((yield* reader.call(create, node("/y"))).err, -119)
      strictEqual((yield* reader.call(sync, { path: "/" })).err, -119)
      const leaving = yield* open(local.transport, 2181)
      yield* leaving.handshake({ readOnly: true })
      strictEqual((yield* leaving.call(closeSession, undefined)).err, 0)
      yield* closed(leaving)
      const expired = yield* open(local.transport, 2181)
      const { sessionId } = (yield* expired.handshake({ readOnly: true }))!
      deepStrictEqual(yield* local.one.sessions, [session!.sessionId, sessionId])
      yield* local.expireSession(sessionId)
      yield* closed(expired)
      yield* local.two.restart
      yield* TestClock.adjust("1 second")
      yield* closed(reader)
      // ephemeral_on_local_session
      const client = yield* local.client(2181)
      strictEqual((yield* client.call(create, node("/leph", 1))).err, -120)
      strictEqual((yield* client.call(create, node("/plain"))).err, 0)
    })
  )

  it.effect("a leader does not lag: its transactions have numbers of their own", () =>
    Effect.gen(function* () {
      const cluster = yield* start()
      const client = yield* cluster.client(2181)
      yield* (yield* cluster.leader)!.lag
      const first = yield* client.call(create, node("/a"))
      const second = yield* client.call(create, node("/a"))
      deepStrictEqual([first.err, second.err, second.zxid - first.zxid], [0, -110, 1n])
    })
  )

  it.effect("an address leads to another server after the hosts were reordered", () =>
    Effect.gen(function* () {
      const cluster = yield* start()
      const before = yield* cluster.client(2181)
      yield* cluster.reorderHosts(2, 1, 3)
      yield* cluster.one.freeze
      // The id of a session begins with the number of the server that made it.
      const after = yield* cluster.client(2181)
      deepStrictEqual([before.session.sessionId >> 56n, after.session.sessionId >> 56n], [1n, 2n])
      yield* cluster.two.kill
      strictEqual((yield* Effect.exit(cluster.client(2181)))._tag, "Failure")
    })
  )

  it.effect("clients cut off hear nothing, and what was sent arrives when the network heals", () =>
    Effect.gen(function* () {
      const cluster = yield* start()
      const a = yield* cluster.client(2181, 60_000)
      yield* cluster.one.cutClients
      a.send(ping, undefined)
      yield* TestClock.adjust("2 seconds")
      deepStrictEqual([a.received(), a.isClosed()], [[], false])
      yield* cluster.one.healClients
      strictEqual((yield* a.take)?.readInt32BE(0), -2)
    })
  )

  it.live("over TCP, with ports that come back", () =>
    Effect.gen(function* () {
      const cluster = yield* TestCluster.make()
      deepStrictEqual(cluster.connectString.split(",").length, 3)
      yield* cluster.servers[0]!.kill
      yield* cluster.servers[0]!.restart
      strictEqual(yield* cluster.servers[0]!.role, "follower")
    })
  )
})
