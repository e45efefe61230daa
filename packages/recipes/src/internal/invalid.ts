/** Refusing what cannot work before anything is sent. */
import { InvalidArgument, ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** The error of an argument or an option; `problem` names the value and the remedy. */
export const invalid = (operation: string, path: string | undefined, problem: string): ZooKeeperError =>
  new ZooKeeperError({
    operation,
    ...(path === undefined ? {} : { path }),
    applied: "no",
    reason: new InvalidArgument({ problem })
  })

/** Refuses a number that lets in nobody or nothing, or cannot be counted. */
export const checkCount = (
  operation: string,
  path: string | undefined,
  name: string,
  count: number
): Effect.Effect<void, ZooKeeperError> =>
  Number.isInteger(count) && count >= 1
    ? Effect.void
    : Effect.fail(invalid(operation, path, `${name} is ${count}; it must be a whole number, 1 or more`))

/** Refuses a list of nothing, and one that has something twice: who holds it would wait for itself. */
export const checkSet = (
  operation: string,
  path: string | undefined,
  what: string,
  listed: ReadonlyArray<string>
): Effect.Effect<void, ZooKeeperError> => {
  if (listed.length === 0) return Effect.fail(invalid(operation, path, `there is no ${what}; list one at least`))
  const seen = new Set<string>()
  const twice = listed.find((each) => seen.size === seen.add(each).size)
  return twice === undefined
    ? Effect.void
    : Effect.fail(invalid(operation, path, `the ${what} '${twice}' is listed twice; list it once`))
}

/** Refuses what is no time. */
export const checkDuration = (
  operation: string,
  path: string | undefined,
  name: string,
  input: Duration.Input
): Effect.Effect<Duration.Duration, ZooKeeperError> => {
  const duration = Duration.fromInput(input)
  if (Option.isSome(duration)) return Effect.succeed(duration.value)
  const problem = `${name} is '${String(input)}'; it must be a duration such as "2 seconds", or 0 for not at all`
  return Effect.fail(invalid(operation, path, problem))
}
