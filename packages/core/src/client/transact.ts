/** Several operations in one request: all or nothing, or several reads each for itself. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { nameOf } from "../model/ErrorCode.ts"
import * as Path from "../model/Path.ts"
import { fromCode, TransactionFailed, type ZooKeeperError } from "../model/ZooKeeperError.ts"
import { multi, type MultiOp, multiRead as multiReadOperation, type MultiResult } from "../wire/ops/multi.ts"
import { failure, invalid, perform, type View } from "./Attempt.ts"
import * as Create from "./create.ts"
import { toBytes, toNode } from "./Data.ts"
import { ANY_VERSION, versionProblem } from "./nodes.ts"
import type { Op, Read } from "./Op.ts"

/** The server's form of an operation, or what is wrong with it. */
const toWire = (view: View, op: Op<unknown>): MultiOp | string => {
  if (op._tag === "create") {
    const creation = Create.check(view, op.path, op.data, op)
    if (typeof creation === "string") return creation
    const { mode, request } = creation
    if (mode === "container") return { _tag: "createContainer", ...request }
    return mode === "ttl" || mode === "ttlSequential"
      ? { _tag: "createTTL", ...request }
      : { _tag: "create", ...request }
  }
  const problem = Path.problem(op.path)
  if (problem !== undefined) return `'${op.path}' is not a path: ${problem}`
  const path = Path.prepend(view.root, op.path)
  const asked = op.version === "any" ? undefined : op.version
  const bad = versionProblem(asked)
  if (bad !== undefined) return bad
  const version = asked ?? ANY_VERSION
  switch (op._tag) {
    case "set":
      return { _tag: "setData", path, data: toBytes(op.data), version }
    case "delete":
      return { _tag: "delete", path, version }
    case "check":
      return { _tag: "check", path, version }
  }
}

const resultOf = (view: View, result: MultiResult): unknown => {
  switch (result._tag) {
    case "create":
    case "create2":
      return Path.strip(view.root, result.path)
    case "setData":
      return result.stat
    default:
      return undefined
  }
}

/** The operation that failed: those before it have the code 0, those after it −2 (measured on 3.8.0). */
const culprit = (
  ops: ReadonlyArray<Op<unknown>>,
  results: ReadonlyArray<MultiResult>
): TransactionFailed | undefined => {
  const index = results.findIndex((result) => result._tag === "error" && result.err !== 0)
  const result = results[index]
  const op = ops[index]
  if (result?._tag !== "error" || op === undefined) return undefined
  const name = nameOf(result.err) ?? `the unknown code ${result.err}`
  return new TransactionFailed({ index, code: result.err, name, operation: op._tag, path: op.path })
}

export const transact = <const Ops extends ReadonlyArray<Op<any>>>(
  view: View,
  ops: Ops
): Effect.Effect<Op.Results<Ops>, ZooKeeperError> =>
  Effect.suspend(() => {
    const items: Array<MultiOp> = []
    for (const [index, op] of ops.entries()) {
      const item = toWire(view, op)
      if (typeof item === "string") {
        return invalid(view, "transact", op.path, `operation ${index} (${op._tag}): ${item}`)
      }
      items.push(item)
    }
    const results = perform({
      view,
      name: "transact",
      path: undefined,
      operation: multi,
      request: items,
      success: (results) => results
    })
    return Effect.flatMap(results, (results) => {
      const failed = culprit(ops, results)
      if (failed !== undefined) return Effect.fail(failure(view, "transact", undefined, failed, "no"))
      return Effect.succeed(results.map((result) => resultOf(view, result)) as Op.Results<Ops>)
    })
  })

export const multiRead = <const Reads extends ReadonlyArray<Read<any>>>(
  view: View,
  reads: Reads
): Effect.Effect<Read.Results<Reads>, ZooKeeperError> => {
  const bad = reads.find((read) => Path.problem(read.path) !== undefined)
  if (bad !== undefined) {
    return invalid(view, "multiRead", bad.path, `'${bad.path}' is not a path: ${Path.problem(bad.path)}`)
  }
  return perform({
    view,
    name: "multiRead",
    path: undefined,
    operation: multiReadOperation,
    request: reads.map(({ _tag, path }) => ({
      _tag: _tag === "get" ? ("getData" as const) : ("getChildren" as const),
      path: Path.prepend(view.root, path),
      watch: false
    })),
    success: (results) =>
      results.map((result, index) => {
        switch (result._tag) {
          case "getData":
            return Result.succeed(toNode({ data: result.data, stat: result.stat }))
          case "getChildren":
            return Result.succeed(result.children)
          case "error":
            return Result.fail(failure(view, "multiRead", reads[index]?.path, fromCode(result.err), "no"))
        }
      }) as Read.Results<Reads>
  })
}
