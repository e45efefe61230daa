/**
 * The version that a conditional write expects.
 */
import * as Flag from "effect/cli/Flag"

export const versionFlag = (description: string) =>
  Flag.Int("version").pipe(Flag.withMetavar("N"), Flag.withDescription(description), Flag.optional)
