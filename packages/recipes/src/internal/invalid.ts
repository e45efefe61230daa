/** Refusing what cannot work before anything is sent. */
import { InvalidArgument, ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import * as Effect from "effect/Effect"

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
