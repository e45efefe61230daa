/**
 * A verb of `zk`: a command whose failures know what the user typed, which is not what the library calls its operation.
 */
import * as Command from "effect/cli/Command"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Failure } from "./errors.ts"

/** A verb has failed. */
export class VerbFailed extends Data.TaggedError("VerbFailed")<{
  /** As it was typed, with the verb that it is below: `acl get`. */
  readonly verb: string
  /** The node that it was asked about, where it takes one. */
  readonly path: string | undefined
  readonly failure: Failure
}> {}

/** The command that is called by the last word of `verb`. */
export const make = <const Config extends Command.Command.Config, E extends Failure, R>(
  verb: string,
  config: Config,
  handler: (input: Command.Command.Config.Infer<Config>) => Effect.Effect<void, E, R>
) =>
  Command.make(verb.slice(verb.lastIndexOf(" ") + 1), config, (input) =>
    Effect.mapError(handler(input), (failure) => {
      const path = Predicate.hasProperty(input, "path") ? String(input.path) : undefined
      return new VerbFailed({ verb, path, failure })
    })
  )
