/** Where the examples connect to: ZK_CONNECT, or a server in this process that lives as long as the example. */
import * as TestServer from "@effect-zookeeper/testing/TestServer"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

export const connectString = Effect.gen(function* () {
  const given = yield* Config.option(Config.String("ZK_CONNECT"))
  if (Option.isSome(given)) return given.value
  const server = yield* TestServer.make()
  yield* Console.log(`Started a server in this process, ${server.connectString} (set ZK_CONNECT to use another)`)
  return server.connectString
})
