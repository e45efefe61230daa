/** node-zookeeper-client, used as its README does, on the in-process server. */
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
// @ts-expect-error: it has no types of its own.
import library from "node-zookeeper-client"
import { EventEmitter, once } from "node:events"
import { awaitState } from "../support/awaitState.ts"

/** Everything that a test calls takes its callback last. */
type Method = (...args: ReadonlyArray<unknown>) => unknown
interface Client extends EventEmitter {
  readonly [name: string]: any
}
const nzc = library as {
  readonly createClient: (connect: string, options?: object) => Client
  readonly CreateMode: Record<string, number>
  readonly ACL: { readonly READ_ACL_UNSAFE: unknown; readonly CREATOR_ALL_ACL: unknown }
  readonly Exception: Record<string, number>
  readonly Event: Record<string, number>
}

interface Failed {
  readonly code: number
}

const call = <A = any>(client: { readonly [name: string]: any }, name: string, ...args: ReadonlyArray<unknown>) =>
  Effect.callback<A, Failed>((resume) => {
    ;(client[name] as Method).call(client, ...args, (error: Failed | null, result: A) =>
      resume(error === null || error === undefined ? Effect.succeed(result) : Effect.fail(error))
    )
  })

const connect = (server: TestServer.TestServerShape, options: object = {}) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const client = nzc.createClient(server.connectString, { sessionTimeout: 5000, spinDelay: 20, ...options })
      const connected = once(client, "connected")
      client["connect"]()
      await connected
      return client
    }),
    (client) => Effect.sync(() => void client["close"]())
  )

const refused = (operation: Effect.Effect<unknown, Failed>, name: string) =>
  Effect.map(Effect.flip(operation), ({ code }) => assert.strictEqual(code, nzc.Exception[name]))

describe("node-zookeeper-client on the in-process server", () => {
  it.live("does all its operations", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const zk = yield* connect(server)
      const data = Buffer.from("one")
      assert.strictEqual(yield* call(zk, "create", "/a", data), "/a")
      yield* refused(call(zk, "create", "/a", data), "NODE_EXISTS")
      const sequential = yield* call(zk, "create", "/a/s-", nzc.CreateMode["PERSISTENT_SEQUENTIAL"])
      assert.strictEqual(sequential, "/a/s-0000000000")
      yield* call(zk, "create", "/a/e", nzc.CreateMode["EPHEMERAL"])
      assert.deepStrictEqual(yield* call(zk, "getData", "/a"), data)
      const stat = yield* call(zk, "setData", "/a", Buffer.from("two"), 0)
      assert.strictEqual(stat.version, 1)
      yield* refused(call(zk, "setData", "/a", data, 0), "BAD_VERSION")
      assert.sameMembers(yield* call(zk, "getChildren", "/a"), ["s-0000000000", "e"])
      assert.strictEqual((yield* call(zk, "exists", "/a")).dataLength, 3)
      assert.isNotOk(yield* call(zk, "exists", "/none"))
      yield* refused(call(zk, "getData", "/none"), "NO_NODE")
      yield* refused(call(zk, "remove", "/a"), "NOT_EMPTY")
      assert.strictEqual(yield* call(zk, "mkdirp", "/deep/er"), "/deep/er")
      // It lists one level only.
      assert.deepStrictEqual(yield* call(zk, "listSubTreeBFS", "/deep"), ["/deep", "/deep/er"])
      yield* call(zk, "removeRecursive", "/deep", -1)
      assert.isNotOk(yield* call(zk, "exists", "/deep"))

      yield* call(zk, "setACL", "/a", nzc.ACL.READ_ACL_UNSAFE, -1)
      assert.strictEqual((yield* call(zk, "getACL", "/a"))[0].permission, 1)
      yield* refused(call(zk, "setData", "/a", data), "NO_AUTH")
      zk["addAuthInfo"]("digest", Buffer.from("ann:secret"))
      yield* call(zk, "create", "/mine", data, nzc.ACL.CREATOR_ALL_ACL, nzc.CreateMode["PERSISTENT"])
      assert.match((yield* call(zk, "getACL", "/mine"))[0].id.id, /^ann:/)
      const stranger = yield* connect(server)
      yield* refused(call(stranger, "getData", "/mine"), "NO_AUTH")

      const done = zk["transaction"]()
        .create("/t", data)
        .setData("/t", Buffer.from("x"), 0)
        .check("/t", 1)
        .remove("/t", 1)
      assert.strictEqual((yield* call(done, "commit")).length, 4)
      const failing = zk["transaction"]().create("/t", data).check("/none", -1)
      yield* refused(call(failing, "commit"), "NO_NODE")
      assert.isNotOk(yield* call(zk, "exists", "/t"))
    })
  )

  it.live("is told what it watches", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const zk = yield* connect(server)
      const other = yield* connect(server)
      const events: Array<string> = []
      const watcher = ({ name, path }: { readonly name: string; readonly path: string }) =>
        events.push(`${name} ${path}`)
      const told = (count: number) =>
        awaitState(
          Effect.sync(() => events.length),
          (length) => length === count,
          { describe: `${count} events` }
        )
      yield* call(zk, "exists", "/w", watcher)
      yield* call(other, "create", "/w")
      yield* told(1)
      yield* call(zk, "getData", "/w", watcher)
      yield* call(zk, "getChildren", "/w", watcher)
      yield* call(other, "setData", "/w", Buffer.from("x"))
      yield* call(other, "create", "/w/c")
      yield* told(3)
      yield* call(zk, "exists", "/w/c", watcher)
      yield* call(other, "remove", "/w/c")
      yield* told(4)
      assert.deepStrictEqual(events, [
        "NODE_CREATED /w",
        "NODE_DATA_CHANGED /w",
        "NODE_CHILDREN_CHANGED /w",
        "NODE_DELETED /w/c"
      ])
    })
  )

  it.live("keeps its session over a lost connection, and its watches", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const zk = yield* connect(server)
      const other = yield* connect(server)
      yield* call(zk, "create", "/e", nzc.CreateMode["EPHEMERAL"])
      yield* call(zk, "create", "/w")
      const events: Array<string> = []
      yield* call(zk, "getData", "/w", ({ name }: { readonly name: string }) => events.push(name))
      const id = zk["getSessionId"]().toString("hex")
      const back = Effect.promise(() => once(zk, "connected"))
      yield* Effect.all([back, server.dropConnections], { concurrency: 2 })
      assert.strictEqual(zk["getSessionId"]().toString("hex"), id)
      yield* awaitState(
        Effect.match(call(other, "setData", "/w", Buffer.from("x")), { onFailure: () => false, onSuccess: () => true }),
        (done) => done,
        { describe: "the other is back too" }
      )
      yield* awaitState(
        Effect.sync(() => events.length),
        (length) => length === 1,
        { describe: "the watch is registered again" }
      )
      assert.isTrue((yield* server.nodes).has("/e"))
    })
  )

  it.live("learns that its session has expired, and its ephemerals are gone", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const zk = yield* connect(server)
      yield* call(zk, "create", "/e", nzc.CreateMode["EPHEMERAL"])
      const [sessionId] = yield* server.sessions
      const expired = Effect.promise(() => once(zk, "expired"))
      yield* Effect.all([expired, server.expireSession(sessionId!)], { concurrency: 2 })
      assert.isFalse((yield* server.nodes).has("/e"))
    })
  )

  it.live("takes a lock as its users write it: sequential nodes, each watching the one before", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const clients = yield* Effect.all([connect(server), connect(server), connect(server)])
      yield* call(clients[0], "create", "/lock")
      let inside = 0
      const locked = Effect.fnUntraced(function* (client: Client) {
        const mine: string = yield* call(client, "create", "/lock/n-", nzc.CreateMode["EPHEMERAL_SEQUENTIAL"])
        while (true) {
          const names: Array<string> = (yield* call<Array<string>>(client, "getChildren", "/lock")).toSorted()
          const at = names.indexOf(mine.slice("/lock/".length))
          if (at === 0) break
          const gone = Effect.callback<void>((resume) => {
            client["exists"](
              `/lock/${names[at - 1]}`,
              () => resume(Effect.void),
              (_: unknown, stat: unknown) => (stat ? undefined : resume(Effect.void))
            )
          })
          yield* gone
        }
        assert.strictEqual(++inside, 1)
        yield* Effect.yieldNow
        inside--
        yield* call(client, "remove", mine)
      })
      yield* Effect.forEach(
        clients.flatMap((client) => [client, client, client, client, client]),
        locked,
        { concurrency: "unbounded", discard: true }
      )
      assert.deepStrictEqual(yield* call(clients[0], "getChildren", "/lock"), [])
    })
  )
})
