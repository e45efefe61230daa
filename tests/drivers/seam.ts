/**
 * What every driver promises behind the seam, as one suite: it is run unchanged over each of them, on a real server.
 */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as Op from "@effect-zookeeper/core/Op"
import type { SessionState } from "@effect-zookeeper/core/SessionState"
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { getChildren } from "@effect-zookeeper/core/wire/ops/children"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { text } from "@effect-zookeeper/core/ZooKeeper"
import { awaitState } from "../support/awaitState.ts"
import * as Proxy from "../support/Proxy.ts"
import * as rawSession from "../support/rawSession.ts"
import * as SharedServers from "../support/SharedServers.ts"
import type { Open } from "./drivers.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A session on the shared server, and a path below which nobody else works. */
const session = (open: Open) =>
  Effect.gen(function* () {
    const connect = yield* SharedServers.single
    const zk = yield* open(connect)
    const path = `/seam-${randomUUID()}`
    yield* zk.create(path)
    return { connect, zk, path }
  })

const reason = <A>(effect: Effect.Effect<A, { readonly reason: { readonly _tag: string } }>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason._tag)

/** One read with a watch, through the seam, as the client floor makes it. */
const arm = (zk: ZooKeeper, operation: typeof exists | typeof getData | typeof getChildren, path: string) =>
  Effect.callback<string>((resume) => {
    zk.driver.submit<{ readonly path: string; readonly watch: boolean }, unknown>({
      operation: operation as typeof exists as never,
      request: { path, watch: true },
      succeed: () => resume(Effect.succeed("answered")),
      refuse: (code) => resume(Effect.succeed(String(code))),
      fail: (reason) => resume(Effect.succeed(reason._tag))
    })
  })

const events = (zk: ZooKeeper): Array<WatchEvent> => {
  const seen: Array<WatchEvent> = []
  zk.driver.onEvent((event) => seen.push(event))
  return seen
}

export const seam = (name: string, open: Open, owns: boolean): void => {
  describe(`the seam over ${name}`, () => {
    it.live("opens a session that the server knows", () =>
      Effect.gen(function* () {
        const { zk } = yield* session(open)
        assert.deepStrictEqual(zk.session.state, { _tag: "Connected", readOnly: false })
        assert.isTrue(zk.session.connected)
        assert.notStrictEqual(zk.session.id, 0n)
        assert.strictEqual(Redacted.value(zk.session.password).length, 16)
        assert.strictEqual(zk.session.epoch, 1)
        assert.isAbove(zk.session.deadline, Date.now())
        assert.strictEqual(zk.session.server, zk.session.hosts[0])
        const before = zk.session.lastZxid
        const owned = yield* zk.create(`/seam-${randomUUID()}`, "", { mode: "ephemeral" })
        assert.isAbove(Number(zk.session.lastZxid - before), 0)
        assert.strictEqual(Option.getOrThrow(yield* zk.exists(owned)).ephemeralOwner, zk.session.id)
      })
    )

    it.live("creates in all modes of 3.4, and says why it does not", () =>
      Effect.gen(function* () {
        const { path, zk } = yield* session(open)
        assert.strictEqual(yield* zk.create(`${path}/a`, "one"), `${path}/a`)
        assert.strictEqual(yield* reason(zk.create(`${path}/a`, "two")), "NodeExists")
        assert.strictEqual(yield* reason(zk.create(`${path}/b/c`)), "NoNode")
        assert.match(yield* zk.create(`${path}/s-`, "", { mode: "persistentSequential" }), /\/s-\d{10}$/)
        assert.match(yield* zk.create(`${path}/e-`, "", { mode: "ephemeralSequential" }), /\/e-\d{10}$/)
        const ephemeral = yield* zk.create(`${path}/e`, "", { mode: "ephemeral" })
        assert.strictEqual(yield* reason(zk.create(`${ephemeral}/x`)), "NoChildrenForEphemerals")
        assert.strictEqual(yield* zk.create(`${path}/x/y/z`, "deep", { parents: true }), `${path}/x/y/z`)
      })
    )

    it.live("reads and writes data, with versions, 0 included", () =>
      Effect.gen(function* () {
        const { path, zk } = yield* session(open)
        assert.deepStrictEqual((yield* zk.get(path)).data, new Uint8Array(0))
        const { version } = yield* zk.set(path, "ä\u0000z", { version: 0 })
        assert.strictEqual(version, 1)
        const node = yield* zk.get(path)
        assert.deepStrictEqual(node.data, bytes("ä\u0000z"))
        assert.strictEqual(node.stat.dataLength, 4)
        assert.strictEqual(node.stat.version, 1)
        assert.isAbove(node.stat.mtime, 1_600_000_000_000)
        assert.isTrue(node.stat.mzxid > node.stat.czxid)
        assert.strictEqual(yield* reason(zk.set(path, "x", { version: 0 })), "BadVersion")
        assert.strictEqual(yield* reason(zk.get(`${path}/none`)), "NoNode")
        assert.isTrue(Option.isNone(yield* zk.getOption(`${path}/none`)))
        const large = new Uint8Array(900_000).fill(7)
        yield* zk.set(path, large)
        assert.deepStrictEqual((yield* zk.get(path)).data, large)
        assert.strictEqual(yield* reason(zk.set(path, new Uint8Array(1_100_000))), "InvalidArgument")
      })
    )

    it.live("keeps bytes that the caller changes after the call", () =>
      Effect.gen(function* () {
        const { path, zk } = yield* session(open)
        const data = bytes("before")
        const fiber = yield* Effect.forkChild(zk.set(path, data), { startImmediately: true })
        data.fill(0)
        yield* Fiber.join(fiber)
        assert.strictEqual(yield* zk.getString(path), "before")
      })
    )

    it.live("tells whether a node exists, deletes it, and lists children", () =>
      Effect.gen(function* () {
        const { path, zk } = yield* session(open)
        for (const name of ["b", "a", "ü"]) yield* zk.create(`${path}/${name}`)
        assert.deepStrictEqual([...(yield* zk.children(path))].sort(), ["a", "b", "ü"])
        const { children, stat } = yield* zk.childrenWithStat(path)
        assert.deepStrictEqual([...children].sort(), ["a", "b", "ü"])
        assert.strictEqual(stat.numChildren, 3)
        assert.isTrue(Option.isSome(yield* zk.exists(`${path}/a`)))
        assert.strictEqual(yield* reason(zk.delete(path)), "NotEmpty")
        assert.strictEqual(yield* reason(zk.delete(`${path}/a`, { version: 3 })), "BadVersion")
        yield* zk.delete(`${path}/a`, { version: 0 })
        assert.isTrue(Option.isNone(yield* zk.exists(`${path}/a`)))
        assert.strictEqual(yield* reason(zk.delete(`${path}/a`)), "NoNode")
        assert.strictEqual(yield* reason(zk.children(`${path}/a`)), "NoNode")
        yield* zk.delete(path, { recursive: true })
        assert.isTrue(Option.isNone(yield* zk.exists(path)))
      })
    )

    it.live("runs transactions, and says which operation failed; version 0 means 0 (museum 33)", () =>
      Effect.gen(function* () {
        const { path, zk } = yield* session(open)
        const [created, stat, deleted, checked] = yield* zk
          .transact(
            Op.create(`${path}/a-`, "1", { mode: "persistentSequential" }),
            Op.set(path, "2", { version: 0 }),
            Op.create(`${path}/gone`),
            Op.delete(`${path}/gone`, { version: 0 }),
            Op.check(path, 1)
          )
          .pipe(Effect.map(([a, b, , d, e]) => [a, b, d, e] as const))
        assert.match(created, /\/a-\d{10}$/)
        assert.strictEqual(stat.version, 1)
        assert.isUndefined(deleted)
        assert.isUndefined(checked)
        // The version is 1 by now, so each of these must fail (museum 33).
        for (const op of [Op.set(path, "3", { version: 0 }), Op.delete(path, { version: 0 }), Op.check(path, 0)]) {
          const error = yield* Effect.flip(zk.transact(Op.create(`${path}/never`), op))
          assert.strictEqual(error.reason._tag, "TransactionFailed")
          assert.strictEqual(error.applied, "no")
          assert.include(error.message, "operation 1")
          assert.include(error.message, "BadVersion")
        }
        assert.isTrue(Option.isNone(yield* zk.exists(`${path}/never`)))
        const error = yield* Effect.flip(zk.transact(Op.check(`${path}/none`, "any"), Op.delete(path)))
        assert.include(error.message, "NoNode")
      })
    )

    it.live("reads and replaces ACLs, and logs in with digest", () =>
      Effect.gen(function* () {
        const { connect, path, zk } = yield* session(open)
        yield* zk.addAuth("digest", Redacted.make("bob:secret"))
        const acl = [Acl.digest("bob", "secret"), { perms: Acl.Perms.READ, scheme: "ip", id: "10.0.0.0/8" }]
        const node = yield* zk.create(`${path}/mine`, "x", { acl })
        assert.deepStrictEqual((yield* zk.getAcl(node)).acl, acl)
        assert.strictEqual(yield* zk.getString(node), "x")
        const other = yield* open(connect)
        assert.strictEqual(yield* reason(other.get(node)), "NoAuth")
        const again = yield* open(connect, { auth: [{ scheme: "digest", credentials: Redacted.make("bob:secret") }] })
        assert.strictEqual(yield* again.getString(node), "x")
        assert.strictEqual(yield* reason(zk.setAcl(node, acl, { version: 7 })), "BadVersion")
        const { aversion } = yield* zk.setAcl(node, Acl.openUnsafe, { version: 0 })
        assert.strictEqual(aversion, 1)
        assert.strictEqual(yield* other.getString(node), "x")
      })
    )

    it.live("fails for good when a login is refused", () =>
      Effect.gen(function* () {
        const { zk } = yield* session(open)
        assert.strictEqual(yield* reason(zk.addAuth("nobody-knows", Redacted.make("x"))), "AuthFailed")
        yield* awaitState(
          Effect.sync(() => zk.session.state),
          ({ _tag }) => _tag === "AuthFailed",
          { describe: "the session is over" }
        )
        assert.strictEqual(yield* reason(zk.get("/")), "AuthFailed")
      })
    )

    it.live("delivers one-shot watches once, by the server's paths", () =>
      Effect.gen(function* () {
        const { path, zk } = yield* session(open)
        const seen = events(zk)
        yield* zk.create(`${path}/data`)
        assert.strictEqual(yield* arm(zk, getData, `${path}/data`), "answered")
        assert.strictEqual(yield* arm(zk, exists, `${path}/later`), "-101")
        assert.strictEqual(yield* arm(zk, getChildren, path), "answered")
        assert.strictEqual(yield* arm(zk, getData, `${path}/none`), "-101")
        yield* zk.set(`${path}/data`, "1")
        yield* zk.set(`${path}/data`, "2")
        yield* zk.create(`${path}/later`)
        yield* zk.create(`${path}/none`)
        // What the server sends before an answer is delivered before it.
        yield* zk.get("/")
        assert.deepStrictEqual(seen, [
          { type: "NodeDataChanged", path: `${path}/data` },
          { type: "NodeCreated", path: `${path}/later` },
          { type: "NodeChildrenChanged", path }
        ])
        seen.length = 0
        assert.strictEqual(yield* arm(zk, getData, `${path}/later`), "answered")
        assert.strictEqual(yield* arm(zk, getChildren, `${path}/later`), "answered")
        yield* zk.delete(`${path}/later`)
        yield* zk.get("/")
        assert.deepStrictEqual(seen, [{ type: "NodeDeleted", path: `${path}/later` }])
      })
    )

    it.live("follows nodes as streams of states, and waits for one event", () =>
      Effect.gen(function* () {
        const { path, zk } = yield* session(open)
        const seen: Array<string> = []
        const following = yield* Effect.forkChild(
          Stream.runForEach(zk.changes.data(`${path}/a`), ({ change, node }) =>
            Effect.sync(() =>
              seen.push(`${change} ${Option.match(node, { onNone: () => "nothing", onSome: text })}`.trim())
            )
          )
        )
        const until = (last: string) =>
          awaitState(
            Effect.sync(() => seen.at(-1)),
            (element) => element === last,
            { describe: last }
          )
        yield* until("initial nothing")
        yield* zk.create(`${path}/a`, "1")
        yield* until("created 1")
        yield* zk.set(`${path}/a`, "2")
        yield* until("changed 2")
        yield* zk.delete(`${path}/a`)
        yield* until("deleted nothing")
        yield* zk.create(`${path}/a`, "3")
        yield* until("created 3")
        yield* Fiber.interrupt(following)
        assert.lengthOf(seen, 5)
        const children = yield* zk.once.children(path)
        assert.deepStrictEqual(children.value, ["a"])
        yield* zk.create(`${path}/b`)
        assert.strictEqual((yield* children.next).type, "NodeChildrenChanged")
      })
    )

    it.live("works below a chroot, and shows it to nobody", () =>
      Effect.gen(function* () {
        const { connect, path, zk } = yield* session(open)
        const below = yield* open(`${connect}${path}`)
        assert.strictEqual(below.session.root, path)
        const seen = events(below)
        assert.strictEqual(yield* below.create("/a", "x"), "/a")
        assert.strictEqual(yield* below.create("/s-", "", { mode: "persistentSequential" }), "/s-0000000001")
        assert.deepStrictEqual([...(yield* below.children("/"))].sort(), ["a", "s-0000000001"])
        assert.strictEqual(yield* zk.getString(`${path}/a`), "x")
        assert.deepStrictEqual(yield* below.transact(Op.create("/b"), Op.check("/", "any")), ["/b", undefined])
        assert.strictEqual(yield* arm(below, getData, `${path}/a`), "answered")
        yield* below.set("/a", "y")
        yield* below.get("/")
        assert.deepStrictEqual(seen, [{ type: "NodeDataChanged", path: `${path}/a` }])
      })
    )

    it.live("makes the root of its chroot", () =>
      Effect.gen(function* () {
        const { connect, path, zk } = yield* session(open)
        const below = yield* open(`${connect}${path}/x/y`)
        yield* below.ensureRoot
        assert.isTrue(Option.isSome(yield* zk.exists(`${path}/x/y`)))
      }).pipe(owns ? (effect) => effect : Effect.ignore)
    )

    it.live("does many operations at once, in order", () =>
      Effect.gen(function* () {
        const { path, zk } = yield* session(open)
        const indices = Array.from({ length: 3000 }, (_, index) => index)
        const versions = yield* Effect.forEach(indices, (index) => zk.set(path, String(index)), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(
          versions.map(({ version }) => version),
          indices.map((index) => index + 1)
        )
        assert.strictEqual(yield* zk.getString(path), "2999")
      })
    )

    it.live("asks four-letter words", () =>
      Effect.gen(function* () {
        const { zk } = yield* session(open)
        const answer = yield* zk.fourLetterWord("srvr")
        assert.strictEqual(answer._tag, "Answered")
      })
    )

    it.live("tells every state in order, and closes", () =>
      Effect.gen(function* () {
        const connect = yield* SharedServers.single
        const scope = yield* Scope.make()
        const zk = yield* Scope.provide(open(connect), scope)
        const node = yield* zk.create(`/seam-${randomUUID()}`, "", { mode: "ephemeral" })
        const told: Array<SessionState["_tag"]> = []
        zk.driver.onState((state) => told.push(state._tag))
        const states = yield* Effect.forkChild(Stream.runCollect(zk.session.states), { startImmediately: true })
        const { id, password } = zk.session
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(
          (yield* Fiber.join(states)).map(({ _tag }) => _tag),
          ["Connected", "Closed"]
        )
        assert.deepStrictEqual(told, ["Closed"])
        assert.strictEqual(yield* reason(zk.get("/")), "Closed")
        if (!owns) return
        const other = yield* open(connect)
        assert.isTrue(Option.isNone(yield* other.exists(node)))
        assert.strictEqual(
          yield* Effect.map(
            Effect.flip(rawSession.expireSession(connect, id, Redacted.value(password))),
            (error) => error._tag
          ),
          "PeerClosed"
        )
      })
    )

    it.live("is told that its session has expired", () =>
      Effect.gen(function* () {
        const connect = yield* SharedServers.single
        const proxy = yield* Proxy.make({ port: Number(connect.split(":")[1]) })
        const zk = yield* open(proxy.connectString)
        const told: Array<SessionState["_tag"]> = []
        zk.driver.onState((state) => told.push(state._tag))
        const until = (tag: SessionState["_tag"]) =>
          awaitState(
            Effect.sync(() => told.at(-1)),
            (state) => state === tag,
            { describe: `the session is ${tag}` }
          )
        // Kept away meanwhile, or it would take its session back.
        yield* proxy.refuse
        yield* proxy.cut
        yield* until("Suspended")
        yield* rawSession.expireSession(connect, zk.session.id, Redacted.value(zk.session.password))
        yield* proxy.listen
        yield* until(owns ? "Connected" : "Expired")
        const renewed = ["Suspended", "Expired", "Connecting", "Connected"]
        assert.deepStrictEqual(told, owns ? renewed : renewed.slice(0, 2))
        if (owns) assert.strictEqual(zk.session.epoch, 2)
        if (owns) assert.strictEqual((yield* zk.get("/")).stat.czxid, 0n)
        else assert.strictEqual(yield* reason(zk.get("/")), "SessionExpired")
      })
    )

    it.live("runs work while its session lives", () =>
      Effect.gen(function* () {
        const { zk } = yield* session(open)
        assert.strictEqual(yield* zk.whileSession(Effect.succeed(1)), 1)
        assert.strictEqual(yield* zk.whileConnected(Effect.succeed(1)), 1)
      })
    )
  })
}
