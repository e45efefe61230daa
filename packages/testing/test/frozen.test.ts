/** What a stopped, frozen or restarted process does with its clients. */
import { openUnsafe } from "@effect-zookeeper/core/Acl"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { ping } from "@effect-zookeeper/core/wire/ops/session"
import type { Transport } from "@effect-zookeeper/core/Transport"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import * as TestCluster from "../src/TestCluster.ts"
import * as TestServer from "../src/TestServer.ts"
import { connect } from "./RawClient.ts"

const ask = Effect.fnUntraced(function* (transport: Transport, port: number, word: string) {
  let text = ""
  const connection = yield* Effect.orDie(
    transport.open(
      { host: "h", address: "h", port },
      { onChunk: (chunk) => void (text += chunk.toString()), onClose: () => {} }
    )
  )
  connection.write(Buffer.from(word))
  yield* TestClock.adjust(0)
  return text
})

describe("a process", () => {
  it.effect("that stood still and was stopped serves when it is started", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make({ listen: "memory" })
      yield* server.freeze
      yield* server.stop
      yield* server.start
      strictEqual(yield* ask(server.transport, server.port, "ruok"), "imok")
    })
  )

  it.effect("of a cluster that stood still and was killed serves when it is restarted", () =>
    Effect.gen(function* () {
      const cluster = yield* TestCluster.make({ listen: "memory" })
      const one = cluster.servers[0]!
      yield* one.freeze
      yield* one.kill
      yield* one.restart
      yield* TestClock.adjust("5 seconds")
      strictEqual(yield* one.role, "follower")
      const client = yield* connect(cluster.transport, { port: one.port })
      strictEqual((yield* client.call(ping, undefined)).err, 0)
    })
  )

  it.effect("that stood still does what a client asked before it hung up", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.make({ listen: "memory" })
      const client = yield* connect(server.transport)
      yield* server.freeze
      client.send(create, { path: "/late", data: Buffer.from("x"), acl: openUnsafe, flags: 0 })
      client.destroy()
      yield* TestClock.adjust(0)
      yield* server.resume
      strictEqual((yield* server.nodes).has("/late"), true)
    })
  )
})

describe("four-letter words", () => {
  it.effect("name the server as its configuration does", () =>
    Effect.gen(function* () {
      const { servers, transport } = yield* TestCluster.make({ listen: "memory" })
      const ids = yield* Effect.forEach(servers, ({ port }) =>
        Effect.map(ask(transport, port, "conf"), (text) => /serverId=.*/.exec(text)?.[0])
      )
      deepStrictEqual(ids, ["serverId=1", "serverId=2", "serverId=3"])
    })
  )

  it.effect("are all allowed by *, and srvr always is", () =>
    Effect.gen(function* () {
      const all = yield* TestServer.make({ listen: "memory", fourLetterWords: ["*"] })
      strictEqual(yield* ask(all.transport, all.port, "ruok"), "imok")
      const none = yield* TestServer.make({ listen: "memory", fourLetterWords: [] })
      strictEqual((yield* ask(none.transport, none.port, "srvr")).startsWith("Zookeeper version: "), true)
    })
  )
})
