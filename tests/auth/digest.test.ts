/** Identities by `auth` packets: on every connection, before any operation, and never again after a refusal. */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { auth } from "@effect-zookeeper/core/wire/ops/auth"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { setWatches2 } from "@effect-zookeeper/core/wire/ops/watches"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { randomUUID } from "node:crypto"
import * as SharedServers from "../support/SharedServers.ts"
import { awaitConnected, cutOff, has, refused } from "../real/clients.ts"
import { digest, isAtRest, spying } from "./support.ts"

const shared = Effect.gen(function* () {
  const connect = yield* SharedServers.single
  return { connect, path: `/auth-${randomUUID()}`, ...(yield* spying(Number(connect.split(":")[1]))) }
})

describe("digest identities", () => {
  it.live("add up, and what is created for its creator is open to each of them, not to others", () =>
    Effect.gen(function* () {
      const { connect, path } = yield* shared
      const zk = yield* ZooKeeper.make({ connect, auth: [digest("ann:1"), digest("bob:2")] })
      yield* zk.create(path, "x", { acl: Acl.creatorAll })
      const { acl } = yield* zk.getAcl(path)
      assert.deepStrictEqual(
        [...acl].sort((a, b) => (a.id < b.id ? -1 : 1)),
        [Acl.digest("ann", "1"), Acl.digest("bob", "2")]
      )
      for (const credentials of ["ann:1", "bob:2"]) {
        const one = yield* ZooKeeper.make({ connect, auth: [digest(credentials)] })
        assert.strictEqual(yield* one.getString(path), "x")
      }
      for (const credentials of ["ann:2", "carl:1", "nothing"]) {
        const other = yield* ZooKeeper.make({ connect, auth: [digest(credentials)] })
        yield* refused(other.get(path), "NoAuth")
      }
      if (yield* has(zk, 7)) {
        const ids = (yield* zk.whoAmI).filter(({ scheme }) => scheme === "digest").map(({ id }) => id)
        assert.sameMembers(ids, ["ann", "bob"])
      }
    })
  )

  it.live("are sent again on every connection before watches and operations, each once (bug museum 13)", () =>
    Effect.gen(function* () {
      const { codes, connect, path, proxy } = yield* shared
      const zk = yield* ZooKeeper.make({
        connect: proxy.connectString,
        sessionTimeout: "30 seconds",
        auth: [digest("ann:1"), digest("bob:2")]
      })
      yield* zk.create(path, "x", { acl: Acl.creatorAll })
      const changes = yield* zk.changes.dataScoped(path)
      assert.isDefined(changes)
      yield* zk.addAuth("digest", Redacted.make("carl:3"))
      const other = yield* ZooKeeper.make({ connect })
      for (let round = 0; round < 5; round++) {
        // Operations that were asked for while there was no connection wait for the logins, too.
        yield* cutOff(zk, proxy)
        const reads = yield* Effect.forEach(Array.from({ length: 20 }), () =>
          Effect.forkScoped(zk.get(path), { startImmediately: true })
        )
        yield* proxy.listen
        yield* awaitConnected(zk)
        for (const read of reads) yield* Fiber.join(read)
        const sent = codes.at(-1)!
        assert.deepStrictEqual(sent.slice(0, 5), [auth.code, auth.code, auth.code, setWatches2.code, getData.code])
        assert.strictEqual(sent.filter((code) => code === auth.code).length, 3)
      }
      yield* refused(other.get(path), "NoAuth")
    })
  )

  it.live("that are added later count at once, and for nodes that only they may read", () =>
    Effect.gen(function* () {
      const { connect, path } = yield* shared
      const zk = yield* ZooKeeper.make({ connect })
      yield* zk.create(path, "x", { acl: [Acl.digest("dora", "4")] })
      yield* refused(zk.get(path), "NoAuth")
      yield* zk.addAuth("digest", Redacted.make("dora:4"))
      assert.strictEqual(yield* zk.getString(path), "x")
      yield* zk.restart
      assert.strictEqual(yield* zk.getString(path), "x")
    })
  )

  it.live("super may do everything", () =>
    Effect.gen(function* () {
      const { connect, path } = yield* shared
      const owner = yield* ZooKeeper.make({ connect, auth: [digest("ann:1")] })
      yield* owner.create(path, "x", { acl: [Acl.digest("ann", "1", Acl.Perms.READ)] })
      const zk = yield* ZooKeeper.make({ connect, auth: [digest("super:secret")] })
      yield* zk.set(path, "y")
      yield* zk.setAcl(path, [Acl.digest("ann", "1", Acl.Perms.ALL)])
      yield* owner.delete(path)
      const wrong = yield* ZooKeeper.make({ connect, auth: [digest("super:wrong")] })
      yield* owner.create(path, "x", { acl: Acl.creatorAll })
      yield* refused(wrong.get(path), "NoAuth")
    })
  )
})

describe("an identity that is refused", () => {
  it.live("ends in AuthFailed, and is never tried again in a loop", () =>
    Effect.gen(function* () {
      const { proxy } = yield* shared
      const auth = [digest("ann:1"), { scheme: "nonsense", credentials: Redacted.make("hush") }]
      const error = yield* refused(ZooKeeper.make({ connect: proxy.connectString, auth }), "AuthFailed")
      assert.include(error.message, "nonsense")
      assert.strictEqual(proxy.accepted(), 1)
      yield* isAtRest(proxy)
    })
  )

  it.live("later ends the session for everybody who uses it", () =>
    Effect.gen(function* () {
      const { proxy } = yield* shared
      const zk = yield* ZooKeeper.make({ connect: proxy.connectString })
      yield* refused(zk.addAuth("nonsense", Redacted.make("hush")), "AuthFailed")
      yield* refused(zk.get("/"), "AuthFailed")
      assert.strictEqual(zk.session.state._tag, "AuthFailed")
      yield* isAtRest(proxy)
    })
  )
})
