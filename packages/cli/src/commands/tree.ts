/** `zk tree`: a node and what is below it, drawn. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Session from "../connection/session.ts"
import { countOf } from "../input/count.ts"
import { pathArgument } from "../input/refine.ts"
import { print } from "../render/output.ts"
import * as Tree from "../render/tree.ts"
import { descendants } from "../walk.ts"
import * as Verb from "../verb.ts"

export const tree = Verb.make(
  "tree",
  {
    path: pathArgument.pipe(Argument.withDefault("/")),
    depth: Flag.Int("depth").pipe(
      Flag.withAlias("L"),
      Flag.withMetavar("N"),
      Flag.withDescription("How many levels below the node; all if absent"),
      countOf,
      Flag.optional
    )
  },
  Effect.fnUntraced(function* ({ depth, path }) {
    const entries = yield* Session.use((zk) => descendants(zk, path, Option.getOrUndefined(depth)))
    const top = Tree.grow(entries)
    yield* print({
      text: Effect.sync(() => Tree.draw(top)),
      json: () => Tree.toJson(top),
      items: () => entries.map(({ path, stat }) => ({ path, numChildren: stat.numChildren }))
    })
  })
).pipe(Command.withDescription("Draw a node and what is below it"))
