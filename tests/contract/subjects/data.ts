/** The data of nodes: versions, nothing and empty, and as much as fits. */
import * as Acl from "@effect-zookeeper/core/Acl"
import { getData, setData } from "@effect-zookeeper/core/wire/ops/data"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { beside, bytes, call, type Client, onServer, refused } from "../clients.ts"
import { Backend, type It } from "../Backend.ts"

export const data = (it: It) => {
  describe("data", () => {
    it.effect("is nothing, empty or something: a reader of the wire can tell, and ours gets bytes", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const server = `${zk.session.root}/a`
        yield* zk.create("/a", "x")
        yield* call(zk, setData, { path: server, data: null, version: -1 })
        assert.isNull((yield* call(zk, getData, { path: server, watch: false })).data)
        assert.deepStrictEqual((yield* zk.get("/a")).data, new Uint8Array(0))
        yield* zk.set("/a", "")
        assert.deepStrictEqual((yield* call(zk, getData, { path: server, watch: false })).data, new Uint8Array(0))
        assert.strictEqual((yield* zk.get("/a")).stat.dataLength, 0)
        assert.strictEqual(yield* zk.getString("/a"), "")
      })
    )

    it.effect("is written under a version: absent is any, 0 is 0", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a")
        assert.strictEqual((yield* zk.set("/a", "1", { version: 0 })).version, 1)
        yield* refused(zk.set("/a", "2", { version: 0 }), "BadVersion")
        assert.strictEqual((yield* zk.set("/a", "3")).version, 2)
        assert.strictEqual((yield* zk.set("/a", "3")).version, 3)
        assert.strictEqual(yield* zk.getString("/a"), "3")
      })
    )

    it.effect("is written whether the node is there or not, if it may be created", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* refused(zk.set("/a", "1"), "NoNode")
        const first = yield* zk.set("/a", "1", { orCreate: true })
        assert.deepStrictEqual([first.version, first.dataLength], [0, 1])
        assert.deepStrictEqual(first, (yield* zk.get("/a")).stat)
        const second = yield* zk.set("/a", "22", { orCreate: { mode: "ephemeral" } })
        assert.deepStrictEqual([second.version, second.czxid, second.ephemeralOwner], [1, first.czxid, 0n])
        yield* refused(zk.set("/b/c", "", { orCreate: true }), "NoNode")
        yield* zk.set("/b/c", "1", { orCreate: { parents: true } })
        const mine = yield* zk.set("/b/mine", "1", { orCreate: { mode: "ephemeral", acl: Acl.readUnsafe } })
        assert.strictEqual(mine.ephemeralOwner, zk.session.id)
        assert.deepStrictEqual((yield* zk.getAcl("/b/mine")).acl, Acl.readUnsafe)
        // Whoever may not write it is told so.
        yield* refused(zk.set("/b/mine", "2", { orCreate: true }), "NoAuth")
      })
    )

    it.effect("is refused where it could mean two things, and nothing is sent", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const versioned = yield* refused(zk.set("/a", "", { orCreate: true, version: 0 }), "InvalidArgument")
        assert.include(versioned.message, "the version 0 and orCreate exclude each other")
        const counted = yield* refused(
          zk.set("/a", "", { orCreate: { mode: "persistentSequential" } }),
          "InvalidArgument"
        )
        assert.include(counted.message, "'persistentSequential' has a new name each time")
        assert.deepStrictEqual(yield* zk.children("/"), [])
      })
    )

    it.effect("of several who write what is not there yet is that of the last one, and none of them fails", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const clients = [zk, yield* beside(zk), yield* beside(zk)]
        const writes = Array.from({ length: 30 }, (_, i) => clients[i % 3]!.set("/a", `${i}`, { orCreate: true }))
        const stats = yield* Effect.all(writes, { concurrency: "unbounded" })
        yield* zk.sync()
        const { stat } = yield* zk.get("/a")
        assert.strictEqual(stat.version, 29)
        assert.strictEqual(new Set(stats.map(({ mzxid }) => mzxid)).size, 30)
      })
    )

    it.effect("belongs to the reader: no later read changes it", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const sizes = [0, 1, 100, 5000, 200_000]
        yield* Effect.forEach(sizes, (size) => zk.create(`/${size}`, new Uint8Array(size).fill(size % 251)))
        const read = yield* Effect.forEach(sizes, (size) => zk.get(`/${size}`))
        const copies = read.map(({ data }) => Uint8Array.from(data))
        yield* zk.create("/noise", new Uint8Array(300_000).fill(255))
        for (let i = 0; i < 5; i++) yield* zk.get("/noise")
        read.forEach(({ data }, i) => assert.deepStrictEqual(Uint8Array.from(data), copies[i]))
      })
    )

    it.effect("fits up to the last byte of the server's limit; one more is refused before it is sent", () =>
      Effect.gen(function* () {
        const zk = yield* onServer({ sessionTimeout: "60 seconds" })
        yield* zk.create("/a")
        const { id } = zk.session
        // Header (8), path and its length, the length of the data, the version.
        const room = 1_048_575 - 8 - 4 - bytes(`${zk.session.root}/a`).length - 4 - 4
        const error = yield* refused(zk.set("/a", new Uint8Array(room + 1)), "InvalidArgument")
        assert.include(error.message, "1048575")
        assert.strictEqual((yield* zk.get("/a")).stat.version, 0)
        const data = new Uint8Array(room).map((_, i) => i % 253)
        yield* zk.set("/a", data)
        assert.deepStrictEqual((yield* zk.get("/a")).data, data)
        assert.strictEqual(zk.session.id, id)
        assert.strictEqual(zk.session.epoch, 1)
      })
    )

    it.effect("above what the session accepts breaks that session's connection, not the node", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/large", new Uint8Array(100_000))
        yield* zk.create("/small", "s")
        const modest = yield* beside(zk, { maxReply: 50_000 })
        const error = yield* refused(modest.get("/large"), "ProtocolViolation")
        assert.include(error.message, "50000")
        assert.strictEqual(yield* modest.getString("/small"), "s")
      })
    )

    it.effect("of many nodes comes back in order, in large replies and at once", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const count = 200
        const data = (i: number) => new Uint8Array((i * 331) % 20_000).fill(i)
        yield* Effect.forEach(Array.from({ length: count }), (_, i) => zk.create(`/${i}`, data(i)), {
          concurrency: "unbounded",
          discard: true
        })
        const nodes = yield* Effect.forEach(Array.from({ length: count }), (_, i) => zk.get(`/${i}`), {
          concurrency: "unbounded"
        })
        nodes.forEach((node, i) => assert.deepStrictEqual(node.data, data(i)))
      })
    )

    it.effect("of a missing node is a value for getOption and a failure for get", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a", "x")
        assert.isTrue(Option.isSome(yield* zk.getOption("/a")))
        assert.deepStrictEqual(yield* zk.getOption("/b"), Option.none())
        const error = yield* refused(zk.get("/b"), "NoNode")
        assert.strictEqual(error.operation, "get")
        assert.strictEqual(error.path, "/b")
        assert.strictEqual(error.sessionId, zk.session.id)
        assert.isTrue(error.zxid !== undefined && error.zxid > 0n)
      })
    )
  })

  describe("an update", () => {
    it.effect("loses no increment of several clients at once", () =>
      Effect.gen(function* () {
        const zk = yield* onServer({ retry: "20 seconds" })
        const clients = [zk, yield* beside(zk, { retry: "20 seconds" })]
        yield* zk.create("/n", "0")
        const increment = (client: Client) =>
          client.update("/n", ({ data }) => `${Number(new TextDecoder().decode(data)) + 1}`)
        yield* Effect.forEach(Array.from({ length: 20 }), (_, i) => increment(clients[i % 2]!), {
          concurrency: 4,
          discard: true
        })
        assert.strictEqual(yield* zk.getString("/n"), "20")
        assert.strictEqual((yield* zk.get("/n")).stat.version, 20)
      })
    )
  })

  describe("a session without a chroot", () => {
    it.effect("reads the root and what ZooKeeper keeps for itself", () =>
      Effect.gen(function* () {
        const { connect, open } = yield* Backend
        const zk = yield* open({ connect })
        assert.isTrue((yield* zk.children("/")).includes("zookeeper"))
        assert.includeMembers([...(yield* zk.children("/zookeeper"))], ["config", "quota"])
        assert.strictEqual((yield* zk.get("/")).stat.czxid, 0n)
      })
    )
  })
}
