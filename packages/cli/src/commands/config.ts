/** `zk config`: who is in the ensemble. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Session from "../connection/session.ts"
import { printConfiguration } from "../render/configuration.ts"
import * as Verb from "../verb.ts"

export const config = Verb.make("config", {}, () =>
  Session.use((zk) =>
    Effect.gen(function* () {
      const node = yield* zk.config
      if (node.data.length === 0)
        yield* Effect.logWarning("the server stands alone, so there is no ensemble to tell of")
      yield* printConfiguration(node)
    })
  )
).pipe(Command.withDescription("Print the members of the ensemble"))
