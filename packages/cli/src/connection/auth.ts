/**
 * Logins as the user writes them, `SCHEME:CREDENTIALS` or `@FILE`, as the client takes them.
 */
import type { Auth } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { InputError } from "../errors.ts"
import { readFile } from "../input/value.ts"
import type { Credential } from "./flags.ts"

const parse = (text: string, where: string): Effect.Effect<Auth, InputError> => {
  const colon = text.indexOf(":")
  return colon > 0
    ? Effect.succeed({ scheme: text.slice(0, colon), credentials: Redacted.make(text.slice(colon + 1)) })
    : Effect.fail(new InputError({ message: `${where} is not SCHEME:CREDENTIALS, such as digest:user:password` }))
}

/** Reads a login, from its file if it names one; warns when others can see the secret. */
export const read = Effect.fnUntraced(function* ({ fromCommandLine, text }: Credential) {
  const written = Redacted.value(text)
  if (written.startsWith("@")) {
    const file = written.slice(1)
    const content = new TextDecoder().decode(yield* readFile(file))
    return yield* parse(content.replace(/\r?\n$/, ""), `the content of ${file}`)
  }
  if (fromCommandLine) {
    yield* Effect.logWarning("--auth shows the secret in the list of processes; use --auth @FILE or ZK_AUTH")
  }
  return yield* parse(written, "the value of --auth")
})
