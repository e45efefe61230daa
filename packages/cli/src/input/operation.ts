/**
 * One operation of a transaction as a line of text, which looks as the command of that name does.
 */
import * as Op from "@effect-zookeeper/core/Op"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { parseArgs } from "node:util"
import { InputError } from "../errors.ts"
import { modeOf } from "./mode.ts"
import { acl, duration, path, sequentialPath } from "./refine.ts"
import * as Value from "./value.ts"
import { split } from "./words.ts"

const version = { version: { type: "string" } } as const

const switches = {
  ephemeral: { type: "boolean", short: "e", default: false },
  sequential: { type: "boolean", short: "s", default: false },
  container: { type: "boolean", default: false },
  ttl: { type: "string" },
  acl: { type: "string" }
} as const

const usages = {
  create: "create [-e] [-s] [--container] [--ttl DURATION] [--acl ACL] PATH [VALUE]",
  set: "set [--version N] PATH VALUE",
  rm: "rm [--version N] PATH",
  check: "check [--version N] PATH"
} as const

const isVerb = (text: string): text is keyof typeof usages => Object.hasOwn(usages, text)

const int = (text: string | undefined): Result.Result<number | undefined, string> =>
  text === undefined
    ? Result.succeed(undefined)
    : /^\d+$/.test(text)
      ? Result.succeed(Number(text))
      : Result.fail(`'${text}' is not a version`)

const maybe = <A>(
  text: string | undefined,
  read: (text: string) => Result.Result<A, string>
): Result.Result<A | undefined, string> => (text === undefined ? Result.succeed(undefined) : read(text))

/** What the words say, without the bytes of the value. */
const parse = (words: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const [verb = "", ...args] = words
    if (!isVerb(verb)) return yield* Effect.fail(`'${verb}' is none of ${Object.keys(usages).join(", ")}`)
    const parsed = yield* Effect.try({
      try: () => parseArgs({ args, options: { ...version, ...switches }, allowPositionals: true, tokens: true }),
      catch: () => `usage: ${usages[verb]}`
    })
    const { positionals, tokens, values } = parsed
    const own: object = verb === "create" ? switches : version
    const [least, most] = verb === "create" ? [1, 2] : verb === "set" ? [2, 2] : [1, 1]
    const fits =
      tokens.every((token) => token.kind !== "option" || Object.hasOwn(own, token.name)) &&
      positionals.length >= least &&
      positionals.length <= most
    if (!fits) return yield* Effect.fail(`usage: ${usages[verb]}`)
    if (positionals[1] === "-") return yield* Effect.fail("no value comes from standard input here; use @FILE")
    const mode = modeOf({ ...values, ttl: values.ttl !== undefined })
    if (mode === undefined) return yield* Effect.fail("--container stands alone, and --ttl and -e exclude each other")
    return {
      verb,
      mode,
      path: yield* Effect.fromResult((values.sequential ? sequentialPath : path)(positionals[0]!)),
      value: positionals[1] ?? "",
      version: yield* Effect.fromResult(int(values.version)),
      ttl: yield* Effect.fromResult(maybe(values.ttl, duration)),
      acl: yield* Effect.fromResult(maybe(values.acl, acl))
    }
  })

/** Reads an operation; `encoding` is that of its value. */
export const read = Effect.fnUntraced(function* (text: string, encoding: Value.Encoding) {
  const wrong = (problem: string) => new InputError({ message: `'${text}' is no operation: ${problem}` })
  const words = yield* Effect.mapError(Effect.fromResult(split(text)), wrong)
  const { acl, mode, path, ttl, value, verb, version } = yield* Effect.mapError(parse(words), wrong)
  switch (verb) {
    case "create":
      return Op.create(path, yield* Value.read(value, encoding), { mode, acl, ttl })
    case "set":
      return Op.set(path, yield* Value.read(value, encoding), { version })
    case "rm":
      return Op.delete(path, { version })
    case "check":
      return Op.check(path, version ?? "any")
  }
})
