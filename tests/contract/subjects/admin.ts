/** What servers tell of themselves and of a session, and what they refuse to do. */
import * as Acl from "@effect-zookeeper/core/Acl"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type It, Backend } from "../Backend.ts"
import { beside, has, onServer, refused } from "../clients.ts"

export const admin = (it: It) => {
  describe("a server", () => {
    it.effect("lists the ephemeral nodes of the session that asks, by prefix", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        const other = yield* beside(zk)
        yield* zk.create("/a")
        for (const path of ["/a/x", "/a/y", "/ab"]) yield* zk.create(path, "", { mode: "ephemeral" })
        yield* other.create("/a/z", "", { mode: "ephemeral" })
        assert.sameMembers([...(yield* zk.getEphemerals())], ["/a/x", "/a/y", "/ab"])
        assert.sameMembers([...(yield* zk.getEphemerals("/a/"))], ["/a/x", "/a/y"])
        assert.sameMembers([...(yield* zk.getEphemerals("/a"))], ["/a/x", "/a/y", "/ab"])
        assert.deepStrictEqual(yield* other.getEphemerals(), ["/a/z"])
        yield* refused(zk.getEphemerals("a"), "InvalidArgument")
      })
    )

    it.effect("tells of itself in four-letter words", () =>
      Effect.gen(function* () {
        const zk = yield* onServer()
        assert.deepStrictEqual(yield* zk.fourLetterWord("ruok"), { _tag: "Answered", value: "imok" })
        const srvr = yield* zk.fourLetterWord("srvr")
        assert.isTrue(srvr._tag === "Answered" && srvr.value.nodeCount > 1 && srvr.value.zxid > 0n)
        const cons = yield* zk.fourLetterWord("cons")
        assert.isTrue(cons._tag === "Answered" && cons.value.some(({ session }) => session?.id === zk.session.id))
        for (const word of ["conf", "dump", "envi", "mntr", "stat", "wchs", "wchc", "wchp", "isro", "dirs"] as const) {
          assert.strictEqual((yield* zk.fourLetterWord(word))._tag, "Answered", word)
        }
      })
    )

    it.effect("has a configuration that nobody changes where that is switched off", () =>
      Effect.gen(function* () {
        const { connect, open } = yield* Backend
        const zk = yield* open({ connect })
        const members = new TextDecoder().decode((yield* zk.config).data).match(/^server\.\d+=/gm) ?? []
        const servers = connect.split(",").length
        assert.strictEqual(members.length, servers === 1 ? 0 : servers)
        yield* refused(zk.reconfig({ leaving: ["3"] }), "ReconfigDisabled")
      })
    )

    it.effect("keeps what it needs itself", () =>
      Effect.gen(function* () {
        const { connect, open } = yield* Backend
        const zk = yield* open({ connect })
        for (const path of ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"]) {
          yield* refused(zk.delete(path), "BadArguments")
        }
        if (yield* has(zk, 5)) {
          yield* refused(zk.set("/zookeeper/config", ""), "NoAuth")
          yield* refused(zk.setAcl("/zookeeper/config", Acl.openUnsafe), "NoAuth")
        }
      })
    )
  })
}
