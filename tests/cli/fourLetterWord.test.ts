import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as RealServer from "../support/zookeeper/RealServer.ts"
import * as SharedServers from "../support/SharedServers.ts"
import { zk } from "./zk.ts"

describe("zk 4lw", () => {
  it.live("prints what the first server that answers says, as text or as a record", () =>
    Effect.gen(function* () {
      const env = { ZK_CONNECT: `127.0.0.1:1,${yield* SharedServers.single}/chroot` }
      const { code, stderr, text } = yield* zk(["4lw", "srvr"], { env })
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.match(text, /^Zookeeper version: /)
      assert.match(text, /^Mode: standalone$/m)
      const json = JSON.parse((yield* zk(["4lw", "srvr", "-o", "json"], { env })).text)
      assert.deepStrictEqual([json.word, json.value.mode], ["srvr", "standalone"])
      assert.match(json.text, /^Zookeeper version: /)
      assert.match(json.value.zxid, /^0x[0-9a-f]+$/)
    })
  )

  it.live("--host asks another server, and one that does not answer ends with 6", () =>
    Effect.gen(function* () {
      const env = { ZK_CONNECT: "127.0.0.1:1" }
      const found = yield* zk(["4lw", "ruok", "--host", yield* SharedServers.single], { env })
      assert.deepStrictEqual([found.code, found.text], [0, "imok"])
      const lost = yield* zk(["4lw", "ruok"], { env })
      assert.deepStrictEqual([lost.code, lost.text], [6, ""])
      assert.match(lost.stderr, /^zk: 4lw: .*127\.0\.0\.1:1: .*ECONNREFUSED/)
    })
  )

  it.live("a word that the server does not allow ends with 1 and says what to do", () =>
    Effect.gen(function* () {
      const server = yield* RealServer.make({ config: { "4lw.commands.whitelist": "srvr,conf" } })
      const { code, stderr, text } = yield* zk(["4lw", "mntr", "-c", server.connectString])
      assert.deepStrictEqual(
        [code, text, stderr],
        [1, "", "zk: 4lw: the server does not answer mntr; add it to its 4lw.commands.whitelist\n"]
      )
    })
  )
})
