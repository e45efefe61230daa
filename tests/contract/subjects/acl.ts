/** Who may do what, and who one is. */
import * as Acl from "@effect-zookeeper/core/Acl"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Transport } from "@effect-zookeeper/core/Transport"
import { beside, has, onServer, refused } from "../clients.ts"
import type { It } from "../Backend.ts"
import * as Line from "../Line.ts"

const as = (user: string) => ({ auth: [{ scheme: "digest", credentials: Redacted.make(`${user}:pw`) }] })

export const acl = (it: It) => {
  describe("an ACL", () => {
    it.effect("is read and replaced under its own version, the aversion", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a")
        yield* zk.set("/a", "1")
        const bob = Acl.digest("bob", "pw")
        const first = yield* zk.setAcl("/a", [...Acl.openUnsafe, bob], { version: 0 })
        assert.strictEqual(first.aversion, 1)
        assert.strictEqual(first.version, 1)
        yield* refused(zk.setAcl("/a", Acl.openUnsafe, { version: 0 }), "BadVersion")
        const { acl, stat } = yield* zk.getAcl("/a")
        assert.deepStrictEqual(acl, [...Acl.openUnsafe, bob])
        assert.strictEqual(stat.aversion, 1)
        yield* zk.setAcl("/a", Acl.openUnsafe)
        assert.strictEqual((yield* zk.getAcl("/a")).stat.aversion, 2)
        yield* refused(zk.getAcl("/none"), "NoNode")
        yield* refused(zk.setAcl("/none", Acl.openUnsafe), "NoNode")
      })
    )

    it.effect("that is empty is refused by us, one that makes no sense by the server", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        yield* zk.create("/a")
        yield* refused(zk.setAcl("/a", []), "InvalidArgument")
        for (const acl of [
          [{ perms: 31, scheme: "nobody", id: "x" }],
          [{ perms: 31, scheme: "digest", id: "no colon" }],
          [{ perms: 31, scheme: "world", id: "someone" }],
          Acl.creatorAll
        ]) {
          yield* refused(zk.setAcl("/a", acl), "InvalidAcl")
          yield* refused(zk.create("/b", "", { acl }), "InvalidAcl")
        }
      })
    )

    it.effect("gives each permission alone", () =>
      Effect.gen(function* () {
        const zk = yield* onServer(as("owner"))
        const other = yield* beside(zk)
        const { ADMIN, CREATE, DELETE, READ, WRITE } = Acl.Perms
        const node = (perms: number) =>
          Effect.gen(function* () {
            const path = yield* zk.create("/p-", "", {
              mode: "persistentSequential",
              acl: [Acl.digest("owner", "pw"), { perms, scheme: "world", id: "anyone" }]
            })
            yield* zk.create(`${path}/child`)
            return path
          })
        for (const perms of [0, READ, WRITE, CREATE, DELETE, ADMIN]) {
          const path = yield* node(perms)
          const attempts = [
            { needs: READ, run: Effect.asVoid(other.get(path)) },
            { needs: READ, run: Effect.asVoid(other.children(path)) },
            { needs: WRITE, run: Effect.asVoid(other.set(path, "")) },
            { needs: CREATE, run: Effect.asVoid(other.create(`${path}/new`)) },
            { needs: DELETE, run: other.delete(`${path}/child`) },
            { needs: ADMIN, run: Effect.asVoid(other.setAcl(path, Acl.openUnsafe)) }
          ]
          for (const { needs, run } of attempts) yield* needs === perms ? run : refused(run, "NoAuth")
        }
      })
    )

    it.effect("hides a digest from those who may not change it", () =>
      Effect.gen(function* () {
        const zk = yield* onServer(as("owner"))
        const reader = yield* beside(zk)
        const owner = Acl.digest("owner", "pw")
        yield* zk.create("/a", "", { acl: [owner, ...Acl.readUnsafe] })
        assert.deepStrictEqual((yield* zk.getAcl("/a")).acl[0], owner)
        const [shown] = (yield* reader.getAcl("/a")).acl
        assert.strictEqual(shown?.id, (yield* has(zk, 6)) ? "owner:x" : owner.id)
      })
    )
  })

  describe("an identity", () => {
    it.effect("that is given at the start opens what belongs to it, and creatorAll names it", () =>
      Effect.gen(function* () {
        const zk = yield* onServer(as("alice"))
        const stranger = yield* beside(zk)
        yield* zk.create("/mine", "secret", { acl: Acl.creatorAll })
        assert.deepStrictEqual((yield* zk.getAcl("/mine")).acl, [Acl.digest("alice", "pw")])
        yield* refused(stranger.get("/mine"), "NoAuth")
        const again = yield* beside(zk, as("alice"))
        assert.strictEqual(yield* again.getString("/mine"), "secret")
        const wrong = yield* beside(zk, {
          auth: [{ scheme: "digest", credentials: Redacted.make("alice:wrong") }]
        })
        yield* refused(wrong.get("/mine"), "NoAuth")
      })
    )

    it.effect("can be added later, to others", () =>
      Effect.gen(function* () {
        const zk = yield* onServer(as("alice"))
        yield* zk.create("/alice", "a", { acl: Acl.creatorAll })
        const bob = yield* beside(zk, as("bob"))
        yield* refused(bob.get("/alice"), "NoAuth")
        yield* bob.addAuth("digest", Redacted.make("alice:pw"))
        assert.strictEqual(yield* bob.getString("/alice"), "a")
        yield* bob.create("/both", "", { acl: Acl.creatorAll })
        assert.sameDeepMembers(
          [...(yield* bob.getAcl("/both")).acl],
          [Acl.digest("alice", "pw"), Acl.digest("bob", "pw")]
        )
      })
    )

    it.effect("is sent again on every connection", () =>
      Effect.gen(function* () {
        const other = yield* onServer(as("alice"))
        yield* other.create("/mine", "m", { acl: Acl.creatorAll })
        const line = yield* Line.make
        const zk = yield* Effect.provideService(
          beside(other, { sessionTimeout: "30 seconds" }),
          Transport,
          line.transport
        )
        yield* zk.addAuth("digest", Redacted.make("alice:pw"))
        for (let round = 0; round < 5; round++) {
          assert.strictEqual(yield* zk.getString("/mine"), "m")
          yield* line.cut
        }
        assert.strictEqual(yield* zk.getString("/mine"), "m")
        assert.isAbove(line.opened(), 1)
      })
    )

    it.effect("is told by whoAmI where the server can", () =>
      Effect.gen(function* () {
        const zk = yield* onServer(as("alice"))
        if (!(yield* has(zk, 7))) {
          yield* refused(zk.whoAmI, "Unimplemented")
          return
        }
        assert.sameDeepMembers(
          [...(yield* zk.whoAmI)],
          [
            { scheme: "ip", id: "127.0.0.1" },
            { scheme: "digest", id: "alice" }
          ]
        )
      })
    )

    it.effect("of a scheme that the server does not have ends the session", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const refusal = yield* refused(
          beside(zk, { auth: [{ scheme: "palm", credentials: Redacted.make("line") }] }),
          "AuthFailed"
        )
        assert.include(refusal.message, "palm")
        const other = yield* beside(zk)
        const added = yield* refused(other.addAuth("palm", Redacted.make("line")), "AuthFailed")
        assert.notInclude(added.message, "line")
        assert.deepStrictEqual(other.session.state, { _tag: "AuthFailed" })
        yield* refused(other.get("/"), "AuthFailed")
      })
    )

    it.effect("super may do everything", () =>
      Effect.gen(function* () {
        const zk = yield* onServer(as("alice"))
        yield* zk.create("/closed", "", { acl: [{ perms: 0, scheme: "world", id: "anyone" }] })
        yield* refused(zk.get("/closed"), "NoAuth")
        const root = yield* beside(zk, { auth: [{ scheme: "digest", credentials: Redacted.make("super:secret") }] })
        yield* root.set("/closed", "opened")
        yield* root.setAcl("/closed", Acl.openUnsafe)
        assert.strictEqual(yield* zk.getString("/closed"), "opened")
      })
    )

    it.effect("ensures a path also where it may not create", () =>
      Effect.gen(function* () {
        const zk = yield* onServer(as("owner"))
        yield* zk.create("/p", "", { acl: [Acl.digest("owner", "pw"), ...Acl.readUnsafe] })
        yield* zk.create("/p/a")
        const other = yield* beside(zk)
        yield* other.ensurePath("/p/a")
        yield* other.ensurePath("/p/a/b")
        assert.isTrue(Option.isSome(yield* zk.exists("/p/a/b")))
        yield* refused(other.ensurePath("/p/c"), "NoAuth")
      })
    )
  })
}
