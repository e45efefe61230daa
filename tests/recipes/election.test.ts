/** Elections on a real ensemble: who leads, who stands by, and how the lead is lost and taken over. */
import * as Op from "@effect-zookeeper/core/Op"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { sync } from "@effect-zookeeper/core/wire/ops/sync"
import * as Election from "@effect-zookeeper/recipes/Election"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { awaitElement, awaitState } from "../support/awaitState.ts"
import {
  awaitQueue,
  type Client,
  connectStringOf,
  expire,
  expireDuring,
  nodes,
  onServers,
  PATH,
  proxied,
  queue,
  recordEvents,
  recordRequests,
  sessions,
  using
} from "./support.ts"

const make = (zk: Client, options: Partial<Election.Options> = {}) =>
  using(zk)(Election.make({ path: PATH, ...options }))

const awaitRole = (election: Election.Election, wanted: Election.Role) =>
  awaitState(election.role, (role) => role === wanted, { describe: `is ${wanted}`, within: "30 seconds" })

const forever = (election: Election.Election) => Effect.forkChild(election.whileLeader(() => Effect.never))

/** Candidates in order, each in place before the next one comes. */
const candidates = Effect.fnUntraced(function* (
  clients: ReadonlyArray<Client>,
  options: Partial<Election.Options> = {}
) {
  const all: Array<{ election: Election.Election; fiber: Fiber.Fiber<unknown, unknown> }> = []
  for (const [index, zk] of clients.entries()) {
    const election = yield* make(zk, { data: `${index}`, ...options })
    const fiber = yield* forever(election)
    yield* awaitQueue(clients[0]!, index + 1)
    // Others may see its node before it is told of it.
    yield* awaitState(election.role, (role) => role !== "Unknown", { describe: `candidate ${index} has a role` })
    all.push({ election, fiber })
  }
  return all
})

const roles = (all: ReadonlyArray<{ election: Election.Election }>) =>
  Effect.forEach(all, ({ election }) => election.role)

describe("an election", () => {
  it.live("refuses a number of leaders that is none", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      for (const leaders of [0, -1, 1.5, Number.NaN]) {
        const { reason } = yield* Effect.flip(make(zk, { leaders }))
        assert.strictEqual(reason._tag, "InvalidArgument", `${leaders}`)
      }
    })
  )

  it.live("has the first N candidates lead, and the next one take over when one goes (parity 21)", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(5)
      const all = yield* candidates(clients, { leaders: 2 })
      yield* awaitState(roles(all), (now) => now.join() === "Leader,Leader,Standby,Standby,Standby", {
        describe: "two lead"
      })
      // The second leader goes: the third candidate leads.
      yield* Fiber.interrupt(all[1]!.fiber)
      yield* awaitState(roles(all), (now) => now.join() === "Leader,Unknown,Leader,Standby,Standby", {
        describe: "the next one leads"
      })
      // A standby goes: nothing changes.
      yield* Fiber.interrupt(all[3]!.fiber)
      yield* awaitQueue(clients[0]!, 3)
      assert.strictEqual((yield* roles(all)).join(), "Leader,Unknown,Leader,Unknown,Standby")
      yield* Fiber.interrupt(all[0]!.fiber)
      yield* awaitState(roles(all), (now) => now.join() === "Unknown,Unknown,Leader,Unknown,Leader", {
        describe: "the last one leads too"
      })
    })
  )

  it.live("is one election for all dialects, in the order of arrival", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(3)
      const all: Array<Election.Election> = []
      for (const [index, dialect] of (["apache", "kazoo", "curator"] as const).entries()) {
        const election = yield* make(clients[index]!, { dialect })
        yield* forever(election)
        yield* awaitQueue(clients[0]!, index + 1)
        all.push(election)
      }
      const names = yield* queue(clients[0]!)
      for (const [index, name] of [
        /^x-[0-9a-f-]{36}-n_\d{10}$/,
        /^[0-9a-f]{32}__lock__\d{10}$/,
        /^_c_[0-9a-f-]{36}-latch-\d{10}$/
      ].entries())
        assert.match(names[index]!, name)
      for (const [index, election] of all.entries()) {
        yield* awaitRole(election, "Leader")
        yield* clients[2]!.sync()
        const [leader] = yield* all[2]!.leaders
        assert.strictEqual(leader!.node, `${PATH}/${names[index]!}`)
        for (const later of all.slice(index + 1)) assert.strictEqual(yield* later.role, "Standby")
        yield* election.resign
      }
    })
  )

  it.live("never has more leaders than that, whoever comes and goes", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(6)
      let leading = 0
      let most = 0
      const turns = clients.map(() => 0)
      yield* Effect.forEach(
        clients,
        Effect.fnUntraced(function* (zk: Client, index: number) {
          const election = yield* make(zk, { leaders: 2 })
          for (let turn = 0; turn < 5; turn++) {
            yield* election.whileLeader((leader) =>
              Effect.gen(function* () {
                most = Math.max(most, ++leading)
                assert.isUndefined(leader.fencingToken)
                yield* zk.sync()
                turns[index]!++
                leading--
              })
            )
          }
        }),
        { concurrency: "unbounded" }
      )
      assert.isAtMost(most, 2)
      assert.deepStrictEqual(turns, [5, 5, 5, 5, 5, 5])
      assert.deepStrictEqual(yield* queue(clients[0]!), [])
    })
  )

  it.live("wakes at most N when a candidate goes (herd)", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(8)
      const all = yield* candidates(clients, { leaders: 3 })
      yield* awaitState(roles(all), (now) => now.filter((role) => role === "Leader").length === 3, {
        describe: "three lead"
      })
      const events = clients.map(recordEvents)
      yield* Fiber.interrupt(all[0]!.fiber)
      yield* awaitRole(all[3]!.election, "Leader")
      yield* Effect.forEach(clients, (zk) => zk.sync())
      // Its own, and those of the three candidates that had it among the three before them: only the first standby.
      assert.deepStrictEqual(
        events.map((seen) => seen.length),
        [1, 0, 0, 1, 0, 0, 0, 0]
      )
      for (const seen of events) seen.length = 0
      yield* Fiber.interrupt(all[4]!.fiber)
      yield* awaitQueue(clients[0]!, 6)
      yield* Effect.forEach(clients, (zk) => zk.sync())
      assert.deepStrictEqual(
        events.map((seen) => seen.length),
        [0, 0, 0, 0, 1, 1, 1, 1]
      )
    })
  )

  it.live("tells its role, each change of it, and the leaders to candidates and onlookers (parity 22)", () =>
    Effect.gen(function* () {
      const [one, two, three] = yield* sessions(3)
      const a = yield* make(one!, { data: "Ada" })
      const b = yield* make(two!, { data: "Blaise", dialect: "kazoo" })
      const onlooker = yield* make(three!)
      assert.deepStrictEqual([yield* a.role, yield* onlooker.leaders], ["Unknown", []])
      const seenRoles: Array<Election.Role> = []
      yield* Effect.forkChild(Stream.runForEach(b.roles, (role) => Effect.sync(() => seenRoles.push(role))))
      const observed: Array<string> = []
      const observer = yield* Effect.forkChild(
        Stream.runForEach(onlooker.observe, (leaders) =>
          Effect.sync(() => observed.push(leaders.map(ZooKeeper.text).join()))
        )
      )
      const saw = (what: string) =>
        awaitState(
          Effect.sync(() => observed.at(-1)),
          (last) => last === what,
          { describe: `observed ${what}` }
        )
      yield* saw("")
      const first = yield* forever(a)
      yield* saw("Ada")
      const second = yield* forever(b)
      yield* awaitRole(b, "Standby")
      assert.deepStrictEqual((yield* b.leaders).map(ZooKeeper.text), ["Ada"])
      yield* Fiber.interrupt(first)
      yield* saw("Blaise")
      yield* awaitRole(b, "Leader")
      yield* Fiber.interrupt(second)
      yield* saw("")
      yield* awaitState(
        Effect.sync(() => seenRoles.join()),
        (seen) => seen === "Unknown,Standby,Leader,Unknown",
        { describe: "every role in order" }
      )
      assert.deepStrictEqual(observed, ["", "Ada", "Blaise", ""])
      yield* Fiber.interrupt(observer)
    })
  )

  it.live("logs each change of its role (parity 22)", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const election = yield* make(zk)
      const logged: Array<string> = []
      const logger = Logger.make(({ message }) => logged.push(String(message)))
      yield* election
        .whileLeader(() => Effect.void)
        .pipe(Effect.provide(Logger.layer([logger])), Effect.provideService(References.MinimumLogLevel, "Debug"))
      assert.deepStrictEqual(
        logged.filter((line) => line.endsWith(`of the election ${PATH}`)).map((line) => line.split(" ")[0]),
        ["Standby", "Leader", "Unknown"]
      )
    })
  )

  it.live("tells onlookers of the whole set where several lead", () =>
    Effect.gen(function* () {
      const [one, two, three] = yield* sessions(3)
      const a = yield* make(one!, { data: "1", leaders: 2 })
      const b = yield* make(two!, { data: "2", leaders: 2 })
      const onlooker = yield* make(three!, { leaders: 2 })
      const observed = yield* Effect.forkChild(
        awaitElement(onlooker.observe, (leaders) => leaders.length === 2, { describe: "two leaders" })
      )
      yield* forever(a)
      yield* awaitRole(a, "Leader")
      yield* forever(b)
      const seen = yield* Fiber.join(observed)
      assert.deepStrictEqual(seen.at(-1)!.map(ZooKeeper.text), ["1", "2"])
    })
  )

  it.live("tells onlookers on, when their session ends with a read unanswered", () =>
    Effect.gen(function* () {
      const all = yield* proxied()
      const [a, b] = [yield* make(all.other, { data: "a" }), yield* make(all.other, { data: "b" })]
      const seen: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach((yield* make(all.zk)).observe, (leaders) =>
          Effect.sync(() => seen.push(leaders.map((leader) => ZooKeeper.text(leader)).join()))
        )
      )
      const saw = (what: string) =>
        awaitState(
          Effect.sync(() => seen.at(-1)),
          (last) => last === what,
          { describe: `saw ${what}`, within: "30 seconds" }
        )
      yield* saw("")
      yield* expireDuring(all, getData, forever(a))
      yield* saw("a")
      yield* forever(b)
      yield* awaitQueue(all.other, 2)
      yield* a.resign
      yield* saw("b")
    })
  )

  it.live("ends when its work resigns while it ends, which does not wait for itself", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const election = yield* make(zk!)
      for (const work of [
        Effect.ensuring(Effect.void, election.resign),
        Effect.addFinalizer(() => election.resign),
        Effect.uninterruptible(election.resign)
      ]) {
        const leading = yield* Effect.forkDetach(election.whileLeader(() => work))
        const exit = yield* Effect.timeoutOption(Fiber.await(leading), "10 seconds")
        assert.isTrue(Option.isSome(exit), "it waits for itself")
        assert.deepStrictEqual([yield* queue(other!), yield* election.role], [[], "Unknown"])
      }
    })
  )

  it.live("ends with the work's own success or failure, which resigns", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const election = yield* make(zk!)
      assert.strictEqual(yield* election.whileLeader(() => Effect.succeed(7)), 7)
      assert.strictEqual(yield* Effect.flip(election.whileLeader(() => Effect.fail("own"))), "own")
      assert.deepStrictEqual([yield* queue(other!), yield* election.role], [[], "Unknown"])
    })
  )

  it.live("interrupts the work of a leader whose node is deleted by hand, and enters again (parity 23, 29)", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const election = yield* make(zk!)
      const log: Array<string> = []
      const tokens: Array<bigint> = []
      const fiber = yield* Effect.forkChild(
        election.whileLeader((leader) => {
          log.push("leads")
          tokens.push(leader.fencingToken!)
          return Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.push("stops")))
        })
      )
      for (let round = 1; round <= 3; round++) {
        yield* awaitState(
          Effect.sync(() => log.length),
          (length) => length === 2 * round - 1,
          { describe: `leads for the ${round}. time` }
        )
        for (const node of yield* nodes(other!)) yield* other!.delete(node)
      }
      yield* awaitState(
        Effect.sync(() => log.length),
        (length) => length === 7,
        { describe: "leads again" }
      )
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(log, ["leads", "stops", "leads", "stops", "leads", "stops", "leads", "stops"])
      assert.deepStrictEqual(
        tokens,
        tokens.toSorted((a, b) => (a < b ? -1 : 1))
      )
      assert.strictEqual(new Set(tokens).size, 4)
    })
  )

  it.live("is no leader any more once the lead is lost, however long its work takes to end, or whoever keeps it", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const cleaned = Deferred.makeUnsafe<void>()
      const leading = (election: Election.Election, how: string) =>
        how === "acquire"
          ? Effect.asVoid(election.acquire)
          : Effect.forkScoped(
              election.whileLeader(() => Effect.onInterrupt(Effect.never, () => Deferred.await(cleaned)))
            )
      for (const how of ["acquire", "whileLeader"]) {
        for (const lose of ["expiry", "deletion"]) {
          const path = `/${how}-${lose}`
          const election = yield* make(zk!, { path })
          yield* leading(election, how)
          yield* awaitRole(election, "Leader")
          if (lose === "expiry") yield* expire(zk!)
          else for (const node of yield* nodes(other!, path)) yield* other!.delete(node)
          yield* awaitRole(election, "Unknown")
        }
      }
      yield* Deferred.succeed(cleaned, undefined)
    })
  )

  it.live("leads for as long as one of its candidacies does, whatever the others do", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const election = yield* make(zk)
      yield* election.acquire
      const second = yield* Effect.forkChild(Effect.scoped(election.acquire))
      yield* awaitQueue(zk, 2)
      assert.strictEqual(yield* election.role, "Leader")
      yield* Fiber.interrupt(second)
      yield* awaitQueue(zk, 1)
      assert.strictEqual(yield* election.role, "Leader")
      yield* election.resign
      assert.strictEqual(yield* election.role, "Unknown")
    })
  )

  it.live("enters again when the path itself is deleted (29)", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const all = yield* candidates([zk!])
      yield* awaitRole(all[0]!.election, "Leader")
      const [before] = yield* nodes(other!)
      yield* other!.delete(PATH, { recursive: true })
      yield* awaitState(nodes(other!), ([node]) => node !== undefined && node !== before, { describe: "a new node" })
      yield* awaitRole(all[0]!.election, "Leader")
    })
  )

  it.live("survives the loss of its session, while it leads and while it stands by", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(3)
      const all = yield* candidates(clients.slice(0, 2))
      yield* awaitRole(all[0]!.election, "Leader")
      yield* expire(clients[1]!)
      yield* awaitQueue(clients[2]!, 2)
      yield* awaitRole(all[1]!.election, "Standby")
      yield* expire(clients[0]!)
      yield* awaitRole(all[1]!.election, "Leader")
      yield* awaitRole(all[0]!.election, "Standby")
      yield* Fiber.interrupt(all[1]!.fiber)
      yield* awaitRole(all[0]!.election, "Leader")
    })
  )

  it.live("stops before another one can lead when the network is gone, without waiting for it", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied({ sessionTimeout: "4 seconds" })
      const a = yield* make(zk)
      const b = yield* make(other)
      const log: Array<string> = []
      const first = yield* Effect.forkChild(
        a.whileLeader(() => Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.push("first stops"))))
      )
      yield* awaitRole(a, "Leader")
      const second = yield* Effect.forkChild(b.whileLeader(() => Effect.sync(() => log.push("second leads"))))
      yield* awaitRole(b, "Standby")
      yield* proxy.stall
      yield* Fiber.join(second)
      assert.deepStrictEqual(log, ["first stops", "second leads"])
      yield* proxy.flow
      yield* awaitRole(a, "Leader")
      yield* Fiber.interrupt(first)
    })
  )

  it.live("does not lead before its session is confirmed, though it is its turn", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied({ sessionTimeout: "2 seconds" })
      const [a, b] = [yield* make(other), yield* make(zk)]
      const first = yield* forever(a)
      yield* awaitRole(a, "Leader")
      yield* forever(b)
      yield* awaitRole(b, "Standby")
      yield* awaitState(
        Effect.map(Clock.currentTimeMillis, (now) => now - zk.session.deadline),
        (late) => late > 0,
        { describe: "nobody has confirmed the session of the standby for long" }
      )
      const roles: Array<Election.Role> = []
      yield* Effect.forkScoped(
        Stream.runForEach(b.roles, (role) => Effect.sync(() => roles.push(role))),
        { startImmediately: true }
      )
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === sync.code)
      yield* proxy.refuse
      yield* Fiber.interrupt(first)
      yield* dropped
      assert.notInclude(roles, "Leader")
      yield* proxy.listen
      yield* awaitRole(b, "Leader")
    })
  )

  it.live("goes on leading over a short break by default, and stops at once on demand (stopOn)", () =>
    Effect.gen(function* () {
      const { proxy, zk } = yield* proxied()
      for (const [stopOn, expected] of [
        ["lease", 1],
        ["suspended", 2]
      ] as const) {
        let leads = 0
        const election = yield* make(zk, { stopOn, path: `/${stopOn}` })
        const fiber = yield* Effect.forkChild(
          election.whileLeader(() => {
            leads++
            return Effect.never
          })
        )
        yield* awaitRole(election, "Leader")
        const states = yield* Effect.forkChild(
          awaitElement(zk.session.states, ({ _tag }) => _tag === "Suspended", { describe: "suspended" })
        )
        yield* Effect.yieldNow
        yield* proxy.cut
        yield* Fiber.join(states)
        yield* awaitState(
          Effect.sync(() => zk.session.connected),
          (connected) => connected,
          { describe: "connected again" }
        )
        yield* zk.sync()
        yield* awaitState(
          Effect.sync(() => leads),
          (count) => count === expected,
          { describe: `led ${expected} times with stopOn ${stopOn}` }
        )
        yield* Fiber.interrupt(fiber)
      }
    })
  )

  it.live("guards refuse as soon as the lead is lost, whatever the server says", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const election = yield* make(zk, { stopOn: "suspended" })
      const result = yield* Effect.scoped(
        Effect.gen(function* () {
          const leader = yield* election.acquire
          const lost = yield* Effect.forkChild(Effect.flip(leader.lost), { startImmediately: true })
          yield* proxy.cut
          assert.strictEqual((yield* Fiber.join(lost)).why, "disconnected")
          return yield* Effect.flip(leader.guard(Op.create("/guarded")))
        })
      )
      assert.strictEqual(result._tag, "LeaseLost")
      assert.isTrue(Option.isNone(yield* other.exists("/guarded")))
    })
  )

  it.live("costs four requests when nobody leads", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const election = yield* make(zk)
      yield* election.whileLeader(() => Effect.void)
      const requests = recordRequests(zk)
      yield* election.whileLeader(() => Effect.void)
      assert.deepStrictEqual(requests, ["create", "getData", "getChildren", "delete"])
    })
  )

  it.live("fails when its session is over for good", () =>
    Effect.gen(function* () {
      const other = yield* onServers()
      const zk = yield* ZooKeeper.make({ connect: connectStringOf(other), onExpired: "fail" })
      const election = yield* make(zk)
      const fiber = yield* Effect.forkChild(Effect.flip(election.whileLeader(() => Effect.never)))
      yield* awaitRole(election, "Leader")
      yield* expire(zk)
      const error = yield* Fiber.join(fiber)
      assert.isTrue(error._tag === "ZooKeeperError" && error.reason._tag === "SessionExpired")
      assert.strictEqual(yield* election.role, "Unknown")
    })
  )
})

describe("who resigns", () => {
  const resigned = (fiber: Fiber.Fiber<unknown, unknown>) =>
    Effect.map(Effect.flip(Fiber.join(fiber)), (error) => assert.instanceOf(error, Election.Resigned))

  it.live("gives up the lead: the next one leads at once, and its own program goes on", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(3)
      const all = yield* candidates(clients)
      yield* awaitRole(all[0]!.election, "Leader")
      const [first] = yield* nodes(clients[2]!)
      yield* all[0]!.election.resign
      assert.isTrue(Option.isNone(yield* clients[0]!.exists(first!)))
      assert.strictEqual(yield* all[0]!.election.role, "Unknown")
      yield* resigned(all[0]!.fiber)
      yield* awaitRole(all[1]!.election, "Leader")
      assert.strictEqual(yield* all[2]!.election.role, "Standby")
      // A candidate again on demand, behind the others.
      const again = yield* forever(all[0]!.election)
      yield* awaitQueue(clients[0]!, 3)
      yield* Effect.forEach([all[1]!, all[2]!], ({ election }) => election.resign)
      yield* awaitRole(all[0]!.election, "Leader")
      yield* Fiber.interrupt(again)
      assert.deepStrictEqual(yield* queue(clients[0]!), [])
    })
  )

  it.live("stands by no more, and nobody else notices", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(3)
      const all = yield* candidates(clients)
      yield* awaitRole(all[0]!.election, "Leader")
      const events = [recordEvents(clients[0]!), recordEvents(clients[2]!)]
      yield* all[1]!.election.resign
      yield* resigned(all[1]!.fiber)
      assert.strictEqual((yield* roles(all)).join(), "Leader,Unknown,Standby")
      assert.strictEqual((yield* queue(clients[0]!)).length, 2)
      assert.deepStrictEqual(events[0], [])
      yield* all[0]!.election.resign
      yield* awaitRole(all[2]!.election, "Leader")
    })
  )

  it.live("is told so once its node is gone, and not before", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const election = yield* make(zk)
      yield* election.acquire
      const requests = recordRequests(zk)
      yield* proxy.stall
      const resigning = yield* Effect.forkChild(election.resign, { startImmediately: true })
      yield* awaitState(
        Effect.sync(() => requests.includes("delete")),
        (sent) => sent,
        { describe: "the delete was sent" }
      )
      for (let turn = 0; turn < 10; turn++) yield* Effect.yieldNow
      assert.isUndefined(resigning.pollUnsafe())
      assert.strictEqual((yield* queue(other)).length, 1)
      yield* proxy.flow
      yield* Fiber.join(resigning)
      assert.deepStrictEqual(yield* queue(other), [])
    })
  )

  it.live("need not do so to stop waiting: an interrupted acquire leaves no node, though its scope goes on", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      yield* (yield* make(one!)).acquire
      const rival = yield* make(two!)
      const scope = yield* Effect.scope
      const waiting = yield* Effect.forkChild(Scope.provide(rival.acquire, scope))
      yield* awaitRole(rival, "Standby")
      yield* Fiber.interrupt(waiting)
      yield* awaitQueue(one!, 1)
      assert.strictEqual(yield* rival.role, "Unknown")
    })
  )

  it.live("loses what it acquired, and waits for nothing any more", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sessions(2)
      const election = yield* make(one!)
      const rival = yield* make(two!)
      const leader = yield* election.acquire
      const waiting = yield* Effect.forkChild(rival.acquire)
      yield* awaitQueue(one!, 2)
      yield* rival.resign
      yield* resigned(waiting)
      // Its create may have been unanswered still, and then the node goes in the background.
      yield* awaitQueue(one!, 1)
      yield* election.resign
      assert.strictEqual((yield* Effect.flip(leader.lost))._tag, "LeaseLost")
      assert.strictEqual((yield* Effect.flip(leader.guard(Op.create("/late"))))._tag, "LeaseLost")
      assert.deepStrictEqual(yield* queue(one!), [])
    })
  )

  it.live("may do so from within its work, and whenever it likes: no node stays", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const election = yield* make(zk)
      yield* election.resign
      const error = yield* Effect.flip(election.whileLeader(() => Effect.andThen(election.resign, Effect.never)))
      assert.strictEqual(error._tag, "Resigned")
      // At every step of entering: the answers come one by one while this fiber yields.
      const requests = recordRequests(zk)
      for (let step = 0; step < 4; step++) {
        requests.length = 0
        const fiber = yield* Effect.forkChild(
          election.whileLeader(() => Effect.never),
          { startImmediately: true }
        )
        yield* awaitState(
          Effect.sync(() => requests.length),
          (length) => length >= step,
          { describe: `${step} requests were sent` }
        )
        yield* election.resign
        yield* resigned(fiber)
        yield* awaitQueue(zk, 0)
        assert.strictEqual(yield* election.role, "Unknown")
      }
    })
  )
})
