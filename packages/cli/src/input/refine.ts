/**
 * Flags and arguments whose text has rules: what breaks them is a usage error that says which rule.
 */
import * as Acl from "@effect-zookeeper/core/Acl"
import * as ConnectString from "@effect-zookeeper/core/ConnectString"
import * as Path from "@effect-zookeeper/core/Path"
import * as CliError from "effect/cli/CliError"
import type * as Param from "effect/cli/Param"
import * as Argument from "effect/cli/Argument"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { mapEffect } from "effect/cli/Param"

/** Reads the text with `parse`, whose failure says what is wrong. */
export const refine =
  <A>(parse: (text: string) => Result.Result<A, string>) =>
  <Kind extends Param.ParamKind>(self: Param.Param<Kind, string>): Param.Param<Kind, A> =>
    mapEffect(self, (text) =>
      Effect.fromResult(Result.mapError(parse(text), (message) => new CliError.ValidationError({ message })))
    )

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export const duration = (text: string): Result.Result<Duration.Duration, string> => {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim()) ?? []
  return number === undefined
    ? Result.fail(`'${text}' is not a duration such as 500ms, 10s, 2m, 1h or 1d`)
    : Result.succeed(Duration.millis(Number(number) * (units[unit] ?? 1)))
}

export const durationOrInfinity = (text: string): Result.Result<Duration.Duration | "infinity", string> =>
  text === "infinity" ? Result.succeed("infinity") : duration(text)

/** What a variable of the environment says where a flag takes one of several words. */
export const oneOf =
  <const Values extends ReadonlyArray<string>>(variable: string, values: Values) =>
  (text: string): Result.Result<Values[number], string> => {
    const value = values.find((each) => each === text)
    return value === undefined
      ? Result.fail(`${variable} is '${text}', which is none of ${values.join(", ")}`)
      : Result.succeed(value)
  }

const words: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "1", "y"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0", "n"].map((word) => [word, false] as const)
])

/** What a variable of the environment says where a flag is given or not. */
export const yesOrNo =
  (variable: string) =>
  (text: string): Result.Result<boolean, string> => {
    const value = words.get(text)
    return value === undefined
      ? Result.fail(`${variable} is '${text}', which is neither true nor false`)
      : Result.succeed(value)
  }

export const connectString = (text: string): Result.Result<string, string> =>
  Result.mapBoth(ConnectString.parse(text), {
    onFailure: (problem) => `the connect string '${text}' cannot be used: ${problem}`,
    onSuccess: () => text
  })

export const acl = (text: string): Result.Result<ReadonlyArray<Acl.Acl>, string> =>
  Result.mapError(Acl.parseList(text), (problem) => `the ACL cannot be used: ${problem}`)

const pathWith =
  (sequential: boolean) =>
  (text: string): Result.Result<string, string> => {
    const problem = Path.problem(text, sequential)
    return problem === undefined ? Result.succeed(text) : Result.fail(`'${text}' is not a path: ${problem}`)
  }

export const path = pathWith(false)

/** Also `/a/`, below which the server puts the bare counter. */
export const sequentialPath = pathWith(true)

/** The argument that nearly every command has. */
export const pathArgument = Argument.String("path").pipe(
  Argument.withDescription("The node's path, below the chroot of the connect string"),
  refine(path)
)
