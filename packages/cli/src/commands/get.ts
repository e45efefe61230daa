/** `zk get`: the data of a node. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Session from "../connection/session.ts"
import { pathArgument } from "../input/refine.ts"
import * as RenderBytes from "../render/bytes.ts"
import { print } from "../render/output.ts"
import * as RenderStat from "../render/stat.ts"
import * as Verb from "../verb.ts"

export const get = Verb.make(
  "get",
  {
    path: pathArgument,
    as: Flag.Literals("as", RenderBytes.forms).pipe(
      Flag.withDescription("The form of the data; auto: pretty on a terminal, else the bytes themselves [auto]"),
      Flag.withDefault("auto" as const)
    )
  },
  ({ as, path }) =>
    Session.use((zk) =>
      Effect.gen(function* () {
        const { data, stat } = yield* zk.get(path)
        const terminal = yield* (yield* Stdio.Stdio).stdoutIsTerminal
        yield* print({
          text: RenderBytes.render(data, as, terminal),
          json: () => ({ path, value: RenderBytes.toJson(data, as), stat: RenderStat.toJson(stat) })
        })
      })
    )
).pipe(Command.withDescription("Print the data of a node"))
