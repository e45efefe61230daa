/**
 * A client in a process of its own, which a test may stop: `node program.ts CONNECT NAME SEED`. Says `held` whenever it has
 * got something, and gives its testimony as one line of JSON once its standard input ends.
 */
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { compete, SESSION_TIMEOUT, testimonies, watchTurns, witnesses } from "./competition.ts"

const [connect = "", name = "", seed = ""] = process.argv.slice(2)

const say = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))

const isOver = Effect.callback<void>((resume) => {
  process.stdin.resume().once("end", () => resume(Effect.void))
})

const program = Effect.gen(function* () {
  const all = yield* witnesses
  yield* watchTurns([name], all)
  const zk = yield* ZooKeeper.make({
    connect,
    sessionTimeout: SESSION_TIMEOUT,
    connectTimeout: "1 minute",
    confirm: "quorum"
  })
  const loops = yield* compete(zk, name, Number(seed), all, say("held"))
  yield* isOver
  yield* Fiber.interruptAll(loops)
  yield* say(JSON.stringify(yield* testimonies(all)))
})

await Effect.runPromise(Effect.scoped(program))
