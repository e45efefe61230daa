/** `zk ls`: the children of a node, or everything below it. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Session from "../connection/session.ts"
import { pathArgument } from "../input/refine.ts"
import { columns } from "../render/columns.ts"
import { print } from "../render/output.ts"
import * as RenderStat from "../render/stat.ts"
import { childPaths, children, descendants } from "../walk.ts"
import * as Verb from "../verb.ts"

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

export const ls = Verb.make(
  "ls",
  {
    path: pathArgument.pipe(Argument.withDefault("/")),
    long: Flag.Boolean("long").pipe(
      Flag.withAlias("l"),
      Flag.withDescription("Also kind (e: ephemeral), version, bytes, children and last change"),
      Flag.withDefault(false)
    ),
    recursive: Flag.Boolean("recursive").pipe(
      Flag.withAlias("R"),
      Flag.withDescription("The node itself and everything below it, by path"),
      Flag.withDefault(false)
    )
  },
  ({ long, path, recursive }) =>
    Session.use((zk) =>
      Effect.gen(function* () {
        const label = recursive ? (path: string) => path : nameOf
        if (!long) {
          const paths = recursive
            ? (yield* descendants(zk, path)).map((entry) => entry.path)
            : yield* childPaths(zk, path)
          const nodes = () => paths.map((path) => ({ path }))
          return yield* print({
            text: Effect.sync(() => paths.map((path) => `${label(path)}\n`).join("")),
            json: () => ({ path, nodes: nodes() }),
            items: nodes
          })
        }
        const entries = yield* (recursive ? descendants : children)(zk, path)
        const nodes = () => entries.map(({ path, stat }) => ({ path, stat: RenderStat.toJson(stat) }))
        return yield* print({
          text: Effect.sync(() => columns(entries.map(({ path, stat }) => RenderStat.toRow(stat, label(path))))),
          json: () => ({ path, nodes: nodes() }),
          items: nodes
        })
      })
    )
).pipe(Command.withDescription("List the children of a node"))
