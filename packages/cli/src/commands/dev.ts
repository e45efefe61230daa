/** `zk dev`: a server in this process, for development, until Ctrl-C. */
import { Transport } from "@effect-zookeeper/core/Transport"
import * as ZooKeeper from "@effect-zookeeper/core/ZooKeeper"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { UnavailableError } from "../errors.ts"
import { refine } from "../input/refine.ts"
import * as Tree from "../input/tree.ts"
import { print } from "../render/output.ts"
import { logging } from "../render/stderr.ts"
import * as Verb from "../verb.ts"

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/

const port = (text: string): Result.Result<number, string> =>
  /^\d+$/.test(text) && Number(text) < 65_536
    ? Result.succeed(Number(text))
    : Result.fail(`'${text}' is not a port, 0 to 65535`)

const isListenError = Schema.is(Schema.Struct({ code: Schema.String, syscall: Schema.Literals(["listen", "bind"]) }))

const start = Effect.fnUntraced(function* (host: string, port: number) {
  // No other verb needs it, and all of them are to start fast.
  const TestServer = yield* Effect.promise(() => import("@effect-zookeeper/testing/TestServer"))
  return yield* TestServer.make({ host, port }).pipe(
    Effect.catchDefect((defect) =>
      isListenError(defect)
        ? Effect.fail(new UnavailableError({ message: `cannot listen on ${host}:${port}: ${defect.code}` }))
        : Effect.die(defect)
    )
  )
})

export const dev = Verb.make(
  "dev",
  {
    port: Flag.String("port").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("The port to listen on; 0 takes a free one [2181]"),
      Flag.withDefault("2181"),
      refine(port)
    ),
    host: Flag.String("host").pipe(
      Flag.withMetavar("ADDRESS"),
      Flag.withDescription("The address to listen on; others than the loopback let other machines in [127.0.0.1]"),
      Flag.withDefault("127.0.0.1")
    ),
    seed: Flag.String("seed").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("Nodes to begin with, as JSON"),
      Flag.optional
    )
  },
  Effect.fnUntraced(
    function* ({ host, port, seed }) {
      const nodes = Option.isSome(seed) ? yield* Tree.read(seed.value) : []
      const server = yield* start(host, port)
      yield* ZooKeeper.make().pipe(
        Effect.flatMap((zk) => Effect.flatMap(Tree.pathsThere(zk, nodes), (there) => Tree.write(zk, nodes, there))),
        Effect.scoped,
        Effect.provideService(Transport, server.transport)
      )
      yield* Effect.logWarning("for development only: everything is in memory, and gone when this ends")
      if (!LOOPBACK.test(host)) yield* Effect.logWarning(`other machines can reach this server on ${host}`)
      yield* print({
        text: Effect.succeed(`${server.connectString}\n`),
        json: () => ({ connect: server.connectString, nodes: nodes.length })
      })
      return yield* Effect.never
    },
    Effect.scoped,
    Effect.provide(logging)
  )
).pipe(Command.withDescription("Run a server for development in this process, until Ctrl-C"))
