/** Where the examples connect to: ZK_CONNECT, or a server that lives as long as the example. */
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as RealServer from "../tests/support/zookeeper/RealServer.ts"

export const connectString = Effect.gen(function* () {
  const given = yield* Config.option(Config.String("ZK_CONNECT"))
  if (Option.isSome(given)) return given.value
  yield* Console.log("Starting a server (set ZK_CONNECT to use yours)")
  return (yield* RealServer.make()).connectString
})
