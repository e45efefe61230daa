/**
 * What users of zkpython and kazoo have today, row by row: docs/migrate.md shows theirs beside ours under the same
 * numbers.
 */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as SessionStore from "@effect-zookeeper/core/SessionStore"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Proxy from "../support/Proxy.ts"
import { awaitElement, awaitState } from "../support/awaitState.ts"
import * as rawSession from "../support/rawSession.ts"
import * as SharedServers from "../support/SharedServers.ts"
import { freePorts } from "../support/zookeeper/ports.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import { temporaryFolder } from "../support/zookeeper/temporaryFolder.ts"
import { awaitConnected, awaitNode, beside, connectStringOf, onSingle, recordStates, refused, text } from "./clients.ts"
import { run } from "./programs/run.ts"

describe("row 1: whoever has the client has a session", () => {
  it.live("acquire returns with an established session, and not with a socket", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make()
      yield* server.freeze
      // The kernel accepts the connection, and nobody answers.
      const early = ZooKeeper.make({ connect: server.connectString, connectTimeout: "700 millis" })
      const error = yield* refused(early, "ConnectFailed")
      assert.include(error.message, `${server.connectString}: no answer`)
      yield* server.resume
      const zk = yield* ZooKeeper.make({ connect: server.connectString })
      assert.isTrue(zk.session.connected)
      assert.notStrictEqual(zk.session.id, 0n)
      assert.strictEqual(zk.session.state._tag, "Connected")
    })
  )
})

describe("row 2: a deadline for the first session", () => {
  it.live("names each host and its cause when it passes", () =>
    Effect.gen(function* () {
      const [dead = 0] = yield* freePorts(1)
      const server = yield* RealServer.make()
      yield* server.freeze
      const hosts = [`127.0.0.1:${dead}`, server.connectString, "no-such-host.invalid:2181"]
      const make = ZooKeeper.make({
        connect: hosts.join(","),
        connectTimeout: "3 seconds",
        sessionTimeout: "3 seconds"
      })
      const { message, reason } = yield* refused(make, "ConnectFailed")
      assert.isTrue(reason._tag === "ConnectFailed")
      if (reason._tag !== "ConnectFailed") return
      assert.sameMembers(
        reason.attempts.map(({ host }) => host),
        hosts
      )
      assert.include(message, `${hosts[0]}: connect ECONNREFUSED`)
      assert.include(message, `${hosts[1]}: no answer to the handshake`)
      assert.match(message, new RegExp(`${hosts[2]}: the name cannot be looked up`))
    })
  )

  it.live("is 15 seconds, and waits for ever only when it is infinite", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make()
      yield* server.kill
      const waiting = yield* Effect.forkScoped(
        ZooKeeper.make({ connect: server.connectString, connectTimeout: "infinity" })
      )
      const short = ZooKeeper.make({ connect: server.connectString, connectTimeout: "300 millis" })
      yield* refused(short, "ConnectFailed")
      assert.isUndefined(waiting.pollUnsafe())
      yield* server.start
      assert.isTrue((yield* Fiber.join(waiting)).session.connected)
    })
  )

  it.live("bounds the first session only: later ones follow the reconnect Schedule", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make()
      const patient = yield* ZooKeeper.make({ connect: server.connectString, connectTimeout: "5 seconds" })
      const hasty = yield* ZooKeeper.make({
        connect: server.connectString,
        reconnect: Schedule.recurs(2),
        sessionTimeout: "60 seconds"
      })
      yield* server.kill
      yield* awaitState(
        Effect.sync(() => hasty.session.state._tag),
        (state) => state === "Closed",
        { describe: "the Schedule is over" }
      )
      const error = yield* refused(hasty.get("/"), "ConnectFailed")
      assert.include(error.message, server.connectString)
      yield* server.start
      yield* awaitConnected(patient)
      yield* patient.get("/")
    })
  )
})

describe("row 3: options", () => {
  it.live("have the defaults of kazoo", () =>
    Effect.gen(function* () {
      const zk = yield* onSingle({ sessionTimeout: undefined })
      assert.strictEqual(Duration.toSeconds(zk.session.negotiatedTimeout), 10)
      assert.isTrue(Schedule.isSchedule(ZooKeeper.defaultReconnect) && Schedule.isSchedule(ZooKeeper.defaultRetry))
      // Whether somebody listens on the default port is not ours to say.
      const hosts = yield* Effect.match(ZooKeeper.make({ connectTimeout: "1 second" }), {
        onFailure: ({ reason }) => (reason._tag === "ConnectFailed" ? reason.attempts.map(({ host }) => host) : []),
        onSuccess: ({ session }) => session.hosts
      })
      assert.deepStrictEqual(hosts, ["127.0.0.1:2181"])
    })
  )

  it.live("that nobody knows, and values that cannot work, are refused by name", () =>
    Effect.gen(function* () {
      const connect = yield* SharedServers.single
      const cases: ReadonlyArray<readonly [options: object, problem: string]> = [
        [{ timeout: 10 }, "'timeout'"],
        [{ connect: "host:99999" }, "99999"],
        [{ connect: "" }, "empty host"],
        [{ connect: "a,,b" }, "empty host"],
        [{ connect: `${connect}/chroot/` }, "/chroot/"],
        [{ sessionTimeout: 0 }, "sessionTimeout"],
        [{ connectTimeout: -1 }, "connectTimeout"],
        [{ margin: 1 }, "margin"],
        [{ maxInFlight: 0 }, "maxInFlight"],
        [{ onExpired: "panic" }, "onExpired"],
        [{ release: "forget" }, "release"]
      ]
      for (const [options, problem] of cases) {
        const error = yield* refused(ZooKeeper.make({ connect, ...options }), "InvalidArgument")
        assert.include(error.message, problem)
      }
    })
  )

  it.live("say which ACL nodes get, who logs in, and in which order hosts are tried", () =>
    Effect.gen(function* () {
      const hosts = (yield* SharedServers.ensemble).split(",")
      for (const order of [hosts, hosts.toReversed()]) {
        const zk = yield* ZooKeeper.make({ connect: order.join(","), shuffleHosts: false })
        assert.deepStrictEqual(zk.session.hosts, order)
        assert.strictEqual(zk.session.server, order[0])
      }
      const zk = yield* onSingle({
        auth: [{ scheme: "digest", credentials: Redacted.make("bob:pw") }],
        defaultAcl: Acl.creatorAll
      })
      yield* zk.create("/a/b", "", { parents: true })
      yield* zk.ensurePath("/c")
      for (const node of ["/a", "/a/b", "/c"]) {
        assert.deepStrictEqual((yield* zk.getAcl(node)).acl, [Acl.digest("bob", "pw")])
      }
      yield* zk.create("/open", "", { acl: Acl.openUnsafe })
      assert.deepStrictEqual((yield* zk.getAcl("/open")).acl, Acl.openUnsafe)
    })
  )

  it.live("are read from the configuration by a layer", () =>
    Effect.gen(function* () {
      const connect = yield* SharedServers.single
      const layer = ZooKeeper.layerConfig({
        connect: Config.String("ZK_CONNECT"),
        sessionTimeout: Config.Duration("ZK_TIMEOUT")
      }).pipe(
        Layer.provide(
          ConfigProvider.layer(ConfigProvider.fromUnknown({ ZK_CONNECT: connect, ZK_TIMEOUT: "8 seconds" }))
        )
      )
      const timeout = yield* Effect.provide(
        Effect.map(ZooKeeper.ZooKeeper, ({ session }) => Duration.toSeconds(session.negotiatedTimeout)),
        layer
      )
      assert.strictEqual(timeout, 8)
    })
  )
})

describe("row 4: stop and restart", () => {
  it.live("a release takes the ephemerals at once: data and children watches of others fire", () =>
    Effect.gen(function* () {
      const zk = yield* onSingle()
      yield* zk.create("/workers")
      const scope = yield* Scope.make()
      const worker = yield* Scope.provide(beside(zk, { sessionTimeout: "60 seconds" }), scope)
      yield* worker.create("/workers/1", "", { mode: "ephemeral" })
      const data = yield* zk.changes.dataScoped("/workers/1")
      const children = yield* zk.changes.childrenScoped("/workers")
      const seen = yield* Effect.forkScoped(
        Effect.all(
          [
            awaitElement(data, ({ node }) => Option.isNone(node), { describe: "the worker's node is gone" }),
            awaitElement(children, ({ children }) => Option.getOrThrow(children).length === 0, {
              describe: "there are no workers"
            })
          ],
          { concurrency: "unbounded" }
        )
      )
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(seen)
      yield* refused(worker.get("/workers"), "Closed")
    })
  )

  it.live("restart ends the session and opens the next one", () =>
    Effect.gen(function* () {
      const zk = yield* onSingle({ sessionTimeout: "60 seconds" })
      const other = yield* beside(zk)
      yield* other.create("/mine", "", { mode: "ephemeral" })
      const existence = yield* zk.changes.existsScoped("/mine")
      const seen = yield* Effect.forkScoped(
        awaitElement(existence, ({ change }) => change === "deleted", { describe: "the node goes with its session" })
      )
      const states = yield* recordStates(other)
      const { id } = other.session
      yield* other.restart
      yield* Fiber.join(seen)
      assert.notStrictEqual(other.session.id, id)
      assert.strictEqual(other.session.epoch, 2)
      yield* other.create("/mine", "", { mode: "ephemeral" })
      assert.strictEqual((yield* zk.get("/mine")).stat.ephemeralOwner, other.session.id)
      assert.deepStrictEqual(states.seen, ["Connected", "Expired", "Connecting", "Connected"])
    })
  )
})

describe("row 5: states", () => {
  it.live("reach every subscriber in order, Closed last; there is a present one", () =>
    Effect.gen(function* () {
      const server = yield* SharedServers.single
      const proxy = yield* Proxy.make({ port: Number(server.split(":")[1]) })
      const opened = yield* Effect.scoped(
        Effect.gen(function* () {
          const zk = yield* ZooKeeper.make({ connect: proxy.connectString, sessionTimeout: "30 seconds" })
          const collect = Effect.forkDetach(Stream.runCollect(Stream.map(zk.session.states, ({ _tag }) => _tag)), {
            startImmediately: true
          })
          const early = [yield* collect, yield* collect]
          const called: Array<string> = []
          zk.driver.onState(({ _tag }) => called.push(_tag))
          const heard = (count: number) =>
            awaitState(
              Effect.sync(() => [...called]),
              ({ length }) => length >= count,
              { describe: `${count} transitions` }
            )
          yield* proxy.cut
          yield* heard(2)
          const { id, password } = zk.session
          yield* proxy.refuse
          yield* rawSession.expireSession(server, id, Redacted.value(password))
          yield* proxy.listen
          yield* heard(6)
          return { zk, early, late: yield* collect, called }
        })
      )
      const expected = [
        "Connected",
        "Suspended",
        "Connected",
        "Suspended",
        "Expired",
        "Connecting",
        "Connected",
        "Closed"
      ]
      for (const fiber of opened.early) assert.deepStrictEqual(yield* Fiber.join(fiber), expected)
      assert.deepStrictEqual(yield* Fiber.join(opened.late), ["Connected", "Closed"])
      assert.deepStrictEqual(opened.called, expected.slice(1))
      assert.strictEqual(opened.zk.session.state._tag, "Closed")
      assert.isFalse(opened.zk.session.connected)
    })
  )
})

describe("row 6: what is known of the session", () => {
  it.live("id, password, timeout, last zxid, hosts, server, root and whether it is connected", () =>
    Effect.gen(function* () {
      const ensemble = yield* SharedServers.ensemble
      const zk = yield* ZooKeeper.make({ connect: `${ensemble}/some/where`, sessionTimeout: "12 seconds" })
      const { session } = zk
      assert.sameMembers([...session.hosts], ensemble.split(","))
      assert.include(session.hosts, session.server)
      assert.strictEqual(session.root, "/some/where")
      assert.strictEqual(Duration.toSeconds(session.negotiatedTimeout), 12)
      assert.isTrue(session.connected)
      assert.notInclude(String(session.password), Buffer.from(Redacted.value(session.password)).toString("hex"))
      const before = session.lastZxid
      yield* zk.ensureRoot
      const { stat } = yield* zk.create2("/a", "", { mode: "ephemeral" })
      assert.isTrue(stat.czxid > before)
      assert.isTrue(session.lastZxid >= stat.czxid)
      assert.strictEqual(stat.ephemeralOwner, session.id)
      const plain = yield* ZooKeeper.make({ connect: ensemble })
      assert.strictEqual(plain.session.root, "/")
    })
  )
})

describe("row 7: the operations", () => {
  it.live("have the defaults of kazoo: no data, any version, persistent, everyone", () =>
    Effect.gen(function* () {
      const zk = yield* onSingle()
      assert.strictEqual(yield* zk.create("/a"), "/a")
      const { data, stat } = yield* zk.get("/a")
      assert.strictEqual(data.length, 0)
      assert.strictEqual(stat.ephemeralOwner, 0n)
      assert.deepStrictEqual((yield* zk.getAcl("/a")).acl, Acl.openUnsafe)
      assert.strictEqual((yield* zk.set("/a", "1")).version, 1)
      assert.strictEqual((yield* zk.set("/a", "2")).version, 2)
      assert.strictEqual(Option.getOrThrow(yield* zk.exists("/a")).version, 2)
      yield* zk.create("/a/b/c/d", "deep", { parents: true })
      assert.deepStrictEqual((yield* zk.childrenWithStat("/a")).children, ["b"])
      yield* zk.sync("/a")
      yield* zk.delete("/a/b/c/d")
      assert.deepStrictEqual(yield* zk.exists("/a/b/c/d"), Option.none())
    })
  )
})

describe("row 8: permissions", () => {
  it.live("are the numbers that everyone knows", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(Acl.Perms, { READ: 1, WRITE: 2, CREATE: 4, DELETE: 8, ADMIN: 16, ALL: 0x1f })
      const zk = yield* onSingle()
      yield* zk.create("/a", "", { acl: Acl.openUnsafe })
      assert.deepStrictEqual((yield* zk.getAcl("/a")).acl, [{ perms: 0x1f, scheme: "world", id: "anyone" }])
    })
  )
})

describe("row 9: a Stat", () => {
  it.live("has its eleven fields, the 64-bit ones as bigints", () =>
    Effect.gen(function* () {
      const zk = yield* onSingle()
      const started = Date.now()
      const { stat: created } = yield* zk.create2("/a", "one")
      const changed = yield* zk.set("/a", "three")
      yield* zk.create("/a/b")
      const { stat } = yield* zk.get("/a")
      assert.deepStrictEqual(stat, {
        czxid: created.czxid,
        mzxid: changed.mzxid,
        ctime: created.ctime,
        mtime: changed.mtime,
        version: 1,
        cversion: 1,
        aversion: 0,
        ephemeralOwner: 0n,
        dataLength: 5,
        numChildren: 1,
        pzxid: stat.pzxid
      })
      assert.isTrue(created.czxid < changed.mzxid && changed.mzxid < stat.pzxid)
      assert.isAtLeast(created.ctime, started - 60_000)
      const own = yield* zk.create2("/e", "", { mode: "ephemeral" })
      assert.strictEqual(own.stat.ephemeralOwner, zk.session.id)
    })
  )
})

describe("row 10: trees", () => {
  it.live("are made and deleted whole; a recursive delete compares the version of the top node", () =>
    Effect.gen(function* () {
      const zk = yield* onSingle()
      yield* zk.ensurePath("/a/b/c", { acl: [{ perms: 31, scheme: "ip", id: "127.0.0.1" }] })
      assert.strictEqual((yield* zk.getAcl("/a/b")).acl[0]?.scheme, "ip")
      yield* zk.ensurePath("/a/b/c")
      yield* refused(zk.delete("/a"), "NotEmpty")
      yield* refused(zk.delete("/a", { recursive: true, version: 1 }), "BadVersion")
      assert.isTrue(Option.isSome(yield* zk.exists("/a/b/c")))
      yield* zk.delete("/a", { recursive: true, version: 0 })
      assert.deepStrictEqual(yield* zk.children("/"), [])
    })
  )
})

describe("row 11: the four-letter words", () => {
  it.live(
    "tell what kazoo's command does, as records; ruok is no proof of health",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make()
        const zk = yield* ZooKeeper.make({ connect: ensemble.connectString, releaseTimeout: "100 millis" })
        const words = [
          "conf",
          "cons",
          "crst",
          "dump",
          "envi",
          "ruok",
          "stat",
          "srvr",
          "srst",
          "wchs",
          "wchc",
          "wchp"
        ] as const
        for (const word of [...words, "mntr", "isro", "dirs"] as const) {
          assert.strictEqual((yield* zk.fourLetterWord(word))._tag, "Answered", word)
        }
        const [last, ...others] = ensemble.servers
        for (const server of others) yield* server.kill
        const ask = zk.fourLetterWord("srvr", last.connectString)
        yield* awaitState(ask, ({ _tag }) => _tag === "NotServing", { describe: "the last server serves nobody" })
        const ruok = yield* zk.fourLetterWord("ruok", last.connectString)
        assert.deepStrictEqual(ruok, { _tag: "Answered", value: "imok" })
      }),
    60_000
  )
})

describe("row 17: what happens is logged", () => {
  it.live("at Debug: which server it connects to, and how long that took", () =>
    Effect.gen(function* () {
      const connect = yield* SharedServers.single
      const lines: Array<string> = []
      const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
        lines.push(`${logLevel} ${String(message)}`)
      })
      yield* Effect.scoped(ZooKeeper.make({ connect })).pipe(
        Effect.provide(Logger.layer([logger])),
        Effect.provideService(References.MinimumLogLevel, "Debug")
      )
      assert.include(lines, `Debug Connecting to ${connect}`)
      assert.isTrue(
        lines.some((line) => /^Debug Connected to \S+ in \d+ ms/.test(line)),
        lines.join("\n")
      )
      const quiet: Array<string> = []
      yield* Effect.scoped(ZooKeeper.make({ connect })).pipe(
        Effect.provide(Logger.layer([Logger.make<unknown, void>(({ message }) => void quiet.push(String(message)))]))
      )
      assert.deepStrictEqual(quiet, [])
    })
  )
})

describe("row 19: the chroot", () => {
  it.live("stands once, at the end: anywhere else it is refused, and the message names the spot", () =>
    Effect.gen(function* () {
      const error = yield* refused(ZooKeeper.make({ connect: "h1:2181/a,h2:2181" }), "InvalidArgument")
      assert.include(error.message, "'/a'")
      assert.include(error.message, "index 7")
    })
  )

  it.live("is '/', is reported when it is missing, and is made by ensureRoot", () =>
    Effect.gen(function* () {
      const plain = yield* onSingle()
      const connect = `${connectStringOf(plain)}/app`
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      const zk = yield* Effect.provide(ZooKeeper.make({ connect }), Logger.layer([logger]))
      yield* awaitState(
        Effect.sync(() => [...lines]),
        (lines) =>
          lines.some((line) => line.includes(`The chroot ${connect.slice(connect.indexOf("/"))} does not exist`)),
        { describe: "a warning about the chroot" }
      )
      yield* refused(zk.create("/a"), "NoNode")
      yield* zk.ensureRoot
      yield* zk.create("/a", "x")
      assert.strictEqual(yield* plain.getString("/app/a"), "x")
      assert.deepStrictEqual(yield* zk.children("/"), ["a"])
    })
  )
})

describe("row 20: a session that survives its process", () => {
  const inFolder = Effect.gen(function* () {
    const zk = yield* onSingle()
    const file = path.join(yield* temporaryFolder, "sessions", "player")
    return { zk, file, player: (timeout: number) => run("player", connectStringOf(zk), file, "/player", `${timeout}`) }
  })

  it.live("a player that is killed and back in time keeps its place in the list", () =>
    Effect.gen(function* () {
      const { file, player, zk } = yield* inFolder
      const first = yield* player(30_000)
      assert.deepInclude(first.line, { wasIn: false })
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      const before = (yield* zk.get("/player")).stat
      yield* first.kill
      // The session is alive for as long as its timeout, since nothing closed it.
      const second = yield* player(30_000)
      assert.deepStrictEqual(second.line, { id: `${before.ephemeralOwner}`, wasIn: true })
      assert.deepStrictEqual((yield* zk.get("/player")).stat, before)
      yield* second.kill
    })
  )

  it.live("one that is too late is judged dead, and joins anew", () =>
    Effect.gen(function* () {
      const { player, zk } = yield* inFolder
      const first = yield* player(3000)
      const { ephemeralOwner } = (yield* zk.get("/player")).stat
      yield* first.kill
      yield* awaitNode(zk, "/player", "gone")
      const second = yield* player(3000)
      assert.deepInclude(second.line, { wasIn: false })
      assert.notStrictEqual((yield* zk.get("/player")).stat.ephemeralOwner, ephemeralOwner)
      yield* second.kill
    })
  )

  it.live("the file is replaced at each renewal, cleared by a close, and kept by a detach", () =>
    Effect.gen(function* () {
      const { file, zk } = yield* inFolder
      const sessionStore = SessionStore.file(file)
      const id = yield* Effect.scoped(
        Effect.gen(function* () {
          const other = yield* beside(zk, { sessionStore, release: "detach" })
          const first = fs.readFileSync(file, "utf8")
          yield* other.restart
          assert.notStrictEqual(fs.readFileSync(file, "utf8"), first)
          return other.session.id
        })
      )
      yield* Effect.scoped(
        Effect.gen(function* () {
          const again = yield* beside(zk, { sessionStore })
          assert.strictEqual(again.session.id, id)
        })
      )
      assert.isFalse(fs.existsSync(file))
      fs.writeFileSync(file, "rubbish")
      assert.notStrictEqual((yield* beside(zk, { sessionStore })).session.id, id)
      assert.include(text(fs.readFileSync(file)), "0x")
    })
  )
})
