/** What process.test.ts runs in a process of its own: a session used and left, then nothing that would end the process. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as ZooKeeper from "../../packages/core/src/client/ZooKeeper.ts"

const [connect = "", what = ""] = process.argv.slice(2)

const make = ZooKeeper.make({
  connect,
  sessionTimeout: "60 seconds",
  connectTimeout: what === "refused" ? "300 millis" : "20 seconds",
  release: what === "detached" ? "detach" : "close",
  releaseTimeout: "300 millis"
})

const session = Effect.scoped(
  Effect.flatMap(make, (zk) =>
    Effect.gen(function* () {
      yield* zk.exists("/a")
      if (what === "dropped") yield* Effect.ignore(zk.set("/b", "1"))
      // Nobody waits for it when the scope closes.
      yield* Effect.forkDetach(Effect.ignore(zk.get("/c")), { startImmediately: true })
    })
  )
)

const program =
  what === "interrupted"
    ? Effect.flatMap(Effect.forkChild(session, { startImmediately: true }), (fiber) =>
        Effect.andThen(Effect.sleep("100 millis"), Fiber.interrupt(fiber))
      )
    : session

const message = await Effect.runPromise(
  Effect.match(program, {
    onFailure: ({ reason }) => `failed ${reason._tag}`,
    onSuccess: () => "done"
  })
)
process.stdout.write(message)
