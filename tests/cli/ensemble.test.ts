/** `zk config` and `zk reconfig`: who is in an ensemble, and changing that. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SharedServers from "../support/SharedServers.ts"
import * as RealEnsemble from "../support/zookeeper/RealEnsemble.ts"
import { zk } from "./zk.ts"

const memberLines = (text: string): ReadonlyArray<string> => text.match(/^server\.\d+=.*$/gm) ?? []

describe("zk config", () => {
  it.live("prints the members of an ensemble and their version, whatever the chroot is", () =>
    Effect.gen(function* () {
      const env = { ZK_CONNECT: `${yield* SharedServers.ensemble}/none` }
      const { code, stderr, text } = yield* zk(["config", "--quiet"], { env })
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.strictEqual(memberLines(text).length, 3, text)
      assert.match(text, /^version=[0-9a-f]+$/m)
      assert.isTrue(text.endsWith("\n"))
      const { members, stat, version, ...rest } = JSON.parse((yield* zk(["config", "-o", "json"], { env })).text)
      assert.deepStrictEqual(rest, {})
      assert.deepStrictEqual(members, memberLines(text))
      assert.strictEqual(version, `0x${/^version=(.*)$/m.exec(text)?.[1]}`)
      assert.isNumber(stat.version)
      const lines = (yield* zk(["config", "-o", "ndjson"], { env })).text.trim().split("\n")
      assert.deepStrictEqual(
        lines.map((line) => JSON.parse(line)),
        members
      )
    })
  )

  it.live("of a server that stands alone is nothing, and a warning", () =>
    Effect.gen(function* () {
      const env = { ZK_CONNECT: yield* SharedServers.single }
      const { code, stderr, text } = yield* zk(["config"], { env })
      assert.deepStrictEqual([code, text], [0, ""])
      assert.match(stderr, /^zk: warn: the server stands alone/)
      const json = JSON.parse((yield* zk(["config", "-o", "json", "--quiet"], { env })).text)
      assert.deepStrictEqual([json.version, json.members], [null, []])
    })
  )
})

describe("zk reconfig", () => {
  it.live("ends with 1 and says what the servers need where it is switched off", () =>
    Effect.gen(function* () {
      const env = { ZK_CONNECT: yield* SharedServers.ensemble }
      const { code, stderr, text } = yield* zk(["reconfig", "--remove", "3"], { env })
      assert.deepStrictEqual(
        [code, text, stderr],
        [1, "", "zk: reconfig: reconfiguration is disabled; the server needs reconfigEnabled=true\n"]
      )
    })
  )

  it.live(
    "removes a server and puts it back, if nobody else has changed the members meanwhile",
    () =>
      Effect.gen(function* () {
        const ensemble = yield* RealEnsemble.make({ reconfig: true })
        const [follower] = yield* ensemble.followers
        const stays = ensemble.servers.filter(({ id }) => id !== follower.id)
        const env = {
          ZK_CONNECT: stays.map(({ connectString }) => connectString).join(","),
          ZK_AUTH: "digest:super:secret"
        }
        const before = (yield* zk(["config"], { env })).text
        const line = memberLines(before).find((member) => member.startsWith(`server.${follower.id}=`))!

        const refused = yield* zk(["reconfig", "--remove", `${follower.id}`], { env: { ...env, ZK_AUTH: "" } })
        assert.strictEqual(refused.code, 5)
        assert.match(refused.stderr, /^zk: reconfig: not allowed.*--auth/)

        const removed = yield* zk(["reconfig", "--remove", `${follower.id}`, "-o", "json"], { env })
        assert.strictEqual(removed.code, 0, removed.stderr)
        const without = memberLines(before).filter((member) => member !== line)
        assert.deepStrictEqual(JSON.parse(removed.text).members, without)

        // What was read before is no longer what there is.
        const late = yield* zk(["reconfig", "--file", "-"], { env, stdin: before })
        assert.strictEqual(late.code, 4)
        assert.match(late.stderr, /^zk: reconfig: .*zk config shows it/)
        const { version } = JSON.parse(removed.text)
        const added = yield* zk(["reconfig", "--add", line, "--version", version], { env })
        assert.strictEqual(added.code, 0, added.stderr)
        assert.sameMembers([...memberLines(added.text)], [...memberLines(before)])

        const whole = yield* zk(["reconfig", "--file", "-"], { env, stdin: added.text })
        assert.strictEqual(whole.code, 0, whole.stderr)
        assert.sameMembers([...memberLines(whole.text)], [...memberLines(before)])
      }),
    60_000
  )
})
