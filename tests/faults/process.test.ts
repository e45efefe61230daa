/** A process ends by itself once its session's scope is closed: no socket, no timer, no rejection is left behind. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { within } from "../support/realTime.ts"
import { acceptSession, receiveRequest, reply } from "../support/script.ts"
import type { Peer } from "../support/Peer.ts"
import * as ScriptedServer from "../support/ScriptedServer.ts"

/** Runs program.ts; `output` waits for the end of the process and gives all that it printed. */
const run = (connect: string, what: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [`${import.meta.dirname}/program.ts`, connect, what], {
        env: { ...process.env, NODE_NO_WARNINGS: "1", NODE_OPTIONS: "" }
      })
      let text = ""
      child.stdout.on("data", (chunk) => (text += String(chunk)))
      child.stderr.on("data", (chunk) => (text += String(chunk)))
      const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
      return {
        child,
        output: within(
          Effect.map(
            Effect.promise(() => ended),
            (code) => ({ code, text })
          ),
          "20 seconds",
          () => `the process does not end; it printed '${text}'`
        )
      }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** Answers everything until the connection ends. */
const serve = Effect.fnUntraced(function* (peer: Peer, mute: ReadonlyArray<number> = []) {
  while (true) {
    const { type, xid } = yield* receiveRequest(peer)
    if (!mute.includes(type)) yield* reply(peer, { xid: type === 11 ? -2 : xid, err: type === -11 ? 0 : -101 })
  }
})

const GET = 4
const SET = 5
const CLOSE = -11

describe("the process ends after", () => {
  const cases: ReadonlyArray<readonly [what: string, mute: ReadonlyArray<number>]> = [
    ["closed", []],
    ["detached", []],
    ["unanswered", [GET, CLOSE]]
  ]
  for (const [what, mute] of cases) {
    it.live(`a session that was ${what}`, () =>
      Effect.gen(function* () {
        const server = yield* ScriptedServer.make
        const { output } = yield* run(server.connectString, what)
        const peer = yield* server.accept
        yield* acceptSession(peer)
        yield* Effect.forkChild(Effect.ignore(serve(peer, mute)), { startImmediately: true })
        assert.deepStrictEqual(yield* output, { code: 0, text: "done" })
      })
    )
  }

  it.live("a connection that broke during an operation, with the server gone", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const { output } = yield* run(server.connectString, "dropped")
      const peer = yield* server.accept
      yield* acceptSession(peer)
      const { xid } = yield* receiveRequest(peer)
      yield* reply(peer, { xid, err: -101 })
      assert.strictEqual((yield* receiveRequest(peer)).type, SET)
      yield* server.refuse
      yield* peer.reset
      const { code, text } = yield* output
      assert.strictEqual(code, 0)
      assert.match(text, /done$/)
    })
  )

  it.live("an attempt that was interrupted", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      const { output } = yield* run(server.connectString, "interrupted")
      assert.deepStrictEqual(yield* output, { code: 0, text: "done" })
    })
  )

  it.live("an attempt that failed", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make
      yield* server.refuse
      const { output } = yield* run(server.connectString, "refused")
      assert.deepStrictEqual(yield* output, { code: 0, text: "failed ConnectFailed" })
    })
  )
})
