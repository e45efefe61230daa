/** `zk quota get`, `zk quota set` and `zk quota rm`: how much there may be below a node. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Session from "../connection/session.ts"
import { UsageError } from "../errors.ts"
import { pathArgument } from "../input/refine.ts"
import * as Quota from "../quota.ts"
import { columns } from "../render/columns.ts"
import { print } from "../render/output.ts"
import * as Verb from "../verb.ts"

const get = Verb.make(
  "quota get",
  { path: pathArgument },
  Effect.fnUntraced(function* ({ path }) {
    const { allowed, used } = yield* Session.use((zk) => Quota.read(zk, path))
    const nodes = { used: used.count ?? null, limit: allowed.count ?? null, hardLimit: allowed.countHardLimit ?? null }
    const bytes = { used: used.bytes ?? null, limit: allowed.bytes ?? null, hardLimit: allowed.byteHardLimit ?? null }
    const row = (name: string, { hardLimit, limit, used }: typeof nodes) =>
      [name, ...[used, limit, hardLimit].map((value) => (value === null ? "-" : String(value)))] as const
    yield* print({
      text: Effect.sync(() => columns([["", "used", "limit", "hard limit"], row("nodes", nodes), row("bytes", bytes)])),
      json: () => ({ path, nodes, bytes })
    })
  })
).pipe(Command.withDescription("Print the quota of a node, and how much of it is used"))

const limit = (name: string, least: number, description: string) =>
  Flag.Int(name).pipe(
    Flag.withMetavar("N"),
    Flag.withDescription(description),
    Flag.filter(
      (value) => value >= least,
      () => `${least} or more`
    ),
    Flag.optional
  )

const set = Verb.make(
  "quota set",
  {
    path: pathArgument,
    count: limit("nodes", 1, "So many nodes, the node itself included; the server logs a warning above it"),
    bytes: limit("bytes", 0, "So many bytes of data, the node's own included; the server logs a warning above it"),
    countHardLimit: limit("hard-nodes", 1, "So many nodes, and no more (3.7, with enforceQuota)"),
    byteHardLimit: limit("hard-bytes", 0, "So many bytes, and no more (3.7, with enforceQuota)")
  },
  Effect.fnUntraced(function* ({ path, ...given }) {
    const changed: { [name in Quota.Limit]?: number } = {}
    for (const name of Quota.limits) Option.map(given[name], (value) => (changed[name] = value))
    if (Object.keys(changed).length === 0) {
      return yield* new UsageError({ message: "give one of --nodes, --bytes, --hard-nodes and --hard-bytes" })
    }
    yield* Session.use((zk) => Quota.set(zk, path, changed))
    yield* print({ text: Effect.succeed(""), json: () => ({ path }) })
  })
).pipe(Command.withDescription("Limit what may be below a node; limits that are not named stay"))

const away = (name: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription("Only this limit, and others that are named"), Flag.withDefault(false))

const rm = Verb.make(
  "quota rm",
  {
    path: pathArgument,
    count: away("nodes"),
    bytes: away("bytes"),
    countHardLimit: away("hard-nodes"),
    byteHardLimit: away("hard-bytes")
  },
  Effect.fnUntraced(function* ({ path, ...given }) {
    const named = Quota.limits.filter((name) => given[name])
    yield* Session.use((zk) => (named.length === 0 ? Quota.remove(zk, path) : Quota.unset(zk, path, named)))
    yield* print({ text: Effect.succeed(""), json: () => ({ path }) })
  })
).pipe(Command.withDescription("Take the quota of a node away, or some of its limits"))

export const quota = Command.make("quota").pipe(
  Command.withDescription("Limit how many nodes and bytes there may be below a node"),
  Command.withSubcommands([get, set, rm])
)
