/** kazoo at work on the in-process server, as on any other. */
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { awaitState } from "../support/awaitState.ts"
import { run } from "../support/zookeeper/command.ts"
import { kazoo } from "./provide.ts"

const program = path.join(import.meta.dirname, "programs/scenarios.py")

describe("kazoo on the in-process server", () => {
  for (const scenario of ["sessions", "operations", "watches", "recipes"]) {
    it.live(
      scenario,
      () =>
        Effect.gen(function* () {
          const { command, env } = yield* kazoo
          const server = yield* TestServer.make()
          const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
          const args = [...variables, command, program, server.connectString, scenario]
          assert.strictEqual(yield* run("env", args, { timeout: 110_000 }), "")
          // Each closed its session in order.
          yield* awaitState(server.sessions, (sessions) => sessions.length === 0, { describe: "no session is left" })
        }),
      120_000
    )
  }
})
