/** `zk whoami`: as whom the server knows this connection. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Session from "../connection/session.ts"
import { print } from "../render/output.ts"
import * as Verb from "../verb.ts"

export const whoami = Verb.make(
  "whoami",
  {},
  Effect.fnUntraced(function* () {
    const found = yield* Session.use((zk) => zk.whoAmI)
    const identities = found.map(({ id, scheme }) => ({ scheme, id }))
    yield* print({
      text: Effect.sync(() => identities.map(({ id, scheme }) => `${scheme}:${id}\n`).join("")),
      json: () => ({ identities }),
      items: () => identities
    })
  })
).pipe(Command.withDescription("Print the identities of this connection (ZooKeeper 3.7 and later)"))
