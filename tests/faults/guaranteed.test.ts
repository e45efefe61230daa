/** Deletions that were promised are carried out, however often the connection goes. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Faults from "@effect-zookeeper/testing/Faults"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { awaitState } from "../support/awaitState.ts"

/** A session that has made `/a/b/c`, and one beside it that looks. */
const setUp = Effect.gen(function* () {
  const server = yield* TestServer.make()
  const options = { connect: server.connectString, reconnect: Schedule.spaced("20 millis"), release: "detach" as const }
  const other = yield* ZooKeeper.make(options)
  const zk = yield* ZooKeeper.make(options)
  yield* zk.ensurePath("/a/b/c")
  const gone = (path: string) =>
    awaitState(other.exists(path), Option.isNone, { describe: `${path} is gone`, within: "20 seconds" })
  return { faults: server.faults, gone, other, zk }
})

describe("a guaranteed deletion", () => {
  for (const [name, fault] of [
    ["was done", Faults.dropAfterCommit()],
    ["did not arrive", Faults.dropBeforeCommit()]
  ] as const) {
    it.live(`ends well when it ${name} and its answer is lost`, () =>
      Effect.gen(function* () {
        const { faults, gone, zk } = yield* setUp
        yield* faults.inject(fault)
        yield* zk.delete("/a/b/c", { guaranteed: true })
        yield* gone("/a/b/c")
      })
    )

    it.live(`of a tree goes on when a part of it ${name} and its answer is lost`, () =>
      Effect.gen(function* () {
        const { faults, gone, zk } = yield* setUp
        yield* faults.inject(fault)
        yield* zk.delete("/a", { guaranteed: true, recursive: true })
        yield* gone("/a")
      })
    )
  }

  it.live("does not wait for a connection", () =>
    Effect.gen(function* () {
      const { faults, gone, other, zk } = yield* setUp
      yield* faults.inject(Faults.refuse, Faults.reset)
      yield* awaitState(
        Effect.sync(() => zk.session.state._tag),
        (tag) => tag === "Suspended",
        { describe: "suspended" }
      )
      yield* zk.delete("/a/b/c", { guaranteed: true })
      assert.strictEqual(zk.session.state._tag, "Suspended")
      yield* faults.clear
      yield* gone("/a/b/c")
      assert.isTrue(Option.isSome(yield* other.exists("/a/b")))
    })
  )

  it.live("is content with a node that does not exist, and tells of other refusals", () =>
    Effect.gen(function* () {
      const { zk } = yield* setUp
      yield* zk.delete("/nothing", { guaranteed: true })
      yield* zk.delete("/nothing", { guaranteed: true, recursive: true })
      const error = yield* Effect.flip(zk.delete("/a", { guaranteed: true }))
      assert.strictEqual(error.reason._tag, "NotEmpty")
    })
  )
})
