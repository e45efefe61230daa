/** `zk dev`: a server in the foreground, on the loopback unless told otherwise. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { writeFileSync } from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import { temporaryFolder } from "../support/zookeeper/temporaryFolder.ts"
import { start, zk } from "./zk.ts"

const SEED = {
  nodes: [
    { path: "/app/closed/child" },
    { path: "/app/closed", acl: [{ scheme: "world", id: "anyone", perms: "r" }] },
    { path: "/app/text", data: { data: "grüße", encoding: "utf8" } },
    { path: "/app/bytes", data: { data: "AP8=", encoding: "base64" } },
    { path: "/", data: { data: "root", encoding: "utf8" } }
  ]
}

const seeded = Effect.fnUntraced(function* (content: string) {
  const file = path.join(yield* temporaryFolder, "seed.json")
  writeFileSync(file, content)
  return file
})

describe("zk dev", () => {
  it.live("prints where it listens, serves until Ctrl-C, and says what it is not for", () =>
    Effect.gen(function* () {
      const server = yield* start(["dev", "--port", "0"])
      const [connect = ""] = yield* server.lines(1)
      assert.match(connect, /^127\.0\.0\.1:\d+$/)
      assert.strictEqual((yield* zk(["-c", connect, "create", "/a", "x"])).code, 0)
      assert.strictEqual((yield* zk(["-c", connect, "get", "/a"])).text, "x")
      yield* server.signal("SIGINT")
      const { code, stderr } = yield* server.ended
      assert.strictEqual(code, 130)
      assert.include(stderr, "for development only")
      assert.strictEqual((yield* zk(["-c", connect, "--timeout", "200ms", "ls"])).code, 6)
    })
  )

  it.live("begins with the nodes of a file", () =>
    Effect.gen(function* () {
      const file = yield* seeded(JSON.stringify(SEED))
      const server = yield* start(["dev", "--port", "0", "--seed", file, "-o", "json", "--quiet"])
      const [line = ""] = yield* server.lines(1)
      const { connect, nodes } = JSON.parse(line) as { readonly connect: string; readonly nodes: number }
      assert.strictEqual(nodes, 5)
      const get = (at: string) => Effect.map(zk(["-c", connect, "get", at]), ({ stdout }) => stdout)
      assert.deepStrictEqual(yield* get("/app/text"), Buffer.from("grüße"))
      assert.deepStrictEqual(yield* get("/app/bytes"), Buffer.from([0, 255]))
      assert.deepStrictEqual(yield* get("/"), Buffer.from("root"))
      assert.strictEqual((yield* zk(["-c", connect, "set", "/app/closed", "x"])).code, 5)
      assert.strictEqual((yield* zk(["-c", connect, "ls", "/app/closed"])).text, "child\n")
      assert.strictEqual((yield* server.now).stderr, "")
    })
  )

  it.live("listens on other addresses when told to, and warns", () =>
    Effect.gen(function* () {
      const server = yield* start(["dev", "--port", "0", "--host", "0.0.0.0"])
      yield* server.lines(1)
      assert.include((yield* server.now).stderr, "other machines can reach this server on 0.0.0.0")
    })
  )

  it.live("refuses a seed that is none, and a port that is taken", () =>
    Effect.gen(function* () {
      for (const [content, says] of [
        ["{", "holds no nodes: "],
        ['{"nodes": [{"path": "a"}]}', "'a' is not a path: it does not start with '/'"],
        ['{"nodes": [{"path": "/a", "data": {"data": "", "encoding": "hex"}}]}', "encoding"],
        ['{"nodes": [{"path": "/a", "data": {"data": "!!", "encoding": "base64"}}]}', "the data of '/a' is not base64"],
        ['{"nodes": [{"path": "/a", "acl": [{"scheme": "world", "id": "anyone", "perms": "x"}]}]}', "'x' in"]
      ] as const) {
        const { code, stderr } = yield* zk(["dev", "--port", "0", "--seed", yield* seeded(content)])
        assert.strictEqual(code, 8, stderr)
        assert.include(stderr, says)
        assert.strictEqual(stderr.trim().split("\n").length, 1)
      }
      const taken = net.createServer()
      yield* Effect.acquireRelease(
        Effect.promise(() => new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve))),
        () => Effect.sync(() => taken.close())
      )
      const { port } = taken.address() as net.AddressInfo
      const { code, stderr } = yield* zk(["dev", "--port", `${port}`])
      assert.strictEqual(code, 1)
      assert.include(stderr, `cannot listen on 127.0.0.1:${port}: EADDRINUSE`)
    })
  )
})
