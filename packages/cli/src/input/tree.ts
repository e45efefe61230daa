/**
 * Nodes in a JSON document, `{"nodes": [{"path", "data": {"data", "encoding"}, "acl"}]}`: what `zk export` prints, and what is
 * put into a server.
 */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as Path from "@effect-zookeeper/core/Path"
import type { ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { InputError } from "../errors.ts"
import { CONCURRENCY } from "../walk.ts"
import * as Value from "./value.ts"

const Entry = Schema.Struct({ scheme: Schema.String, id: Schema.String, perms: Schema.String })

const Node = Schema.Struct({
  path: Schema.String,
  /** As in all JSON of `zk`; none is empty. */
  data: Schema.optionalKey(Schema.Struct({ data: Schema.String, encoding: Schema.Literals(["utf8", "base64"]) })),
  acl: Schema.optionalKey(Schema.NonEmptyArray(Entry))
})

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Struct({ nodes: Schema.Array(Node) })))

export interface TreeNode {
  readonly path: string
  readonly data: Uint8Array
  readonly acl: ReadonlyArray<Acl.Acl> | undefined
}

const toNode = ({ acl, data, path }: typeof Node.Type): Result.Result<TreeNode, string> => {
  const problem = Path.problem(path)
  if (problem !== undefined) return Result.fail(`'${path}' is not a path: ${problem}`)
  if (data?.encoding === "base64" && !Value.isBase64(data.data))
    return Result.fail(`the data of '${path}' is not base64`)
  const bytes = data === undefined ? new Uint8Array() : Buffer.from(data.data, data.encoding)
  if (acl === undefined) return Result.succeed({ path, data: bytes, acl })
  return Result.map(Result.all(acl.map(({ id, perms, scheme }) => Acl.parse(`${scheme}:${id}:${perms}`))), (acl) => ({
    path,
    data: bytes,
    acl
  }))
}

/** The nodes of a file or, for `-`, of standard input; parents first. */
export const read = Effect.fnUntraced(function* (file: string) {
  const name = file === "-" ? "standard input" : file
  const wrong = (problem: string) => new InputError({ message: `${name} holds no nodes: ${problem}` })
  const text = new TextDecoder().decode(yield* Value.read(file === "-" ? file : `@${file}`, Value.plain))
  const { nodes } = yield* Effect.mapError(decode(text), ({ message }) => wrong(message.replaceAll(/\s*\n\s*/g, " ")))
  const all = yield* Effect.mapError(Effect.fromResult(Result.all(nodes.map(toNode))), wrong)
  const sorted = all.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const twice = sorted.find(({ path }, index) => path === sorted[index + 1]?.path)
  return twice === undefined ? sorted : yield* wrong(`it has '${twice.path}' twice`)
})

/** The paths of those nodes that are there already. */
export const pathsThere = (zk: ZooKeeper, nodes: ReadonlyArray<TreeNode>) =>
  Effect.map(
    Effect.filter(nodes, ({ path }) => Effect.map(zk.exists(path), Option.isSome), { concurrency: CONCURRENCY }),
    (there): ReadonlySet<string> => new Set(there.map(({ path }) => path))
  )

/**
 * Makes the nodes, or replaces the data of those that are `there`, and sets their ACLs at the end: a parent may forbid its
 * children. Fails with `NodeExists` for one that somebody else has made meanwhile.
 */
export const write = Effect.fnUntraced(function* (
  zk: ZooKeeper,
  nodes: ReadonlyArray<TreeNode>,
  there: ReadonlySet<string>
) {
  for (const { data, path } of nodes) {
    if (there.has(path)) yield* zk.set(path, data)
    else yield* zk.create(path, data, { parents: true })
  }
  for (const { acl, path } of nodes) if (acl !== undefined) yield* zk.setAcl(path, acl)
})
