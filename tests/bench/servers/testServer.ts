/** Our TestServer in a process of its own, for the rows that show what it can do: prints its port. */
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import * as Effect from "effect/Effect"

// The harness holds the other end of this pipe: when it is gone, so is the server.
process.stdin.on("end", () => process.exit(0)).resume()
await Effect.runPromise(
  Effect.scoped(
    Effect.andThen(
      Effect.tap(TestServer.make(), ({ port }) => Effect.sync(() => console.log(port))),
      Effect.never
    )
  )
)
