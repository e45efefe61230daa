/**
 * How long to wait for what somebody else has.
 */
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { WaitRanOut } from "../errors.ts"
import { duration, refine } from "./refine.ts"

export const waitFlag = Flag.String("wait").pipe(
  Flag.withMetavar("DURATION|0"),
  Flag.withDescription("Wait so long at most, or not at all, and end with 124 then [for ever]"),
  refine((text) => (text === "0" ? Result.succeed(Duration.zero) : duration(text))),
  Flag.optional
)

/** Tries for as long as was asked for, and fails when that was not enough. */
export const within = <E, R>(
  wait: Duration.Duration,
  attempt: (options: { readonly wait: Duration.Duration }) => Effect.Effect<Option.Option<void>, E, R>
): Effect.Effect<void, E | WaitRanOut, R> => {
  const took = Duration.isZero(wait) ? "at once" : `within ${Duration.format(wait)}`
  return Effect.flatMap(attempt({ wait }), (done) =>
    Option.isSome(done) ? Effect.void : Effect.fail(new WaitRanOut({ message: `not free ${took}` }))
  )
}
