/** Items divided among members, on a real ensemble. */
import * as Op from "@effect-zookeeper/core/Op"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import * as Group from "@effect-zookeeper/recipes/Group"
import * as Partitioner from "@effect-zookeeper/recipes/Partitioner"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { hostname } from "node:os"
import { awaitState } from "../support/awaitState.ts"
import { cutOff } from "../real/clients.ts"
import {
  awaitQueue,
  type Client,
  expire,
  expireDuring,
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

const PARTY = `${PATH}/party`
const ITEMS = ["a", "b", "c", "d", "e", "f"]

const lockOf = (item: string) => `${PATH}/locks/${item}`

const make = (zk: Client, options: Partial<Partitioner.Options> = {}) =>
  using(zk)(Partitioner.make({ path: PATH, items: ITEMS, quiet: "100 millis", ...options }))

/** A member that works until it is interrupted, and what it works on now. */
const member = Effect.fnUntraced(function* (zk: Client, id: string, options: Partial<Partitioner.Options> = {}) {
  const partitioner = yield* make(zk, { id, ...options })
  const at = { items: "", runs: 0 }
  const work = ({ items }: Partitioner.Partition) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        at.items = [...items.keys()].join("")
        at.runs++
      }),
      () => Effect.never,
      () =>
        Effect.sync(() => {
          at.items = ""
        })
    )
  const fiber = yield* Effect.forkScoped(partitioner.whilePartitioned(work))
  return { at, fiber, leave: Fiber.interrupt(fiber) }
})

type Member = { readonly at: { readonly items: string; readonly runs: number } }

/** Waits until the members work on these. */
const share = (members: ReadonlyArray<Member>, ...wanted: ReadonlyArray<string>) =>
  awaitState(
    Effect.sync(() => members.map(({ at }) => at.items)),
    (now) => now.join() === wanted.join(),
    { describe: `they work on ${wanted.join(" and ")}`, within: "30 seconds" }
  )

const isLeft = Effect.fnUntraced(function* (zk: Client) {
  yield* awaitQueue(zk, 0, PARTY)
  for (const item of ITEMS) yield* awaitQueue(zk, 0, lockOf(item))
})

describe("a partitioner", () => {
  it.live("divides the items among the members as they come and go, in the layout of kazoo", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(3)
      const one = yield* member(clients[0]!, "one")
      yield* share([one], "abcdef")
      const two = yield* member(clients[1]!, "two")
      yield* share([one, two], "ace", "bdf")
      const three = yield* member(clients[2]!, "three")
      // By name: one, three, two.
      yield* share([one, two, three], "ad", "cf", "be")
      const party = yield* queue(clients[0]!, PARTY)
      assert.deepStrictEqual(party.map((name) => name.replace(/^[0-9a-f]{32}-/, "")).sort(), ["one", "three", "two"])
      for (const name of party) assert.strictEqual(yield* clients[0]!.getString(`${PARTY}/${name}`), name.slice(33))
      for (const item of ITEMS) {
        const [node] = yield* nodes(clients[0]!, lockOf(item))
        assert.match(node!, /\/[0-9a-f]{32}__lock__\d{10}$/)
      }
      yield* two.leave
      yield* share([one, three], "ace", "bdf")
      yield* one.leave
      yield* share([three], "abcdef")
      yield* three.leave
      yield* isLeft(clients[0]!)
    })
  )

  it.live("divides the items as it is told, also among members of one name", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(3)
      const blocks: Partitioner.Options["divide"] = ({ items, members, place }) => {
        const size = Math.ceil(items.length / members.length)
        return items.slice(place * size, (place + 1) * size).toReversed()
      }
      const one = yield* member(clients[0]!, "one", { divide: blocks })
      yield* share([one], "abcdef")
      const two = yield* member(clients[1]!, "two", { divide: blocks })
      yield* share([one, two], "abc", "def")
      const other = yield* member(clients[2]!, "two", { divide: blocks })
      yield* awaitState(
        Effect.sync(() => [one, two, other].map(({ at }) => at.items)),
        ([first, ...rest]) => first === "ab" && rest.toSorted().join() === "cd,ef",
        { describe: "each has two" }
      )
      for (const { leave } of [one, two, other]) yield* leave
      yield* isLeft(clients[0]!)
    })
  )

  it.live("lets one work on what members who disagree want", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(2)
      const [one, two] = [
        yield* member(clients[0]!, "one", { divide: ({ items }) => items.slice(0, 4) }),
        yield* member(clients[1]!, "two", { divide: ({ items }) => items.slice(2) })
      ]
      // Whichever it is, the other one waits for its first item.
      yield* awaitQueue(clients[0]!, 2, lockOf("c"))
      const works = yield* awaitState(
        Effect.sync(() => [one, two].filter(({ at }) => at.items !== "")),
        (some) => some.length > 0,
        { describe: "one of them works" }
      )
      assert.strictEqual(works.length, 1)
      const [waits, all] = works[0] === one ? [two, "cdef"] : [one, "abcd"]
      yield* works[0]!.leave
      yield* share([waits], all)
      yield* waits.leave
      yield* isLeft(clients[0]!)
    })
  )

  it.live("fails when it is told to work on what is none of the items, and dies of a division that throws", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const strange = yield* make(zk, { divide: () => ["a", "z"] })
      const error = yield* Effect.flip(strange.whilePartitioned(() => Effect.void))
      assert.strictEqual(error.reason._tag, "InvalidArgument")
      assert.include(error.message, "divide gives 'z'")
      const broken = yield* make(zk, {
        divide: () => {
          throw new Error("no division")
        }
      })
      const exit = yield* Effect.exit(broken.whilePartitioned(() => Effect.void))
      assert.isTrue(Exit.hasDies(exit))
      yield* awaitQueue(zk, 0, PARTY)
    })
  )

  it.live("costs two requests to join and three to leave, and four for each item", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const partitioner = yield* make(zk!, { quiet: 0 })
      yield* partitioner.whilePartitioned(() => Effect.void)
      const requests = recordRequests(zk!)
      const members = yield* partitioner.whilePartitioned(() =>
        Effect.flatMap(using(other!)(Group.make({ path: PARTY })), ({ members }) => members)
      )
      // Those of the lease and of watches come in between.
      const count = (name: string) => requests.filter((each) => each === name).length
      assert.strictEqual(count("create"), 1 + ITEMS.length)
      assert.strictEqual(count("getData"), 1 + ITEMS.length)
      assert.strictEqual(count("delete"), 1 + ITEMS.length)
      assert.deepStrictEqual(
        members.map(({ id }) => id),
        [`${hostname()}-${process.pid}`]
      )
    })
  )

  it.live("lets nobody work on what another one works on, whoever comes and goes", () =>
    Effect.gen(function* () {
      const clients = yield* sessions(4)
      const working = new Map<string, number>()
      const problems: Array<string> = []
      const work =
        (index: number) =>
        ({ items }: Partitioner.Partition) =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              for (const item of items.keys()) {
                if (working.has(item)) problems.push(`${index} and ${working.get(item)} work on ${item}`)
                working.set(item, index)
              }
            }),
            () => Effect.never,
            () => Effect.sync(() => items.forEach((_, item) => working.delete(item)))
          )
      // The quick ones want their new items while the slow ones still have them.
      const come = Effect.fnUntraced(function* (index: number) {
        const partitioner = yield* make(clients[index]!, { id: `${index}`, quiet: 50 * index })
        return yield* Effect.forkScoped(partitioner.whilePartitioned(work(index)))
      })
      const present = new Map<number, Fiber.Fiber<unknown, unknown>>()
      for (const index of [3, 0, 2, 1, 0, 3, 0, 1, 2, 3, 0, 2, 1]) {
        const there = present.get(index)
        if (there === undefined) present.set(index, yield* come(index))
        else {
          yield* Fiber.interrupt(there)
          present.delete(index)
        }
        yield* awaitState(
          Effect.sync(() => [...new Set(working.values())].sort().join()),
          (now) => problems.length > 0 || (working.size === ITEMS.length && now === [...present.keys()].sort().join()),
          { describe: `${[...present.keys()].join()} work on all`, within: "30 seconds" }
        )
        assert.deepStrictEqual(problems, [])
      }
    })
  )

  it.live("goes on with the same items when who comes or goes does not change them", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const one = yield* member(zk!, "1", { items: ["a", "b"] })
      yield* share([one], "ab")
      const two = yield* member(zk!, "2", { items: ["a", "b"] })
      yield* share([one, two], "a", "b")
      const runs = one.at.runs
      // There is nothing for a third one.
      const three = yield* member(other!, "3", { items: ["a", "b"] })
      yield* awaitQueue(other!, 3, PARTY)
      yield* two.leave
      yield* share([one, three], "a", "b")
      assert.strictEqual(one.at.runs, runs)
      assert.strictEqual(three.at.runs, 1)
    })
  )

  it.live("divides nothing before nobody came or went for so long", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const waiting = yield* member(zk!, "one", { quiet: "1 day" })
      yield* awaitQueue(other!, 1, PARTY)
      const two = yield* member(other!, "two")
      yield* share([waiting, two], "", "bdf")
      assert.strictEqual(waiting.at.runs, 0)
    })
  )

  it.live("keeps two members of one name apart", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const members = [yield* member(zk, "twin"), yield* member(zk, "twin")]
      yield* awaitState(
        Effect.sync(() => members.map(({ at }) => at.items).sort()),
        (now) => now.join() === "ace,bdf",
        { describe: "each has a half", within: "30 seconds" }
      )
    })
  )

  it.live("ends with the success and the failure of the work, and others get its items", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const partitioner = yield* make(zk!)
      for (const [work, wanted] of [
        [Effect.succeed("done"), Exit.succeed("done")],
        [Effect.fail("not done"), Exit.fail("not done")]
      ] as const) {
        assert.deepStrictEqual(yield* Effect.exit(partitioner.whilePartitioned(() => work)), wanted)
        yield* isLeft(other!)
      }
    })
  )

  it.live("does not do again what was done when the division changed", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      let runs = 0
      const partitioner = yield* make(zk!, { quiet: 0, id: "2" })
      // While the items are given back somebody else comes, who is to have half of them.
      const work = Effect.sync(() => {
        runs++
        precede(zk!, "delete", 1, other!.create(`${PARTY}/${"0".repeat(32)}-1`, "1", { mode: "ephemeral" }))
      })
      yield* partitioner.whilePartitioned(() => work)
      assert.strictEqual(runs, 1)
    })
  )

  it.live("guards what is written by the items that are held, all or each", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      const partitioner = yield* make(zk)
      let runs = 0
      yield* partitioner.whilePartitioned(({ guard, items }) =>
        Effect.gen(function* () {
          if (++runs === 2) return undefined
          const holders = [...items.values()]
          assert.deepStrictEqual([...items.keys()], ITEMS)
          for (const [item, { node }] of items) assert.isTrue(node.startsWith(`${lockOf(item)}/`))
          for (const [index, { fencingToken }] of holders.slice(1).entries())
            assert.isTrue(fencingToken > holders[index]!.fencingToken)
          yield* items.get("f")!.guard(Op.create("/one", ""))
          yield* guard(Op.create("/all", ""))
          // The server deletes it before it sees the transaction; then the work begins again.
          precede(zk, "multi", 1, zk.delete(holders[3]!.node))
          yield* Effect.ignore(guard(Op.create("/none", "")))
          return yield* Effect.never
        })
      )
      assert.sameMembers(
        (yield* zk.children("/")).filter((name) => name !== PATH.slice(1)),
        ["one", "all"]
      )
    })
  )

  it.live("takes its items again when one of them was deleted by hand", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const one = yield* member(zk!, "one")
      yield* share([one], "abcdef")
      const [node] = yield* nodes(other!, lockOf("c"))
      yield* other!.delete(node!)
      yield* awaitState(
        Effect.sync(() => one.at),
        ({ items, runs }) => items === "abcdef" && runs === 2,
        { describe: "it works again on all" }
      )
      assert.lengthOf(yield* nodes(other!, lockOf("c")), 1)
    })
  )

  it.live("waits for an item that another one has, and works on none of its own meanwhile", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      yield* other!.create(`${lockOf("c")}/${"0".repeat(32)}__lock__`, "", {
        mode: "ephemeralSequential",
        parents: true
      })
      const [node] = yield* nodes(other!, lockOf("c"))
      const one = yield* member(zk!, "one")
      yield* awaitQueue(other!, 2, lockOf("c"))
      yield* awaitQueue(other!, 1, lockOf("a"))
      assert.strictEqual(one.at.runs, 0)
      // When others are to be had it no longer waits for that.
      const two = yield* member(other!, "a-first")
      yield* share([two], "")
      yield* awaitState(
        Effect.all([nodes(other!, lockOf("b")), Effect.sync(() => one.at.items)]),
        ([b, items]) => b.length === 1 && items === "bdf",
        { describe: "it works on its half", within: "30 seconds" }
      )
      yield* other!.delete(node!)
      yield* share([two, one], "ace", "bdf")
    })
  )

  it.live("is a member again with the next session, and works on what it gets then", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const [one, two] = [yield* member(zk!, "one"), yield* member(other!, "two")]
      yield* share([one, two], "ace", "bdf")
      const { runs } = one.at
      yield* expire(zk!)
      yield* awaitState(
        Effect.sync(() => [one.at.items, two.at.items, one.at.runs > runs]),
        (now) => now.join() === "ace,bdf,true",
        { describe: "both work again on a half", within: "30 seconds" }
      )
      yield* awaitQueue(other!, 2, PARTY)
    })
  )

  it.live("fails when there will be no other session", () =>
    Effect.gen(function* () {
      const [beside] = yield* sessions(1)
      const zk = yield* ZooKeeper.make({
        connect: `${beside!.session.hosts[0]!}${beside!.session.root}`,
        onExpired: "fail"
      })
      const one = yield* member(zk, "one")
      yield* share([one], "abcdef")
      yield* expire(zk)
      const exit = yield* Fiber.await(one.fiber)
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(one.at.items, "")
    })
  )

  it.live("goes on while there is no connection for a while, and stops at once with stopOn 'suspended'", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      const one = yield* member(zk, "one", { items: ["a", "b"] })
      const two = yield* member(zk, "two", { items: ["a", "b"], stopOn: "suspended" })
      yield* share([one, two], "a", "b")
      const { runs } = one.at
      yield* cutOff(zk, proxy)
      yield* share([one, two], "a", "")
      yield* proxy.listen
      yield* share([one, two], "a", "b")
      assert.strictEqual(one.at.runs, runs)
      assert.strictEqual(zk.session.epoch, 1)
      yield* awaitQueue(other, 2, PARTY)
    })
  )

  it.live("joins once when its session ends while it joins, its answer lost (museum 27)", () =>
    Effect.gen(function* () {
      const { other, proxy, zk } = yield* proxied()
      yield* other.ensurePath(PARTY)
      yield* expireDuring({ other, proxy, zk }, create, member(zk, "one"))
      const two = yield* member(zk, "two")
      yield* awaitState(
        Effect.map(queue(other, PARTY), (names) => names.map((name) => name.slice(33)).sort()),
        (names) => names.join() === "one,two",
        { describe: "each is a member once", within: "30 seconds" }
      )
      yield* share([two], "bdf")
    })
  )

  it.live("leaves nothing behind when it is interrupted while it joins, waits or works", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const free = yield* other!.create(`${lockOf("f")}/${"0".repeat(32)}__lock__`, "", {
        mode: "ephemeralSequential",
        parents: true
      })
      const reached: ReadonlyArray<(one: Member) => Effect.Effect<unknown, unknown>> = [
        () => Effect.void,
        () => awaitQueue(other!, 1, PARTY),
        () => awaitQueue(other!, 2, lockOf("f")),
        (one) => Effect.andThen(other!.delete(free), share([one], "abcdef"))
      ]
      for (const at of reached) {
        const one = yield* member(zk!, "one")
        yield* at(one)
        yield* one.leave
        yield* awaitQueue(other!, 0, PARTY)
        for (const item of ITEMS.slice(0, -1)) yield* awaitQueue(other!, 0, lockOf(item))
      }
      yield* isLeft(other!)
    })
  )

  it.live("refuses what cannot be divided, before anything is written", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      for (const [options, says] of [
        [{ items: [] }, "there is no item"],
        [{ items: ["a", "b", "a"] }, "the item 'a' is listed twice"],
        [{ items: ["a/b"] }, "'a/b' cannot be the name of a node"],
        [{ items: [""] }, "'' cannot be the name of a node"],
        [{ items: ["a\u0000"] }, "cannot be the name of a node"],
        [{ id: "a/b" }, "'a/b' cannot be the name of a node"],
        [{ quiet: "soon" as "1 second" }, "quiet is 'soon'"]
      ] as const) {
        const error = yield* Effect.flip(make(zk, options))
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.include(error.message, says)
      }
      assert.deepStrictEqual(yield* zk.children("/"), [])
    })
  )

  it.live("leaves the work the session that it has itself", () =>
    Effect.gen(function* () {
      const [zk, other] = yield* sessions(2)
      const partitioner = yield* make(zk!, { quiet: 0 })
      const seen = yield* using(other!)(partitioner.whilePartitioned(() => ZooKeeper.ZooKeeper))
      assert.strictEqual(seen.session.id, other!.session.id)
    })
  )

  it.live("is a service of an application", () =>
    Effect.gen(function* () {
      const zk = yield* onServers()
      class Feeds extends Partitioner.Service<Feeds>()("tests/Feeds", { path: PATH, items: ITEMS, quiet: 0 }) {}
      const live = Layer.provide(Feeds.layer, Layer.succeed(ZooKeeper.ZooKeeper, zk))
      const size = Effect.flatMap(Feeds, (feeds) => feeds.whilePartitioned(({ items }) => Effect.succeed(items.size)))
      assert.strictEqual(yield* Effect.provide(size, live), 6)
    })
  )
})
