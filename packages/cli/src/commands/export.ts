/** `zk export`: a node and what is below it, as a document that `zk import` and `zk dev --seed` read. */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as Path from "@effect-zookeeper/core/Path"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Session from "../connection/session.ts"
import { pathArgument } from "../input/refine.ts"
import * as RenderAcl from "../render/acl.ts"
import * as RenderBytes from "../render/bytes.ts"
import { type Json, print } from "../render/output.ts"
import * as Verb from "../verb.ts"
import { CONCURRENCY, descendants, type Entry } from "../walk.ts"

const isOpen = (acl: ReadonlyArray<Acl.Acl>): boolean =>
  acl.length === 1 && Acl.format(acl[0]!) === Acl.format(Acl.openUnsafe[0]!)

type Told = { readonly path: string; readonly data?: Json; readonly acl?: Json }

/** What every node has unless it says otherwise is left out: no data, and an ACL that is open to all. */
const nodeOf = (zk: ZooKeeper, path: string): Effect.Effect<Option.Option<Told>, ZooKeeperError> =>
  Effect.gen(function* () {
    const [{ data }, { acl }] = yield* Effect.all([zk.get(path), zk.getAcl(path)], { concurrency: "unbounded" })
    return {
      path,
      ...(data.length === 0 ? {} : { data: RenderBytes.toJson(data) }),
      ...(isOpen(acl) ? {} : { acl: acl.map(RenderAcl.toJson) })
    }
  }).pipe(
    Effect.asSome,
    Effect.catchReason("ZooKeeperError", "NoNode", () => Effect.succeedNone)
  )

/** Without those of sessions, and without the server's own, which another one has itself. */
const lasting = (zk: ZooKeeper, top: string, entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> =>
  entries.filter(
    ({ path, stat }) =>
      stat.ephemeralOwner === 0n && !(top === "/" && zk.session.root === "/" && Path.isWithin(path, "/zookeeper"))
  )

const document = (nodes: ReadonlyArray<Told>): string =>
  `{"nodes": [\n${nodes.map((node) => JSON.stringify(node)).join(",\n")}\n]}\n`

export const exportNodes = Verb.make(
  "export",
  { path: pathArgument.pipe(Argument.withDefault("/")) },
  Effect.fnUntraced(function* ({ path }) {
    yield* Session.use((zk) =>
      Effect.gen(function* () {
        const entries = yield* descendants(zk, path)
        const kept = lasting(zk, path, entries)
        const ephemeral = entries.filter(({ stat }) => stat.ephemeralOwner !== 0n).length
        if (ephemeral > 0) yield* Effect.logWarning(`${ephemeral} ephemeral nodes are left out`)
        const found = yield* Effect.forEach(kept, (entry) => nodeOf(zk, entry.path), { concurrency: CONCURRENCY })
        const all = found.flatMap(Option.toArray)
        // Every server has a root: it is told of where there is something to tell.
        const nodes = all.filter((node) => node.path !== "/" || node.data !== undefined || node.acl !== undefined)
        yield* print({
          text: Effect.sync(() => document(nodes)),
          json: () => ({ nodes }),
          items: () => nodes
        })
      })
    )
  })
).pipe(Command.withDescription("Print a node and what is below it, for zk import"))
