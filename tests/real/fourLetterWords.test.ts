/** What servers tell operators, as records. */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as FourLetterWord from "@effect-zookeeper/core/wire/FourLetterWord"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SharedServers from "../support/SharedServers.ts"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import { call, type Client, has, refused } from "./clients.ts"

const answered = <W extends FourLetterWord.Word>(zk: Client, word: W, host?: string) =>
  Effect.map(zk.fourLetterWord(word, host), (answer) =>
    answer._tag === "Answered" ? answer.value : assert.fail(`${word}: ${JSON.stringify(answer)}`)
  )

describe("a four-letter word", () => {
  it.live("is understood, whichever it is", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make()
      const zk = yield* ZooKeeper.make({ connect: server.connectString, sessionTimeout: "30 seconds" })
      const { id } = zk.session
      yield* zk.create("/mine", "", { mode: "ephemeral" })
      yield* call(zk, exists, { path: "/mine", watch: true })

      const conf = yield* answered(zk, "conf")
      assert.strictEqual(conf["clientPort"], `${server.port}`)
      const own = (yield* answered(zk, "cons")).find(({ session }) => session?.id === id)
      assert.strictEqual(own?.session?.timeout, 30_000)
      const dump = yield* answered(zk, "dump")
      assert.deepStrictEqual(dump.ephemerals, [{ sessionId: id, paths: ["/mine"] }])
      assert.include(
        dump.sessions.map(({ sessionId }) => sessionId),
        id
      )
      const envi = yield* answered(zk, "envi")
      assert.isTrue(Object.keys(envi).includes("java.version"))
      assert.strictEqual(yield* answered(zk, "ruok"), "imok")
      const srvr = yield* answered(zk, "srvr")
      assert.strictEqual(srvr.mode, "standalone")
      assert.match(srvr.version, /^3\.\d+\.\d+$/)
      assert.strictEqual(srvr.zxid, zk.session.lastZxid)
      const stat = yield* answered(zk, "stat")
      assert.isAtLeast(stat.clients.length, 1)
      assert.deepStrictEqual(yield* answered(zk, "wchs"), { connections: 1, paths: 1, watches: 1 })
      assert.deepStrictEqual(yield* answered(zk, "wchc"), [{ sessionId: id, paths: ["/mine"] }])
      assert.deepStrictEqual(yield* answered(zk, "wchp"), [{ path: "/mine", sessionIds: [id] }])
      const mntr = yield* answered(zk, "mntr")
      assert.strictEqual(mntr["zk_server_state"], "standalone")
      assert.strictEqual(mntr["zk_ephemerals_count"], 1)
      assert.strictEqual(yield* answered(zk, "isro"), "rw")
      assert.isAbove((yield* answered(zk, "dirs")).dataDirSize, 0)
      assert.include(yield* answered(zk, "crst"), "reset")
      assert.include(yield* answered(zk, "srst"), "reset")
      assert.isBelow((yield* answered(zk, "srvr")).received, srvr.received)
    })
  )

  it.live("that the server's whitelist does not have is told apart from no answer", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make({ config: { "4lw.commands.whitelist": "srvr,conf" } })
      const zk = yield* ZooKeeper.make({ connect: server.connectString })
      for (const word of FourLetterWord.words) {
        const { _tag } = yield* zk.fourLetterWord(word)
        const isKnown = word === "srvr" || word === "conf" || (word === "isro" && _tag === "Answered")
        assert.strictEqual(_tag, isKnown ? "Answered" : "NotWhitelisted", word)
      }
    })
  )

  it.live("goes to the server that is named, one of the ensemble", () =>
    Effect.gen(function* () {
      const zk = yield* ZooKeeper.make({ connect: yield* SharedServers.ensemble })
      const modes = yield* Effect.forEach(zk.session.hosts, (host) =>
        Effect.map(answered(zk, "srvr", host), ({ mode }) => mode)
      )
      assert.deepStrictEqual(modes.sort(), ["follower", "follower", "leader"])
      const conf = yield* answered(zk, "conf")
      if (yield* has(zk, 5)) assert.isTrue(Object.keys(conf).some((key) => key.startsWith("server.")))
      yield* refused(zk.fourLetterWord("srvr", "127.0.0.1:1"), "InvalidArgument")
      yield* refused(zk.fourLetterWord("kill" as "srvr"), "InvalidArgument")
    })
  )

  it.live("to a server that is gone names it and why", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make()
      const zk = yield* ZooKeeper.make({ connect: server.connectString, releaseTimeout: "100 millis" })
      yield* server.kill
      const error = yield* refused(zk.fourLetterWord("srvr"), "ConnectFailed")
      assert.include(error.message, `${server.connectString}: `)
      assert.include(error.message, "ECONNREFUSED")
    })
  )
})
