/** kazoo at work on the in-process server, as on any other. */
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { awaitState } from "../support/awaitState.ts"
import { python } from "../support/kazoo.ts"

const program = path.join(import.meta.dirname, "programs/scenarios.py")

describe("kazoo on the in-process server", () => {
  for (const scenario of ["sessions", "operations", "watches", "recipes"]) {
    it.live(
      scenario,
      () =>
        Effect.gen(function* () {
          const server = yield* TestServer.make()
          const printed = yield* python(program, [server.connectString, scenario], { timeout: 110_000 })
          assert.strictEqual(printed, "")
          // Each closed its session in order.
          yield* awaitState(server.sessions, (sessions) => sessions.length === 0, { describe: "no session is left" })
        }),
      120_000
    )
  }
})
