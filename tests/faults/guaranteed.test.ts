/** Deletions that were promised are carried out, however often the connection goes. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Faults from "@effect-zookeeper/testing/Faults"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { precede, recordRequests } from "../recipes/support.ts"
import { awaitState } from "../support/awaitState.ts"

/** A session that has made `/a/b/c`, and one beside it that looks. */
const setUp = Effect.fnUntraced(function* (more: { readonly maxQueued?: number } = {}) {
  const server = yield* TestServer.make()
  const options = { connect: server.connectString, reconnect: Schedule.spaced("20 millis"), release: "detach" as const }
  const other = yield* ZooKeeper.make(options)
  const zk = yield* ZooKeeper.make({ ...options, ...more })
  yield* zk.ensurePath("/a/b/c")
  const gone = (path: string) =>
    awaitState(other.exists(path), Option.isNone, { describe: `${path} is gone`, within: "20 seconds" })
  const offline = Effect.andThen(
    server.faults.inject(Faults.refuse, Faults.reset),
    awaitState(
      Effect.sync(() => zk.session.state._tag),
      (tag) => tag === "Suspended",
      { describe: "suspended" }
    )
  )
  return { faults: server.faults, gone, offline, other, zk }
})

describe("a guaranteed deletion", () => {
  for (const [name, fault] of [
    ["was done", Faults.dropAfterCommit()],
    ["did not arrive", Faults.dropBeforeCommit()]
  ] as const) {
    it.live(`ends well when it ${name} and its answer is lost`, () =>
      Effect.gen(function* () {
        const { faults, gone, zk } = yield* setUp()
        yield* faults.inject(fault)
        yield* zk.delete("/a/b/c", { guaranteed: true })
        yield* gone("/a/b/c")
      })
    )

    it.live(`of a tree goes on when a part of it ${name} and its answer is lost`, () =>
      Effect.gen(function* () {
        const { faults, gone, zk } = yield* setUp()
        yield* faults.inject(fault)
        yield* zk.delete("/a", { guaranteed: true, recursive: true })
        yield* gone("/a")
      })
    )
  }

  it.live("ends well when its answer cannot be read", () =>
    Effect.gen(function* () {
      const { faults, gone, zk } = yield* setUp()
      yield* faults.inject(Faults.replyXid(77))
      yield* zk.delete("/a/b/c", { guaranteed: true })
      yield* gone("/a/b/c")
    })
  )

  it.live("goes on when there was no room for it", () =>
    Effect.gen(function* () {
      const { faults, gone, offline, zk } = yield* setUp({ maxQueued: 1 })
      yield* zk.create("/x")
      yield* offline
      yield* zk.delete("/a/b/c", { guaranteed: true })
      yield* zk.delete("/x", { guaranteed: true })
      yield* faults.clear
      yield* gone("/a/b/c")
      yield* gone("/x")
    })
  )

  it.live("refuses what can never be done, with and without a connection", () =>
    Effect.gen(function* () {
      const { offline, zk } = yield* setUp()
      for (const connected of [true, false]) {
        if (!connected) yield* offline
        for (const [path, version] of [
          ["a", undefined],
          ["/a", -1]
        ] as const) {
          const error = yield* Effect.flip(zk.delete(path, { guaranteed: true, version }))
          assert.strictEqual(error.reason._tag, "InvalidArgument")
        }
      }
    })
  )

  it.live("does not wait for a connection", () =>
    Effect.gen(function* () {
      const { faults, gone, offline, other, zk } = yield* setUp()
      yield* offline
      yield* zk.delete("/a/b/c", { guaranteed: true })
      assert.strictEqual(zk.session.state._tag, "Suspended")
      yield* faults.clear
      yield* gone("/a/b/c")
      assert.isTrue(Option.isSome(yield* other.exists("/a/b")))
    })
  )

  it.live("is content with a node that does not exist, and tells of other refusals", () =>
    Effect.gen(function* () {
      const { zk } = yield* setUp()
      yield* zk.delete("/nothing", { guaranteed: true })
      yield* zk.delete("/nothing", { guaranteed: true, recursive: true })
      const error = yield* Effect.flip(zk.delete("/a", { guaranteed: true }))
      assert.strictEqual(error.reason._tag, "NotEmpty")
    })
  )
})

describe("a deletion of what this session owns", () => {
  const owned = { guaranteed: true, owned: true } as const

  it.live("deletes its own ephemeral node, and is content when there is none", () =>
    Effect.gen(function* () {
      const { other, zk } = yield* setUp()
      yield* zk.create("/mine", "", { mode: "ephemeral" })
      yield* zk.delete("/mine", owned)
      assert.isTrue(Option.isNone(yield* other.exists("/mine")))
      yield* zk.delete("/mine", owned)
      yield* zk.delete("/mine", { owned: true })
    })
  )

  it.live("leaves what another session owns, and what nobody does", () =>
    Effect.gen(function* () {
      const { other, zk } = yield* setUp()
      yield* other.create("/theirs", "", { mode: "ephemeral" })
      for (const path of ["/theirs", "/a/b/c"]) {
        yield* zk.delete(path, owned)
        assert.isTrue(Option.isSome(yield* other.exists(path)))
      }
    })
  )

  it.live("looks again when the node was changed or replaced meanwhile", () =>
    Effect.gen(function* () {
      const { other, zk } = yield* setUp()
      yield* zk.create("/mine", "", { mode: "ephemeral" })
      precede(zk, "delete", 1, zk.set("/mine", "changed"))
      yield* zk.delete("/mine", owned)
      assert.isTrue(Option.isNone(yield* other.exists("/mine")))
      yield* zk.create("/mine", "", { mode: "ephemeral" })
      precede(zk, "delete", 1, zk.delete("/mine"))
      yield* zk.delete("/mine", { owned: true })
      yield* zk.create("/mine", "", { mode: "ephemeral" })
      const replaced = zk.transact(Op.delete("/mine"), Op.create("/mine"), Op.set("/mine", "not ephemeral"))
      precede(zk, "delete", 1, replaced)
      yield* zk.delete("/mine", owned)
      assert.strictEqual(yield* other.getString("/mine"), "not ephemeral")
    })
  )

  it.live("waits for a connection with a request, not by trying", () =>
    Effect.gen(function* () {
      const { faults, gone, zk } = yield* setUp()
      yield* zk.create("/mine", "", { mode: "ephemeral" })
      yield* faults.inject(Faults.refuse, Faults.reset)
      yield* awaitState(
        Effect.sync(() => zk.session.connected),
        (connected) => !connected,
        { describe: "no connection" }
      )
      const requests = recordRequests(zk)
      yield* zk.delete("/mine", owned)
      yield* awaitState(
        Effect.sync(() => [...requests]),
        (now) => now.length > 0,
        { describe: "something waits" }
      )
      yield* faults.clear
      yield* gone("/mine")
      assert.deepStrictEqual(requests, ["sync", "sync", "exists", "delete"])
    })
  )

  it.live("takes a version at its word", () =>
    Effect.gen(function* () {
      const { zk } = yield* setUp()
      yield* zk.create("/mine", "", { mode: "ephemeral" })
      const error = yield* Effect.flip(zk.delete("/mine", { owned: true, version: 7 }))
      assert.strictEqual(error.reason._tag, "BadVersion")
      yield* zk.delete("/mine", { owned: true, version: 0 })
      for (const refused of [
        zk.delete("mine", owned),
        zk.delete("/mine", { owned: true, version: -1 }),
        zk.delete("/mine", { owned: true, recursive: true }),
        zk.delete("/mine", { ...owned, recursive: true })
      ]) {
        assert.strictEqual((yield* Effect.flip(refused)).reason._tag, "InvalidArgument")
      }
    })
  )

  for (const [nth, name] of ["sync", "exists", "delete"].entries()) {
    it.live(`goes on when the answer to its ${name} is lost`, () =>
      Effect.gen(function* () {
        const { faults, gone, zk } = yield* setUp()
        yield* zk.create("/mine", "", { mode: "ephemeral" })
        yield* faults.inject(Faults.cutReply(nth + 1))
        yield* zk.delete("/mine", owned)
        yield* gone("/mine")
      })
    )

    it.live(`leaves what took its place when the answer to its ${name} is lost`, () =>
      Effect.gen(function* () {
        const { faults, other, zk } = yield* setUp()
        yield* zk.create("/mine", "", { mode: "ephemeral" })
        yield* faults.inject(Faults.refuse, Faults.cutReply(nth + 1))
        yield* zk.delete("/mine", owned)
        assert.isFalse(zk.session.connected)
        yield* other.delete("/mine", { guaranteed: true })
        yield* other.create("/mine", "theirs", { mode: "ephemeral" })
        yield* faults.clear
        // Each is sent when the one before was answered, as those of the deletion are.
        yield* Effect.repeat(zk.sync(), { times: 8 })
        assert.strictEqual(yield* other.getString("/mine"), "theirs")
      })
    )
  }
})

describe("a protected create", () => {
  it.live("is found again when its answer cannot be read", () =>
    Effect.gen(function* () {
      const { faults, other, zk } = yield* setUp()
      yield* faults.inject(Faults.replyXid(77))
      const node = yield* zk.create("/a/n-", "", { mode: "ephemeralSequential", protected: true })
      const all = yield* other.children("/a")
      assert.deepStrictEqual(all.toSorted(), [node.slice("/a/".length), "b"].toSorted())
    })
  )
})
