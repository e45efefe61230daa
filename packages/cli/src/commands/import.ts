/** `zk import`: makes the nodes of a document that `zk export` has printed, or somebody has written. */
import { make as makeError, NodeExists } from "@effect-zookeeper/core/ZooKeeperError"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Session from "../connection/session.ts"
import * as Tree from "../input/tree.ts"
import { print } from "../render/output.ts"
import * as Verb from "../verb.ts"

/** What is done with a node that is there already. */
const choices = ["fail", "keep", "replace"] as const

const exists = (path: string) =>
  makeError(() => ({ operation: "import", path, applied: "no", reason: new NodeExists() }))

export const importNodes = Verb.make(
  "import",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("The document, JSON as zk export prints it; - reads standard input")
    ),
    existing: Flag.Literals("existing", choices).pipe(
      Flag.withDescription("What to do with nodes that are there: nothing at all, leave them, or replace them [fail]"),
      Flag.withDefault("fail" as const)
    ),
    dryRun: Flag.Boolean("dry-run").pipe(Flag.withDescription("Only say what would be done"), Flag.withDefault(false))
  },
  Effect.fnUntraced(function* ({ dryRun, existing, file }) {
    const nodes = yield* Tree.read(file)
    yield* Session.use((zk) =>
      Effect.gen(function* () {
        const there = yield* Tree.pathsThere(zk, nodes)
        const inTheWay = nodes.find(({ path }) => there.has(path))
        if (existing === "fail" && inTheWay !== undefined) return yield* exists(inTheWay.path)
        const kept = existing === "keep" ? there : new Set<string>()
        const wanted = nodes.filter(({ path }) => !kept.has(path))
        if (!dryRun) yield* Tree.write(zk, wanted, there)
        const items = () =>
          nodes.map(({ path }) => ({
            path,
            done: kept.has(path) ? "kept" : there.has(path) ? "replaced" : "created"
          }))
        yield* print({
          text: Effect.sync(() =>
            items()
              .map(({ done, path }) => `${done} ${path}\n`)
              .join("")
          ),
          json: () => ({ dryRun, nodes: items() }),
          items
        })
      })
    )
  })
).pipe(Command.withDescription("Make the nodes of a document that zk export has printed"))
