/**
 * Quotas as a server keeps them: two nodes below /zookeeper/quota, one that says what is allowed and one in which the
 * server counts what there is.
 */
import * as Op from "@effect-zookeeper/core/Op"
import * as Path from "@effect-zookeeper/core/Path"
import { type Node, text, type ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { UsageError } from "./errors.ts"
import { descendants } from "./walk.ts"

/** What a quota may limit, by the server's names. The hard ones came with 3.7, which enforces them if it is told to. */
export const limits = ["count", "bytes", "countHardLimit", "byteHardLimit"] as const
export type Limit = (typeof limits)[number]
/** What is not limited is left out. */
export type Limits = { readonly [name in Limit]?: number | undefined }

const isLimit = (name: string): name is Limit => limits.some((limit) => limit === name)

/** Reads `count=10,bytes=-1=;byteHardLimit=100`, where less than 0 stands for none. */
export const parse = (data: string): Limits => {
  const found: Partial<Record<Limit, number>> = {}
  for (const pair of data.split(/[,;]/)) {
    const [name = "", value = ""] = pair.split("=")
    if (isLimit(name) && /^\d+$/.test(value)) found[name] = Number(value)
  }
  return found
}

/**
 * Servers before 3.7 read two pairs at one comma; the "=" makes them skip what follows (StatsTrack has the same trick).
 */
export const format = ({ byteHardLimit, bytes = -1, count = -1, countHardLimit }: Limits): string => {
  const hard = Object.entries({ byteHardLimit, countHardLimit }).flatMap(([name, value]) =>
    value === undefined ? [] : [`;${name}=${value}`]
  )
  return `count=${count},bytes=${bytes}${hard.length === 0 ? "" : "="}${hard.join("")}`
}

const ROOT = "/zookeeper/quota"
const LIMITS = "zookeeper_limits"
const STATS = "zookeeper_stats"

/** Where the quota of a node is kept. */
const kept = (path: string): string => Path.join(ROOT, path.slice(1))

/** What has no quota, whoever asks. */
const check = (zk: ZooKeeper, path: string): Effect.Effect<void, UsageError> => {
  const { root } = zk.session
  const problem =
    root !== "/"
      ? `quotas are kept at the root of the servers; connect without the chroot, and name ${Path.prepend(root, path)}`
      : path === "/" || Path.isWithin(path, "/zookeeper")
        ? "it cannot have a quota; name a node below / that is not the server's own"
        : undefined
  return problem === undefined ? Effect.void : Effect.fail(new UsageError({ message: problem }))
}

/** What is allowed below a node, and what there is. The node itself counts. */
export const read = Effect.fnUntraced(function* (zk: ZooKeeper, path: string) {
  yield* check(zk, path)
  const node = kept(path)
  const [allowed, used] = yield* Effect.all([zk.get(Path.join(node, LIMITS)), zk.get(Path.join(node, STATS))], {
    concurrency: 2
  })
  return { allowed: parse(text(allowed)), used: parse(text(used)) }
})

/** A branch has one quota: where there is one above or below, the server would count for that one only. */
const other = Effect.fnUntraced(function* (zk: ZooKeeper, path: string) {
  for (const above of Path.lineage(Path.parent(path))) {
    if (Option.isSome(yield* zk.exists(Path.join(kept(above), LIMITS)))) return above
  }
  const below = yield* Effect.catchReason(descendants(zk, kept(path)), "ZooKeeperError", "NoNode", () =>
    Effect.succeed([])
  )
  const found = below.find((entry) => Path.name(entry.path) === LIMITS)
  return found === undefined ? undefined : Path.parent(found.path).slice(ROOT.length)
})

const begin = Effect.fnUntraced(function* (zk: ZooKeeper, path: string, changed: Limits) {
  const found = yield* other(zk, path)
  if (found !== undefined) {
    return yield* new UsageError({ message: `${found} has a quota, and a branch can have one only; remove that first` })
  }
  const node = kept(path)
  yield* zk.ensurePath(node)
  yield* zk.transact(
    Op.create(Path.join(node, LIMITS), format(changed)),
    Op.create(Path.join(node, STATS), format({ count: 0, bytes: 0 }))
  )
})

const write = (zk: ZooKeeper, node: string, before: Node, changed: Limits) =>
  zk.set(node, format({ ...parse(text(before)), ...changed }), { version: before.stat.version })

/** Sets those limits that are named, of a node that must exist; the others stay. */
export const set = Effect.fnUntraced(function* (zk: ZooKeeper, path: string, changed: Limits) {
  yield* check(zk, path)
  yield* zk.get(path)
  const node = Path.join(kept(path), LIMITS)
  const found = yield* zk.getOption(node)
  yield* Option.isNone(found) ? begin(zk, path, changed) : write(zk, node, found.value, changed)
})

/** Takes some limits away; the others stay. */
export const unset = Effect.fnUntraced(function* (zk: ZooKeeper, path: string, names: ReadonlyArray<Limit>) {
  yield* check(zk, path)
  const node = Path.join(kept(path), LIMITS)
  yield* write(zk, node, yield* zk.get(node), Object.fromEntries(names.map((name) => [name, undefined])))
})

/** Takes the whole quota away, and what is empty then. */
export const remove = Effect.fnUntraced(function* (zk: ZooKeeper, path: string) {
  yield* check(zk, path)
  const node = kept(path)
  yield* zk.transact(Op.delete(Path.join(node, LIMITS)), Op.delete(Path.join(node, STATS)))
  const emptied = Path.lineage(node)
    .toReversed()
    .filter((each) => each !== ROOT && Path.isWithin(each, ROOT))
  for (const each of emptied) {
    const isGone = yield* zk.delete(each).pipe(
      Effect.as(true),
      Effect.catchReasons("ZooKeeperError", {
        NotEmpty: () => Effect.succeed(false),
        NoNode: () => Effect.succeed(true)
      })
    )
    if (!isGone) return
  }
})
