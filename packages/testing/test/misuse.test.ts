/** What a test asks for by mistake ends it with a message that names the value. */
import { describe, it } from "@effect/vitest"
import { assertTrue } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as TestCluster from "../src/TestCluster.ts"
import * as TestServer from "../src/TestServer.ts"

const server = TestServer.make({ listen: "memory" })
const cluster = (size: number) => TestCluster.make({ listen: "memory", size })

const mistakes: ReadonlyArray<readonly [string, Effect.Effect<unknown, never, Scope.Scope>]> = [
  ["size is 0", cluster(0)],
  ["size is NaN", cluster(Number.NaN)],
  ["size is 1.5", cluster(1.5)],
  ["no node '/nope'", Effect.flatMap(server, ({ setSequence }) => setSequence("/nope", 5))],
  ["no node '/nope'", Effect.flatMap(server, ({ setVersion }) => setVersion("/nope", 5))],
  ["no server 7 among 3", Effect.flatMap(cluster(3), ({ partition }) => partition([1, 2], [7]))],
  ["the scope has closed", Effect.flatMap(Effect.scoped(server), ({ start }) => start)],
  ["the scope has closed", Effect.flatMap(Effect.scoped(cluster(1)), ({ servers }) => servers[0]!.restart)],
  ["tickTime is 0 ms", TestServer.make({ listen: "memory", tickTime: 0 })]
]

describe("misuse", () => {
  for (const [message, mistake] of mistakes) {
    it.effect(message, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(Effect.scoped(mistake))
        assertTrue(Exit.isFailure(exit) && Cause.pretty(exit.cause).includes(message))
      })
    )
  }
})
