/** The support itself: real servers start, obey and go away. */
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { sasl } from "@effect-zookeeper/core/wire/ops/auth"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as tls from "node:tls"
import * as certificates from "../support/tls/certificates.ts"
import * as SharedServers from "../support/SharedServers.ts"
import { awaitState } from "../support/awaitState.ts"
import * as Proxy from "../support/Proxy.ts"
import * as rawSession from "../support/rawSession.ts"
import { acceptSession, encode, receiveRequest, reply } from "../support/script.ts"
import * as ScriptedServer from "../support/ScriptedServer.ts"
import { within } from "../support/realTime.ts"
import type { JavaServer } from "../support/zookeeper/JavaServer.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import * as RealServer from "../support/zookeeper/RealServer.ts"

/** Whether the server answers a request on an open session. */
const answers = (session: rawSession.RawSession) =>
  session.peer.sendFrame(rawSession.request(1, exists.code, encode(exists.request, { path: "/", watch: false }))).pipe(
    Effect.andThen(session.peer.receiveFrame),
    Effect.map((frame) => frame.readInt32BE(12) === 0)
  )

/** A server that loses its leader, as it may whenever the machine is busy, closes what comes to it without a word. */
const opened = (connect: string, options: rawSession.HandshakeOptions) =>
  Effect.map(
    awaitState(
      Effect.catchTag(Effect.asSome(rawSession.open(connect, options)), "PeerClosed", () => Effect.succeedNone),
      Option.isSome,
      { describe: `a server of ${connect} answers a handshake` }
    ),
    Option.getOrThrow
  )

const resumes = (server: JavaServer, session: rawSession.RawSession) =>
  Effect.scoped(
    Effect.map(
      opened(server.connectString, {
        sessionId: session.response.sessionId,
        password: session.response.passwd!
      }),
      ({ response }) => response.sessionId === session.response.sessionId
    )
  )

describe("a single server", () => {
  it.live("answers a handshake and says that it is standalone", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make()
      const session = yield* rawSession.open(server.connectString, { timeOut: 3000 })
      assert.strictEqual(session.response.timeOut, 3000)
      assert.isTrue(yield* answers(session))
      assert.include(yield* server.fourLetterWord("srvr"), "Mode: standalone")
    })
  )

  it.live("keeps its sessions when it is killed, and when it is terminated, and started again", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make()
      const session = yield* rawSession.open(server.connectString, { timeOut: 30_000 })
      for (const stop of [server.kill, server.terminate]) {
        const before = server.pid()
        yield* stop
        assert.isUndefined(server.pid())
        yield* server.start
        assert.notStrictEqual(server.pid(), before)
        assert.isTrue(yield* resumes(server, session))
      }
    })
  )

  it.live("is mute while it is frozen", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make()
      const session = yield* rawSession.open(server.connectString)
      yield* server.freeze
      const mute = yield* Effect.flip(within(answers(session), "500 millis", () => "no answer"))
      assert.include(mute.message, "no answer")
      yield* server.resume
      assert.strictEqual((yield* session.peer.receiveFrame).readInt32BE(12), 0)
    })
  )

  it.live("loses a session that is expired on purpose, and keeps one whose connection is dropped", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make()
      const session = yield* rawSession.open(server.connectString)
      const { passwd, sessionId } = session.response
      yield* rawSession.dropConnection(server.connectString, sessionId)
      yield* session.peer.closed
      assert.isTrue(yield* resumes(server, session))
      yield* rawSession.expireSession(server.connectString, sessionId, passwd!)
      assert.isFalse(yield* resumes(server, session))
    })
  )

  it.live("is gone, with its folder, when its scope ends", () =>
    Effect.gen(function* () {
      const server = yield* Effect.scoped(RealServer.make())
      assert.isUndefined(server.pid())
      assert.isFalse(fs.existsSync(server.folder))
      yield* awaitState(server.fourLetterWord("srvr"), (answer) => answer === "", { describe: "nobody answers" })
    })
  )

  it.live("speaks TLS with clients that its authority vouches for", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make({
        tls: {
          keyStore: certificates.server.cert + certificates.server.key,
          trustStore: certificates.authority
        }
      })
      const srvr = yield* Effect.promise<string>(async () => {
        const { cert, key } = certificates.client
        const socket = tls.connect({
          port: server.securePort!,
          host: "127.0.0.1",
          ca: certificates.authority,
          cert,
          key
        })
        socket.write("srvr")
        return (await socket.toArray()).join("")
      })
      assert.include(srvr, "Mode: standalone")
    })
  )

  it.live("takes a JAAS file, properties and lines of configuration", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make({
        jaas: 'Server { org.apache.zookeeper.server.auth.DigestLoginModule required user_bob="bobpw"; };',
        properties: { "znode.container.checkIntervalMs": 500 },
        config: { maxSessionTimeout: 4000 }
      })
      const session = yield* rawSession.open(server.connectString, { timeOut: 60_000 })
      assert.strictEqual(session.response.timeOut, 4000)
      const token = encode(sasl.request, { token: new Uint8Array() })
      yield* session.peer.sendFrame(rawSession.request(1, sasl.code, token))
      assert.include((yield* session.peer.receiveFrame).toString("latin1"), 'realm="zk-sasl-md5"')
      assert.include(yield* server.fourLetterWord("envi"), "java.version")
    })
  )

  it.live("says why it does not start", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(RealServer.make({ config: { tickTime: "soon" } }))
      assert.include(error.message, "NumberFormatException")
    })
  )
})

describe("an ensemble", () => {
  it.live("has one leader and two followers, and elects another when the leader is killed", () =>
    Effect.gen(function* () {
      const ensemble = yield* RealEnsemble.make()
      const leader = yield* ensemble.leader
      const [follower] = yield* ensemble.followers
      const session = yield* opened(follower.connectString, { timeOut: 30_000 })
      yield* leader.kill
      yield* ensemble.awaitQuorum
      const next = yield* ensemble.leader
      assert.notStrictEqual(next.id, leader.id)
      yield* leader.start
      yield* ensemble.followers
      for (const server of ensemble.servers) assert.isTrue(yield* resumes(server, session))
    })
  )

  it.live("keeps its sessions when its servers are restarted one after the other", () =>
    Effect.gen(function* () {
      const ensemble = yield* RealEnsemble.make()
      const session = yield* opened(ensemble.connectString, { timeOut: 30_000 })
      const pids = ensemble.servers.map((server) => server.pid())
      yield* ensemble.roll
      ensemble.servers.forEach((server, i) => assert.notStrictEqual(server.pid(), pids[i]))
      assert.isTrue(yield* resumes(ensemble.servers[1], session))
      yield* rawSession.expireSession(
        ensemble.servers[2].connectString,
        session.response.sessionId,
        session.response.passwd!
      )
      assert.isFalse(yield* resumes(ensemble.servers[0], session))
    })
  )
})

describe("an ensemble in read-only mode", () => {
  it.live("answers clients that are content with reading while there is no quorum", () =>
    Effect.gen(function* () {
      const ensemble = yield* RealEnsemble.make({ readOnlyMode: true, config: { localSessionsEnabled: true } })
      const [last, ...others] = ensemble.servers
      for (const server of others) yield* server.kill
      yield* awaitState(last.fourLetterWord("srvr"), (answer) => answer.includes("read-only"), {
        describe: "the last server serves reads",
        within: "60 seconds"
      })
      const session = yield* rawSession.open(last.connectString, { readOnly: true })
      assert.isTrue(session.response.readOnly)
      assert.isTrue(yield* answers(session))
    })
  )
})

describe("a proxy", () => {
  const proxied = Effect.gen(function* () {
    const server = yield* RealServer.make()
    const proxy = yield* Proxy.make({ port: server.port })
    return { server, proxy, session: yield* rawSession.open(proxy.connectString) }
  })

  it.live("passes everything on until it is told to cut, to stall or to refuse", () =>
    Effect.gen(function* () {
      const { proxy, session } = yield* proxied
      assert.isTrue(yield* answers(session))
      yield* proxy.stall
      yield* Effect.flip(within(answers(session), "300 millis", () => "no answer"))
      yield* proxy.flow
      assert.strictEqual((yield* session.peer.receiveFrame).readInt32BE(12), 0)
      yield* proxy.cut
      yield* session.peer.closed
      yield* proxy.refuse
      assert.include((yield* Effect.flip(rawSession.open(proxy.connectString))).message, "ECONNREFUSED")
      yield* proxy.listen
      assert.isTrue(yield* answers(yield* rawSession.open(proxy.connectString)))
      assert.strictEqual(proxy.accepted(), 2)
      assert.isAbove(proxy.bytes().up, 45)
      assert.isAbove(proxy.bytes().down, 41)
    })
  )

  it.live("drops the reply to a create that the server has committed", () =>
    Effect.gen(function* () {
      const { proxy, server, session } = yield* proxied
      const dropped = yield* proxy.dropReplyTo(({ type }) => type === create.code)
      assert.isTrue(yield* answers(session))
      const body = encode(create.request, {
        path: "/committed",
        data: null,
        acl: [{ perms: 31, scheme: "world", id: "anyone" }],
        flags: 0
      })
      yield* session.peer.sendFrame(rawSession.request(7, create.code, body))
      yield* dropped
      const lost = yield* Effect.flip(session.peer.receiveFrame)
      assert.include(lost.message, "0 unread")
      const direct = yield* rawSession.open(server.connectString)
      yield* direct.peer.sendFrame(
        rawSession.request(1, exists.code, encode(exists.request, { path: "/committed", watch: false }))
      )
      assert.strictEqual((yield* direct.peer.receiveFrame).readInt32BE(12), 0)
    })
  )
})

describe("a scripted server", () => {
  it.live("says what the script says, byte by byte", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const client = yield* Effect.forkChild(rawSession.open(server.connectString, { timeOut: 1234 }))
      const peer = yield* server.accept
      assert.strictEqual((yield* acceptSession(peer, { sessionId: 42n })).timeOut, 1234)
      const session = yield* Fiber.join(client)
      assert.strictEqual(session.response.sessionId, 42n)

      yield* session.peer.sendFrame(rawSession.request(1, exists.code))
      const { type, xid } = yield* receiveRequest(peer)
      assert.strictEqual(type, exists.code)
      yield* reply(peer, { xid, err: -101 })
      assert.strictEqual((yield* session.peer.receiveFrame).readInt32BE(12), -101)

      yield* peer.send(Buffer.from("00000010ffff", "hex"))
      yield* peer.reset
      const broken = yield* Effect.flip(session.peer.receiveFrame)
      assert.strictEqual(broken._tag, "PeerClosed")
      assert.strictEqual(server.accepted(), 1)
    })
  )
})

describe("the guard of a server", () => {
  it.live("kills it when the process that started it is killed", () =>
    Effect.gen(function* () {
      const module = new URL("../support/zookeeper/guardedSpawn.ts", import.meta.url).href
      const program =
        `import { guardedSpawn } from ${JSON.stringify(module)}; ` +
        `console.log(guardedSpawn("sleep", ["600"], "/tmp", "/dev/null").pid); process.kill(process.pid, "SIGKILL")`
      const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" })
      const pid = Number(stdout)
      assert.isAbove(pid, 1)
      const isAlive = Effect.sync(() => {
        try {
          process.kill(pid, 0)
          // A container whose first process reaps nobody keeps a zombie.
          return !fs.existsSync("/proc/self") || !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
        } catch {
          return false
        }
      })
      yield* awaitState(isAlive, (alive) => !alive, { describe: "the orphan is gone" })
    })
  )
})

describe("the shared servers", () => {
  it.live("are the same for every test that asks", () =>
    Effect.gen(function* () {
      const single = yield* SharedServers.single
      const ensemble = yield* SharedServers.ensemble
      assert.strictEqual(ensemble.split(",").length, 3)
      assert.strictEqual(yield* SharedServers.single, single)
      assert.strictEqual(yield* SharedServers.ensemble, ensemble)
      for (const connect of [single, ensemble]) assert.isTrue(yield* answers(yield* rawSession.open(connect)))
    })
  )
})
