import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { run } from "../src/app.ts"
import { observe, type World } from "./support.ts"

const zk = (args: ReadonlyArray<string>, world?: World) => observe(run(args), world)

const refused: ReadonlyArray<readonly [args: ReadonlyArray<string>, says: RegExp, env?: Record<string, string>]> = [
  [[], /SUBCOMMANDS|Read:/],
  [["acl"], /SUBCOMMANDS/],
  [["lss", "/"], /Unknown subcommand "lss"[^]*Did you mean this\?[^]*ls/],
  [["get"], /Missing required argument: path/],
  [["get", "/a", "/b"], /Unexpected positional argument: "\/b"/],
  [["get", "a"], /'a' is not a path: it does not start with '\/'/],
  [["get", "/a/"], /'\/a\/' is not a path: it ends with '\/'/],
  [["get", "/a", "--as", "yaml"], /Invalid value for flag --as: "yaml"/],
  [["ls", "/", "--nope"], /Unrecognized flag: --nope in command zk ls/],
  [["-c", "host:99999", "ls"], /the connect string 'host:99999' cannot be used: the port in 'host:99999'/],
  [["ls"], /'h1\/a,h2' cannot be used: the chroot '\/a' at index 2/, { ZK_CONNECT: "h1/a,h2" }],
  [["ls", "--timeout", "10"], /'10' is not a duration such as 500ms/],
  [["ls"], /^zk: ZK_OUTPUT is 'xml', which is none of text, json, ndjson$/m, { ZK_OUTPUT: "xml" }],
  [["ls"], /^zk: ZK_TLS is 'maybe', which is neither true nor false$/m, { ZK_TLS: "maybe" }],
  [["create", "/a", "--acl", "world:anyone:x"], /'x' in 'world:anyone:x' is not one of the permissions/],
  [["create", "/a/"], /'\/a\/' is not a path/],
  [["create", "/a", "-e", "--ttl", "1s"], /--ttl and -e exclude each other/],
  [["create", "/a", "--container", "-s"], /--container stands alone/],
  [["create", "/a", "--hold"], /--hold is for ephemeral nodes/],
  [["set", "/a", "b", "--create", "--version", "1"], /--create and --version exclude each other/],
  [["set", "/a", "b", "--version", "one"], /Invalid value for flag --version: "one"/],
  [["set", "/a", "00", "--hex", "--base64"], /--base64 and --hex exclude each other/],
  [["rm", "/"], /^zk: rm \/: it is never removed/],
  [["rm", "-r", "/zookeeper"], /^zk: rm \/zookeeper: it is never removed/],
  [["4lw", "what"], /'what' is none of conf, cons/],
  [["reconfig"], /^zk: reconfig: give either --file, or --add and --remove$/m],
  [["reconfig", "--remove", "3", "--file", "f"], /give either --file, or --add and --remove/],
  [["reconfig", "--add", "4=h:1:2;3"], /'4=h:1:2;3' is not a server such as server\.4=host:2888:3888;2181/],
  [["reconfig", "--remove", "server.3"], /'server\.3' is not the id of a server/],
  [["reconfig", "--remove", "3", "--version", "v1"], /'v1' is not the version of a configuration/],
  [["dev", "--port", "70000"], /'70000' is not a port, 0 to 65535/],
  [["4lw", "srvr", "--host", "h:0"], /the port in 'h:0'/],
  [["lock", "/l", "--wait", "5", "--", "true"], /'5' is not a duration such as/],
  [["lock", "/l", "--dialect", "go", "--", "true"], /Invalid value for flag --dialect: "go"/],
  [["lock", "/l", "--grace", "2s", "--", "true"], /a grace of 2000 ms does not fit/, { ZK_SESSION_TIMEOUT: "3s" }],
  [["elect", "/e", "-n", "0", "--observe"], /Expected: 1 or more/],
  [["semaphore", "/s", "--", "true"], /--leases/],
  [["watch", "/a", "--overlap", "both", "--", "true"], /Invalid value for flag --overlap: "both"/],
  [["-c", "h/zookeeper", "rm", "/"], /^zk: rm \/: it is never removed/]
]

describe("usage errors", () => {
  it.effect.each(refused.map(([args, says, env]) => ({ line: ["zk", ...args].join(" "), args, says, env })))(
    "$line",
    ({ args, env, says }) =>
      Effect.gen(function* () {
        const { result, stderr, stdout } = yield* zk(args, { env: env ?? {} })
        assert.match(stderr.join("\n"), says)
        assert.strictEqual(result, 2)
        assert.strictEqual(stdout, "")
      })
  )
})

describe("input errors", () => {
  const bad: ReadonlyArray<readonly [args: ReadonlyArray<string>, says: string]> = [
    [["set", "/a", "@missing"], "zk: set /a: cannot read missing: NotFound"],
    [["set", "/a", "abc", "--hex"], "zk: set /a: the value is not hexadecimal: pairs of 0-9 and a-f"],
    [["create", "/a", "a*b=", "--base64"], "zk: create /a: the value is not base64"],
    [["ls", "--auth", "@missing"], "zk: ls /: cannot read missing: NotFound"],
    [["ls", "--auth", "@auth"], "zk: ls /: the content of auth is not SCHEME:CREDENTIALS, such as digest:user:password"]
  ]
  it.effect.each(bad.map(([args, says]) => ({ line: ["zk", ...args].join(" "), args, says })))(
    "$line",
    ({ args, says }) =>
      Effect.gen(function* () {
        const { result, stderr, stdout } = yield* zk(args, { files: { auth: Buffer.from("secret") } })
        assert.deepStrictEqual(stderr, [says])
        assert.strictEqual(result, 8)
        assert.strictEqual(stdout, "")
      })
  )

  it.effect("a login is never printed", () =>
    Effect.gen(function* () {
      const { result, stderr } = yield* zk(["ls", "--auth", "hunter2"])
      assert.strictEqual(result, 8)
      assert.notInclude(stderr.join("\n"), "hunter2")
      assert.match(stderr.join("\n"), /shows the secret in the list of processes/)
      assert.match(stderr.join("\n"), /the value of --auth is not SCHEME:CREDENTIALS/)
    })
  )
})

describe("help and version", () => {
  it.effect("are answers when they are asked for", () =>
    Effect.gen(function* () {
      const { result, stderr, stdout } = yield* zk(["ls", "--help"])
      assert.strictEqual(result, 0)
      assert.deepStrictEqual(stderr, [])
      assert.match(stdout, /zk ls \[flags\] \[<path>\]/)
    })
  )

  it.effect("--version is the version of zk", () =>
    Effect.gen(function* () {
      const { result, stdout } = yield* zk(["--version"])
      assert.strictEqual(result, 0)
      assert.match(stdout, /^zk \d+\.\d+\.\d+/)
    })
  )

  it.effect("--driver takes the names of the two drivers and no other", () =>
    Effect.gen(function* () {
      const { result, stderr } = yield* zk(["ls", "--driver", "kazoo"])
      assert.include(stderr.join("\n"), "kazoo")
      assert.strictEqual(result, 2)
    })
  )

  it.effect("--color always colours what is said", () =>
    Effect.gen(function* () {
      const { stderr } = yield* zk(["rm", "/", "--color", "always"], { env: { NO_COLOR: "1" } })
      assert.include(stderr.join("\n"), "\u001b[31mzk:\u001b[0m ")
    })
  )

  it.effect("--color never does not, whatever the environment says", () =>
    Effect.gen(function* () {
      const { stderr } = yield* zk(["rm", "/", "--color=never"], { env: { FORCE_COLOR: "1", ZK_COLOR: "always" } })
      assert.notInclude(stderr.join("\n"), "\u001b")
    })
  )
})
