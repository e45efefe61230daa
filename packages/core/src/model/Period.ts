/** Lengths of time as callers write them: how long they are, and how a message shows them. */
import * as Duration from "effect/Duration"
import { inspect } from "node:util"

/** In ms; NaN for what is no length of time. */
export const millisOf = (input: Duration.Input): number => {
  const duration = Duration.fromInput(input)
  return duration._tag === "Some" ? Duration.toMillis(duration.value) : Number.NaN
}

/** What was given, as a message names it. */
export const show = (input: Duration.Input): string =>
  Duration.isDuration(input) ? Duration.format(input) : inspect(input)
