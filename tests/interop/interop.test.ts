/** One path, two libraries: what docs/interop.md promises, pair by pair. */
import * as Counter from "@effect-zookeeper/recipes/Counter"
import { text } from "@effect-zookeeper/core/ZooKeeper"
import type { Dialect } from "@effect-zookeeper/recipes/Dialect"
import type { Held, Holder, Revocable } from "@effect-zookeeper/recipes/Holder"
import * as Barrier from "@effect-zookeeper/recipes/Barrier"
import * as DelayQueue from "@effect-zookeeper/recipes/DelayQueue"
import * as DoubleBarrier from "@effect-zookeeper/recipes/DoubleBarrier"
import * as Election from "@effect-zookeeper/recipes/Election"
import * as Group from "@effect-zookeeper/recipes/Group"
import * as IdQueue from "@effect-zookeeper/recipes/IdQueue"
import * as Lock from "@effect-zookeeper/recipes/Lock"
import * as MultiLock from "@effect-zookeeper/recipes/MultiLock"
import * as Partitioner from "@effect-zookeeper/recipes/Partitioner"
import * as Queue from "@effect-zookeeper/recipes/Queue"
import * as ReadWriteLock from "@effect-zookeeper/recipes/ReadWriteLock"
import * as Semaphore from "@effect-zookeeper/recipes/Semaphore"
import * as ServiceDiscovery from "@effect-zookeeper/recipes/ServiceDiscovery"
import { uri } from "@effect-zookeeper/recipes/ServiceInstance"
import * as TimedLease from "@effect-zookeeper/recipes/TimedLease"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { awaitState } from "../support/awaitState.ts"
import { onSingle } from "../real/clients.ts"
import { awaitQueue, type Client, connectStringOf, onServers, PATH as path, queue, using } from "../recipes/support.ts"
import * as Peer from "./peer.ts"
import * as provide from "./provide.ts"

/** Long enough to see that somebody does not get it. */
const SHORT = 0.5
/** Whoever is to get it does so within this. */
const LONG = 60

const peers = { kazoo: provide.kazoo, Curator: provide.curator }
type Name = keyof typeof peers

const begin = Effect.fnUntraced(function* (name: Name) {
  const zk = yield* onServers()
  return { zk, peer: yield* Peer.start(peers[name], connectStringOf(zk)) }
})

/** Ours and theirs exclude each other, whoever comes first, and hand over. `at` is where they wait for each other. */
const excludes = Effect.fnUntraced(function* (
  zk: Client,
  ours: Omit<Lock.LockOf<Held>, "contenders" | "askBack">,
  theirs: Peer.Thing,
  at = path
) {
  assert.isTrue(yield* theirs.acquire(LONG))
  assert.deepStrictEqual(yield* ours.tryWithLock(() => Effect.void), Option.none())
  const waiter = yield* Effect.forkChild(ours.withLock(() => theirs.acquire(SHORT)))
  yield* awaitQueue(zk, 2, at)
  yield* theirs.release
  assert.isFalse(yield* Fiber.join(waiter), "they got what we hold")
  // And the other way round: they wait for us and get it when we let go.
  const scope = yield* Scope.make()
  yield* Scope.provide(ours.acquire, scope)
  const getting = yield* Effect.forkChild(theirs.acquire(LONG), { startImmediately: true })
  yield* awaitQueue(zk, 2, at)
  yield* Scope.close(scope, Exit.void)
  assert.isTrue(yield* Fiber.join(getting))
  yield* theirs.release
  yield* awaitQueue(zk, 0, at)
})

const shares = Effect.fnUntraced(function* (zk: Client, ours: Lock.LockOf<Holder>, theirs: Peer.Thing) {
  const both = yield* ours.withLock(() => Effect.tap(theirs.acquire(LONG), () => theirs.release))
  assert.isTrue(both)
  assert.isTrue(yield* theirs.acquire(LONG))
  assert.isTrue(Option.isSome(yield* ours.tryWithLock(() => Effect.void)))
  yield* theirs.release
  yield* awaitQueue(zk, 0)
})

/** The pairs of a dialect of ours and a kind of theirs. */
const pairs: ReadonlyArray<readonly [Name, Dialect, (kind: string) => string, string]> = [
  ["Curator", "curator", (kind) => kind, "as it is"],
  ["kazoo", "kazoo", (kind) => kind, "as it is"],
  ["kazoo", "curator", (kind) => `curator-${kind}`, "with the documented subclasses"]
]

for (const [name, dialect, kindOf, how] of pairs) {
  describe(`${name} ${how}, ours in the dialect ${dialect}`, () => {
    it.live("a lock excludes both ways", () =>
      Effect.gen(function* () {
        const { peer, zk } = yield* begin(name)
        const ours = yield* using(zk)(Lock.make({ path, dialect }))
        yield* excludes(zk, ours, yield* peer.make(kindOf("lock"), path))
      })
    )

    it.live("read and write locks share and exclude both ways", () =>
      Effect.gen(function* () {
        const { peer, zk } = yield* begin(name)
        const ours = yield* using(zk)(ReadWriteLock.make({ path, dialect }))
        const read = yield* peer.make(kindOf("read"), path)
        const write = yield* peer.make(kindOf("write"), path)
        yield* shares(zk, ours.read, read)
        yield* excludes(zk, ours.write, write)
        yield* excludes(zk, ours.write, read)
        yield* excludes(zk, ours.read, write)
      })
    )
  })
}

for (const kind of ["lock", "read", "write"] as const) {
  it.live(`Curator's holder of a ${kind} hears that we ask for it, and ours that Curator's Revoker does`, () =>
    Effect.gen(function* () {
      const { peer, zk } = yield* begin("Curator")
      const ours: Pick<Lock.LockOf<Holder & Revocable>, "askBack" | "contenders" | "withLock"> = kind === "lock"
        ? yield* using(zk)(Lock.make({ path }))
        : (yield* using(zk)(ReadWriteLock.make({ path })))[kind]
      const theirs = yield* peer.make(kind, path)
      assert.isTrue(yield* theirs.acquire(LONG))
      assert.isFalse(yield* theirs.isAsked)
      yield* Effect.flatMap(ours.contenders, ([holder]) => ours.askBack(holder!))
      yield* awaitState(theirs.isAsked, (is) => is, { describe: "they hear of it" })
      yield* theirs.release
      yield* ours.withLock(({ askedBack }) => Effect.andThen(theirs.askBack, askedBack))
      yield* awaitQueue(zk, 0)
    })
  )
}

it.live("Curator's InterProcessMultiLock and ours exclude each other both ways", () =>
  Effect.gen(function* () {
    const { peer, zk } = yield* begin("Curator")
    const ours = yield* using(zk)(MultiLock.make({ paths: [`${path}/b`, `${path}/a`] }))
    yield* excludes(zk, ours, yield* peer.make("multi", path), `${path}/a`)
    yield* awaitQueue(zk, 0, `${path}/b`)
    // They are held, each of them.
    for (const each of ["a", "b"]) {
      const alone = yield* peer.make("lock", `${path}/${each}`)
      assert.isFalse(yield* ours.withLock(() => alone.acquire(SHORT)))
    }
  })
)

const candidates: ReadonlyArray<readonly [Name, Dialect]> = [
  ["Curator", "curator"],
  ["kazoo", "kazoo"]
]

for (const [name, dialect] of candidates) {
  it.live(`an election has one leader, ours or ${name}'s, and hands over both ways`, () =>
    Effect.gen(function* () {
      const { peer, zk } = yield* begin(name)
      const ours = yield* using(zk)(Election.make({ path, dialect, data: "ours" }))
      const awaitLead = (thing: Peer.Thing) =>
        awaitState(thing.leads, (leads) => leads, { describe: "the other one leads", within: "60 seconds" })
      const awaitOurs = awaitState(ours.role, (role) => role === "Leader", {
        describe: "ours leads",
        within: "60 seconds"
      })

      const first = yield* peer.make("candidate", path, "theirs")
      yield* awaitLead(first)
      const leading = yield* Effect.forkChild(ours.whileLeader(() => Effect.never))
      yield* awaitQueue(zk, 2)
      assert.strictEqual(yield* ours.role, "Standby")
      assert.deepStrictEqual(
        (yield* ours.leaders).map(({ data }) => new TextDecoder().decode(data)),
        ["theirs"]
      )
      yield* first.resign
      yield* awaitOurs
      const second = yield* peer.make("candidate", path, "again")
      yield* awaitQueue(zk, 2)
      assert.isFalse(yield* second.leads)
      yield* Fiber.interrupt(leading)
      yield* awaitLead(second)
      yield* second.resign
    })
  )
}

it.live("kazoo's Party and our group see each other's members", () =>
  Effect.gen(function* () {
    const { peer, zk } = yield* begin("kazoo")
    const ours = yield* using(zk)(Group.make({ path, dialect: "kazoo", id: "ours" }))
    const party = yield* peer.make("party", path, "theirs")
    yield* party.join
    const ids = Effect.map(ours.members, (members) =>
      members
        .map(({ id }) => id)
        .sort()
        .join()
    )
    assert.strictEqual(yield* ids, "ours,theirs")
    assert.strictEqual(yield* party.members, "ours,theirs")
    yield* party.leave
    assert.strictEqual(yield* ids, "ours")
    assert.strictEqual(yield* party.members, "ours")
    const shallow = yield* peer.make("shallow", path, "shallow")
    yield* shallow.join
    assert.strictEqual(yield* ids, "ours,shallow")
  })
)

it.live("kazoo's SetPartitioner and our partitioner divide the same items, whoever comes and goes", () =>
  Effect.gen(function* () {
    const { peer, zk } = yield* begin("kazoo")
    const items = ["a", "b", "c", "d", "e", "f"]
    const ours = yield* using(zk)(Partitioner.make({ path, items, id: "ours", quiet: "300 millis" }))
    const theirs = yield* peer.make("partition", path, "theirs")
    let has = ""
    const work = ({ items }: Partitioner.Partition) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          has = [...items.keys()].join()
        }),
        () => Effect.never,
        () =>
          Effect.sync(() => {
            has = ""
          })
      )
    const divided = (wantedOurs: string, wantedTheirs: string) =>
      awaitState(
        Effect.map(theirs.members, (members) => [has, members]),
        ([ours, theirs]) => ours === wantedOurs && theirs === wantedTheirs,
        { describe: `ours has '${wantedOurs}' and theirs '${wantedTheirs}'`, within: "60 seconds" }
      )
    const all = items.join()
    // They are there and we come, they go, they come and we are there, we go.
    yield* theirs.join
    yield* divided("", all)
    const working = yield* Effect.forkChild(ours.whilePartitioned(work))
    yield* divided("a,c,e", "b,d,f")
    for (const item of items) yield* awaitQueue(zk, 1, `${path}/locks/${item}`)
    yield* theirs.leave
    yield* awaitState(
      Effect.sync(() => has),
      (now) => now === all,
      { describe: "ours has all" }
    )
    yield* theirs.join
    yield* divided("a,c,e", "b,d,f")
    yield* Fiber.interrupt(working)
    yield* divided("", all)
    yield* theirs.leave
    for (const item of items) yield* awaitQueue(zk, 0, `${path}/locks/${item}`)
  })
)

it.live("Curator's GroupMember and our group see each other's members", () =>
  Effect.gen(function* () {
    const { peer, zk } = yield* begin("Curator")
    const ours = yield* using(zk)(Group.make({ path, id: "ours", data: "o" }))
    const group = yield* peer.make("group", path, "theirs")
    yield* group.join
    const seen = Effect.map(ours.members, (members) =>
      members.map(({ data, id }) => `${id}=${new TextDecoder().decode(data)}`).join()
    )
    yield* awaitState(seen, (now) => now === "ours=o,theirs=theirs", { describe: "both, by us" })
    yield* awaitState(group.members, (now) => now === "ours,theirs", { describe: "both, by them" })
    yield* group.leave
    yield* awaitState(seen, (now) => now === "ours=o", { describe: "ours alone" })
  })
)

it.live("Curator's ServiceDiscovery and ours see each other's instances, and choose from them", () =>
  Effect.gen(function* () {
    const { peer, zk } = yield* begin("Curator")
    const ours = yield* using(zk)(ServiceDiscovery.make({ path }))
    const theirs = yield* peer.make("service", path, "theirs")
    const enabled = yield* peer.make("enabled-service", path, "enabled")
    yield* theirs.join
    yield* enabled.join
    const provider = yield* ours.provider("web")
    const awaitChosen = (what: string) =>
      Effect.all([
        awaitState(
          Effect.map(provider.instances, (instances) => instances.map(({ id }) => id).join()),
          (now) => now === what,
          { describe: `ours chooses from ${what}` }
        ),
        awaitState(theirs.chosen, (now) => now === what, { describe: `theirs chooses from ${what}` })
      ])
    yield* awaitChosen("enabled,theirs")

    const registered = yield* ours.register({
      name: "web",
      id: "ours",
      address: "10.0.0.2",
      sslPort: 443,
      payload: { "@class": "Peer$Weight", weight: 2 },
      uriSpec: "{scheme}://{address}:{ssl-port}/{id}"
    })
    yield* awaitChosen("enabled,ours,theirs")
    const shown = Effect.map(ours.instances("web"), (instances) =>
      instances.map((instance) => [
        instance.id,
        Option.getOrNull(uri(instance)),
        instance.payload,
        instance.enabled,
        instance.serviceType
      ])
    )
    const payload = (weight: number) => ({ "@class": "Peer$Weight", weight })
    assert.deepStrictEqual(yield* shown, [
      ["enabled", "http://10.0.0.1:80/enabled", payload(1), true, "DYNAMIC"],
      ["ours", "https://10.0.0.2:443/ours", payload(2), true, "DYNAMIC"],
      ["theirs", "http://10.0.0.1:80/theirs", payload(1), true, "DYNAMIC"]
    ])
    const they = (theirs: string, mine: string, other: string) =>
      [`enabled=http://10.0.0.1:80/enabled=${other}`, `ours=https://10.0.0.2:443/ours=${mine}`].join() +
      `,theirs=http://10.0.0.1:80/theirs=${theirs}`
    assert.strictEqual(yield* theirs.members, they("weight 1=true", "weight 2=true", "weight 1=true"))

    // What is changed, and who is not to be chosen.
    yield* registered.update({ payload: { "@class": "Peer$Weight", weight: 3 }, enabled: false })
    yield* awaitChosen("enabled,theirs")
    yield* enabled.update(4, false)
    yield* awaitChosen("theirs")
    // In its default mode it cannot say so.
    yield* theirs.update(5, false)
    yield* awaitState(theirs.members, (now) => now === they("weight 5=true", "weight 3=false", "weight 4=false"), {
      describe: "all changes, by them"
    })
    assert.deepStrictEqual(
      (yield* shown).map(([id, , payload, enabled]) => [id, payload, enabled]),
      [
        ["enabled", payload(4), false],
        ["ours", payload(3), false],
        ["theirs", payload(5), true]
      ]
    )

    // Payloads of JSON: what Curator makes of them, and the one form that it cannot read, nor anything beside it.
    for (const [json, theirsIs] of [
      ["text", "text"],
      [7, "7"],
      [true, "true"],
      [null, "null"],
      [{ weight: 1 }, "{weight=1}"],
      [["java.util.ArrayList", [1, 2]], "[1, 2]"]
    ] as const) {
      yield* registered.update({ payload: json })
      yield* awaitState(theirs.members, (now) => now.includes(`/ours=${theirsIs}=`), {
        describe: `${theirsIs}, by them`
      })
    }

    yield* registered.update({ payload: [1, 2] })
    yield* awaitState(Effect.exit(theirs.members), Exit.isFailure, { describe: "they cannot read the list" })
    yield* registered.update({ payload: null })

    yield* ours.add({ name: "web", id: "static" })
    yield* awaitChosen("static,theirs")
    assert.isTrue(yield* ours.remove("web", "static"))
    yield* theirs.leave
    yield* awaitChosen("")
  })
)

const counters: ReadonlyArray<readonly [Name, string, string, "int64" | "int32" | "decimal"]> = [
  ["Curator", "DistributedAtomicLong", "int64", "int64"],
  ["Curator", "DistributedAtomicInteger", "int32", "int32"],
  ["Curator", "SharedCount", "shared", "int32"],
  ["kazoo", "Counter", "decimal", "decimal"],
  ["kazoo", "Counter with support_curator", "int32", "int32"]
]

for (const [name, what, kind, as] of counters) {
  it.live(`${name}'s ${what} and our counter count on one number`, () =>
    Effect.gen(function* () {
      const { peer, zk } = yield* begin(name)
      const make = (at: string) => using(zk)(Counter.make({ path: at, as }))
      const awaitTheirs = (thing: Peer.Thing, value: string) =>
        awaitState(thing.value, (now) => now === value, { describe: `they have ${value}` })

      // A node that we made, and one that they made.
      const ours = yield* make(path)
      assert.deepStrictEqual(yield* ours.add(7n), { before: 0n, after: 7n })
      const theirs = yield* peer.make(kind, path)
      assert.strictEqual(yield* theirs.value, "7")
      assert.strictEqual(yield* theirs.add(-9), "-2")
      yield* zk.sync()
      assert.strictEqual(yield* ours.get, -2n)
      assert.deepStrictEqual(yield* ours.increment, { before: -2n, after: -1n })
      yield* awaitTheirs(theirs, "-1")
      const first = yield* peer.make(kind, "/theirs")
      assert.strictEqual(yield* first.add(3), "3")
      const second = yield* make("/theirs")
      assert.deepStrictEqual(yield* second.add(-5n), { before: 3n, after: -2n })
      yield* awaitTheirs(first, "-2")

      // Both at once.
      const [changes, answers] = yield* Effect.all(
        [Effect.forEach(Array(30).keys(), () => ours.increment), Effect.forEach(Array(30).keys(), () => theirs.add(1))],
        { concurrency: 2 }
      )
      // What a SharedCount says that it has may be somebody else's by then.
      const all = [...changes.map(({ after }) => `${after}`), ...(kind === "shared" ? [] : answers)]
      assert.strictEqual(new Set(all).size, all.length, all.join())
      yield* zk.sync()
      assert.strictEqual(yield* ours.get, 59n)
      yield* awaitTheirs(theirs, "59")
    })
  )
}

/** As long as nobody waits for the end of a lease; the seconds that a peer takes it for. */
const HOUR = 3600

it.live("kazoo's NonBlockingLease and ours exclude each other, in time and by name", () =>
  Effect.gen(function* () {
    const { peer, zk } = yield* begin("kazoo")
    const ours = yield* using(zk)(TimedLease.make({ path, holder: "ours", duration: "1 hour" }))
    const theirs = yield* peer.make("lease", path, "theirs")
    const namesake = yield* peer.make("lease", path, "ours")
    // Ours first, renewed by us and by theirs of the same name.
    const term = Option.getOrThrow(yield* ours.tryTake)
    assert.isFalse(yield* theirs.acquire(HOUR), "they got what we hold")
    assert.isTrue(yield* term.renew)
    assert.isTrue(yield* namesake.acquire(2 * HOUR))
    const [standing] = yield* ours.leases
    const now = yield* Clock.currentTimeMillis
    assert.isAtMost(Math.abs(standing!.end - now - 2 * HOUR * 1000), 60_000, "one clock, and UTC")
    assert.isTrue(yield* term.renew, "in a node that they have made anew")
    yield* term.release
    // Given back: theirs, until its end.
    assert.isTrue(yield* theirs.acquire(1))
    const { end } = (yield* ours.leases)[0]!
    const next = yield* awaitState(ours.tryTake, Option.isSome, { describe: "its end has come", within: "30 seconds" })
    assert.isAtLeast(yield* Clock.currentTimeMillis, end)
    assert.isFalse(yield* theirs.acquire(HOUR))
    yield* Option.getOrThrow(next).release
    assert.isTrue(yield* theirs.acquire(HOUR))
    assert.deepStrictEqual(yield* ours.tryTake, Option.none())
  })
)

it.live("kazoo's MultiNonBlockingLease and ours share so many leases", () =>
  Effect.gen(function* () {
    const { peer, zk } = yield* begin("kazoo")
    const ours = yield* using(zk)(TimedLease.make({ path, holder: "ours", duration: "1 hour", leases: 2 }))
    const [one, two] = [yield* peer.make("leases", path, "one"), yield* peer.make("leases", path, "two")]
    assert.isTrue(yield* one.acquire(HOUR))
    const term = Option.getOrThrow(yield* ours.tryTake)
    assert.strictEqual(term.path, `${path}/1`)
    assert.isFalse(yield* two.acquire(HOUR))
    assert.isTrue(yield* one.acquire(HOUR))
    yield* term.release
    assert.isTrue(yield* two.acquire(HOUR))
    assert.deepStrictEqual(yield* ours.tryTake, Option.none())
    assert.deepStrictEqual(
      (yield* ours.leases).map(({ holder }) => holder),
      ["one", "two"]
    )
  })
)

const semaphores: ReadonlyArray<readonly [Name, string, "curator" | "kazoo", string]> = [
  ["Curator", "InterProcessSemaphoreV2", "curator", `${path}/leases`],
  ["kazoo", "Semaphore", "kazoo", `${path}-__lock__`]
]

for (const [name, what, dialect, waitingRoom] of semaphores) {
  it.live(`${name}'s ${what} and our semaphore share their leases both ways`, () =>
    Effect.gen(function* () {
      const { peer, zk } = yield* begin(name)
      // Curator's leases are all there; of kazoo's, who waits has none yet.
      const waiting = dialect === "curator" ? 3 : 1
      const ours = yield* using(zk)(Semaphore.make({ path, leases: 2, dialect }))
      const [one, two] = [yield* peer.make("semaphore", path), yield* peer.make("semaphore", path)]
      // One each, and no third.
      const held = yield* Scope.make()
      yield* Scope.provide(ours.acquire, held)
      assert.isTrue(yield* one.acquire(LONG))
      assert.isFalse(yield* two.acquire(SHORT))
      assert.deepStrictEqual(yield* ours.tryWithLease(() => Effect.void), Option.none())
      assert.deepStrictEqual(yield* ours.tryWithLease(() => Effect.void, { wait: "300 millis" }), Option.none())
      // Ours comes back: theirs gets it, and the other way round.
      const getting = yield* Effect.forkChild(two.acquire(LONG), { startImmediately: true })
      yield* awaitQueue(zk, waiting, waitingRoom)
      yield* Scope.close(held, Exit.void)
      assert.isTrue(yield* Fiber.join(getting))
      const asking = yield* Effect.forkChild(ours.withLease(() => Effect.succeed("ours")))
      yield* awaitQueue(zk, waiting, waitingRoom)
      yield* one.release
      assert.strictEqual(yield* Fiber.join(asking), "ours")
      yield* two.release
      assert.deepStrictEqual(yield* queue(zk, dialect === "curator" ? waitingRoom : path), [])
    })
  )
}

const barriers: ReadonlyArray<readonly [Name, "curator" | "kazoo", string, string]> = [
  ["Curator", "curator", "DistributedBarrier", "DistributedDoubleBarrier"],
  ["kazoo", "kazoo", "Barrier", "DoubleBarrier"]
]

for (const [name, dialect, single, double] of barriers) {
  it.live(`${name}'s ${single} and ours are one, whoever raises, lowers and waits`, () =>
    Effect.gen(function* () {
      const { peer, zk } = yield* begin(name)
      const ours = yield* using(zk)(Barrier.make({ path, dialect }))
      const theirs = yield* peer.make("barrier", path)
      yield* theirs.raise
      assert.isTrue(yield* ours.isUp)
      const waiter = yield* Effect.forkChild(ours.wait, { startImmediately: true })
      assert.isFalse(yield* theirs.wait(SHORT))
      assert.isUndefined(waiter.pollUnsafe())
      yield* theirs.lower
      yield* Fiber.join(waiter)
      yield* ours.raise
      yield* theirs.raise
      const waiting = yield* Effect.forkChild(theirs.wait(LONG), { startImmediately: true })
      yield* ours.lower
      assert.isTrue(yield* Fiber.join(waiting))
      yield* theirs.lower
    })
  )

  it.live(`${name}'s ${double} and ours begin together and end together, round after round`, () =>
    Effect.gen(function* () {
      // On one server: the other libraries do not sync, and where `ready` of the last round is still to be seen theirs goes in alone.
      const zk = yield* onSingle()
      const peer = yield* Peer.start(peers[name], connectStringOf(zk))
      const ours = yield* using(zk)(DoubleBarrier.make({ path, size: 2, dialect }))
      const theirs = yield* peer.make("double", path)
      // Whose name comes first is chance, and it changes who waits for whom.
      for (let round = 0; round < 8; round++) {
        const scope = yield* Scope.make()
        const enter = yield* Effect.cached(Scope.provide(ours.enter, scope))
        const our = { enter, leave: Effect.flatMap(enter, ({ leave }) => leave) }
        const [first, second] = round % 2 === 0 ? [our, theirs] : [theirs, our]
        const entering = yield* Effect.forkChild(first.enter, { startImmediately: true })
        yield* awaitQueue(zk, 1)
        assert.isUndefined(entering.pollUnsafe())
        yield* second.enter
        yield* Fiber.join(entering)
        const [last, other] = round % 4 < 2 ? [first, second] : [second, first]
        const leaving = yield* Effect.forkChild(other.leave, { startImmediately: true })
        yield* Effect.forEach(Array(20), () => zk.sync())
        assert.isUndefined(leaving.pollUnsafe(), "it did not wait for the other one to leave")
        yield* last.leave
        yield* Fiber.join(leaving)
        yield* Scope.close(scope, Exit.void)
        yield* awaitQueue(zk, 0)
      }
      // What a round leaves behind whose members all crash lets theirs in alone, and not ours.
      yield* zk.create(`${path}/ready`)
      const alone = yield* Effect.forkChild(ours.within(() => Effect.void))
      yield* awaitQueue(zk, 1)
      yield* Effect.forEach(Array(20), () => zk.sync())
      assert.notDeepEqual(yield* queue(zk), ["ready"])
      yield* Fiber.interrupt(alone)
      assert.deepStrictEqual(yield* queue(zk), [])
      yield* zk.create(`${path}/ready`)
      yield* theirs.enter
      yield* theirs.leave
    })
  )
}

const textOf = (item: Queue.Item) => Effect.succeed(text(item))

const queues: ReadonlyArray<readonly [Name, string, "curator" | "kazoo", string]> = [
  ["Curator", "DistributedQueue with a lockPath", "curator", `${path}-locks`],
  ["kazoo", "LockingQueue", "kazoo", `${path}/taken`]
]

for (const [name, what, dialect, claims] of queues) {
  it.live(`${name}'s ${what} and our queue give each item to one of them`, () =>
    Effect.gen(function* () {
      const { peer, zk } = yield* begin(name)
      const ours = yield* using(zk)(Queue.make({ path, dialect }))
      const theirs = yield* peer.make("queue", path)
      // Ours to them.
      yield* ours.offer("one")
      assert.strictEqual(yield* theirs.take(LONG), "one")
      // What they work on is not ours.
      assert.deepStrictEqual(yield* ours.tryWithItem(textOf), Option.none())
      assert.deepStrictEqual(
        (yield* ours.contents).map(({ isTaken }) => isTaken),
        [true]
      )
      if (dialect === "kazoo") {
        const waiting = yield* Effect.forkChild(ours.withItem(textOf))
        yield* awaitQueue(zk, 1, `${path}/waiting`)
        assert.isTrue(yield* theirs.giveBack)
        assert.strictEqual(yield* Fiber.join(waiting), "one")
      } else {
        // Curator puts what it gives back in again, and would be the first to take it.
        assert.isTrue(yield* theirs.consume)
      }
      yield* awaitState(ours.size, (size) => size === 0, { describe: "consumed" })
      // Theirs to us, who wait for it.
      const waiting = yield* Effect.forkChild(ours.withItem(textOf))
      yield* awaitQueue(zk, 1, dialect === "kazoo" ? `${path}/waiting` : `${claims}/waiting`)
      const producer = yield* peer.make(dialect === "kazoo" ? "queue" : "producer", path)
      if (dialect === "kazoo") {
        yield* producer.offer("two")
        assert.strictEqual(yield* Fiber.join(waiting), "two")
      } else {
        // Their consumer is at it as well, so one each.
        yield* producer.offer("two")
        yield* producer.offer("three")
        const items = [yield* Fiber.join(waiting), yield* theirs.take(LONG)]
        assert.sameMembers(items, ["two", "three"])
        yield* theirs.consume
      }
      yield* awaitState(ours.size, (size) => size === 0, { describe: "consumed" })
    })
  )

  it.live(`what our queue works on is not ${name}'s before it is given back`, () =>
    Effect.gen(function* () {
      const { peer, zk } = yield* begin(name)
      const ours = yield* using(zk)(Queue.make({ path, dialect }))
      const producer = yield* peer.make(name === "kazoo" ? "queue" : "producer", path)
      yield* producer.offer("one")
      const scope = yield* Scope.make()
      const item = yield* Scope.provide(ours.take, scope)
      assert.strictEqual(text(item), "one")
      assert.strictEqual(item.node.slice(0, claims.length), claims)
      const theirs = yield* peer.make("queue", path)
      assert.strictEqual(yield* theirs.take(SHORT), "none")
      yield* ours.offer("two")
      assert.strictEqual(yield* theirs.take(LONG), "two")
      yield* theirs.consume
      yield* Scope.close(scope, Exit.void)
      // Curator looks again only when something is put in or taken out.
      if (name === "Curator") yield* ours.offer("three")
      assert.strictEqual(yield* theirs.take(LONG), "one")
      yield* theirs.consume
      yield* awaitState(ours.size, (size) => size === (name === "Curator" ? 1 : 0), { describe: "consumed" })
    })
  )
}

it.live("priorities: kazoo's and Curator's come in our order, and ours in theirs", () =>
  Effect.gen(function* () {
    for (const [name, dialect, kind, priorities] of [
      ["Curator", "curator", "priority-queue", [-7, 0, 7]],
      ["kazoo", "kazoo", "queue", [1, 100, 999]]
    ] as const) {
      const { peer, zk } = yield* begin(name)
      const ours = yield* using(zk)(Queue.make({ path, dialect }))
      const [first, second, third] = priorities
      const theirs = yield* peer.make(kind, path)
      // Curator's consumer has it from now on, and takes no other before it is done with it.
      yield* ours.offer("c", { priority: third })
      if (name === "Curator") assert.strictEqual(yield* theirs.take(LONG), "c")
      yield* theirs.offer("b", second)
      yield* ours.offer("a", { priority: first })
      const taken = [yield* ours.withItem(textOf), yield* ours.withItem(textOf)]
      yield* ours.offer("d", { priority: third })
      yield* theirs.offer("e", first)
      if (name === "Curator") yield* theirs.consume
      assert.deepStrictEqual([...taken, yield* theirs.take(LONG)], ["a", "b", "e"])
    }
  })
)

it.live("what Curator puts in as one comes as one, and its simple queue and kazoo's lossy one may put in, too", () =>
  Effect.gen(function* () {
    const { peer, zk } = yield* begin("Curator")
    const ours = yield* using(zk)(Queue.make({ path }))
    const producer = yield* peer.make("producer", path)
    yield* producer.offer("a", "b", "c")
    assert.deepStrictEqual(
      yield* ours.withItem(({ data, others }) => Effect.succeed([data, ...others].map((data) => text({ data })))),
      ["a", "b", "c"]
    )
    const apache = yield* using(zk)(Queue.make({ path: "/simple", dialect: "apache" }))
    const simple = yield* peer.make("simple-queue", "/simple")
    yield* simple.offer("theirs")
    assert.strictEqual(yield* apache.withItem(textOf), "theirs")
    yield* apache.offer("ours")
    assert.strictEqual(yield* simple.take(LONG), "ours")

    const other = yield* Peer.start(provide.kazoo, connectStringOf(zk))
    const kazoos = yield* using(zk)(Queue.make({ path: "/kazoo", dialect: "kazoo" }))
    const lossy = yield* other.make("lossy-queue", "/kazoo/entries")
    yield* lossy.offer("theirs")
    assert.strictEqual(yield* kazoos.withItem(textOf), "theirs")
  })
)

/** The names of the items, without their counters. */
const kinds = (zk: Client) => Effect.map(queue(zk), (names) => names.map((name) => name.slice(0, -10)))

it.live("what Curator's DistributedDelayQueue puts in is ours when it is due, and what it gives back is at once", () =>
  Effect.gen(function* () {
    const { peer, zk } = yield* begin("Curator")
    const ours = yield* using(zk)(DelayQueue.make({ path }))
    const theirs = yield* peer.make("delay-producer", path)
    const at = (yield* Clock.currentTimeMillis) + 2000
    yield* theirs.offer("theirs", at)
    yield* ours.offer("ours", { at })
    yield* theirs.offer("early", 1)
    const [first, second, third] = yield* kinds(zk)
    assert.strictEqual(first, second)
    assert.strictEqual(third, "queue-|00000001|")
    // So it is called when a consumer of theirs gives it back, whatever its time was.
    yield* (yield* peer.make("producer", path)).offer("back")
    assert.strictEqual(yield* ours.withItem(textOf), "back")
    assert.strictEqual(yield* ours.withItem(textOf), "early")
    assert.strictEqual(yield* ours.withItem(textOf), "theirs")
    assert.isAtLeast(yield* Clock.currentTimeMillis, at)
    assert.strictEqual(yield* ours.withItem(textOf), "ours")
  })
)

it.live("Curator's DistributedDelayQueue and our delay queue give each item to one of them, none before its time", () =>
  Effect.gen(function* () {
    const { peer, zk } = yield* begin("Curator")
    const ours = yield* using(zk)(DelayQueue.make({ path }))
    const theirs = yield* peer.make("delay-queue", path)
    const at = (yield* Clock.currentTimeMillis) + 2000
    yield* ours.offer("b", { at: at + 1 })
    yield* ours.offer("a", { at })
    assert.strictEqual(yield* theirs.take(LONG), "a")
    assert.isAtLeast(yield* Clock.currentTimeMillis, at)
    // What they work on is not ours, but the next one is.
    assert.strictEqual(yield* ours.withItem(textOf), "b")
    assert.deepStrictEqual(yield* ours.tryWithItem(textOf), Option.none())
    assert.deepStrictEqual(
      (yield* ours.contents).map(({ isTaken }) => isTaken),
      [true]
    )
    yield* theirs.giveBack
    assert.strictEqual(yield* theirs.take(LONG), "a")
    assert.deepStrictEqual(yield* kinds(zk), ["queue-"])
    yield* ours.offer("c", { after: 0 })
    const scope = yield* Scope.make()
    assert.strictEqual(text(yield* Scope.provide(ours.take, scope)), "c")
    yield* theirs.consume
    // What we work on is not theirs before we give it back, and something changes.
    assert.strictEqual(yield* theirs.take(SHORT), "none")
    yield* Scope.close(scope, Exit.void)
    yield* ours.offer("d", { after: "1 hour" })
    assert.strictEqual(yield* theirs.take(LONG), "c")
    yield* theirs.consume
    yield* awaitState(ours.size, (size) => size === 1, { describe: "all that is due is consumed" })
  })
)

it.live(
  "Curator's DistributedIdQueue and our id queue give each item to one of them, and remove what the other put in",
  () =>
    Effect.gen(function* () {
      const { peer, zk } = yield* begin("Curator")
      const ours = yield* using(zk)(IdQueue.make({ path }))
      const producer = yield* peer.make("id-producer", path)
      yield* producer.offer("a", "x")
      yield* ours.offer("b", "x")
      yield* producer.offer("c", "y")
      assert.deepStrictEqual(yield* kinds(zk), ["queue-|x|", "queue-|x|", "queue-|y|"])
      // Each leaves alone what the other works on.
      yield* ours.withItem((item) =>
        Effect.gen(function* () {
          assert.deepStrictEqual([text(item), item.id], ["a", "x"])
          assert.strictEqual(yield* producer.remove("x"), "1")
        })
      )
      yield* zk.sync()
      assert.strictEqual(yield* ours.remove("x"), 0)
      assert.strictEqual(yield* ours.remove("y"), 1)
      // It writes other ids than it is given, and does not find them then.
      yield* producer.offer("d", "p/q|r")
      assert.deepStrictEqual(yield* kinds(zk), ["queue-|p_q_r|"])
      assert.strictEqual(yield* producer.remove("p/q|r"), "0")
      assert.strictEqual(yield* ours.remove("p_q_r"), 1)

      const theirs = yield* peer.make("id-queue", path)
      yield* ours.offer("e", "z")
      assert.strictEqual(yield* theirs.take(LONG), "e")
      assert.strictEqual(yield* ours.remove("z"), 0)
      assert.deepStrictEqual(yield* ours.tryWithItem(textOf), Option.none())
      yield* theirs.giveBack
      assert.strictEqual(yield* theirs.take(LONG), "e")
      assert.deepStrictEqual(yield* kinds(zk), ["queue-|z|"])
      yield* theirs.consume
      yield* awaitState(ours.size, (size) => size === 0, { describe: "consumed" })
    })
)

it.live(
  "kazoo as it is does not see the names of Curator, which is why its programs need the subclass; ours sees both",
  () =>
    Effect.gen(function* () {
      const { peer, zk } = yield* begin("kazoo")
      const ours = yield* using(zk)(Lock.make({ path, dialect: "curator" }))
      const theirs = yield* peer.make("lock", path)
      // They do not honour ours.
      assert.isTrue(yield* ours.withLock(() => theirs.acquire(LONG)))
      // Ours honours theirs.
      assert.deepStrictEqual(yield* ours.tryWithLock(() => Effect.void), Option.none())
      yield* theirs.release
    })
)
