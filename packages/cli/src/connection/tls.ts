/**
 * TLS as the flags ask for it: files of PEM text. Any flag that only makes sense with TLS asks for it too.
 */
import type { Options } from "@effect-zookeeper/core/ZooKeeper"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { UsageError } from "../errors.ts"
import { readFile } from "../input/value.ts"

/** The flags about TLS. */
export interface TlsFlags {
  readonly tls: boolean
  readonly cacert: Option.Option<string>
  readonly cert: Option.Option<string>
  readonly key: Option.Option<string>
  readonly servername: Option.Option<string>
  readonly insecure: boolean
}

const pem = (file: Option.Option<string>) =>
  Effect.transposeOption(
    Option.map(file, (name) => Effect.map(readFile(name), (bytes) => new TextDecoder().decode(bytes)))
  ).pipe(Effect.map(Option.getOrUndefined))

/** The options of TLS, undefined for plain TCP. */
export const read = Effect.fnUntraced(function* (flags: TlsFlags) {
  const { insecure, servername, tls } = flags
  const files = [flags.cacert, flags.cert, flags.key]
  if (!tls && !insecure && ![...files, servername].some(Option.isSome)) return undefined
  if (Option.isSome(flags.cert) !== Option.isSome(flags.key)) {
    return yield* new UsageError({ message: "--cert and --key go together" })
  }
  if (insecure) yield* Effect.logWarning("--insecure accepts any certificate: anybody may be the server")
  const ca = yield* pem(flags.cacert)
  const cert = yield* pem(flags.cert)
  const key = yield* pem(flags.key)
  return {
    ca,
    cert,
    key: key === undefined ? undefined : Redacted.make(key),
    servername: Option.getOrUndefined(servername),
    verify: !insecure
  } satisfies Options["tls"]
})
