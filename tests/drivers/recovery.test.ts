/** Losing the connection to a real server, and what comes back with the next one. */
import * as Acl from "@effect-zookeeper/core/Acl"
import { EventType } from "@effect-zookeeper/core/WatchEvent"
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import { text, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import * as Election from "@effect-zookeeper/recipes/Election"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { awaitState } from "../support/awaitState.ts"
import * as Proxy from "../support/Proxy.ts"
import * as rawSession from "../support/rawSession.ts"
import * as SharedServers from "../support/SharedServers.ts"
import { adopted, native, type Options, own } from "./drivers.ts"

const drivers = [
  { name: "the native driver", open: native, owns: true },
  { name: "a client of its own", open: own, owns: true },
  { name: "an application's client", open: adopted, owns: false }
]

for (const { name, open, owns } of drivers) {
  /** A session through a proxy, another one beside it, and a path of theirs. */
  const setUp = Effect.fnUntraced(function* (options?: Options) {
    const connect = yield* SharedServers.single
    const proxy = yield* Proxy.make({ port: Number(connect.split(":")[1]) })
    const zk = yield* open(proxy.connectString, options)
    const other = yield* native(connect)
    const path = `/recovery-${randomUUID()}`
    yield* zk.create(path)
    return { connect, proxy, zk, other, path }
  })

  const awaitTag = (zk: ZooKeeper, tag: string) =>
    awaitState(
      Effect.sync(() => zk.session.state._tag),
      (state) => state === tag,
      { describe: `the session is ${tag}` }
    )

  describe(`over ${name}`, () => {
    it.live("the session and its nodes outlive the connection, and what waits is done", () =>
      Effect.gen(function* () {
        const { other, path, proxy, zk } = yield* setUp()
        const { id } = zk.session
        const node = yield* zk.create(`${path}/e`, "", { mode: "ephemeral" })
        yield* proxy.refuse
        yield* proxy.cut
        yield* awaitTag(zk, "Suspended")
        const waiting = yield* Effect.forkChild(zk.set(path, "done"), { startImmediately: true })
        yield* proxy.listen
        yield* Fiber.join(waiting)
        assert.strictEqual(zk.session.id, id)
        assert.strictEqual(Option.getOrThrow(yield* other.exists(node)).ephemeralOwner, id)
      })
    )

    it.live("logs in again before anything that waited is sent (museum 13)", () =>
      Effect.gen(function* () {
        const credentials = Redacted.make("bob:secret")
        const { path, proxy, zk } = yield* setUp({ auth: [{ scheme: "digest", credentials }] })
        yield* zk.create(`${path}/mine`, "x", { acl: [Acl.digest("bob", "secret")] })
        for (let round = 0; round < 3; round++) {
          yield* proxy.refuse
          yield* proxy.cut
          yield* awaitTag(zk, "Suspended")
          const waiting = yield* Effect.forkChild(zk.getString(`${path}/mine`), { startImmediately: true })
          yield* proxy.listen
          assert.strictEqual(yield* Fiber.join(waiting), "x")
        }
      })
    )

    it.live("a write whose answer was lost may have been done, and is not sent again (museum 32)", () =>
      Effect.gen(function* () {
        const { other, path, proxy, zk } = yield* setUp()
        const dropped = yield* proxy.dropReplyTo(({ type }) => type === create.code)
        const error = yield* Effect.flip(zk.create(`${path}/s-`, "", { mode: "persistentSequential" }))
        yield* dropped
        assert.strictEqual(error.reason._tag, "ConnectionLost")
        assert.strictEqual(error.applied, "unknown")
        yield* zk.get(path)
        assert.lengthOf(yield* other.children(path), 1)
      })
    )

    it.live("a protected create whose answer was lost is found again", () =>
      Effect.gen(function* () {
        const { other, path, proxy, zk } = yield* setUp()
        const dropped = yield* proxy.dropReplyTo(({ type }) => type === create.code)
        const node = yield* zk.create(`${path}/s-`, "", { mode: "ephemeralSequential", protected: true })
        yield* dropped
        const names = yield* other.children(path)
        assert.deepStrictEqual(
          names.map((name) => `${path}/${name}`),
          [node]
        )
      })
    )

    it.live("streams of states show what happened meanwhile", () =>
      Effect.gen(function* () {
        const { other, path, proxy, zk } = yield* setUp()
        const count = 200
        const last = new Map<string, string>()
        const paths = Array.from({ length: count }, (_, index) => `${path}/${index}`)
        for (const node of paths.slice(0, count / 2)) yield* zk.create(node, "old")
        for (const node of paths) {
          yield* Effect.forkChild(
            Stream.runForEach(zk.changes.data(node), ({ node: found }) =>
              Effect.sync(() => last.set(node, Option.match(found, { onNone: () => "none", onSome: text })))
            )
          )
        }
        const until = (describe: string, expected: (index: number) => string) =>
          awaitState(
            Effect.sync(() => paths.filter((node, index) => last.get(node) !== expected(index))),
            (wrong) => wrong.length === 0,
            { describe }
          )
        yield* until("all are read", (index) => (index < count / 2 ? "old" : "none"))
        yield* proxy.refuse
        yield* proxy.cut
        yield* awaitTag(zk, "Suspended")
        // A third is deleted or made, a third is changed or stays missing, the rest stays as it is.
        for (const [index, node] of paths.entries()) {
          if (index % 3 === 0) yield* index < count / 2 ? other.delete(node) : other.create(node, "new")
          else if (index % 3 === 1 && index < count / 2) yield* other.set(node, "new")
        }
        yield* proxy.listen
        const expected = (index: number): string => {
          const old = index < count / 2
          if (index % 3 === 0) return old ? "none" : "new"
          return old ? (index % 3 === 1 ? "new" : "old") : "none"
        }
        yield* until("all are right again", expected)
        // And they go on.
        for (const [index, node] of paths.entries()) if (expected(index) !== "none") yield* other.set(node, "last")
        yield* until("all follow", (index) => (expected(index) === "none" ? "none" : "last"))
      })
    )

    it.live("one-shot watches tell of what happened meanwhile", () =>
      Effect.gen(function* () {
        const { other, path, proxy, zk } = yield* setUp()
        const seen: Array<WatchEvent> = []
        zk.driver.onEvent((event) => seen.push(event))
        yield* zk.create(`${path}/data`)
        const data = yield* zk.once.data(`${path}/data`)
        const children = yield* zk.once.children(path)
        const later = yield* zk.once.exists(`${path}/later`)
        yield* proxy.refuse
        yield* proxy.cut
        yield* awaitTag(zk, "Suspended")
        yield* other.set(`${path}/data`, "x")
        yield* other.create(`${path}/later`)
        yield* proxy.listen
        const types = yield* Effect.all([data.next, children.next, later.next])
        assert.deepStrictEqual(
          types.map(({ type }) => EventType[type]),
          [EventType.NodeDataChanged, EventType.NodeChildrenChanged, EventType.NodeCreated]
        )
      })
    )

    it.live("a lock excludes, and passes on", () =>
      Effect.gen(function* () {
        const { other, path, zk } = yield* setUp()
        const lock = yield* Effect.provideService(Lock.make({ path: `${path}/lock` }), ZooKeeper, zk)
        const rival = yield* Effect.provideService(Lock.make({ path: `${path}/lock` }), ZooKeeper, other)
        const release = yield* Deferred.make<void>()
        const holding = yield* Deferred.make<bigint>()
        const first = yield* Effect.forkChild(
          lock.withLock(({ fencingToken }) =>
            Effect.andThen(Deferred.succeed(holding, fencingToken), Deferred.await(release))
          )
        )
        const token = yield* Deferred.await(holding)
        assert.isTrue(Option.isNone(yield* rival.tryWithLock(() => Effect.void)))
        const second = yield* Effect.forkChild(rival.withLock(({ fencingToken }) => Effect.succeed(fencingToken)))
        yield* Deferred.succeed(release, undefined)
        yield* Fiber.join(first)
        const next = yield* Fiber.join(second)
        assert.isTrue(next > token)
        assert.isTrue((yield* lock.withLock(({ fencingToken }) => Effect.succeed(fencingToken))) > next)
      })
    )

    it.live("a leader stops leading when its session ends, and another leads", () =>
      Effect.gen(function* () {
        const { connect, other, path, proxy, zk } = yield* setUp()
        const election = yield* Effect.provideService(Election.make({ path: `${path}/e` }), ZooKeeper, zk)
        const rival = yield* Effect.provideService(Election.make({ path: `${path}/e` }), ZooKeeper, other)
        const leads = yield* Deferred.make<void>()
        const stopped = yield* Deferred.make<void>()
        const follows = yield* Deferred.make<void>()
        yield* Effect.forkChild(
          Effect.exit(
            election.whileLeader(() =>
              Deferred.succeed(leads, undefined).pipe(
                Effect.andThen(Effect.never),
                Effect.onInterrupt(() => Deferred.succeed(stopped, undefined))
              )
            )
          )
        )
        yield* Deferred.await(leads)
        yield* Effect.forkChild(
          rival.whileLeader(() => Effect.andThen(Deferred.succeed(follows, undefined), Effect.never))
        )
        // In line, before the leader comes back with a new session.
        yield* awaitState(rival.role, (role) => role === "Standby", { describe: "the rival waits" })
        // Kept away meanwhile, or it would take its session back.
        yield* proxy.refuse
        yield* proxy.cut
        yield* awaitTag(zk, "Suspended")
        yield* rawSession.expireSession(connect, zk.session.id, Redacted.value(zk.session.password))
        yield* proxy.listen
        yield* Deferred.await(stopped)
        yield* Deferred.await(follows)
        if (!owns) yield* awaitTag(zk, "Expired")
      })
    )
  })
}
