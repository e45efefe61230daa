/** The handshake and the operations that every server since 3.5 knows. */
import * as Op from "@effect-zookeeper/core/Op"
import { assert, describe } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { awaitState } from "../../support/awaitState.ts"
import { beside, bytes, onServer, refused, text } from "../clients.ts"
import { Backend, type It } from "../Backend.ts"

export const basic = (it: It) => {
  describe("the handshake", () => {
    it.effect("gives a session with an id, a password and the timeout that the server grants", () =>
      Effect.gen(function* () {
        const { connect, open } = yield* Backend
        const { session } = yield* open({ connect, sessionTimeout: "7 seconds" })
        assert.notStrictEqual(session.id, 0n)
        assert.strictEqual(Redacted.value(session.password).length, 16)
        assert.strictEqual(Duration.toMillis(session.negotiatedTimeout), 7000)
        assert.include(connect.split(","), session.server)
        assert.isTrue(session.connected)
        assert.deepStrictEqual(session.state, { _tag: "Connected", readOnly: false })
        assert.isAbove(session.deadline, Date.now())
      })
    )

    it.effect("takes what the server makes of a timeout out of its bounds", () =>
      Effect.gen(function* () {
        const { connect, minSessionTimeout, open } = yield* Backend
        const short = yield* open({ connect, sessionTimeout: "10 millis" })
        assert.strictEqual(Duration.toMillis(short.session.negotiatedTimeout), minSessionTimeout)
        const long = yield* open({ connect, sessionTimeout: "1 hour" })
        assert.strictEqual(Duration.toMillis(long.session.negotiatedTimeout), 60_000)
      })
    )

    it.effect("resumes a session by id and password, and gives a new one when the password is wrong", () =>
      Effect.gen(function* () {
        const { connect, open } = yield* Backend
        const { id, password } = yield* Effect.scoped(
          Effect.map(open({ connect, release: "detach" }), ({ session: { id, password } }) => ({
            id,
            password
          }))
        )
        const wrong = yield* open({ connect, resume: { id, password: Redacted.make(new Uint8Array(16)) } })
        assert.notStrictEqual(wrong.session.id, id)
        const strict = open({
          connect,
          resume: { id, password: Redacted.make(new Uint8Array(16)) },
          onExpired: "fail"
        })
        yield* refused(strict, "SessionExpired")
        const resumed = yield* open({ connect, resume: { id, password } })
        assert.strictEqual(resumed.session.id, id)
        assert.strictEqual(resumed.session.epoch, 1)
      })
    )

    it.effect("is followed by a close that takes the ephemerals with it at once", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const closed = yield* Effect.scoped(
          Effect.tap(beside(zk), (other) => other.create("/mine", "", { mode: "ephemeral" }))
        )
        assert.deepStrictEqual(yield* zk.exists("/mine"), Option.none())
        assert.deepStrictEqual(closed.session.state, { _tag: "Closed" })
        yield* refused(closed.get("/"), "Closed")
      })
    )
  })

  describe("an idle session", () => {
    it.effect("is kept alive by pings, far beyond its timeout", () =>
      Effect.gen(function* () {
        const zk = yield* onServer({ sessionTimeout: "1 second" })
        const observer = yield* beside(zk, { sessionTimeout: "60 seconds" })
        yield* zk.create("/idle", "", { mode: "ephemeral" })
        const { id } = zk.session
        const own = Effect.map(observer.fourLetterWord("cons"), (answer) =>
          answer._tag === "Answered" ? answer.value.find(({ session }) => session?.id === id) : undefined
        )
        const before = yield* own
        yield* awaitState(own, (now) => now !== undefined && now.received >= (before?.received ?? 0) + 15, {
          describe: "pings for more than twice the timeout"
        })
        assert.strictEqual((yield* own)?.session?.lastOperation, "PING")
        assert.strictEqual((yield* observer.get("/idle")).stat.ephemeralOwner, id)
        assert.strictEqual(zk.session.epoch, 1)
      })
    )
  })

  describe("basic operations", () => {
    it.effect("create, read, write and delete a node", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        assert.strictEqual(yield* zk.create("/a", "one"), "/a")
        const { data, stat } = yield* zk.get("/a")
        assert.strictEqual(text(data), "one")
        assert.strictEqual(stat.version, 0)
        assert.strictEqual(stat.dataLength, 3)
        assert.strictEqual(stat.ephemeralOwner, 0n)
        assert.strictEqual(stat.czxid, stat.mzxid)
        const changed = yield* zk.set("/a", bytes("two"), { version: 0 })
        assert.strictEqual(changed.version, 1)
        assert.isTrue(changed.mzxid > stat.mzxid)
        yield* refused(zk.set("/a", "three", { version: 0 }), "BadVersion")
        assert.strictEqual(yield* zk.getString("/a"), "two")
        assert.deepStrictEqual(Option.getOrThrow(yield* zk.exists("/a")), changed)
        yield* refused(zk.delete("/a", { version: 0 }), "BadVersion")
        yield* zk.delete("/a", { version: 1 })
        assert.deepStrictEqual(yield* zk.exists("/a"), Option.none())
        assert.deepStrictEqual(yield* zk.getOption("/a"), Option.none())
        yield* refused(zk.get("/a"), "NoNode")
        yield* refused(zk.set("/a", ""), "NoNode")
        yield* refused(zk.delete("/a"), "NoNode")
      })
    )

    it.effect("create children in the four old modes, and list them", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/p")
        assert.strictEqual(yield* zk.create("/p/a"), "/p/a")
        assert.strictEqual(yield* zk.create("/p/e", "", { mode: "ephemeral" }), "/p/e")
        assert.strictEqual(yield* zk.create("/p/s-", "", { mode: "persistentSequential" }), "/p/s-0000000002")
        assert.strictEqual(yield* zk.create("/p/es-", "", { mode: "ephemeralSequential" }), "/p/es-0000000003")
        const names = ["a", "e", "es-0000000003", "s-0000000002"]
        assert.deepStrictEqual([...(yield* zk.children("/p"))].sort(), names)
        const { children, stat } = yield* zk.childrenWithStat("/p")
        assert.deepStrictEqual([...children].sort(), names)
        assert.strictEqual(stat.numChildren, 4)
        assert.strictEqual((yield* zk.get("/p/e")).stat.ephemeralOwner, zk.session.id)
        yield* refused(zk.create("/p"), "NodeExists")
        yield* refused(zk.create("/none/a"), "NoNode")
        yield* refused(zk.create("/p/e/child"), "NoChildrenForEphemerals")
        yield* refused(zk.delete("/p"), "NotEmpty")
        yield* refused(zk.children("/none"), "NoNode")
      })
    )

    it.effect("give the Stat with a create", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const { path, stat } = yield* zk.create2("/a", "abc", { mode: "ephemeral" })
        assert.strictEqual(path, "/a")
        assert.deepStrictEqual(Option.getOrThrow(yield* zk.exists("/a")), stat)
        assert.strictEqual(stat.ephemeralOwner, zk.session.id)
      })
    )

    it.effect("do several things or none", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const [path, stat, checked, deleted] = yield* zk.transact(
          Op.create("/a", "1"),
          Op.set("/a", "2", { version: 0 }),
          Op.check("/a", 1),
          Op.delete("/a")
        )
        assert.strictEqual(path, "/a")
        assert.strictEqual(stat.version, 1)
        assert.isUndefined(checked)
        assert.isUndefined(deleted)
        const error = yield* refused(zk.transact(Op.create("/b"), Op.check("/none", "any")), "TransactionFailed")
        assert.include(error.message, "operation 1 (check /none) failed with NoNode")
        assert.deepStrictEqual(yield* zk.exists("/b"), Option.none())
      })
    )

    it.effect("read and change permissions", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a")
        const open = yield* zk.getAcl("/a")
        assert.deepStrictEqual(open.acl, [{ perms: 31, scheme: "world", id: "anyone" }])
        const changed = yield* zk.setAcl("/a", [{ perms: 1, scheme: "world", id: "anyone" }], {
          version: open.stat.aversion
        })
        assert.strictEqual(changed.aversion, 1)
        yield* refused(zk.set("/a", "x"), "NoAuth")
      })
    )
  })
}
