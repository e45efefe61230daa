/** Transactions: all or nothing, typed results, and which operation failed; by examples and against a model. */
import * as Op from "@effect-zookeeper/core/Op"
import type { Stat } from "@effect-zookeeper/core/Stat"
import type { Node, ZooKeeper } from "@effect-zookeeper/core/ZooKeeper"
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { make } from "./memory.ts"

describe("the result of a transaction", () => {
  it.effect("is the tuple of its operations' results", () =>
    Effect.gen(function* () {
      const { zk } = yield* make
      const results = yield* zk.transact(
        Op.create("/a", "1"),
        Op.create("/a/s-", "", { mode: "persistentSequential" }),
        Op.set("/a", "2", { version: 0 }),
        Op.check("/a", 1),
        Op.check("/a/s-0000000000", "any"),
        Op.delete("/a/s-0000000000", { version: 0 })
      )
      expectTypeOf(results).toEqualTypeOf<readonly [string, string, Stat, void, void, void]>()
      const [a, s, stat, ...rest] = results
      assert.deepStrictEqual(
        [a, s, stat.version, rest],
        ["/a", "/a/s-0000000000", 1, [undefined, undefined, undefined]]
      )
      const reads = yield* zk.multiRead(Op.get("/a"), Op.children("/a"), Op.get("/none"))
      expectTypeOf(reads).toEqualTypeOf<
        readonly [
          Result.Result<Node, ZooKeeperError>,
          Result.Result<ReadonlyArray<string>, ZooKeeperError>,
          Result.Result<Node, ZooKeeperError>
        ]
      >()
      assert.strictEqual(reads[2]._tag === "Failure" ? reads[2].failure.path : "", "/none")
    })
  )

  it.effect("of a namespace has its paths below it, and so have failures", () =>
    Effect.gen(function* () {
      const { zk } = yield* make
      yield* zk.create("/ns")
      const ns = zk.namespace("/ns")
      assert.deepStrictEqual(yield* ns.transact(Op.create("/a"), Op.create("/a/b")), ["/a", "/a/b"])
      assert.deepStrictEqual([...(yield* zk.children("/ns/a"))], ["b"])
      const error = yield* Effect.flip(ns.transact(Op.check("/a", 0), Op.set("/none", "x")))
      assert.deepInclude(error.reason, { _tag: "TransactionFailed", index: 1, operation: "set", path: "/none" })
      assert.strictEqual(error.applied, "no")
      assert.strictEqual(yield* ns.namespace("/a").create("/c"), "/c")
      assert.isTrue(Option.isSome(yield* zk.exists("/ns/a/c")))
      for (const bad of ["", "a", "/a/", "/../a"]) assert.throws(() => ns.namespace(bad), "not a path")
    })
  )
})

const path = Schema.Literals(["/a", "/b", "/a/x", "/a/y", "/b/x"])
const version = Schema.Literals(["any", 0, 1, 2])
const operation = Schema.Union([
  Schema.TaggedStruct("create", { path }),
  Schema.TaggedStruct("create", { path }),
  Schema.TaggedStruct("set", { path, version }),
  Schema.TaggedStruct("delete", { path, version }),
  Schema.TaggedStruct("check", { path, version })
])
type Operation = typeof operation.Type

const toOp = (op: Operation, value: string): Op.Op<unknown> => {
  if (op._tag === "create") return Op.create(op.path, value)
  if (op._tag === "check") return Op.check(op.path, op.version)
  const options = op.version === "any" ? {} : { version: op.version }
  return op._tag === "set" ? Op.set(op.path, value, options) : Op.delete(op.path, options)
}

/** What a tree of nodes with data and versions becomes; the code of the operation's failure where it has one. */
type Tree = ReadonlyMap<string, { readonly value: string; readonly version: number }>

const parent = (path: string): string => path.slice(0, path.lastIndexOf("/"))

const apply = (tree: Tree, op: Operation, value: string): Tree | number => {
  const node = tree.get(op.path)
  if (op._tag === "create") {
    if (parent(op.path) !== "" && !tree.has(parent(op.path))) return -101
    return node === undefined ? new Map(tree).set(op.path, { value, version: 0 }) : -110
  }
  if (node === undefined) return -101
  if (op.version !== "any" && op.version !== node.version) return -103
  if (op._tag === "check") return tree
  if (op._tag === "set") return new Map(tree).set(op.path, { value, version: node.version + 1 })
  if ([...tree.keys()].some((path) => parent(path) === op.path)) return -111
  const left = new Map(tree)
  left.delete(op.path)
  return left
}

const stored = (zk: ZooKeeper) =>
  Effect.map(
    Effect.forEach(path.literals, (path) => Effect.map(zk.getOption(path), (node) => [path, node] as const)),
    (nodes) =>
      new Map(
        nodes.flatMap(([path, node]) =>
          Option.isNone(node)
            ? []
            : [[path, { value: new TextDecoder().decode(node.value.data), version: node.value.stat.version }] as const]
        )
      )
  )

describe("transactions", () => {
  it.effect.prop(
    "do all of their operations or none, and name the first that fails",
    [Schema.Array(Schema.Array(operation).check(Schema.isMaxLength(6)))],
    ([transactions]) =>
      Effect.scoped(
        Effect.gen(function* () {
          const { zk } = yield* make
          let tree: Tree = new Map()
          for (const [round, operations] of transactions.entries()) {
            let after: Tree = tree
            let failure: { readonly index: number; readonly code: number } | undefined
            for (const [index, op] of operations.entries()) {
              const next: Tree | number = apply(after, op, `${round}-${index}`)
              if (typeof next === "number") {
                failure = { index, code: next }
                break
              }
              after = next
            }
            const ops = operations.map((op, index) => toOp(op, `${round}-${index}`))
            if (failure === undefined) {
              assert.strictEqual((yield* zk.transact(...ops)).length, ops.length)
              tree = after
            } else {
              const error = yield* Effect.flip(zk.transact(...ops))
              assert.deepInclude(error.reason, { _tag: "TransactionFailed", ...failure })
              assert.strictEqual(error.applied, "no")
            }
            assert.deepStrictEqual(yield* stored(zk), new Map(tree))
          }
        })
      ),
    { arbitrary: { runs: 50 } }
  )
})
