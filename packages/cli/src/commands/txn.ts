/** `zk txn`: several operations, all of them or none. */
import * as ErrorCode from "@effect-zookeeper/core/ErrorCode"
import type { Op } from "@effect-zookeeper/core/Op"
import type { Stat } from "@effect-zookeeper/core/Stat"
import type { TransactionFailed } from "@effect-zookeeper/core/ZooKeeperError"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Session from "../connection/session.ts"
import { InputError, UsageError } from "../errors.ts"
import * as Operation from "../input/operation.ts"
import * as Value from "../input/value.ts"
import { type Json, print } from "../render/output.ts"
import * as RenderStat from "../render/stat.ts"
import * as Verb from "../verb.ts"

type AnyOp = Op<string | Stat | void>

/** As the command of that kind is called. */
const nameOf = ({ _tag }: AnyOp): string => (_tag === "delete" ? "rm" : _tag)

const done = (op: AnyOp, result: string | Stat | void): { readonly path: string; readonly stat?: Json } =>
  typeof result === "string"
    ? { path: result }
    : result === undefined
      ? { path: op.path }
      : { path: op.path, stat: RenderStat.toJson(result) }

/** All of them were done. */
const committed = (ops: ReadonlyArray<AnyOp>, results: ReadonlyArray<string | Stat | void>) => {
  const items = () => ops.map((op, index) => ({ op: nameOf(op), ...done(op, results[index]), error: null }))
  return print({
    text: Effect.sync(() => ops.map((op, index) => `${nameOf(op)} ${done(op, results[index]).path}\n`).join("")),
    json: () => ({ committed: true, results: items() }),
    items
  })
}

/** None was, because of one. */
const refused = (ops: ReadonlyArray<AnyOp>, { code, index: culprit }: TransactionFailed) => {
  const items = () =>
    ops.map((op, index) => ({
      op: nameOf(op),
      path: op.path,
      error: index < culprit ? "RolledBack" : index > culprit ? "NotTried" : (ErrorCode.nameOf(code) ?? String(code))
    }))
  return print({ text: Effect.succeed(""), json: () => ({ committed: false, results: items() }), items })
}

/** The lines that say something. */
const linesOf = (bytes: Uint8Array): ReadonlyArray<string> =>
  new TextDecoder()
    .decode(bytes)
    .split("\n")
    .filter((line) => !/^\s*(?:#|$)/.test(line))

export const txn = Verb.make(
  "txn",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("Where the operations are, one a line; standard input if absent or -"),
      Argument.optional
    ),
    ops: Flag.String("op").pipe(
      Flag.withMetavar("OPERATION"),
      Flag.withDescription(
        "create, set, rm or check as on the command line, such as 'set --version 3 /a blue'; may be repeated, instead of a file"
      ),
      Flag.atLeast(0)
    ),
    ...Value.encodingFlags
  },
  Effect.fnUntraced(function* ({ file, ops: given, ...encoding }) {
    if (given.length > 0 && Option.isSome(file)) {
      return yield* new UsageError({ message: "the operations come from a file or from --op, not from both" })
    }
    const source = Option.match(file, { onNone: () => "-", onSome: (name) => (name === "-" ? name : `@${name}`) })
    const lines = given.length > 0 ? given : linesOf(yield* Value.read(source, Value.plain))
    if (lines.length === 0) return yield* new InputError({ message: "there is no operation to do" })
    const ops: ReadonlyArray<AnyOp> = yield* Effect.forEach(lines, (line) => Operation.read(line, encoding))
    yield* Session.use((zk) =>
      zk.transact(...ops).pipe(
        Effect.flatMap((results) => committed(ops, results)),
        Effect.tapError((error) =>
          error._tag === "ZooKeeperError" && error.reason._tag === "TransactionFailed"
            ? refused(ops, error.reason)
            : Effect.void
        )
      )
    )
  })
).pipe(Command.withDescription("Do several operations, all of them or none"))
