import { assert, describe, it } from "@effect/vitest"
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import * as Effect from "effect/Effect"
import { awaitState } from "../support/awaitState.ts"
import * as Proxy from "../support/Proxy.ts"
import { gone, idle, inSteps, isAlive, ownServer, sh, stubborn } from "./programs.ts"
import { chroot, start, zk } from "./zk.ts"

/** Who stands in the queue of the lock. */
const contenders = (server: TestServer.TestServerShape) =>
  Effect.map(server.nodes, (nodes) => [...nodes.keys()].filter((path) => path.startsWith("/l/")))

const queued = (server: TestServer.TestServerShape, count: number) =>
  awaitState(contenders(server), (all) => all.length === count, { describe: `${count} contenders stand in the queue` })

describe("zk lock on a real server", () => {
  it.live("runs the program with the lock's node and the session in its environment", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect }
      const script =
        'printf "%s\\n" "$ZK_LOCK_PATH" "$ZK_LOCK_NODE" "$ZK_SESSION_ID" "$ZK_FENCING_TOKEN"; exec sleep 300'
      const holder = yield* start(["lock", "/a/l", "--data", "me", ...sh(script)], env)
      const [path, node, session, token] = yield* holder.lines(4)
      assert.strictEqual(path, "/a/l")
      assert.match(node!, /^\/a\/l\/_c_[0-9a-f-]{36}-lock-0000000000$/)
      const { stat, value } = JSON.parse((yield* zk(["get", node!, "-o", "json"], { env })).text)
      assert.deepStrictEqual(value, { data: "me", encoding: "utf8" })
      assert.strictEqual(stat.ephemeralOwner, session)
      assert.strictEqual(BigInt(stat.czxid), BigInt(token!))
      const busy = yield* zk(["lock", "/a/l", "--wait", "0", ...sh("echo no")], { env })
      assert.deepStrictEqual([busy.code, busy.text, busy.stderr], [124, "", "zk: lock /a/l: not free at once\n"])
      yield* holder.signal("SIGTERM")
      const { code, stderr } = yield* holder.ended
      assert.deepStrictEqual([code, stderr], [143, ""])
      assert.strictEqual((yield* zk(["ls", "/a/l"], { env })).text, "")
    })
  )

  it.live("two exclude each other, and the second runs when the first's program has ended", () =>
    Effect.gen(function* () {
      const { connect } = yield* chroot
      const env = { ZK_CONNECT: connect }
      const first = yield* start(["lock", "/l", "--dialect", "kazoo", ...sh(idle)], env)
      const [pid] = yield* first.lines(1)
      const script = `kill -0 ${pid} 2>/dev/null && echo both || echo alone`
      const second = yield* start(["lock", "/l", "--verbose", ...sh(script)], env)
      const list = Effect.map(zk(["ls", "/l"], { env }), ({ text }) => text.trimEnd().split("\n"))
      const names = yield* awaitState(list, ({ length }) => length === 2, { describe: "the second waits" })
      assert.match(names.join(), /[0-9a-f]{32}__lock__0000000000/)
      yield* awaitState(second.now, ({ stderr }) => stderr.includes(" waits for "), { describe: "the second says so" })
      yield* first.signal("SIGINT")
      assert.strictEqual((yield* first.ended).code, 130)
      const { code, stderr, text } = yield* second.ended
      assert.deepStrictEqual([code, text], [0, "alone\n"])
      assert.match(stderr, /^zk: \/l\/_c_.*-lock-0000000001 waits for \/l\/[0-9a-f]{32}__lock__0000000000$/m)
    })
  )
})

describe.concurrent("zk lock ends as its program does", () => {
  it.live.each([
    { what: "its exit code", args: sh("exit 3"), code: 3, says: "" },
    { what: "128 and its signal", args: sh("kill -KILL $$"), code: 137, says: "" },
    {
      what: "127 when there is none",
      args: ["--", "no-such-program"],
      code: 127,
      says: /^zk: lock \/l: cannot run no-such-program/
    },
    {
      what: "126 when it cannot be run",
      args: ["--", "/etc/passwd"],
      code: 126,
      says: /^zk: lock \/l: cannot run \/etc\/passwd/
    },
    { what: "2 when it is missing", args: [], code: 2, says: /Missing required argument: command/ }
  ])("$what", ({ args, code, says }) =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const done = yield* zk(["lock", "/l", ...args], { env })
      assert.deepStrictEqual([done.code, done.text], [code, ""])
      if (typeof says === "string") assert.strictEqual(done.stderr, says)
      else assert.match(done.stderr, says)
      assert.deepStrictEqual(yield* contenders(server), [])
    })
  )

  it.live("and gives it standard input and output as they are", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const stdin = new Uint8Array([0, 255, 10, 13])
      const done = yield* zk(["lock", "/l", "--", "cat"], { env, stdin })
      assert.strictEqual(done.code, 0)
      assert.deepStrictEqual(new Uint8Array(done.stdout), stdin)
    })
  )

  it.live("takes what stands after -- for the program's, flags too", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const done = yield* zk(["lock", "/l", "--", "printf", "%s|", "--wait", "-o", "--"], { env })
      assert.deepStrictEqual([done.code, done.text], [0, "--wait|-o|--|"])
    })
  )
})

describe("zk lock --wait", () => {
  it.live("ends with 124 when the lock was not free in time, and leaves no node", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const holder = yield* start(["lock", "/l", ...sh(idle)], env)
      yield* holder.lines(1)
      const { code, stderr, text } = yield* zk(["lock", "/l", "--wait", "300ms", ...sh("echo no")], { env })
      assert.deepStrictEqual([code, text, stderr], [124, "", "zk: lock /l: not free within 300ms\n"])
      assert.strictEqual((yield* contenders(server)).length, 1)
    })
  )
})

describe.concurrent("signals to zk lock", () => {
  it.live("reach the program, and zk goes on until it has ended", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const signals = ["INT", "TERM", "HUP", "QUIT", "USR1", "USR2"] as const
      const traps = signals.map((name) => `trap "echo ${name}" ${name};`).join(" ")
      const holder = yield* start(["lock", "/l", ...sh(`${traps} echo $$; ${inSteps}`)], env)
      const [pid] = yield* holder.lines(1)
      const heard: Array<string> = []
      for (const name of signals) {
        yield* holder.signal(`SIG${name}`)
        heard.push(name)
        assert.deepStrictEqual((yield* holder.lines(1 + heard.length)).slice(1), heard)
      }
      assert.strictEqual((yield* contenders(server)).length, 1)
      process.kill(Number(pid), "SIGKILL")
      assert.strictEqual((yield* holder.ended).code, 137)
      assert.deepStrictEqual(yield* contenders(server), [])
    })
  )

  it.live("end it while it waits, and leave no node behind", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const holder = yield* start(["lock", "/l", ...sh(idle)], env)
      yield* holder.lines(1)
      for (const [name, expected] of [
        ["SIGHUP", 129],
        ["SIGINT", 130],
        ["SIGQUIT", 131],
        ["SIGTERM", 143]
      ] as const) {
        const waiting = yield* start(["lock", "/l", ...sh("echo no")], env)
        yield* queued(server, 2)
        yield* waiting.signal(name)
        const { code, stderr, text } = yield* waiting.ended
        assert.deepStrictEqual([code, text, stderr], [expected, "", ""])
        assert.strictEqual((yield* contenders(server)).length, 1)
      }
    })
  )

  it.live("reach what the program has started, too", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const holder = yield* start(["lock", "/l", ...sh("sleep 300 & echo $!; wait")], env)
      const [grandchild] = yield* holder.lines(1)
      yield* holder.signal("SIGTERM")
      assert.strictEqual((yield* holder.ended).code, 143)
      yield* gone(grandchild!)
    })
  )
})

describe.concurrent("the program of zk lock does not outlive the lock", () => {
  it.live("what it leaves behind at its end is ended before the lock is released", () =>
    Effect.gen(function* () {
      const { env } = yield* ownServer
      const { code, text } = yield* zk(["lock", "/l", ...sh("sleep 300 >/dev/null 2>&1 & echo $!")], { env })
      assert.strictEqual(code, 0)
      yield* gone(text.trim())
    })
  )

  it.live("a server that stands still: TERM, then KILL, and 7, before the session can have expired", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const script = `trap "echo TERM" TERM; echo $$; ${inSteps}`
      const first = yield* start(["lock", "/l", "--session-timeout", "12s", ...sh(script)], env)
      const [pid] = yield* first.lines(1)
      const second = yield* start(["lock", "/l", "--session-timeout", "60s", ...sh("echo mine")], env)
      yield* queued(server, 2)
      yield* server.freeze
      const { code, stderr, text } = yield* first.ended
      assert.strictEqual(code, 7, stderr)
      assert.match(stderr, /^zk: lock \/l: no server confirmed the session in time/m)
      assert.strictEqual(text, `${pid}\nTERM\n`)
      assert.isFalse(isAlive(pid!))
      assert.strictEqual((yield* second.now).text, "")
      yield* server.resume
      assert.deepStrictEqual([(yield* second.ended).code, (yield* second.ended).text], [0, "mine\n"])
    })
  )

  it.live("a network that lets nothing through: the next holder finds it gone, though it wants no TERM", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const proxy = yield* Proxy.make({ port: server.port })
      const away = { ZK_CONNECT: `127.0.0.1:${proxy.port}`, ZK_SESSION_TIMEOUT: "6s" }
      const first = yield* start(["lock", "/l", ...sh(stubborn)], away)
      const [pid] = yield* first.lines(1)
      const second = yield* start(["lock", "/l", ...sh(`kill -0 ${pid} 2>/dev/null && echo both || echo alone`)], env)
      yield* queued(server, 2)
      yield* proxy.stall
      assert.deepStrictEqual((yield* second.ended).text, "alone\n")
      assert.strictEqual((yield* first.ended).code, 7)
    })
  )

  it.live("a session that the server has ended: KILL without the grace, and 7", () =>
    Effect.gen(function* () {
      // The grace is longer than the test would wait.
      const server = yield* TestServer.make({ maxSessionTimeout: "10 minutes" })
      const env = { ZK_CONNECT: server.connectString }
      const holder = yield* start(["lock", "/l", "--session-timeout", "400s", "--grace", "200s", ...sh(stubborn)], env)
      const [pid] = yield* holder.lines(1)
      const [session] = yield* server.sessions
      yield* server.expireSession(session!)
      const { code, stderr } = yield* holder.ended
      assert.strictEqual(code, 7)
      // The server tells of the node first and of the session after it.
      assert.match(stderr, /^zk: lock \/l: (the session has expired|the node that stood for it was deleted)/m)
      yield* gone(pid!)
    })
  )

  it.live("a node that somebody deleted: 7", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const holder = yield* start(["lock", "/l", ...sh(idle)], env)
      const [pid] = yield* holder.lines(1)
      const [node] = yield* contenders(server)
      yield* zk(["rm", node!], { env })
      const { code, stderr } = yield* holder.ended
      assert.strictEqual(code, 7)
      assert.match(stderr, /^zk: lock \/l: the node that stood for it was deleted/m)
      yield* gone(pid!)
    })
  )

  it.live("--stop-on suspended: as soon as the connection is gone", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const holder = yield* start(["lock", "/l", "--stop-on", "suspended", "--quiet", ...sh(idle)], env)
      const [pid] = yield* holder.lines(1)
      yield* server.dropConnections
      const { code, stderr } = yield* holder.ended
      assert.deepStrictEqual([code, stderr], [7, "zk: lock /l: the connection was lost\n"])
      yield* gone(pid!)
    })
  )

  it.live("zk that was stopped for longer than its session lives: KILL as soon as it goes on, and 7", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const holder = yield* start(["lock", "/l", "--session-timeout", "2s", ...sh(stubborn)], env)
      const [pid] = yield* holder.lines(1)
      yield* holder.signal("SIGSTOP")
      yield* queued(server, 0)
      assert.isTrue(isAlive(pid!))
      yield* holder.signal("SIGCONT")
      const { code, stderr } = yield* holder.ended
      assert.strictEqual(code, 7, stderr)
      yield* gone(pid!)
    })
  )

  it.live("but it does when zk is killed with -9: then only the session's timeout ends the lock", () =>
    Effect.gen(function* () {
      const { env, server } = yield* ownServer
      const holder = yield* start(["lock", "/l", "--session-timeout", "3s", ...sh(idle)], env)
      const [pid] = yield* holder.lines(1)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(Number(pid), "SIGKILL")))
      yield* holder.signal("SIGKILL")
      yield* queued(server, 0)
      assert.isTrue(isAlive(pid!))
    })
  )
})

describe("zk lock --grace", () => {
  it.live("that does not fit into the lease is a usage error, before and after the server grants a shorter one", () =>
    Effect.gen(function* () {
      const offline = yield* zk(["-c", "127.0.0.1:1", "lock", "/l", "--grace", "6s", "--", "true"])
      assert.strictEqual(offline.code, 2)
      assert.match(
        offline.stderr,
        /^zk: lock \/l: a grace of 6000 ms does not fit into the lease: .* it can be 5000 ms\n$/
      )
      const server = yield* TestServer.make({ maxSessionTimeout: "4 seconds" })
      const shorter = yield* zk(["-c", server.connectString, "lock", "/l", "--grace", "3s", "--", "echo", "ran"])
      assert.deepStrictEqual([shorter.code, shorter.text], [2, ""])
      assert.match(shorter.stderr, /with a session timeout of 4000 ms it can be 2000 ms/)
    })
  )
})
