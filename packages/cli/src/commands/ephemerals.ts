/** `zk ephemerals`: the nodes that go with the session. */
import * as Path from "@effect-zookeeper/core/Path"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Session from "../connection/session.ts"
import { pathArgument } from "../input/refine.ts"
import { print } from "../render/output.ts"
import * as Verb from "../verb.ts"

export const ephemerals = Verb.make(
  "ephemerals",
  { path: pathArgument.pipe(Argument.withDefault("/")) },
  Effect.fnUntraced(function* ({ path }) {
    yield* Session.use((zk) =>
      Effect.gen(function* () {
        if (!(yield* Session.isLasting)) {
          yield* Effect.logWarning(
            "the session of this command is new and owns nothing; --session-file names one that may, and zk ls -l shows the ephemeral nodes of all"
          )
        }
        const found = yield* zk.getEphemerals(path)
        // The server compares text: /app also finds /apple.
        const paths = found.filter((each) => Path.isWithin(each, path)).toSorted()
        const nodes = () => paths.map((path) => ({ path }))
        yield* print({
          text: Effect.sync(() => paths.map((path) => `${path}\n`).join("")),
          json: () => ({ path, nodes: nodes() }),
          items: nodes
        })
      })
    )
  })
).pipe(Command.withDescription("List the ephemeral nodes of the session (ZooKeeper 3.6 and later)"))
