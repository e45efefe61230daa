/** `zk stat`: what the server knows about a node besides its data. */
import { make as makeError, NoNode } from "@effect-zookeeper/core/ZooKeeperError"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Session from "../connection/session.ts"
import { pathArgument } from "../input/refine.ts"
import { print } from "../render/output.ts"
import * as RenderStat from "../render/stat.ts"
import * as Verb from "../verb.ts"

export const stat = Verb.make(
  "stat",
  { path: pathArgument },
  Effect.fnUntraced(function* ({ path }) {
    const found = yield* Session.use((zk) => zk.exists(path))
    const stat = yield* Effect.mapError(Effect.fromOption(found), () =>
      makeError(() => ({ operation: "stat", path, applied: "no", reason: new NoNode() }))
    )
    yield* print({
      text: Effect.sync(() => RenderStat.toText(stat)),
      json: () => ({ path, stat: RenderStat.toJson(stat) })
    })
  })
).pipe(Command.withDescription("Print the Stat of a node"))
