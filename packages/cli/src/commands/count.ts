/** `zk count`: how many nodes are below a node. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Session from "../connection/session.ts"
import { pathArgument } from "../input/refine.ts"
import { print } from "../render/output.ts"
import * as Verb from "../verb.ts"

export const count = Verb.make(
  "count",
  { path: pathArgument.pipe(Argument.withDefault("/")) },
  Effect.fnUntraced(function* ({ path }) {
    const count = yield* Session.use((zk) => zk.allChildrenNumber(path))
    yield* print({ text: Effect.succeed(`${count}\n`), json: () => ({ path, count }) })
  })
).pipe(Command.withDescription("Print how many nodes are below a node (ZooKeeper 3.6 and later)"))
