/** `zk set`: new data for a node. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Session from "../connection/session.ts"
import { UsageError } from "../errors.ts"
import { pathArgument } from "../input/refine.ts"
import * as Value from "../input/value.ts"
import { versionFlag } from "../input/version.ts"
import { print } from "../render/output.ts"
import * as RenderStat from "../render/stat.ts"
import * as Verb from "../verb.ts"

export const set = Verb.make(
  "set",
  {
    path: pathArgument,
    value: Argument.String("value").pipe(Argument.withDescription("The data; - reads stdin, @FILE reads a file")),
    version: versionFlag("The data version that the node must have; any if absent"),
    create: Flag.Boolean("create").pipe(
      Flag.withDescription("Create the node, and its parents, if it does not exist"),
      Flag.withDefault(false)
    ),
    ...Value.encodingFlags
  },
  Effect.fnUntraced(function* ({ create, path, value, version, ...encoding }) {
    if (create && Option.isSome(version)) {
      return yield* new UsageError({ message: "--create and --version exclude each other: a new node has no version" })
    }
    const data = yield* Value.read(value, encoding)
    const stat = yield* Session.use((zk) =>
      zk.set(path, data, create ? { orCreate: { parents: true } } : { version: Option.getOrUndefined(version) })
    )
    yield* print({ text: Effect.succeed(""), json: () => ({ path, stat: RenderStat.toJson(stat) }) })
  })
).pipe(Command.withDescription("Replace the data of a node"))
