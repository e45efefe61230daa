import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import * as SharedServers from "../support/SharedServers.ts"
import { inChroot, zk as run } from "./zk.ts"

/** At the root of the servers, where quotas are; nothing of it stays. */
const atRoot = Effect.gen(function* () {
  const connect = yield* SharedServers.single
  const zk = (args: ReadonlyArray<string>) => run(args, { env: { ZK_CONNECT: connect } })
  const top = `/quota-${randomUUID()}`
  yield* Effect.acquireRelease(zk(["create", "-p", `${top}/jobs`]), () =>
    Effect.andThen(zk(["rm", "-r", top]), zk(["rm", "-r", `/zookeeper/quota${top}`]))
  )
  return { top, zk }
})

describe("zk quota", () => {
  it.live("sets limits, keeps those that are not named, and says how much is used", () =>
    Effect.gen(function* () {
      const { top, zk } = yield* atRoot
      const jobs = `${top}/jobs`
      const set = yield* zk(["quota", "set", jobs, "--nodes", "10", "--hard-bytes", "1000"])
      assert.deepStrictEqual([set.code, set.text, set.stderr], [0, "", ""])
      yield* zk(["create", `${jobs}/one`, "hello"])
      yield* zk(["quota", "set", jobs, "--bytes", "0"])
      const { code, text } = yield* zk(["quota", "get", jobs])
      assert.deepStrictEqual(
        [code, text.split("\n").map((line) => line.trimEnd())],
        [0, ["       used  limit  hard limit", "nodes     2     10  -", "bytes     5      0  1000", ""]]
      )
      assert.deepStrictEqual(JSON.parse((yield* zk(["quota", "get", jobs, "-o", "json"])).text), {
        path: jobs,
        nodes: { used: 2, limit: 10, hardLimit: null },
        bytes: { used: 5, limit: 0, hardLimit: 1000 }
      })
      const kept = zk(["get", `/zookeeper/quota${jobs}/zookeeper_limits`])
      assert.strictEqual((yield* kept).text, "count=10,bytes=0=;byteHardLimit=1000")
      assert.strictEqual((yield* zk(["quota", "rm", jobs, "--nodes", "--hard-bytes"])).code, 0)
      assert.strictEqual((yield* kept).text, "count=-1,bytes=0")
    })
  )

  it.live("goes with everything that was made for it, and nothing else", () =>
    Effect.gen(function* () {
      const { top, zk } = yield* atRoot
      yield* zk(["create", `${top}/other`])
      for (const name of ["jobs", "other"]) yield* zk(["quota", "set", `${top}/${name}`, "--nodes", "5"])
      assert.strictEqual((yield* zk(["quota", "rm", `${top}/jobs`])).code, 0)
      assert.strictEqual((yield* zk(["ls", `/zookeeper/quota${top}`])).text, "other\n")
      assert.strictEqual((yield* zk(["quota", "get", `${top}/jobs`])).code, 3)
      assert.strictEqual((yield* zk(["quota", "rm", `${top}/jobs`])).code, 3)
      assert.strictEqual((yield* zk(["quota", "rm", `${top}/jobs`, "--nodes"])).code, 3)
      yield* zk(["quota", "rm", `${top}/other`])
      assert.strictEqual((yield* zk(["exists", `/zookeeper/quota${top}`])).code, 1)
      assert.strictEqual((yield* zk(["exists", "/zookeeper/quota"])).code, 0)
    })
  )

  it.live("is refused above and below another one, for a node that is missing, and below a chroot", () =>
    Effect.gen(function* () {
      const { top, zk } = yield* atRoot
      yield* zk(["create", "-p", `${top}/jobs/one/two`])
      yield* zk(["quota", "set", `${top}/jobs/one`, "--nodes", "5"])
      for (const path of [`${top}/jobs`, top, `${top}/jobs/one/two`]) {
        const { code, stderr } = yield* zk(["quota", "set", path, "--nodes", "5"])
        assert.strictEqual(code, 2, path)
        assert.include(stderr, `${top}/jobs/one has a quota`)
      }
      assert.strictEqual((yield* zk(["quota", "set", `${top}/missing`, "--nodes", "5"])).code, 3)
      for (const args of [[], ["--nodes", "0"], ["--bytes", "-1"]]) {
        assert.strictEqual((yield* zk(["quota", "set", `${top}/jobs`, ...args])).code, 2, args.join(" "))
      }
      for (const path of ["/", "/zookeeper/config"]) {
        assert.strictEqual((yield* zk(["quota", "set", path, "--nodes", "5"])).code, 2, path)
      }
      const below = yield* inChroot
      const { code, stderr } = yield* below(["quota", "get", "/a"])
      assert.strictEqual(code, 2)
      assert.include(stderr, "connect without the chroot")
    })
  )
})
