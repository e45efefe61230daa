/** The support itself: real servers start, obey and go away. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as SharedServers from "../support/SharedServers.ts"
import { awaitState } from "../support/awaitState.ts"
import * as rawSession from "../support/rawSession.ts"
import { within } from "../support/realTime.ts"
import type { JavaServer } from "../support/zookeeper/JavaServer.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import * as RealServer from "../support/zookeeper/RealServer.ts"

const EXISTS = 3

/** Whether the server answers a request on an open session. */
const answers = (session: rawSession.RawSession) =>
  session.peer.sendFrame(rawSession.request(1, EXISTS, Buffer.from("000000012f00", "hex"))).pipe(
    Effect.andThen(session.peer.receiveFrame),
    Effect.map((frame) => frame.readInt32BE(12) === 0)
  )

const resumes = (server: JavaServer, session: rawSession.RawSession) =>
  Effect.scoped(
    Effect.map(
      rawSession.open(server.connectString, {
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
      const session = yield* rawSession.open(follower.connectString, { timeOut: 30_000 })
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
      const session = yield* rawSession.open(ensemble.connectString, { timeOut: 30_000 })
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
