/** The server as a whole: time, connections, refusals, and that nothing of it is left when it is closed. */
import { digest, openUnsafe } from "@effect-zookeeper/core/Acl"
import { Transport } from "@effect-zookeeper/core/Transport"
import * as FourLetterWord from "@effect-zookeeper/core/wire/FourLetterWord"
import { auth, sasl, whoAmI } from "@effect-zookeeper/core/wire/ops/auth"
import { create, createContainer, createTTL } from "@effect-zookeeper/core/wire/ops/create"
import { getData, setData } from "@effect-zookeeper/core/wire/ops/data"
import { deleteNode } from "@effect-zookeeper/core/wire/ops/delete"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { closeSession, ping } from "@effect-zookeeper/core/wire/ops/session"
import { addWatch } from "@effect-zookeeper/core/wire/ops/watches"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { setACL } from "@effect-zookeeper/core/wire/ops/acl"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import * as TestServer from "../src/TestServer.ts"
import { connect, open, type RawClient, requestFrame } from "./RawClient.ts"

const node = (path: string, flags = 0, data = "") => ({ path, data: Buffer.from(data), acl: openUnsafe, flags })

const closed = (client: RawClient) => Effect.map(client.take, (frame) => strictEqual(frame, undefined))

const memory = (options: Omit<TestServer.Options, "listen"> = {}) => TestServer.make({ ...options, listen: "memory" })

describe("sessions and time", () => {
  it.effect("a session expires at the tick after its timeout, and its ephemerals with it", () =>
    Effect.gen(function* () {
      const server = yield* memory()
      const idle = yield* connect(server.transport, { timeOut: 1000 })
      const other = yield* connect(server.transport, { timeOut: 60_000 })
      yield* TestClock.adjust("200 millis")
      yield* idle.call(create, node("/e", 1))
      yield* other.call(exists, { path: "/e", watch: true })
      // Last packet at 200 ms, timeout 1000: due at 1200, so gone at the boundary of 1500.
      yield* TestClock.adjust("1299 millis")
      strictEqual(idle.isClosed(), false)
      yield* TestClock.adjust("1 millis")
      yield* closed(idle)
      deepStrictEqual(yield* other.event, { type: 2, state: 3, path: "/e" })
      strictEqual((yield* other.call(exists, { path: "/e", watch: false })).err, -101)
      deepStrictEqual(yield* server.sessions, [other.session.sessionId])
    })
  )

  it.effect("a local session is one of those alive, and can be expired like any", () =>
    Effect.gen(function* () {
      const server = yield* memory({ localSessionsEnabled: true })
      const client = yield* connect(server.transport)
      const { passwd, sessionId } = client.session
      deepStrictEqual(yield* server.sessions, [sessionId])
      yield* server.expireSession(sessionId)
      yield* closed(client)
      deepStrictEqual(yield* server.sessions, [])
      const again = yield* open(server.transport)
      strictEqual((yield* again.handshake({ sessionId, passwd }))?.timeOut, 0)
    })
  )

  it.effect("a local session does not outlive the server's process", () =>
    Effect.gen(function* () {
      const server = yield* memory({ localSessionsEnabled: true })
      const { session } = yield* connect(server.transport)
      yield* server.stop
      yield* server.start
      const again = yield* open(server.transport)
      strictEqual((yield* again.handshake({ ...session }))?.timeOut, 0)
    })
  )

  it.effect("any packet is a sign of life", () =>
    Effect.gen(function* () {
      const { transport } = yield* memory()
      const client = yield* connect(transport, { timeOut: 1000 })
      for (let i = 0; i < 100; i++) {
        yield* TestClock.adjust("900 millis")
        const sent = i % 2 === 0 ? yield* client.call(ping, undefined) : yield* client.call(whoAmI, undefined)
        strictEqual(sent.err, 0)
      }
      strictEqual(client.isClosed(), false)
    })
  )

  it.effect("a server that stood still expires what is due before it reads what came", () =>
    Effect.gen(function* () {
      const server = yield* memory()
      const client = yield* connect(server.transport, { timeOut: 2000 })
      yield* server.freeze
      client.send(ping, undefined)
      yield* TestClock.adjust("5 seconds")
      strictEqual(client.isClosed(), false)
      yield* server.resume
      yield* closed(client)
      deepStrictEqual(yield* server.sessions, [])
    })
  )

  it.effect("a stopped server keeps tree and sessions", () =>
    Effect.gen(function* () {
      const server = yield* memory()
      const client = yield* connect(server.transport, { timeOut: 2000 })
      yield* client.call(create, node("/e", 1, "here"))
      yield* server.stop
      yield* closed(client)
      strictEqual(Exit.isFailure(yield* Effect.exit(open(server.transport))), true)
      yield* TestClock.adjust("1 hour")
      yield* server.start
      const again = yield* open(server.transport)
      strictEqual((yield* again.handshake({ ...client.session }))?.sessionId, client.session.sessionId)
      deepStrictEqual(
        (yield* again.call(getData, { path: "/e", watch: false })).body?.data,
        new Uint8Array(Buffer.from("here"))
      )
    })
  )

  it.effect("ephemerals are gone before the answer to closeSession, own watches included", () =>
    Effect.gen(function* () {
      const { transport } = yield* memory()
      const client = yield* connect(transport)
      yield* client.call(create, node("/e", 1))
      yield* client.call(exists, { path: "/e", watch: true })
      strictEqual((yield* client.call(closeSession, undefined)).err, 0)
      deepStrictEqual(client.events, [{ type: 2, state: 3, path: "/e" }])
      yield* closed(client)
    })
  )

  it.effect("containers and TTL nodes are cleared away by the clock", () =>
    Effect.gen(function* () {
      const server = yield* memory()
      const client = yield* connect(server.transport, { timeOut: 60_000 })
      const gone = (path: string) => Effect.map(client.call(exists, { path, watch: false }), ({ err }) => err === -101)
      yield* client.call(createContainer, node("/c", 4))
      yield* client.call(createContainer, node("/unused", 4))
      yield* client.call(createTTL, { ...node("/ttl", 5), ttl: 30_000 })
      yield* client.call(create, node("/c/x"))
      yield* TestClock.adjust("59 seconds")
      yield* client.call(deleteNode, { path: "/c/x", version: -1 })
      deepStrictEqual([yield* gone("/c"), yield* gone("/ttl")], [false, false])
      yield* TestClock.adjust("1 seconds")
      deepStrictEqual([yield* gone("/c"), yield* gone("/ttl"), yield* gone("/unused")], [true, true, false])
    })
  )

  it.effect("the same script gives the same trace, a hundred times", () =>
    Effect.gen(function* () {
      const script = Effect.gen(function* () {
        yield* TestClock.setTime(0)
        const { transport } = yield* memory()
        const client = yield* connect(transport, { timeOut: 3000 })
        const watcher = yield* connect(transport, { timeOut: 60_000 })
        yield* watcher.call(addWatch, { path: "/", mode: 1 })
        for (let i = 0; i < 5; i++) {
          yield* client.call(create, node("/n-", i % 2 === 0 ? 3 : 2))
          yield* TestClock.adjust("700 millis")
        }
        yield* TestClock.adjust("10 seconds")
        return watcher.received().map((frame) => frame.toString("hex"))
      }).pipe(Effect.scoped)
      const first = yield* script
      assertTrue(first.length > 5)
      for (let i = 1; i < 100; i++) deepStrictEqual(yield* script, first)
    })
  )
})

describe("refusals", () => {
  it.effect("what would silence or kill a real server is answered with an error", () =>
    Effect.gen(function* () {
      const { transport } = yield* memory()
      const client = yield* connect(transport)
      // check (13) alone, on a node that exists
      client.write("000000110000000a0000000d000000012fffffffff")
      strictEqual((yield* client.take)?.readInt32BE(12), -6)
      strictEqual((yield* client.call(createTTL, { ...node("/t", 0), ttl: -1 })).err, -8)
    })
  )

  it.effect("the sequence turns negative after 2147483647", () =>
    Effect.gen(function* () {
      const server = yield* memory()
      const client = yield* connect(server.transport)
      yield* server.setSequence("/", 0x7fff_ffff)
      strictEqual((yield* client.call(create, node("/n", 2))).body, "/n2147483647")
      strictEqual((yield* client.call(create, node("/n", 2))).body, "/n-2147483648")
      strictEqual((yield* client.call(create, node("/n", 2))).body, "/n-2147483647")
    })
  )

  it.effect("an old server does not know what came later", () =>
    Effect.gen(function* () {
      const { transport } = yield* memory({ version: "3.5" })
      const client = yield* connect(transport)
      strictEqual((yield* client.call(addWatch, { path: "/", mode: 0 })).err, -6)
      yield* closed(client)
      const newer = yield* memory({ version: "3.6" })
      const second = yield* connect(newer.transport)
      strictEqual((yield* second.call(addWatch, { path: "/", mode: 0 })).err, 0)
      strictEqual((yield* second.call(whoAmI, undefined)).err, -6)
      yield* closed(second)
    })
  )

  it.effect("rubbish costs its own connection only", () =>
    Effect.gen(function* () {
      const { transport } = yield* memory({ maxClientCnxns: 4 })
      const good = yield* connect(transport)
      for (const rubbish of [
        "00100000",
        "ffffffff",
        "00000000",
        "000000080000000100000063",
        "474554202f20485454502f312e31"
      ]) {
        const client = yield* open(transport)
        client.write(rubbish)
        yield* closed(client)
      }
      const empty = yield* connect(transport)
      empty.write("00000000")
      yield* closed(empty)
      const crowd = [yield* open(transport), yield* open(transport), yield* open(transport)]
      strictEqual(Exit.isFailure(yield* Effect.exit(open(transport))), true)
      for (const client of crowd) client.destroy()
      strictEqual((yield* good.call(ping, undefined)).err, 0)
    })
  )
})

describe("logging in", () => {
  it.effect("digest, super and a refusal", () =>
    Effect.gen(function* () {
      const { transport } = yield* memory({ superDigest: digest("super", "secret").id })
      const bob = yield* connect(transport)
      const login = (client: RawClient, text: string, scheme = "digest") =>
        client.call(auth, { type: 0, scheme, auth: Buffer.from(text) }, -4)
      yield* login(bob, "bob:pw")
      yield* bob.call(create, { ...node("/s"), acl: [{ perms: 31, scheme: "auth", id: "" }] })
      const stranger = yield* connect(transport)
      yield* stranger.call(addWatch, { path: "/", mode: 1 })
      strictEqual((yield* stranger.call(setData, { path: "/s", data: null, version: -1 })).err, -102)
      strictEqual((yield* bob.call(setData, { path: "/s", data: null, version: -1 })).err, 0)
      yield* stranger.call(ping, undefined)
      // Not allowed to read the node, so not told of it either.
      deepStrictEqual(stranger.events, [])
      yield* login(stranger, "super:secret")
      strictEqual((yield* stranger.call(setACL, { path: "/s", acl: openUnsafe, version: -1 })).err, 0)
      deepStrictEqual((yield* stranger.call(whoAmI, undefined)).body, [
        { authScheme: "ip", user: "127.0.0.1" },
        { authScheme: "super", user: "" },
        { authScheme: "digest", user: "super" }
      ])
      strictEqual((yield* login(stranger, "x", "nonesuch")).err, -115)
      yield* closed(stranger)
    })
  )

  it.effect("SASL DIGEST-MD5, by RFC 2831", () =>
    Effect.gen(function* () {
      const { transport } = yield* memory({ saslUsers: { bob: "bobpw" } })
      const md5 = (...parts: ReadonlyArray<string | Buffer>) => {
        const hash = createHash("md5")
        for (const part of parts) hash.update(part)
        return hash.digest()
      }
      const tokens = (password: string) =>
        Effect.gen(function* () {
          const client = yield* connect(transport)
          const challenge = Buffer.from((yield* client.call(sasl, { token: new Uint8Array(0) })).body!).toString()
          const nonce = /nonce="([^"]+)"/.exec(challenge)![1]!
          const uri = "zookeeper/zk-sasl-md5"
          const ha1 = md5(md5(`bob:zk-sasl-md5:${password}`), `:${nonce}:cn`).toString("hex")
          const response = (a2: string) =>
            md5(`${ha1}:${nonce}:00000001:cn:auth:${md5(a2).toString("hex")}`).toString("hex")
          const token =
            `charset=utf-8,username="bob",realm="zk-sasl-md5",nonce="${nonce}",nc=00000001,cnonce="cn",` +
            `digest-uri="${uri}",maxbuf=65536,response=${response(`AUTHENTICATE:${uri}`)},qop=auth`
          client.send(sasl, { token: Buffer.from(token) })
          return { client, proof: `rspauth=${response(`:${uri}`)}` }
        })
      const { client, proof } = yield* tokens("bobpw")
      strictEqual((yield* client.take)?.subarray(20).toString(), proof)
      yield* client.call(create, { ...node("/s"), acl: [{ perms: 31, scheme: "sasl", id: "bob" }] })
      strictEqual((yield* client.call(getData, { path: "/s", watch: false })).err, 0)
      const { client: thief } = yield* tokens("wrong")
      strictEqual((yield* thief.take)?.subarray(12).toString("hex"), "ffffff8dffffffff")
      yield* closed(thief)
      const { transport: without } = yield* memory()
      const plain = yield* connect(without)
      strictEqual((yield* plain.call(sasl, { token: new Uint8Array(0) })).body, null)
      strictEqual(
        (yield* plain.call(create, { ...node("/s"), acl: [{ perms: 31, scheme: "sasl", id: "bob" }] })).err,
        -114
      )
    })
  )

  it.effect("an answer to auth overtakes what is queued, and later requests see the new identity", () =>
    Effect.gen(function* () {
      const { transport } = yield* memory()
      const client = yield* connect(transport)
      client.write(
        Buffer.concat([
          requestFrame(auth, { type: 0, scheme: "digest", auth: Buffer.from("a:b") }, -4),
          requestFrame(create, { ...node("/own"), acl: [{ perms: 31, scheme: "auth", id: "" }] }, 7)
        ])
      )
      strictEqual((yield* client.take)?.readInt32BE(0), -4)
      const made = yield* client.take
      deepStrictEqual([made?.readInt32BE(0), made?.readInt32BE(12)], [7, 0])
    })
  )
})

describe("four-letter words", () => {
  it.effect("are answered in the real server's words", () =>
    Effect.gen(function* () {
      const { transport } = yield* memory({
        fourLetterWords: ["ruok", "srvr", "isro", "wchs", "stat", "mntr", "cons", "dump"]
      })
      const client = yield* connect(transport)
      yield* client.call(exists, { path: "/x", watch: true })
      const ask = (word: string) =>
        Effect.gen(function* () {
          let text = ""
          yield* Effect.orDie(
            Effect.flatMap(
              transport.open(
                { host: "h", address: "h", port: 1 },
                { onChunk: (chunk) => void (text += chunk.toString()), onClose: () => {} }
              ),
              (connection) => Effect.sync(() => connection.write(Buffer.from(word)))
            )
          )
          yield* Effect.yieldNow
          return text
        })
      strictEqual(yield* ask("ruok"), "imok")
      strictEqual(yield* ask("isro"), "rw")
      strictEqual(yield* ask("wchs"), "1 connections watching 1 paths\nTotal watches:1\n")
      strictEqual(yield* ask("conf"), "conf is not executed because it is not in the whitelist.\n")
      assertTrue((yield* ask("srvr")).endsWith("Zxid: 0x1\nMode: standalone\nNode count: 5\n"))
      // What core reads out of a real server's texts it reads out of these.
      for (const word of ["srvr", "stat", "mntr", "cons", "dump", "wchs"] as const) {
        strictEqual(FourLetterWord.parse(word, yield* ask(word))._tag, "Answered", word)
      }
    })
  )
})

describe("over TCP", () => {
  it.live("a hundred servers at a time, none of which keeps anything open", () =>
    Effect.gen(function* () {
      const before = process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP")).length
      const transport = yield* Transport
      yield* Effect.scoped(
        Effect.gen(function* () {
          const servers = yield* Effect.all(Array.from({ length: 100 }, () => TestServer.make()))
          yield* Effect.forEach(
            servers,
            ({ port }) =>
              Effect.gen(function* () {
                const client = yield* connect(transport, { port })
                strictEqual((yield* client.call(create, node("/e", 1))).err, 0)
              }),
            { concurrency: 20 }
          )
          for (const { sessions } of servers) strictEqual((yield* sessions).length, 1)
        })
      )
      const open = Effect.sync(() => process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP")))
      // The clients' own ends close a turn later.
      const closed = Effect.repeat(open, {
        schedule: Schedule.spaced("10 millis"),
        until: ({ length }) => length <= before
      })
      yield* Effect.timeoutOption(closed, "30 seconds")
      deepStrictEqual((yield* open).slice(before), [])
    })
  )

  it.live("stops and starts on the same port", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const transport = yield* Transport
      const client = yield* connect(transport, { port: server.port })
      yield* client.call(create, node("/kept"))
      yield* server.stop
      yield* closed(client)
      yield* server.start
      const again = yield* open(transport, server.port)
      strictEqual((yield* again.handshake({ ...client.session }))?.sessionId, client.session.sessionId)
      strictEqual((yield* again.call(exists, { path: "/kept", watch: false })).err, 0)
    })
  )

  it.live("starts once, however many ask for it at a time, and stops after that", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make()
      const transport = yield* Transport
      yield* server.stop
      yield* Effect.all([server.start, server.start, server.start], { concurrency: "unbounded" })
      strictEqual((yield* connect(transport, { port: server.port })).session.timeOut > 0, true)
      yield* Effect.all([server.start, server.stop], { concurrency: "unbounded" })
      const refused = { host: "127.0.0.1", address: "127.0.0.1", port: server.port }
      assertTrue(Exit.isFailure(yield* Effect.exit(transport.open(refused, { onChunk: () => {}, onClose: () => {} }))))
    })
  )

  it.live("has a connect string that a client understands, whatever the address", () =>
    Effect.gen(function* () {
      const sixth = yield* TestServer.make({ host: "::1" })
      strictEqual(sixth.connectString, `[::1]:${sixth.port}`)
      const zk = yield* ZooKeeper.make({ connect: sixth.connectString })
      strictEqual(zk.session.server, sixth.connectString)
      strictEqual((yield* memory({ port: 0 })).connectString, "127.0.0.1:2181")
    })
  )

  it.effect("timers end with the scope", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const server = yield* Scope.provide(memory(), scope)
      const client = yield* connect(server.transport, { timeOut: 1000 })
      yield* Scope.close(scope, Exit.void)
      yield* closed(client)
      yield* TestClock.adjust("1 hour")
      strictEqual((yield* server.sessions).length, 1)
    })
  )
})
