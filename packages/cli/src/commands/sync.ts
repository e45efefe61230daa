/** `zk sync`: waits until the connected server has caught up with the leader. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Session from "../connection/session.ts"
import { pathArgument } from "../input/refine.ts"
import { print } from "../render/output.ts"
import * as Verb from "../verb.ts"

export const sync = Verb.make(
  "sync",
  { path: pathArgument.pipe(Argument.withDefault("/")) },
  Effect.fnUntraced(function* ({ path }) {
    yield* Session.use((zk) => zk.sync(path))
    yield* print({ text: Effect.succeed(""), json: () => ({ path }) })
  })
).pipe(Command.withDescription("Wait until the server has caught up with the leader"))
