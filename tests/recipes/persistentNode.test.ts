/** Persistent nodes on a real ensemble: put back by whatever they were lost. */
import * as PersistentNode from "@effect-zookeeper/recipes/PersistentNode"
import * as Acl from "@effect-zookeeper/core/Acl"
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { setData } from "@effect-zookeeper/core/wire/ops/data"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { cutOff } from "../real/clients.ts"
import { awaitState } from "../support/awaitState.ts"
import * as rawSession from "../support/rawSession.ts"
import {
  awaitQueue,
  beside,
  type Client,
  connectStringOf,
  expire,
  expireDuring,
  onServers,
  PATH,
  precede,
  proxied,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const node = `${PATH}/me`
const make = (zk: Client, options: Partial<PersistentNode.Options> = {}) =>
  using(zk)(PersistentNode.make({ path: node, ...options }))

const found = (zk: Client) => zk.getOption(node)

const awaitData = (zk: Client, data: string, owner?: Client) =>
  awaitState(
    found(zk),
    (now) =>
      Option.isSome(now) &&
      ZooKeeper.text(now.value) === data &&
      (owner === undefined || now.value.stat.ephemeralOwner === owner.session.id),
    { describe: `the node is there with '${data}'`, within: "30 seconds" }
  )

/** Does it as soon as the session is known to have expired. */
const atExpiry = <A, E>(zk: Client, effect: Effect.Effect<A, E>): Deferred.Deferred<Fiber.Fiber<A, E>> => {
  const begun = Deferred.makeUnsafe<Fiber.Fiber<A, E>>()
  zk.driver.onState((state) => {
    if (state._tag === "Expired") Deferred.doneUnsafe(begun, Effect.succeed(Effect.runFork(effect)))
  })
  return begun
}

/** A node that ended without a connection looks at its owner on the next one: waits until it has done what follows from that. */
const awaitLook = (zk: Client, asked: ReadonlyArray<string>, look = "exists") =>
  awaitState(
    Effect.sync(() => [...asked]),
    (now) => now.includes(look),
    { describe: "the owner is looked at" }
    // The first is answered after that look, so a deletion that follows from it is sent before the second.
  ).pipe(Effect.andThen(zk.sync()), Effect.andThen(zk.sync()))

describe("a persistent node", () => {
  it.live("is there until the end of the scope, and put back when it is deleted by hand (parity 23)", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const presence: Array<boolean> = []
      yield* Effect.scoped(
        Effect.gen(function* () {
          const kept = yield* make(zk!, { data: "hello" })
          yield* Effect.forkScoped(Stream.runForEach(kept.presence, (now) => Effect.sync(() => presence.push(now))))
          yield* awaitData(other!, "hello", zk)
          for (let round = 0; round < 3; round++) {
            yield* other!.delete(node)
            yield* awaitData(other!, "hello", zk)
          }
          // Data that somebody else wrote is left alone.
          yield* other!.set(node, "theirs")
          yield* zk!.sync()
          assert.strictEqual(yield* other!.getString(node), "theirs")
          assert.isTrue(yield* kept.isPresent)
        })
      )
      // Asked where it was deleted: another server may not know yet.
      assert.isTrue(Option.isNone(yield* found(zk!)))
      assert.isTrue(presence[0]!)
    })
  )

  it.live("is put back with the newest data when its path is deleted or its session expires", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const kept = yield* make(zk!, { data: "1" })
      yield* kept.set("2")
      yield* awaitData(other!, "2", zk)
      yield* expire(zk!)
      yield* awaitData(other!, "2", zk)
      yield* kept.set("3")
      yield* other!.delete(PATH, { recursive: true })
      yield* awaitData(other!, "3", zk)
      assert.strictEqual(zk!.session.epoch, 2)
    })
  )

  it.live("is not kept when nobody waited until it was there, though its scope goes on", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* zk!.ensurePath(PATH)
      yield* other!.create(node, "old", { mode: "ephemeral" })
      const asked = recordRequests(zk!)
      const waiting = yield* Effect.forkChild(make(zk!))
      yield* awaitLook(zk!, asked, "getData")
      yield* Fiber.interrupt(waiting)
      asked.length = 0
      yield* other!.delete(node)
      // Whoever followed it would have learned of it before the first answer, and asked before the second.
      yield* zk!.sync()
      yield* zk!.sync()
      assert.notInclude(asked, "getData")
      assert.notInclude(asked, "create")
    })
  )

  it.live("waits for another session's node to go, and does not touch it (31)", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* zk!.ensurePath(PATH)
      yield* other!.create(node, "old", { mode: "ephemeral" })
      const waiting = yield* Effect.forkChild(make(zk!, { data: "new" }), { startImmediately: true })
      yield* zk!.sync()
      yield* other!.set(node, "older")
      yield* zk!.sync()
      assert.strictEqual(yield* other!.getString(node), "older")
      yield* expire(other!)
      const kept = yield* Fiber.join(waiting)
      yield* awaitData(other!, "new", zk)
      // Somebody is quicker once: it stands back and takes over again afterwards.
      yield* other!.transact(Op.delete(node), Op.create(node, "theirs", { mode: "ephemeral" }))
      yield* awaitState(kept.isPresent, (now) => !now, { describe: "not ours" })
      assert.strictEqual(yield* other!.getString(node), "theirs")
      yield* other!.delete(node)
      yield* awaitData(other!, "new", zk)
      assert.isTrue(yield* awaitState(kept.isPresent, (now) => now, { describe: "ours again" }))
    })
  )

  it.live("does not write to what another session has put in its place, though it has not seen that yet", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const kept = yield* make(zk!, { data: "ours" })
      // Of the next session this is the first request: whatever was there before, and is still thought to be, is gone.
      const setting = atExpiry(zk!, kept.set("newest"))
      const theirs = yield* Effect.forkChild(make(other!, { data: "theirs" }))
      yield* expire(zk!)
      yield* Fiber.join(yield* Deferred.await(setting))
      const there = yield* awaitState(found(other!), Option.isSome, { describe: "the node of either" })
      const owner = Option.getOrThrow(there).stat.ephemeralOwner
      // Whoever was quicker has the node, and with it the data of its own.
      yield* awaitData(other!, owner === other!.session.id ? "theirs" : "newest")
      if (owner === zk!.session.id) yield* Fiber.interrupt(theirs)
    })
  )

  it.live("has the newest data in the end, whichever of several writes had to be made again", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 3; round++) {
        const { other, proxy, zk } = yield* proxied({ reconnect: "1 minute" })
        const kept = yield* make(zk, { data: "1" })
        const dropped = yield* proxy.dropReplyTo(({ type }) => type === setData.code)
        const older = yield* Effect.forkChild(kept.set("2"), { startImmediately: true })
        yield* kept.set("3")
        yield* dropped
        yield* Fiber.join(older)
        yield* awaitData(other, "3")
        yield* zk.sync()
        yield* awaitData(other, "3")
      }
    })
  )

  it.live("does not delete what another session has put in its place when it ends", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const scope = yield* Scope.make()
      const kept = yield* Scope.provide(make(zk!), scope)
      yield* other!.transact(Op.delete(node), Op.create(node, "theirs", { mode: "ephemeral" }))
      yield* awaitState(kept.isPresent, (now) => !now, { describe: "not ours" })
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* other!.getString(node), "theirs")
    })
  )

  it.live("nor later, when it ends without a connection", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const scope = yield* Scope.make()
      const kept = yield* Scope.provide(make(zk), scope)
      yield* other.transact(Op.delete(node), Op.create(node, "theirs", { mode: "ephemeral" }))
      yield* awaitState(kept.isPresent, (now) => !now, { describe: "not ours" })
      yield* cutOff(zk, proxy)
      const asked = recordRequests(zk)
      yield* Scope.close(scope, Exit.void)
      yield* proxy.listen
      yield* awaitLook(zk, asked)
      assert.strictEqual(yield* other.getString(node), "theirs")
    })
  )

  it.live("nor one that another session has made while there was no connection", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const scope = yield* Scope.make()
      yield* Scope.provide(make(zk), scope)
      yield* cutOff(zk, proxy)
      const asked = recordRequests(zk)
      yield* Scope.close(scope, Exit.void)
      yield* other.transact(Op.delete(node), Op.create(node, "theirs", { mode: "ephemeral" }))
      yield* proxy.listen
      yield* awaitLook(zk, asked)
      assert.strictEqual(yield* other.getString(node), "theirs")
    })
  )

  it.live("nor with the next session, when its own has expired meanwhile", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const { id, password } = zk.session
      const scope = yield* Scope.make()
      yield* Scope.provide(make(zk), scope)
      yield* cutOff(zk, proxy)
      const asked = recordRequests(zk)
      yield* Scope.close(scope, Exit.void)
      yield* rawSession.expireSession(other.session.hosts[0]!, id, Redacted.value(password))
      yield* other.create(node, "theirs", { mode: "ephemeral" })
      yield* proxy.listen
      yield* awaitState(
        Effect.sync(() => zk.session.epoch),
        (epoch) => epoch === 2,
        { describe: "the next session" }
      )
      // What waited for the connection has failed with the session; nothing else is to be done.
      assert.deepStrictEqual(asked, ["sync"])
      assert.strictEqual(yield* other.getString(node), "theirs")
    })
  )

  it.live("deletes its own node as soon as there is a connection again", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const scope = yield* Scope.make()
      yield* Scope.provide(make(zk), scope)
      yield* cutOff(zk, proxy)
      yield* Scope.close(scope, Exit.void)
      yield* proxy.listen
      yield* awaitQueue(other, 0)
      assert.strictEqual(zk.session.epoch, 1)
    })
  )

  it.live("gives its data to a node that is its session's, whoever was quicker to make it", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* make(zk!, { data: "kept" })
      precede(zk!, "create", 1, zk!.create(node, "in between", { mode: "ephemeral" }))
      yield* other!.delete(node)
      yield* awaitState(
        found(other!),
        (now) => Option.isSome(now) && now.value.stat.version === 1 && ZooKeeper.text(now.value) === "kept",
        { describe: "the other one's node has the data" }
      )
    })
  )

  it.live("of a session that expires while its data is written is made before it counts as there", () =>
    Effect.gen(function* () {
      const stage = yield* proxied()
      const { other, zk } = stage
      yield* zk.create(PATH)
      yield* zk.create(node, "before", { mode: "ephemeral" })
      const asked = recordRequests(zk)
      let making: Fiber.Fiber<unknown, unknown> | undefined
      const fork = Effect.gen(function* () {
        making = yield* Effect.forkChild(Effect.map(make(zk, { data: "after" }), () => [...asked]))
      })
      yield* expireDuring(stage, setData, fork)
      const before = (yield* Fiber.join(making!)) as ReadonlyArray<string>
      assert.lengthOf(
        before.filter((name) => name === "create"),
        2
      )
      assert.strictEqual(yield* other.getString(node), "after")
    })
  )

  it.live("takes over its own node of a resumed session, with the new data", () =>
    Effect.gen(function* () {
      const other = yield* onServers()
      const first = yield* Scope.make()
      const zk = yield* Scope.provide(
        ZooKeeper.make({ connect: connectStringOf(other), release: "detach", sessionTimeout: "30 seconds" }),
        first
      )
      const identity = { id: zk.session.id, password: zk.session.password }
      yield* zk.create(PATH)
      yield* zk.create(node, "before", { mode: "ephemeral" })
      yield* Scope.close(first, Exit.void)
      const again = yield* beside(other, { resume: identity })
      assert.strictEqual(again.session.id, identity.id)
      yield* make(again, { data: "after" })
      // It was "before" for 30 seconds once, as another one saw it: what the owner sees tells whether it was ever written.
      yield* awaitState(
        Effect.all({ other: found(other), owner: found(again) }),
        ({ other }) => Option.exists(other, (node) => ZooKeeper.text(node) === "after"),
        { describe: "the other one sees the new data", within: "30 seconds" }
      )
      const after = yield* other.get(node)
      assert.strictEqual(after.stat.ephemeralOwner, again.session.id)
    })
  )

  it.live("survives lost replies without a second node", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      yield* other.create(PATH)
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === create.code)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* make(zk, { data: "x" })
          yield* dropped
          yield* awaitData(other, "x", zk)
          const again = yield* proxy.dropReplyTo(({ type }) => type === create.code)
          yield* other.delete(node)
          yield* again
          yield* awaitData(other, "x", zk)
        })
      )
      // Without a connection at the end, it goes as soon as there is one again.
      yield* awaitQueue(other, 0)
    })
  )

  it.live("is put back also when its session ends before the create of the lost node was answered", () =>
    Effect.gen(function* () {
      const all = yield* proxied()
      const kept = yield* make(all.zk, { data: "hello" })
      yield* expireDuring(all, create, all.other.delete(node))
      yield* awaitData(all.other, "hello", all.zk)
      // Nor is it the end when the new data was not answered.
      let setting: Fiber.Fiber<void, unknown> | undefined
      yield* expireDuring(
        all,
        setData,
        Effect.map(Effect.forkChild(kept.set("new")), (fiber) => (setting = fiber))
      )
      yield* Fiber.join(setting!)
      yield* awaitData(all.other, "new", all.zk)
      yield* awaitState(kept.isPresent, (isPresent) => isPresent, { describe: "it is there" })
    })
  )

  it.live("costs two requests to make and three to end", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create(PATH)
      const requests = recordRequests(zk)
      yield* Effect.scoped(make(zk))
      assert.deepStrictEqual(requests, ["create", "getData", "sync", "exists", "delete"])
    })
  )

  it.live("with a ttl is touched in time, and stays when its keeper ends", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* make(zk, { data: "t", ttl: "1500 millis" })
          yield* awaitState(found(zk), (now) => Option.isSome(now) && now.value.stat.version >= 3, {
            describe: "touched three times"
          })
          yield* zk.delete(node)
          yield* awaitData(zk, "t")
        })
      )
      assert.isTrue(Option.isSome(yield* found(zk)))
    })
  )

  it.effect("with a ttl is touched three times in that time", () =>
    Effect.gen(function* () {
      const zk = yield* ZooKeeper.make()
      yield* using(zk)(PersistentNode.make({ path: "/me", ttl: "9 seconds" }))
      const versionOf = Effect.map(zk.get("/me"), ({ stat }) => stat.version)
      for (let round = 0; round < 4; round++) {
        const before = yield* versionOf
        yield* TestClock.adjust("9 seconds")
        assert.strictEqual((yield* versionOf) - before, 3)
      }
    }).pipe(Effect.scoped, Effect.provide(TestServer.layerMemory()))
  )

  it.live("refuses a ttl that is no time", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      for (const ttl of ["soon", "infinity", Number.NaN] as const) {
        const error = yield* Effect.flip(make(zk, { ttl: ttl as "1 second" }))
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.include(error.message, String(ttl))
      }
    })
  )

  it.live("fails when it may not be made", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create(PATH, "", { acl: Acl.readUnsafe })
      const error = yield* Effect.flip(make(zk))
      assert.strictEqual(error.reason._tag, "NoAuth")
    })
  )
})
