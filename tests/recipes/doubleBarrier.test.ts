/** Double barriers on a real ensemble: members that begin and end together, whatever gets lost on the way. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import * as DoubleBarrier from "@effect-zookeeper/recipes/DoubleBarrier"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { awaitConnected, awaitWatched, cutOff } from "../real/clients.ts"
import { awaitState } from "../support/awaitState.ts"
import {
  body,
  type Client,
  expire,
  expireDuring,
  isEntered,
  onServers,
  PATH,
  precede,
  proxied,
  queue,
  recordEvents,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const READY = `${PATH}/ready`
const make = (zk: Client, options: Partial<DoubleBarrier.Options> = {}) =>
  using(zk)(DoubleBarrier.make({ path: PATH, size: 2, ...options }))

const dialects = ["curator", "kazoo"] as const

/** Waits until all members are in, and nobody has left. */
const awaitMembers = (zk: Client, count: number) =>
  awaitState(
    Effect.map(queue(zk), (names) => names.filter((name) => name !== "ready")),
    ({ length }) => length === count,
    { describe: `${count} members`, within: "30 seconds" }
  )

/** Waits until a session has asked for something so many times. */
const awaitAsked = (asked: ReadonlyArray<string>, operation: string, times = 1) =>
  awaitState(
    Effect.sync(() => [...asked]),
    (now) => now.filter((name) => name === operation).length === times,
    { describe: `${operation} for the ${times}. time` }
  )

/** Has a member come, and waits until it has seen that there are too few: whoever comes next opens the round. */
const firstToCome = Effect.fnUntraced(function* <A, E, R>(zk: Client, entering: Effect.Effect<A, E, R>) {
  const asked = recordRequests(zk)
  const fiber = yield* Effect.forkChild(entering)
  yield* awaitAsked(asked, "getChildren2", 2)
  // Answered after the list.
  yield* zk.sync()
  return fiber
})

/** Does something else before the first request of that name is sent. */
const holdBack = (zk: Client, name: string, first: Effect.Effect<unknown, unknown>): void => {
  const { driver } = zk as { driver: { submit: Client["driver"]["submit"] } }
  const submit = driver.submit.bind(driver)
  driver.submit = (call) => {
    if (call.operation.name !== name) return submit(call)
    driver.submit = submit
    Effect.runFork(
      Effect.andThen(
        Effect.ignore(first),
        Effect.sync(() => submit(call))
      )
    )
    return false
  }
}

/** Does something else before the first request of that name is answered, which the server has done by then. */
const answerLate = (zk: Client, name: string, first: Effect.Effect<unknown, unknown>): void => {
  const { driver } = zk as { driver: { submit: Client["driver"]["submit"] } }
  const submit = driver.submit.bind(driver)
  driver.submit = (call) => {
    if (call.operation.name !== name) return submit(call)
    driver.submit = submit
    const succeed = call.succeed.bind(call)
    const answer: typeof call.succeed = (response) =>
      void Effect.runFork(
        Effect.andThen(
          Effect.orDie(first),
          Effect.sync(() => succeed(response))
        )
      )
    return submit(Object.assign(call, { succeed: answer }))
  }
}

const isRunning = (fiber: Fiber.Fiber<unknown, unknown>) => fiber.pollUnsafe() === undefined

describe("a double barrier", () => {
  for (const dialect of dialects) {
    it.live(`has its members begin together and end together, round after round (${dialect})`, () =>
      Effect.gen(function* () {
        const size = 5
        const rounds = 4
        const clients = yield* sessions(size)
        let begun = 0
        let ended = 0
        yield* Effect.forEach(
          clients,
          (zk, index) =>
            Effect.gen(function* () {
              const barrier = yield* make(zk, { size, dialect, data: `${index}` })
              for (let round = 1; round <= rounds; round++) {
                begun++
                yield* barrier.within(({ node }) =>
                  Effect.gen(function* () {
                    assert.isAtLeast(begun, size * round, "not all had come")
                    assert.isAtMost(begun, size * round, "somebody is in the next round")
                    assert.strictEqual(yield* zk.getString(node), `${index}`)
                    yield* Effect.yieldNow
                    ended++
                  })
                )
                assert.isAtLeast(ended, size * round, "not all had ended")
              }
            }),
          { concurrency: "unbounded", discard: true }
        )
        assert.deepStrictEqual(yield* queue(clients[0]!), [])
        for (const zk of clients) yield* awaitWatched(zk, 0)
      })
    )

    it.live(`is passed by a member that comes in while the last one opens it, and leaves at once (${dialect})`, () =>
      Effect.gen(function* () {
        const [zk, other] = yield* sessions(2)
        yield* other!.create(PATH)
        const [ours, theirs] = [yield* make(zk!, { dialect }), yield* make(other!, { dialect })]
        // Which of the two stays until the other one has gone is chance.
        for (let round = 0; round < 8; round++) {
          let leaving: Fiber.Fiber<void, unknown> | undefined
          const pass = Effect.gen(function* () {
            const asked = recordRequests(other!)
            leaving = yield* Effect.forkDetach(theirs.within(() => Effect.void))
            // It has opened the round and waits for the other one to go.
            yield* awaitAsked(asked, "getData", 2)
          })
          answerLate(zk!, "create", pass)
          yield* ours.within(() => Effect.void)
          yield* Fiber.join(leaving!)
          assert.deepStrictEqual(yield* queue(zk!), [])
        }
      })
    )

    it.live(`names its nodes as the dialect ${dialect} does`, () =>
      Effect.gen(function* () {
        const zk = yield* onServers()
        const requests = recordRequests(zk)
        const barrier = yield* make(zk, { size: 1, dialect, path: `/${dialect}` })
        const member = yield* barrier.enter
        assert.match(member.node, dialect === "kazoo" ? /^\/kazoo\/[0-9a-f]{32}$/ : /^\/curator\/[0-9a-f-]{36}$/)
        const { stat } = yield* zk.get(member.node)
        assert.strictEqual(stat.ephemeralOwner, zk.session.id)
        assert.strictEqual((yield* zk.get(`/${dialect}/ready`)).stat.ephemeralOwner, 0n)
        assert.include(requests, dialect === "kazoo" ? "create" : "createContainer")
        assert.strictEqual(requests.includes("createContainer"), dialect === "curator")
      })
    )
  }

  it.live("lets nobody begin before there are enough, nor end before the last one has", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(3)
      const bodies = clients.map(() => body())
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      for (const [index, zk] of clients.entries()) {
        const barrier = yield* make(zk, { size: 3 })
        fibers.push(yield* Effect.forkChild(barrier.within(() => bodies[index]!.run)))
        if (index < 2) yield* awaitMembers(clients[0]!, index + 1)
      }
      for (const { entered } of bodies) yield* entered
      for (const [index, { leave }] of bodies.entries()) {
        assert.isTrue(fibers.every(isRunning), `somebody ended before number ${index}`)
        yield* leave
        yield* Effect.forEach(clients, (zk) => zk.sync())
      }
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(yield* queue(clients[0]!), [])
    })
  )

  it.live("goes by no event but that there are enough (museum 34)", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const [a, b] = [yield* make(one!), yield* make(two!)]
      const work = body()
      const first = yield* firstToCome(
        one!,
        a.within(() => work.run)
      )
      const [name] = yield* queue(two!)
      // Curator's members wake for any of these.
      yield* two!.set(`${PATH}/${name}`, "written")
      yield* two!.create(`${PATH}/child`)
      yield* two!.delete(`${PATH}/child`)
      yield* expire(one!)
      yield* awaitConnected(one!, 2)
      yield* awaitState(awaitMembers(two!, 1), ([now]) => now !== name, { describe: "it came in anew" })
      assert.isFalse(yield* isEntered(work))
      const second = yield* Effect.forkChild(b.within(() => Effect.void))
      yield* work.entered
      yield* work.leave
      yield* Fiber.joinAll([first, second])
    })
  )

  it.live("costs six requests to enter and five to leave, and one more to open it; nobody is woken in vain", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(2)
      const [a, b] = yield* Effect.forEach(clients, (zk) => make(zk))
      yield* clients[0]!.create(PATH)
      const asked = clients.map(recordRequests)
      const events = recordEvents(clients[0]!)
      const entering = yield* Effect.forkChild(a!.enter)
      yield* awaitAsked(asked[0]!, "getChildren2", 2)
      // Answered after the list.
      yield* clients[0]!.sync()
      asked[0]!.pop()
      const second = yield* b!.enter
      const first = yield* Fiber.join(entering)
      // Who is told of an event first is chance.
      yield* clients[0]!.sync()
      asked[0]!.pop()
      const enter = ["sync", "getChildren2", "exists", "create", "getData", "getChildren2"]
      assert.deepStrictEqual(asked, [enter, [...enter, "multi"]])
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["NodeCreated"]
      )
      for (const seen of asked) seen.length = 0
      const [lowest, other] = first.node < second.node ? [0, 1] : [1, 0]
      const leaving = yield* Effect.forkChild([first, second][lowest]!.leave)
      yield* awaitAsked(asked[lowest]!, "getData", 1)
      yield* clients[lowest]!.sync()
      asked[lowest]!.pop()
      yield* [first, second][other]!.leave
      yield* Fiber.join(leaving)
      assert.deepStrictEqual(asked[lowest], ["sync", "getChildren2", "getData", "getChildren2", "multi"])
      assert.deepStrictEqual(asked[other], ["sync", "getChildren2", "delete", "getData", "getChildren2"])
    })
  )

  it.live("lets in who comes late while there are enough, as Curator does; then one waits for the next round", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(5)
      const [a, b, c, d, e] = yield* Effect.forEach(clients, (zk) => make(zk))
      const [work, crashing, next] = [body(), body(), body()]
      const staying = yield* Effect.forkChild(a!.within(() => work.run))
      const going = yield* Effect.forkChild(b!.within(() => crashing.run))
      yield* work.entered
      yield* crashing.entered
      yield* Effect.scoped(c!.enter)
      yield* Fiber.interrupt(going)
      const late = yield* Effect.forkChild(d!.within(() => next.run))
      // It looks at what it waits for, and is no member.
      yield* awaitWatched(clients[3]!, 2)
      yield* awaitMembers(clients[3]!, 1)
      yield* work.leave
      yield* Fiber.join(staying)
      const [name] = yield* awaitMembers(clients[0]!, 1)
      assert.deepStrictEqual(yield* queue(clients[0]!), [name!])
      assert.isFalse(yield* isEntered(next))
      const last = yield* Effect.forkChild(e!.within(() => Effect.void))
      yield* next.entered
      yield* next.leave
      yield* Fiber.joinAll([late, last])
    })
  )

  it.live("lets in nobody who came late when there are too few by the time it is there", () =>
    Effect.gen(function* () {
      const [one, two, other] = yield* sessions(3)
      const [ours, late] = [yield* make(one!, { size: 3 }), yield* make(two!, { size: 3 })]
      yield* other!.create(PATH)
      const theirs = yield* Effect.forEach(["g", "h"], (name) =>
        other!.create(`${PATH}/${name}`, "", { mode: "ephemeral" })
      )
      const member = yield* ours.enter
      // All are in when it looks, and one when it comes.
      holdBack(
        two!,
        "create",
        Effect.forEach(theirs, (node) => other!.delete(node))
      )
      const work = body()
      const coming = yield* Effect.forkChild(late.within(() => work.run))
      // It looks at what it waits for, and is no member.
      yield* awaitWatched(two!, 2)
      assert.deepStrictEqual(yield* awaitMembers(other!, 1), [member.node.slice(PATH.length + 1)])
      assert.isFalse(yield* isEntered(work))
      yield* member.leave
      yield* awaitMembers(other!, 1)
      for (const node of theirs) yield* other!.create(node, "", { mode: "ephemeral" })
      assert.isFalse(yield* isEntered(work))
      const last = yield* ours.enter
      yield* work.entered
      yield* Effect.forEach(theirs, (node) => other!.delete(node))
      yield* work.leave
      yield* last.leave
      yield* Fiber.join(coming)
      assert.deepStrictEqual(yield* queue(other!), [])
    })
  )

  it.live("is over for nobody who came late while somebody was leaving", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const barrier = yield* make(zk!)
      yield* other!.create(PATH)
      // Behind every name of ours.
      const theirs = yield* other!.create(`${PATH}/g`, "", { mode: "ephemeral" })
      const member = yield* barrier.enter
      const leaving = yield* Effect.forkChild(member.leave, { startImmediately: true })
      yield* awaitWatched(zk!, 2)
      yield* other!.create(`${PATH}/h`, "", { mode: "ephemeral" })
      yield* other!.delete(theirs)
      yield* Fiber.join(leaving)
      assert.deepStrictEqual(yield* queue(other!), ["h", "ready"])
    })
  )

  it.live("begins at nothing where a round was left behind whose members all crashed", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      yield* one!.create(READY, "", { parents: true })
      const [a, b] = [yield* make(one!), yield* make(two!)]
      const work = body()
      const first = yield* Effect.forkChild(a.within(() => work.run))
      const [name] = yield* awaitMembers(one!, 1)
      assert.deepStrictEqual(yield* queue(one!), [name!])
      assert.isFalse(yield* isEntered(work))
      const second = yield* Effect.forkChild(b.within(() => Effect.void))
      yield* work.entered
      yield* work.leave
      yield* Fiber.joinAll([first, second])
      assert.deepStrictEqual(yield* queue(one!), [])
    })
  )

  it.live("waits for no member of the next round, not even under the same name, as Curator's and kazoo's have it", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const barrier = yield* make(zk!)
      const theirs = `${PATH}/ffffffff-ffff-ffff-ffff-ffffffffffff`
      yield* other!.create(PATH)
      yield* other!.create(theirs, "", { mode: "ephemeral" })
      const member = yield* barrier.enter
      const events = recordEvents(zk!)
      // In one step, so that nobody ever sees it gone.
      precede(zk!, "getData", 1, other!.transact(Op.delete(theirs), Op.create(theirs, "", { mode: "ephemeral" })))
      yield* member.leave
      assert.deepStrictEqual(yield* queue(other!), ["ffffffff-ffff-ffff-ffff-ffffffffffff", "ready"])
      assert.isAtMost(events.length, 2)
      yield* awaitWatched(zk!, 0)
    })
  )

  it.live("is opened by a member only that is in: one that has just lost its node comes in anew first", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const [ours, theirs] = [yield* make(zk!), yield* make(other!)]
      const waiting = yield* firstToCome(
        other!,
        theirs.within(() => Effect.void)
      )
      const [first] = yield* queue(other!)
      const asked = recordRequests(zk!)
      const lose = Effect.gen(function* () {
        const names = yield* queue(other!)
        yield* other!.delete(`${PATH}/${names.find((name) => name !== first)}`)
      })
      // The list has both of them, and when it opens the round there is one.
      holdBack(zk!, "multi", lose)
      yield* ours.within(() => Effect.void)
      yield* Fiber.join(waiting)
      assert.strictEqual(asked.filter((name) => name === "create").length, 2)
      assert.deepStrictEqual(yield* queue(other!), [])
    })
  )

  it.live("leaves nothing behind when the one crashes that the others wait for", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const barrier = yield* make(zk!)
      yield* other!.create(PATH)
      // Before every name of ours.
      const theirs = yield* other!.create(`${PATH}/0`, "", { mode: "ephemeral" })
      const member = yield* barrier.enter
      const leaving = yield* Effect.forkChild(member.leave)
      yield* awaitMembers(other!, 1)
      yield* other!.delete(theirs)
      yield* Fiber.join(leaving)
      assert.deepStrictEqual(yield* queue(zk!), [])
    })
  )

  it.live("leaves no node behind when whoever enters is interrupted, and the others still wait", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const [a, b] = [yield* make(one!), yield* make(two!)]
      const work = body()
      const waiting = yield* Effect.forkChild(a.within(() => Effect.void))
      yield* awaitMembers(two!, 1)
      yield* Fiber.interrupt(waiting)
      assert.deepStrictEqual(yield* queue(one!), [])
      yield* awaitWatched(one!, 0)
      const second = yield* Effect.forkChild(b.within(() => work.run))
      yield* awaitMembers(two!, 1)
      assert.isFalse(yield* isEntered(work))
      assert.deepStrictEqual(yield* Effect.timeoutOption(Effect.scoped(a.within(() => Effect.void)), 0), Option.none())
      yield* Fiber.interrupt(second)
      assert.deepStrictEqual(yield* queue(two!), [])
    })
  )

  it.live("leaves nothing that lets the next one in when the last one is interrupted that opened it", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const barrier = yield* make(zk!, { size: 1 })
      const entering = yield* Effect.forkChild(
        barrier.within(() => Effect.never),
        { startImmediately: true }
      )
      precede(zk!, "multi", 1, Fiber.interrupt(entering))
      yield* Fiber.await(entering)
      yield* awaitState(queue(other!), (names) => names.length === 0, { describe: "nothing is left" })
    })
  )

  for (const how of ["fails", "is interrupted"] as const) {
    it.live(`is left at once by a body that ${how}, without waiting for the others`, () =>
      Effect.gen(function* () {
        const [one, two] = yield* sessions(2)
        const [a, b] = [yield* make(one!), yield* make(two!)]
        const work = body()
        const failing = body()
        const staying = yield* Effect.forkChild(b.within(() => work.run))
        const going = yield* Effect.forkChild(
          a.within(() => Effect.andThen(failing.run, how === "fails" ? Effect.fail("broken") : Effect.never))
        )
        yield* failing.entered
        yield* work.entered
        yield* failing.leave
        if (how === "is interrupted") yield* Fiber.interrupt(going)
        assert.isTrue(Exit.isFailure(yield* Fiber.await(going)))
        assert.isTrue(isRunning(staying))
        yield* awaitMembers(two!, 1)
        yield* work.leave
        yield* Fiber.join(staying)
        assert.deepStrictEqual(yield* queue(two!), [])
      })
    )
  }

  it.live("ends what the body forks in its scope before it leaves", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const barrier = yield* make(zk, { size: 1 })
      const seen: Array<number> = []
      yield* barrier.within(() =>
        Effect.forkScoped(
          Effect.onExit(Effect.never, () => Effect.map(queue(zk), ({ length }) => void seen.push(length))),
          { startImmediately: true }
        )
      )
      assert.deepStrictEqual(seen, [2])
    })
  )

  it.live("can be left with a limit: whoever waits no longer has left all the same (museum 34)", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const [a, b] = [yield* make(one!), yield* make(two!)]
      const members = yield* Effect.all([a.enter, b.enter], { concurrency: "unbounded" })
      // The lower of the two would stay until the other one has gone.
      const [lower, higher] = members.toSorted((x, y) => (x.node < y.node ? -1 : 1))
      assert.deepStrictEqual(yield* Effect.timeoutOption(lower!.leave, "100 millis"), Option.none())
      assert.deepStrictEqual(yield* awaitMembers(one!, 1), [higher!.node.slice(PATH.length + 1)])
      assert.strictEqual((yield* Effect.flip(lower!.leave))._tag, "LeaseLost")
      yield* higher!.leave
      assert.deepStrictEqual(yield* queue(one!), [])
    })
  )

  for (const [how, lose] of [
    ["its node", (zk: Client, node: string) => zk.delete(node)],
    ["its session", (zk: Client) => expire(zk)]
  ] as const) {
    it.live(`interrupts the body of a member that loses ${how}, and does not pretend that it was in to the end`, () =>
      Effect.gen(function* () {
        const [one, two] = yield* sessions(2)
        const [a, b] = [yield* make(one!), yield* make(two!)]
        const work = body()
        const other = yield* Effect.forkChild(b.within(() => work.run))
        let node = ""
        const within = yield* Effect.forkChild(
          Effect.flip(
            a.within((member) => {
              node = member.node
              return Effect.never
            })
          )
        )
        yield* work.entered
        yield* awaitState(
          Effect.sync(() => node),
          (node) => node !== "",
          { describe: "the body runs" }
        )
        yield* lose(one!, node)
        assert.strictEqual((yield* Fiber.join(within))._tag, "LeaseLost")
        yield* work.leave
        yield* Fiber.join(other)
        const scope = yield* Scope.make()
        const members = yield* Effect.all([a.enter, b.enter], { concurrency: "unbounded" }).pipe(Scope.provide(scope))
        yield* lose(one!, members[0].node)
        assert.strictEqual((yield* Effect.flip(members[0].leave))._tag, "LeaseLost")
        assert.strictEqual((yield* Effect.flip(members[0].guard(Op.create("/guarded"))))._tag, "LeaseLost")
        yield* members[1].leave
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(yield* queue(two!), [])
      })
    )
  }

  it.live("fails where it cannot be entered, and does not go on as if it had been (museum 34)", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(PATH, "", { mode: "ephemeral" })
      const barrier = yield* make(zk!, { size: 1 })
      const work = body()
      const error = yield* Effect.flip(barrier.within(() => work.run))
      assert.strictEqual(error._tag === "ZooKeeperError" && error.reason._tag, "NoChildrenForEphemerals")
      assert.isFalse(yield* isEntered(work))
    })
  )

  it.live("refuses a size that lets in nobody, before anything is written", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      for (const size of [0, -1, 1.5, Number.NaN]) {
        assert.strictEqual((yield* Effect.flip(make(zk, { size }))).reason._tag, "InvalidArgument", `${size}`)
      }
      assert.deepStrictEqual(yield* zk.children("/"), [])
    })
  )

  it.live("is a layer that an application names", () => {
    class Phase extends DoubleBarrier.Service<Phase>()("test/Phase", { path: PATH, size: 1 }) {}
    return Effect.gen(function* () {
      const zk = yield* onServers()
      const run = Effect.flatMap(Phase, (phase) => phase.within(() => Effect.succeed("done")))
      const live = Phase.layer.pipe(Layer.provide(Layer.succeed(ZooKeeper.ZooKeeper, zk)))
      assert.strictEqual(yield* Effect.provide(run, live), "done")
    })
  })
})

describe("a double barrier without a connection", () => {
  for (const dialect of dialects) {
    it.live(`is passed by a member that was away when the last one came (museum 20, 34; ${dialect})`, () =>
      Effect.gen(function* () {
        const { other, proxy, zk } = yield* proxied()
        const [ours, theirs] = [yield* make(zk, { dialect }), yield* make(other, { dialect })]
        const [away, there] = [body(), body()]
        const waiting = yield* firstToCome(
          zk,
          ours.within(() => away.run)
        )
        yield* cutOff(zk, proxy)
        const last = yield* Effect.forkChild(theirs.within(() => there.run))
        yield* there.entered
        yield* proxy.listen
        yield* away.entered
        yield* there.leave
        yield* away.leave
        yield* Fiber.joinAll([waiting, last])
        assert.deepStrictEqual(yield* queue(other), [])
      })
    )
  }

  it.live("even if the last one has ended its work by then (museum 34)", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 4; round++) {
        const { other, proxy, zk } = yield* proxied()
        const [ours, theirs] = [yield* make(zk), yield* make(other)]
        const away = body()
        const waiting = yield* firstToCome(
          zk,
          ours.within(() => away.run)
        )
        yield* cutOff(zk, proxy)
        const asked = recordRequests(other)
        const last = yield* Effect.forkChild(theirs.within(() => Effect.void))
        // It waits for the other one to go, whichever of the two stays until then.
        yield* awaitAsked(asked, "getData", 2)
        yield* proxy.listen
        yield* away.entered
        yield* away.leave
        yield* Fiber.joinAll([waiting, last])
        assert.deepStrictEqual(yield* queue(other), [])
      }
    })
  )

  it.live(
    "is looked at again on the next one: the last one may have removed what says that it is open, as kazoo does",
    () =>
      Effect.gen(function* () {
        const { other, proxy, zk } = yield* proxied()
        const ours = yield* make(zk, { dialect: "kazoo" })
        const away = body()
        const waiting = yield* firstToCome(
          zk,
          ours.within(() => away.run)
        )
        yield* cutOff(zk, proxy)
        const theirs = yield* other.create(`${PATH}/${"0".repeat(32)}`, "", { mode: "ephemeral" })
        yield* other.create(READY)
        yield* other.delete(READY)
        yield* proxy.listen
        yield* away.entered
        yield* away.leave
        yield* awaitMembers(other, 1)
        yield* other.delete(theirs)
        yield* Fiber.join(waiting)
      })
  )

  it.live("counts its own node once when the answer to its creation was lost", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const [ours, theirs] = [yield* make(zk, { size: 3 }), yield* make(other, { size: 3 })]
      yield* other.create(PATH)
      const work = body()
      const first = yield* Effect.forkChild(theirs.within(() => work.run))
      yield* awaitMembers(other, 1)
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === create.code)
      const second = yield* Effect.forkChild(ours.within(() => Effect.void))
      yield* dropped
      const created = yield* awaitMembers(other, 2)
      // It watches its own node, and what it waits for.
      yield* awaitWatched(zk, 2)
      assert.deepStrictEqual((yield* awaitMembers(other, 2)).toSorted(), created.toSorted())
      assert.isFalse(yield* isEntered(work))
      yield* Fiber.interruptAll([first, second])
    })
  )

  it.live("is over for a member whose session ends right after it has opened it, and another round follows", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const [ours, theirs] = [yield* make(zk), yield* make(other)]
      const work = body()
      const first = yield* firstToCome(
        other,
        theirs.within(() => work.run)
      )
      const opening = Effect.forkDetach(Effect.flip(ours.within(() => Effect.never)))
      const begun = Deferred.makeUnsafe<Effect.Success<typeof opening>>()
      yield* expireDuring(
        { other, proxy, zk },
        multi,
        Effect.flatMap(opening, (it) => Deferred.succeed(begun, it))
      )
      // It was told of what it did by its watch.
      assert.strictEqual((yield* Fiber.join(yield* Deferred.await(begun)))._tag, "LeaseLost")
      yield* work.entered
      yield* work.leave
      yield* Fiber.join(first)
      assert.deepStrictEqual(yield* queue(other), [])
      yield* Effect.all([ours.within(() => Effect.void), theirs.within(() => Effect.void)], { concurrency: 2 })
      assert.deepStrictEqual(yield* queue(other), [])
    })
  )

  it.live("is left beyond the end of a session that comes before an answer", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const barrier = yield* make(zk)
      yield* other.create(PATH)
      const theirs = yield* other.create(`${PATH}/0`, "", { mode: "ephemeral" })
      const member = yield* barrier.enter
      const leaving = Deferred.makeUnsafe<Fiber.Fiber<void, unknown>>()
      const leave = Effect.flatMap(Effect.forkDetach(member.leave), (fiber) => Deferred.succeed(leaving, fiber))
      yield* expireDuring({ other, proxy, zk }, getData, leave)
      const fiber = yield* Deferred.await(leaving)
      yield* awaitWatched(zk, 1)
      assert.isTrue(isRunning(fiber))
      yield* other.delete(theirs)
      yield* Fiber.join(fiber)
    })
  )

  it.live("is not in any more, with stopOn, as soon as there is none: the body ends, and who leaves is told", () =>
    Effect.gen(function* () {
      const { proxy, zk } = yield* proxied()
      const barrier = yield* make(zk, { size: 1, stopOn: "suspended" })
      const member = yield* barrier.enter
      const work = body()
      const within = yield* Effect.forkChild(Effect.flip(barrier.within(() => work.run)))
      yield* work.entered
      yield* cutOff(zk, proxy)
      yield* proxy.listen
      const error = yield* Fiber.join(within)
      assert.isTrue(error._tag === "LeaseLost" && error.why === "disconnected")
      // Its node has come through.
      assert.strictEqual((yield* zk.get(member.node)).stat.ephemeralOwner, zk.session.id)
      const late = yield* Effect.flip(member.leave)
      assert.isTrue(late._tag === "LeaseLost" && late.why === "disconnected")
    })
  )

  it.live("is left beyond the end of the session", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 4; round++) {
        const [one, two] = yield* sessions(2)
        const [a, b] = [yield* make(one!), yield* make(two!)]
        const members = yield* Effect.all([a.enter, b.enter], { concurrency: "unbounded" })
        const asked = recordRequests(one!)
        const leaving = yield* Effect.forkChild(members[0].leave)
        yield* awaitAsked(asked, "getData")
        yield* expire(one!)
        yield* awaitConnected(one!, 2)
        assert.isTrue(isRunning(leaving))
        yield* members[1].leave
        yield* Fiber.join(leaving)
        assert.deepStrictEqual(yield* queue(two!), [])
      }
    })
  )
})
