/** `zk acl get` and `zk acl set`: who may do what with a node. */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Session from "../connection/session.ts"
import { acl as parseAcl, pathArgument, refine } from "../input/refine.ts"
import { versionFlag } from "../input/version.ts"
import { toJson } from "../render/acl.ts"
import { print } from "../render/output.ts"
import * as RenderStat from "../render/stat.ts"
import * as Verb from "../verb.ts"
import { CONCURRENCY, descendants } from "../walk.ts"

const get = Verb.make(
  "acl get",
  { path: pathArgument },
  Effect.fnUntraced(function* ({ path }) {
    const { acl, stat } = yield* Session.use((zk) => zk.getAcl(path))
    yield* print({
      text: Effect.sync(() => acl.map((entry) => `${Acl.format(entry)}\n`).join("")),
      json: () => ({ path, acl: acl.map(toJson), stat: RenderStat.toJson(stat) }),
      items: () => acl.map(toJson)
    })
  })
).pipe(Command.withDescription("Print the ACL of a node, one entry a line"))

const set = Verb.make(
  "acl set",
  {
    path: pathArgument,
    entries: Argument.String("acl").pipe(
      Argument.withDescription("SCHEME:ID:PERMS,... with PERMS of c, d, r, w, a"),
      refine(parseAcl)
    ),
    recursive: Flag.Boolean("recursive").pipe(
      Flag.withAlias("R"),
      Flag.withDescription("Of everything below it too"),
      Flag.withDefault(false)
    ),
    version: versionFlag("The ACL version (aversion) that the node must have; any if absent")
  },
  Effect.fnUntraced(function* ({ entries, path, recursive, version }) {
    const stat = yield* Session.use((zk) =>
      Effect.gen(function* () {
        // All are found before the first one changes: it may be that nobody can list them afterwards.
        const below = recursive ? (yield* descendants(zk, path)).slice(1) : []
        const stat = yield* zk.setAcl(path, entries, { version: Option.getOrUndefined(version) })
        yield* Effect.forEach(
          below,
          ({ path }) => Effect.catchReason(zk.setAcl(path, entries), "ZooKeeperError", "NoNode", () => Effect.void),
          { concurrency: CONCURRENCY, discard: true }
        )
        return stat
      })
    )
    yield* print({ text: Effect.succeed(""), json: () => ({ path, stat: RenderStat.toJson(stat) }) })
  })
).pipe(Command.withDescription("Replace the ACL of a node, or of everything below it too"))

export const acl = Command.make("acl").pipe(
  Command.withDescription("Read or replace the ACL of a node"),
  Command.withSubcommands([get, set])
)
