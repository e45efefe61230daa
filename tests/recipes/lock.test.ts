/** Locks on a real ensemble: exclusion, order, and that nothing stays behind. */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as Op from "@effect-zookeeper/core/Op"
import { LeaseLost } from "@effect-zookeeper/core/LeaseLost"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { awaitState } from "../support/awaitState.ts"
import {
  awaitQueue,
  beside,
  body,
  isEntered,
  loggingTo,
  connectStringOf,
  expire,
  nodes,
  onServers,
  PATH,
  precede,
  proxied,
  queue,
  recordRequests,
  sessions,
  using
} from "./support.ts"

describe("a lock", () => {
  it.live("has one holder at a time, in the order of arrival, whatever the dialect", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(6)
      const dialects = ["curator", "kazoo", "apache"] as const
      let inside = 0
      const order: Array<number> = []
      const tokens: Array<bigint> = []
      const first = body()
      const fibers: Array<Fiber.Fiber<void, unknown>> = []
      for (const [index, zk] of clients.entries()) {
        const lock = yield* using(zk)(Lock.make({ path: PATH, dialect: dialects[index % 3]! }))
        const work = lock.withLock((held) =>
          Effect.gen(function* () {
            assert.strictEqual(++inside, 1)
            order.push(index)
            tokens.push(held.fencingToken)
            if (index === 0) yield* first.run
            yield* zk.sync()
            inside--
          })
        )
        fibers.push(yield* Effect.forkChild(work))
        yield* awaitQueue(zk, index + 1)
      }
      // As the programs of each dialect write them.
      const written = [/^_c_[0-9a-f-]{36}-lock-\d{10}$/, /^[0-9a-f]{32}__lock__\d{10}$/, /^x-[0-9a-f-]{36}-\d{10}$/]
      for (const [index, name] of (yield* queue(clients[0]!)).entries()) assert.match(name, written[index % 3]!)
      yield* first.leave
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(order, [0, 1, 2, 3, 4, 5])
      assert.deepStrictEqual(
        tokens,
        tokens.toSorted((a, b) => (a < b ? -1 : 1))
      )
      assert.deepStrictEqual(yield* queue(clients[0]!), [])
    })
  )

  it.live("ends what the body forks in its scope, before somebody else can have the lock", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* using(zk!)(Lock.make({ path: PATH, reentrant: true }))
      const seen: Array<string> = []
      const fork = (name: string) =>
        Effect.forkScoped(
          Effect.onExit(Effect.never, () =>
            Effect.map(queue(other!), ({ length }) => void seen.push(`${name} ${length}`))
          ),
          { startImmediately: true }
        )
      const work: Effect.Effect<void, ZooKeeperError | LeaseLost> = lock.withLock(() =>
        fork("outer").pipe(
          Effect.andThen(lock.withLock(() => fork("inner"))),
          Effect.andThen(Effect.sync(() => seen.push("after the inner one")))
        )
      )
      yield* work
      assert.deepStrictEqual(seen, ["inner 1", "after the inner one", "outer 1"])
      assert.deepStrictEqual(yield* queue(other!), [])
    })
  )

  it.live("costs four requests when nobody is in the way, and the path once", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* using(zk)(Lock.make({ path: PATH }))
      yield* lock.withLock(() => Effect.void)
      const requests = recordRequests(zk)
      yield* lock.withLock(() => Effect.void)
      assert.deepStrictEqual(requests, ["create", "getData", "getChildren", "delete"])
      assert.strictEqual(zk.driver.watches.size, 0)
    })
  )

  it.live("tells who holds it and who waits, with what they tell of themselves", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const a = yield* using(one!)(Lock.make({ path: PATH, data: "a" }))
      const b = yield* using(two!)(Lock.make({ path: PATH, data: "b", dialect: "kazoo" }))
      assert.deepStrictEqual(yield* a.contenders, [])
      const work = body()
      const holder = yield* Effect.forkChild(a.withLock(() => work.run))
      yield* work.entered
      const waiter = yield* Effect.forkChild(b.withLock(() => Effect.void))
      yield* awaitQueue(one!, 2)
      const seen = yield* b.contenders
      assert.deepStrictEqual(seen.map(ZooKeeper.text), ["a", "b"])
      assert.deepStrictEqual(
        seen.map(({ node }) => node),
        yield* nodes(one!)
      )
      yield* work.leave
      yield* Fiber.joinAll([holder, waiter])
    })
  )

  it.live("does not tell of who has gone meanwhile", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.ensurePath(PATH)
      const [gone, there] = yield* Effect.forEach(["a", "b"], (data) =>
        other!.create(`${PATH}/lock-`, data, { mode: "ephemeralSequential" })
      )
      const lock = yield* using(zk!)(Lock.make({ path: PATH }))
      yield* zk!.sync()
      precede(zk!, "getData", 1, Effect.ignore(zk!.delete(gone!)))
      assert.deepStrictEqual(
        (yield* lock.contenders).map(({ node }) => node),
        [there!]
      )
    })
  )

  it.live("leaves no node behind when a waiter is interrupted, and wakes nobody who has somebody before them", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(3)
      const locks = yield* Effect.forEach(clients, (zk) => using(zk)(Lock.make({ path: PATH })))
      const [first, third] = [body(), body()]
      const holder = yield* Effect.forkChild(locks[0]!.withLock(() => first.run))
      yield* first.entered
      const waiter = yield* Effect.forkChild(locks[1]!.withLock(() => Effect.die("never")))
      yield* awaitQueue(clients[0]!, 2)
      const last = yield* Effect.forkChild(locks[2]!.withLock(() => third.run))
      yield* awaitQueue(clients[0]!, 3)
      yield* Fiber.interrupt(waiter)
      // Its create may have been unanswered still, and then the node goes in the background.
      yield* awaitQueue(clients[0]!, 2)
      assert.isFalse(yield* isEntered(third))
      yield* first.leave
      yield* third.entered
      yield* third.leave
      yield* Fiber.joinAll([holder, last])
      assert.deepStrictEqual(yield* queue(clients[0]!), [])
    })
  )

  it.live("can be interrupted at every step without leaving a node", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* using(zk!)(Lock.make({ path: PATH }))
      const requests = recordRequests(zk!)
      for (let step = 1; step <= 8; step++) {
        requests.length = 0
        const fiber = yield* Effect.forkChild(lock.withLock(() => Effect.never))
        yield* awaitState(
          Effect.sync(() => requests.length),
          (sent) => sent >= Math.min(step, 3),
          {
            describe: `request ${step}`
          }
        )
        if (step > 4) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        yield* awaitQueue(other!, 0)
      }
    })
  )

  it.live("tried, gives none at once or after the wait, and works when it is free", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const a = yield* using(one!)(Lock.make({ path: PATH }))
      const b = yield* using(two!)(Lock.make({ path: PATH }))
      const work = body()
      const holder = yield* Effect.forkChild(a.withLock(() => work.run))
      yield* work.entered
      assert.deepStrictEqual(yield* b.tryWithLock(() => Effect.succeed(1)), Option.none())
      assert.strictEqual((yield* queue(one!)).length, 1)
      assert.deepStrictEqual(yield* b.tryWithLock(() => Effect.succeed(1), { wait: "100 millis" }), Option.none())
      // Its create may have been unanswered still, and then the node goes in the background.
      yield* awaitQueue(one!, 1)
      const patient = yield* Effect.forkChild(b.tryWithLock(() => Effect.succeed(2), { wait: "1 minute" }))
      yield* awaitQueue(one!, 2)
      yield* work.leave
      assert.deepStrictEqual(yield* Fiber.join(patient), Option.some(2))
      yield* Fiber.join(holder)
      assert.deepStrictEqual(yield* b.tryWithLock(() => Effect.succeed(3)), Option.some(3))
      assert.deepStrictEqual(yield* b.tryWithLock(() => Effect.succeed(4), { wait: 0 }), Option.some(4))
      assert.deepStrictEqual(yield* queue(one!), [])
    })
  )

  it.live("tried for a scope, is held until that closes, or leaves nothing in it", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const a = yield* using(one!)(Lock.make({ path: PATH }))
      const b = yield* using(two!)(Lock.make({ path: PATH }))
      const scope = yield* Scope.make()
      const held = yield* Scope.provide(a.tryAcquire(), scope)
      assert.isTrue(Option.isSome(held))
      for (const wait of [undefined, 0, -1, "100 millis"] as const) {
        assert.deepStrictEqual(yield* b.tryAcquire({ wait }), Option.none())
        // Its create may have been unanswered still, and then the node goes in the background.
        yield* awaitQueue(one!, 1)
      }
      const patient = yield* Effect.forkChild(b.tryAcquire({ wait: "1 minute" }))
      yield* awaitQueue(one!, 2)
      yield* Scope.close(scope, Exit.void)
      const next = Option.getOrThrow(yield* Fiber.join(patient))
      assert.isTrue(next.fencingToken > Option.getOrThrow(held).fencingToken)
      assert.deepStrictEqual(
        (yield* b.contenders).map(({ node }) => node),
        [next.node]
      )
    })
  )

  it.live("refuses to wait for what is no time", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* using(zk)(Lock.make({ path: PATH }))
      const soon = { wait: "soon" as Duration.Input }
      for (const refused of [
        Effect.asVoid(lock.tryAcquire(soon)),
        Effect.asVoid(lock.tryWithLock(() => Effect.void, soon))
      ]) {
        const error = yield* Effect.flip(refused)
        assert.strictEqual(error._tag === "ZooKeeperError" && error.reason._tag, "InvalidArgument")
        assert.include(error.message, `wait is 'soon'; it must be a duration such as "2 seconds"`)
      }
    })
  )

  it.live("is shared with the holder's children on demand, and not with what outlives the holder", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* using(zk)(Lock.make({ path: PATH, reentrant: true }))
      const go = Deferred.makeUnsafe<void>()
      const { late, outer } = yield* lock.withLock((held) =>
        Effect.gen(function* () {
          const inner = yield* lock.withLock((again) =>
            Effect.all([lock.withLock((third) => Effect.succeed(third.node)), Effect.succeed(again.node)], {
              concurrency: 2
            })
          )
          assert.deepStrictEqual(inner, [held.node, held.node])
          assert.deepStrictEqual(yield* lock.tryWithLock(() => Effect.succeed(true)), Option.some(true))
          const left = lock.withLock(({ node }) => Effect.succeed(node))
          const late = yield* Effect.forkDetach(Effect.andThen(Deferred.await(go), left))
          return { outer: held.node, late }
        })
      )
      yield* Deferred.succeed(go, undefined)
      assert.notStrictEqual(yield* Fiber.join(late), outer)
      assert.deepStrictEqual(yield* queue(zk), [])
    })
  )

  it.live("shared, ends the work that outlives the holder's", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* using(zk!)(Lock.make({ path: PATH, reentrant: true }))
      for (const shared of [lock.withLock(() => Effect.never), lock.tryWithLock(() => Effect.never)]) {
        const left = yield* lock.withLock(() => Effect.forkDetach(Effect.exit(shared), { startImmediately: true }))
        const exit = yield* Fiber.join(left)
        assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof LeaseLost, String(exit))
        const again = yield* using(other!)(Lock.make({ path: PATH }))
        assert.isTrue(Option.isSome(yield* again.tryWithLock(() => Effect.void)))
      }
    })
  )

  it.live("not shared, makes its holder wait for itself, which a wait bounds", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* using(zk)(Lock.make({ path: PATH }))
      const inner = lock.withLock(() => lock.tryWithLock(() => Effect.void))
      assert.deepStrictEqual(yield* inner, Option.none())
    })
  )

  it.live("interrupts the work when its node is deleted by hand, and guards refuse (29)", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* using(zk!)(Lock.make({ path: PATH }))
      let guard: Effect.Effect<unknown, unknown> = Effect.void
      const work = body()
      const holder = yield* Effect.forkChild(
        Effect.flip(
          lock.withLock((held) => {
            guard = held.guard(Op.create("/guarded"))
            return work.run
          })
        )
      )
      yield* work.entered
      for (const node of yield* nodes(other!)) yield* other!.delete(node)
      const lost = (yield* Fiber.join(holder)) as LeaseLost
      assert.deepStrictEqual([lost._tag, lost.why], ["LeaseLost", "deleted"])
      assert.strictEqual(((yield* Effect.flip(guard)) as LeaseLost)._tag, "LeaseLost")
      assert.isTrue(Option.isNone(yield* zk!.exists("/guarded")))
    })
  )

  it.live("tried, interrupts its work as well when its node is deleted", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* using(zk!)(Lock.make({ path: PATH }))
      for (const options of [{}, { wait: "1 minute" }] as const) {
        const work = body()
        const holder = yield* Effect.forkChild(Effect.flip(lock.tryWithLock(() => work.run, options)))
        yield* work.entered
        for (const node of yield* nodes(other!)) yield* other!.delete(node)
        assert.strictEqual((yield* Fiber.join(holder))._tag, "LeaseLost")
      }
    })
  )

  it.live("keeps its place and what it holds when somebody writes to its node, and still notices the end of it", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const a = yield* using(other!)(Lock.make({ path: PATH }))
      const b = yield* using(zk!)(Lock.make({ path: PATH }))
      const [first, second] = [body(), body()]
      const holder = yield* Effect.forkChild(a.withLock(() => first.run))
      yield* first.entered
      const requests = recordRequests(zk!)
      const waiter = yield* Effect.forkChild(Effect.flip(b.withLock(() => second.run)))
      yield* awaitState(
        Effect.sync(() => requests.filter((name) => name === "getData").length),
        (looks) => looks === 2,
        { describe: "it looks at its own node and at the one before it" }
      )
      yield* awaitQueue(other!, 2)
      const all = yield* nodes(other!)
      requests.length = 0
      // As Curator's programs ask somebody to give it back.
      const revoke = Effect.andThen(
        Effect.forEach(all, (node) => Effect.ignore(other!.set(node, "__REVOKE__"))),
        zk!.sync()
      )
      yield* revoke
      assert.deepStrictEqual(yield* nodes(other!), all)
      assert.isFalse(yield* isEntered(second))
      // The queue is as it was.
      assert.notInclude(requests, "getChildren")
      yield* first.leave
      yield* second.entered
      yield* revoke
      yield* revoke
      assert.deepStrictEqual(yield* nodes(other!), all.slice(1))
      yield* other!.delete(all[1]!)
      assert.strictEqual((yield* Fiber.join(waiter))._tag, "LeaseLost")
      yield* Fiber.join(holder)
    })
  )

  it.live("has the czxid of its node as token, which grows though the path and its counter begin anew", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* using(zk)(Lock.make({ path: PATH }))
      const take = lock.withLock(({ fencingToken, node }) =>
        Effect.map(zk.get(node), ({ stat }) => {
          assert.strictEqual(fencingToken, stat.czxid)
          return { fencingToken, number: node.slice(-10) }
        })
      )
      yield* take
      const before = yield* take
      yield* zk.delete(PATH)
      const after = yield* take
      assert.isBelow(Number(after.number), Number(before.number))
      assert.isTrue(after.fencingToken > before.fencingToken)
    })
  )

  it.live("guards commit while it is held, and tell their own failures by their own index", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* using(zk)(Lock.make({ path: PATH }))
      yield* lock.withLock((held) =>
        Effect.gen(function* () {
          const [path, stat] = yield* held.guard(Op.create("/a", "1"), Op.set("/a", "2"))
          assert.deepStrictEqual([path, stat.version], ["/a", 1])
          const error = yield* Effect.flip(held.guard(Op.check("/a", "any"), Op.create("/a")))
          assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "TransactionFailed")
          if (error._tag === "ZooKeeperError" && error.reason._tag === "TransactionFailed") {
            assert.deepStrictEqual([error.reason.index, error.reason.path], [1, "/a"])
          }
        })
      )
    })
  )

  it.live("a guard whose node was deleted refuses though its holder has not noticed yet", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const lock = yield* using(zk)(Lock.make({ path: PATH }))
      const held = yield* lock.acquire
      const requests = recordRequests(zk)
      // The server's word of the deletion is on its way, and so is the transaction.
      yield* proxy.stall
      yield* other.delete(held.node)
      const guarded = yield* Effect.forkChild(Effect.flip(held.guard(Op.create("/guarded"))), {
        startImmediately: true
      })
      assert.deepStrictEqual(requests, ["multi"])
      yield* proxy.flow
      assert.strictEqual((yield* Fiber.join(guarded))._tag, "LeaseLost")
      assert.isTrue(Option.isNone(yield* other.exists("/guarded")))
    })
  )

  it.live("interrupts the work when the session expires, and another one may begin after that (30)", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const a = yield* using(zk!)(Lock.make({ path: PATH }))
      const b = yield* using(other!)(Lock.make({ path: PATH }))
      const log: Array<string> = []
      const work = body()
      const holder = yield* Effect.forkChild(
        Effect.flip(a.withLock(() => Effect.onInterrupt(work.run, () => Effect.sync(() => log.push("interrupted")))))
      )
      yield* work.entered
      const next = yield* Effect.forkChild(b.withLock(() => Effect.sync(() => log.push("next"))))
      yield* awaitQueue(other!, 2)
      yield* expire(zk!)
      const lost = yield* Fiber.join(holder)
      // It may be told of the deletion of its node by the connection that ends with the session.
      assert.isTrue(lost._tag === "LeaseLost" && ["expired", "deleted"].includes(lost.why), String(lost))
      yield* Fiber.join(next)
      assert.sameMembers(log, ["interrupted", "next"])
      // And the session that came in its stead can lock again.
      yield* a.withLock(() => Effect.void)
    })
  )

  it.live("takes a new place when the session of a waiter expires, or somebody deletes its node", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const a = yield* using(other!)(Lock.make({ path: PATH }))
      const b = yield* using(zk!)(Lock.make({ path: PATH }))
      const work = body()
      const holder = yield* Effect.forkChild(a.withLock(() => work.run))
      yield* work.entered
      const waiter = yield* Effect.forkChild(b.withLock(({ node }) => Effect.succeed(node)))
      yield* awaitQueue(other!, 2)
      const [, before] = yield* nodes(other!)
      yield* expire(zk!)
      const again = awaitState(nodes(other!), (all) => all.length === 2 && all[1] !== before, {
        describe: "a new place in the queue",
        within: "30 seconds"
      })
      const [, second] = yield* again
      yield* other!.delete(second!)
      const third = (yield* awaitState(nodes(other!), (all) => all.length === 2 && all[1] !== second, {
        describe: "a third place in the queue"
      }))[1]
      yield* work.leave
      assert.strictEqual(yield* Fiber.join(waiter), third)
      yield* Fiber.join(holder)
      assert.deepStrictEqual(yield* queue(other!), [])
    })
  )

  it.live("has its turn however long it waited: the lease is young again when it begins", () =>
    Effect.gen(function* () {
      const other = yield* onServers()
      const zk = yield* beside(other, { sessionTimeout: "1 second" })
      const a = yield* using(other)(Lock.make({ path: PATH }))
      const b = yield* using(zk)(Lock.make({ path: PATH }))
      const work = body()
      const holder = yield* Effect.forkChild(a.withLock(() => work.run))
      yield* work.entered
      const waiter = yield* Effect.forkChild(b.withLock(({ node }) => Effect.succeed(node)))
      yield* awaitQueue(other, 2)
      const [, place] = yield* nodes(other)
      yield* awaitState(
        Effect.map(Clock.currentTimeMillis, (now) => now - zk.session.deadline),
        (late) => late > 0,
        { describe: "nobody has confirmed the session of the waiter for long" }
      )
      yield* work.leave
      assert.strictEqual(yield* Fiber.join(waiter), place)
      yield* Fiber.join(holder)
    })
  )

  it.live("fails when the session is over for good", () =>
    Effect.gen(function* () {
      const other = yield* onServers()
      const zk = yield* ZooKeeper.make({ connect: connectStringOf(other), onExpired: "fail" })
      const a = yield* using(other)(Lock.make({ path: PATH }))
      const b = yield* using(zk)(Lock.make({ path: PATH }))
      const work = body()
      const holder = yield* Effect.forkChild(a.withLock(() => work.run))
      yield* work.entered
      const waiter = yield* Effect.forkChild(Effect.flip(b.withLock(() => Effect.void)))
      yield* awaitQueue(other, 2)
      yield* expire(zk)
      const error = yield* Fiber.join(waiter)
      assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "SessionExpired", String(error))
      yield* work.leave
      yield* Fiber.join(holder)
    })
  )

  const warningsOf = <E>(effect: Effect.Effect<unknown, E>) =>
    Effect.suspend(() => {
      const logged: Array<string> = []
      return Effect.as(loggingTo(logged)(effect), logged)
    })

  it.live("says that it stays in the way where the server does not let it go", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create(PATH)
      const lock = yield* using(zk)(Lock.make({ path: PATH }))
      const noDelete = [{ scheme: "world", id: "anyone", perms: Acl.Perms.READ | Acl.Perms.CREATE }]
      const logged = yield* warningsOf(lock.withLock(() => Effect.asVoid(zk.setAcl(PATH, noDelete))))
      const [stays] = yield* nodes(zk)
      assert.lengthOf(logged, 1)
      assert.isTrue(logged[0]!.startsWith(`${stays} stays, if it is there, until its session ends: `), logged[0])
      assert.include(logged[0], "not allowed by the node's ACL")
    })
  )

  it.live("does not mind other children, and warns once of what it sees there (27)", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      yield* zk.create(`${PATH}/config`, "", { parents: true })
      const lock = yield* using(zk)(Lock.make({ path: PATH }))
      const once = lock.withLock(() => Effect.void)
      const logged = yield* warningsOf(Effect.andThen(once, once))
      assert.deepStrictEqual(logged.length, 1)
      assert.match(logged[0]!, /'config'/)
      assert.deepStrictEqual(yield* queue(zk), ["config"])
    })
  )

  it.live("warns once of names that programs of its dialect do not see, and not of those that they do", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const [ours, alike, theirs] = yield* Effect.forEach(["curator", "curator", "kazoo"] as const, (dialect) =>
        using(zk)(Lock.make({ path: PATH, dialect }))
      )
      const tried = Effect.andThen(
        ours!.tryWithLock(() => Effect.void),
        ours!.tryWithLock(() => Effect.void)
      )
      assert.deepStrictEqual(yield* warningsOf(alike!.withLock(() => tried)), [])
      const logged = yield* warningsOf(theirs!.withLock(() => tried))
      assert.lengthOf(logged, 1, logged.join("\n"))
      assert.match(logged[0]!, /__lock__\d{10}', which this contender honours and other curator programs do not see/)
    })
  )

  it.live("honours the names of all libraries, as they write them, and no others", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* using(zk!)(Lock.make({ path: PATH }))
      const hex = "5e7f0a1cb2d34c5d8e6f708192a3b4c5"
      const uuid = "5e7f0a1c-b2d3-4c5d-8e6f-708192a3b4c5"
      const contending = [
        // Curator, with protection and without: mutex, readers and writers, leases, latch.
        ...["lock-", "__READ__", "__WRIT__", "lease-", "latch-"].map((name) => `_c_${uuid}-${name}`),
        ...["lock-", "__READ__", "__WRIT__", "lease-", "latch-"],
        // go-zookeeper.
        `_c_${hex}-lock-`,
        // kazoo as it is, and with the documented subclasses.
        ...["__lock__", "__rlock__", "-lock-", "__READ__", "__WRIT__"].map((name) => `${hex}${name}`),
        // Apache: WriteLock with the id of the session, and LeaderElectionSupport.
        "x-72057881183453184-",
        "x--8646911284551352320-",
        "n_"
      ]
      for (const name of contending) {
        const node = yield* other!.create(`${PATH}/${name}`, "", { mode: "ephemeralSequential", parents: true })
        assert.deepStrictEqual(yield* lock.tryWithLock(() => Effect.void), Option.none(), name)
        assert.deepStrictEqual(
          (yield* lock.contenders).map((contender) => contender.node),
          [node]
        )
        yield* other!.delete(node)
      }
      const indifferent = [
        ...["config", "lock", "lock-1", "lock-00000000001", "deadlock-x", `${hex}__party__`],
        ...["__lock__", "x-1", "n_1", "clock0000000000", "padlock-000000000x"]
      ]
      for (const name of indifferent) yield* other!.create(`${PATH}/${name}`)
      assert.deepStrictEqual(
        yield* lock.tryWithLock(() => lock.contenders.pipe(Effect.map((all) => all.length))),
        Option.some(1)
      )
    })
  )

  it.live("refuses a counter that has wrapped, and leaves no node", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* using(zk)(Lock.make({ path: PATH }))
      // Ten characters at least, so a small number has nine digits and the sign.
      for (const counter of ["-2147483648", "-000000001"]) {
        const strange = `${PATH}/_c_5e7f0a1c-0000-4000-8000-000000000000-lock-${counter}`
        yield* zk.create(strange, "", { parents: true })
        const error = yield* Effect.flip(lock.withLock(() => Effect.void))
        assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "InvalidArgument", String(error))
        assert.deepStrictEqual(yield* nodes(zk), [strange])
        yield* zk.delete(strange)
      }
    })
  )

  it.live("gives a holder only once somebody looks after it", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      let looks = 0
      let calls = 0
      // The leader is asked again before a second watch begins, as it is when the last answer has just become too old.
      const slow: typeof zk.whileSession = (effect) =>
        Effect.suspend(() => {
          if (++calls > 1) return Effect.never
          return zk.whileSession(
            Effect.acquireUseRelease(
              Effect.sync(() => looks++),
              () => effect,
              () => Effect.sync(() => looks--)
            )
          )
        })
      const lock = yield* using({ ...zk, whileSession: slow })(Lock.make({ path: PATH }))
      yield* Effect.scoped(
        Effect.andThen(
          lock.acquire,
          Effect.sync(() => assert.strictEqual(looks, 1))
        )
      )
    })
  )

  it.live("makes its path again when that is gone before its node is there, as an empty container may be (36)", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const lock = yield* using(zk)(Lock.make({ path: `${PATH}/below/this` }))
      precede(zk, "create", 5, Effect.ignore(zk.delete(`${PATH}/below/this`)))
      const requests = recordRequests(zk)
      assert.lengthOf(yield* lock.withLock(() => queue(zk, `${PATH}/below/this`)), 1)
      assert.lengthOf(
        requests.filter((name) => name === "create"),
        6,
        requests.join()
      )
    })
  )

  it.live("goes on when its path is deleted again and again", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const lock = yield* using(zk!)(Lock.make({ path: `${PATH}/below/this` }))
      const reaper = yield* Effect.forkChild(
        Effect.forever(Effect.ignore(Effect.andThen(Effect.yieldNow, other!.delete(PATH, { recursive: true }))))
      )
      let done = 0
      for (let round = 0; round < 20; round++) {
        yield* Effect.catchTag(
          lock.withLock(() => Effect.sync(() => done++)),
          "LeaseLost",
          () => Effect.void
        )
      }
      assert.isAbove(done, 0)
      yield* Fiber.interrupt(reaper)
    })
  )

  it.live("makes its path as containers, or as persistent nodes in the dialects of kazoo and Apache", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const requests = recordRequests(zk)
      for (const [dialect, create] of [
        ["curator", "createContainer"],
        ["kazoo", "create"],
        ["apache", "create"]
      ] as const) {
        requests.length = 0
        const lock = yield* using(zk)(Lock.make({ path: `/${dialect}/lock`, dialect }))
        yield* lock.withLock(() => Effect.void)
        assert.deepStrictEqual(
          requests.filter((name) => name.startsWith("create")),
          ["create", create, create, "create"]
        )
      }
    })
  )

  it.live("is a layer that an application names", () => {
    class Jobs extends Lock.Service<Jobs>()("test/Jobs", { path: PATH }) {}
    return Effect.gen(function* () {
      const zk = yield* onServers()
      const program = Effect.gen(function* () {
        const jobs = yield* Jobs
        return yield* jobs.withLock(({ node }) => Effect.succeed(node))
      })
      const node = yield* Effect.provide(
        program,
        Jobs.layer.pipe(Layer.provide(Layer.succeed(ZooKeeper.ZooKeeper, zk)))
      )
      assert.match(node, /^\/recipe\/_c_[0-9a-f-]{36}-lock-\d{10}$/)
    })
  })
})
