/** A real session against a server played from a script. */
import { Transport } from "@effect-zookeeper/core/Transport"
import { create } from "@effect-zookeeper/core/wire/ops/create"
import { setData } from "@effect-zookeeper/core/wire/ops/data"
import { closeSession } from "@effect-zookeeper/core/wire/ops/session"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as Script from "../src/Script.ts"
import { connect, requestFrame } from "./RawClient.ts"

describe("Script", () => {
  it.effect("plays line after line, over several connections", () =>
    Effect.gen(function* () {
      const script = yield* Script.make(
        Script.expectConnect({ timeOut: 10_000, sessionId: 0n }),
        Script.sendConnected({ sessionId: 7n }),
        Script.expect(create, { path: "/a", flags: 1 }),
        Script.send(create, "/a", { zxid: 5n }),
        Script.expect(setData, { path: "/a" }),
        Script.halt,
        Script.expectConnect({ sessionId: 7n, lastZxidSeen: 5n }),
        Script.sendConnected({ sessionId: 7n }),
        Script.expect(setData, { version: 3 }),
        Script.sendError(-103),
        Script.expect(closeSession),
        Script.send(closeSession, undefined)
      )
      const session = Effect.gen(function* () {
        const zk = yield* ZooKeeper.make()
        yield* zk.create("/a", "", { mode: "ephemeral" })
        const lost = yield* Effect.exit(zk.set("/a", "x"))
        const refused = yield* Effect.flip(zk.set("/a", "x", { version: 3 }))
        return [Exit.isFailure(lost), refused.reason._tag]
      }).pipe(Effect.scoped, Effect.provideService(Transport, script.transport))
      const fiber = yield* Effect.forkChild(session, { startImmediately: true })
      yield* TestClock.adjust("20 seconds")
      deepStrictEqual(yield* Fiber.join(fiber), [true, "BadVersion"])
      yield* script.done
    })
  )

  it.effect("shows what differs, line beside line", () =>
    Effect.gen(function* () {
      const script = yield* Script.make(
        Script.expectConnect(),
        Script.sendConnected(),
        Script.expect(create, { path: "/a", flags: 0 })
      )
      const session = Effect.flatMap(ZooKeeper.make(), (zk) => zk.create("/b", "x")).pipe(
        Effect.scoped,
        Effect.provideService(Transport, script.transport)
      )
      const fiber = yield* Effect.forkChild(session, { startImmediately: true })
      const { message } = yield* Effect.flip(script.done)
      strictEqual(
        message,
        'line 3 of the script differs\n  - create { path: "/a", flags: 0 }\n  + create { path: "/b", flags: 0 }'
      )
      fiber.interruptUnsafe()
      yield* TestClock.adjust("1 minute")
    })
  )

  it.effect("begins with whatever line comes first", () =>
    Effect.gen(function* () {
      yield* (yield* Script.make()).done
      const script = yield* Script.make(
        Script.halt,
        Script.halt,
        Script.expectConnect(),
        Script.sendConnected({ sessionId: 7n })
      )
      const session = Effect.map(ZooKeeper.make(), (zk) => zk.session.id).pipe(
        Effect.scoped,
        Effect.provideService(Transport, script.transport)
      )
      const fiber = yield* Effect.forkChild(session, { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      yield* script.done
      yield* TestClock.adjust("1 minute")
      strictEqual(yield* Fiber.join(fiber), 7n)
    })
  )

  it.effect("tells bytes apart that are no text, and shows what cannot be read", () =>
    Effect.gen(function* () {
      const said = Effect.fnUntraced(function* (line: Script.Line, frame: Buffer) {
        const script = yield* Script.make(Script.expectConnect(), Script.sendConnected(), line)
        const { write } = yield* connect(script.transport)
        write(frame)
        return (yield* Effect.flip(script.done)).got
      })
      const set = (byte: number) => ({ path: "/a", data: Buffer.from([byte]), version: -1 })
      const expected = Script.expect(setData, set(0xfe))
      strictEqual(
        yield* said(expected, requestFrame(setData, set(0xff), 1)),
        'setData { path: "/a", data: 0xff, version: -1 }'
      )
      const short = Buffer.from([0, 0, 0, 3, 1, 2, 3])
      strictEqual((yield* said(expected, short)).startsWith("a frame that cannot be read"), true)
    })
  )
})
