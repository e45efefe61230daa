/** `zk exists`: the exit code says whether the node is there. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Session from "../connection/session.ts"
import { AnsweredNo } from "../errors.ts"
import { pathArgument } from "../input/refine.ts"
import { print } from "../render/output.ts"
import * as RenderStat from "../render/stat.ts"
import * as Verb from "../verb.ts"

export const exists = Verb.make(
  "exists",
  { path: pathArgument },
  Effect.fnUntraced(function* ({ path }) {
    const stat = yield* Session.use((zk) => zk.exists(path))
    yield* print({
      text: Effect.succeed(`${Option.isSome(stat)}\n`),
      json: () => ({
        path,
        exists: Option.isSome(stat),
        stat: Option.getOrNull(Option.map(stat, RenderStat.toJson))
      })
    })
    if (Option.isNone(stat)) return yield* new AnsweredNo()
  })
).pipe(Command.withDescription("Say whether a node exists: exit code 0 or 1"))
