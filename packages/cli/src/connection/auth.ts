/**
 * Logins as the user writes them, in place or as `@FILE`, as the client takes them.
 */
import * as DigestMd5 from "@effect-zookeeper/core/DigestMd5"
import type { Auth, Options } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { InputError } from "../errors.ts"
import { readFile } from "../input/value.ts"
import type { Credential } from "./flags.ts"

/** The text of a login, from its file if it names one; warns when others can see the secret. */
const reveal = Effect.fnUntraced(function* ({ fromCommandLine, text }: Credential, flag: string) {
  const written = Redacted.value(text)
  if (written.startsWith("@")) {
    const file = written.slice(1)
    const content = new TextDecoder().decode(yield* readFile(file))
    return { written: content.replace(/\r?\n$/, ""), where: `the content of ${file}` }
  }
  if (fromCommandLine) {
    const variable = `ZK_${flag.toUpperCase()}`
    yield* Effect.logWarning(`--${flag} shows the secret in the list of processes; use --${flag} @FILE or ${variable}`)
  }
  return { written, where: `the value of --${flag}` }
})

/** What stands before and after the first colon. */
const split = (written: string, where: string, form: string): Effect.Effect<readonly [string, string], InputError> => {
  const colon = written.indexOf(":")
  return colon > 0
    ? Effect.succeed([written.slice(0, colon), written.slice(colon + 1)])
    : Effect.fail(new InputError({ message: `${where} is not ${form}` }))
}

/** A login of `--auth`. */
export const read = Effect.fnUntraced(function* (credential: Credential) {
  const { where, written } = yield* reveal(credential, "auth")
  const [scheme, credentials] = yield* split(written, where, "SCHEME:CREDENTIALS, such as digest:user:password")
  return { scheme, credentials: Redacted.make(credentials) } satisfies Auth
})

/** The login of `--sasl`. */
export const readSasl = Effect.fnUntraced(function* (credential: Credential) {
  const { where, written } = yield* reveal(credential, "sasl")
  const [username, password] = yield* split(written, where, "USER:PASSWORD")
  return DigestMd5.make({ username, password: Redacted.make(password) }) satisfies Options["sasl"]
})
