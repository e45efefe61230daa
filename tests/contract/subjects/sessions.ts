/** The life of a session: reconnects, takeovers, expiry and what belongs to it. */
import { Transport } from "@effect-zookeeper/core/Transport"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { awaitState } from "../../support/awaitState.ts"
import { Backend, type It } from "../Backend.ts"
import { awaitConnected, awaitNode, beside, expire, onServer, recordStates, refused } from "../clients.ts"
import * as Line from "../Line.ts"

export const sessions = (it: It) => {
  describe("a session", () => {
    it.effect("outlives its connections, and so do its ephemeral nodes", () =>
      Effect.gen(function* () {
        const other = yield* onServer()
        const line = yield* Line.make
        const zk = yield* Effect.provideService(
          beside(other, { sessionTimeout: "30 seconds" }),
          Transport,
          line.transport
        )
        const { seen } = yield* recordStates(zk)
        const { id } = zk.session
        yield* zk.create("/e", "", { mode: "ephemeral" })
        yield* line.cut
        assert.strictEqual((yield* zk.get("/e")).stat.ephemeralOwner, id)
        assert.strictEqual(zk.session.epoch, 1)
        assert.deepStrictEqual(seen, ["Connected", "Suspended", "Connected"])
        assert.isTrue(Option.isSome(yield* other.exists("/e")))
      })
    )

    it.effect(
      "goes on with other hosts: with the present one if it is among them, otherwise at once with another",
      () =>
        Effect.gen(function* () {
          const zk = yield* onServer({ sessionTimeout: "30 seconds" })
          yield* zk.create("/e", "", { mode: "ephemeral" })
          const { hosts, id, server } = zk.session
          const { seen } = yield* recordStates(zk)
          yield* zk.setHosts(hosts.join())
          yield* zk.sync()
          assert.deepStrictEqual([zk.session.server, zk.session.hosts.toSorted()], [server, hosts.toSorted()])
          assert.deepStrictEqual(seen, ["Connected"])
          const others = hosts.filter((host) => host !== server)
          if (others.length > 0) {
            yield* zk.setHosts(others.join())
            yield* zk.sync()
            assert.include(others, zk.session.server)
            assert.deepStrictEqual(seen, ["Connected", "Suspended", "Connected"])
          }
          assert.strictEqual((yield* zk.get("/e")).stat.ephemeralOwner, id)
          for (const wrong of ["", "a:0", `${hosts[0]}/elsewhere`])
            yield* refused(zk.setHosts(wrong), "InvalidArgument")
        })
    )

    it.effect("lets work go on while it lives, and ends it when it is over", () =>
      Effect.gen(function* () {
        const zk = yield* onServer({ sessionTimeout: "3 seconds" })
        assert.strictEqual(yield* zk.whileSession(zk.create("/a")), "/a")
        assert.strictEqual(yield* zk.whileConnected(zk.create("/b")), "/b")
        const working = yield* Effect.forkChild(Effect.flip(zk.whileSession(Effect.never)), { startImmediately: true })
        const connected = yield* Effect.forkChild(Effect.flip(zk.whileConnected(Effect.never)), {
          startImmediately: true
        })
        yield* expire(zk)
        assert.strictEqual((yield* Fiber.join(connected))._tag, "LeaseLost")
        assert.strictEqual((yield* Fiber.join(working))._tag, "LeaseLost")
      })
    )

    it.effect("that is closed elsewhere is expired for its owner, who gets a new one", () =>
      Effect.gen(function* () {
        const zk = yield* onServer({ sessionTimeout: "3 seconds" })
        const other = yield* beside(zk)
        const { seen } = yield* recordStates(zk)
        yield* zk.create("/e", "", { mode: "ephemeral" })
        yield* expire(zk)
        yield* awaitNode(other, "/e", "gone")
        yield* awaitConnected(zk, 2)
        // It may have come back in between, while the other took it over.
        assert.deepStrictEqual(seen.slice(-4), ["Suspended", "Expired", "Connecting", "Connected"])
        assert.strictEqual(seen.indexOf("Expired"), seen.length - 3)
        yield* zk.create("/e", "", { mode: "ephemeral" })
        assert.strictEqual((yield* zk.get("/e")).stat.ephemeralOwner, zk.session.id)
      })
    )

    it.effect("that is to end with its expiry fails with it, operations and work alike", () =>
      Effect.gen(function* () {
        const zk = yield* onServer({ sessionTimeout: "3 seconds", onExpired: "fail" })
        const work = yield* Effect.forkChild(Effect.flip(zk.whileSession(Effect.never)), { startImmediately: true })
        yield* expire(zk)
        assert.strictEqual((yield* Fiber.join(work))._tag, "LeaseLost")
        yield* awaitState(
          Effect.sync(() => zk.session.state._tag),
          (state) => state === "Expired",
          { describe: "the session is expired" }
        )
        yield* refused(zk.get("/"), "SessionExpired")
      })
    )

    it.effect("that its owner leaves behind expires by itself, and its ephemeral nodes go", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const left = yield* Effect.scoped(
          Effect.gen(function* () {
            const leaver = yield* beside(zk, { sessionTimeout: "1 second", release: "detach" })
            yield* leaver.create("/left", "", { mode: "ephemeral" })
            return { id: leaver.session.id, password: leaver.session.password }
          })
        )
        assert.isTrue(Option.isSome(yield* zk.exists("/left")))
        yield* awaitNode(zk, "/left", "gone")
        const { connect, open } = yield* Backend
        yield* refused(open({ connect, resume: left, onExpired: "fail" }), "SessionExpired")
      })
    )

    it.effect("is taken over by whoever has its id and password", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const { id, password } = yield* Effect.scoped(
          Effect.gen(function* () {
            const first = yield* beside(zk, { sessionTimeout: "30 seconds", release: "detach" })
            yield* first.create("/e", "1", { mode: "ephemeral" })
            return first.session
          }).pipe(Effect.map(({ id, password }) => ({ id, password })))
        )
        const second = yield* beside(zk, { resume: { id, password } })
        assert.strictEqual((yield* second.get("/e")).stat.ephemeralOwner, id)
        assert.deepStrictEqual(Redacted.value(second.session.password), Redacted.value(password))
        yield* second.restart
        assert.deepStrictEqual(yield* zk.exists("/e"), Option.none())
        assert.notStrictEqual(second.session.id, id)
      })
    )
  })
}
