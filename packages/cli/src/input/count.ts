/**
 * How many, of which there is at least one.
 */
import * as Flag from "effect/cli/Flag"

export const countOf = (self: Flag.Flag<number>): Flag.Flag<number> =>
  Flag.filter(
    self,
    (count) => count >= 1,
    () => "1 or more"
  )
