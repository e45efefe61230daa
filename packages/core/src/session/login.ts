/** Proving who we are on a new connection: SASL first, then every identity, before any operation. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { nameOf } from "../model/ErrorCode.ts"
import { AuthFailed } from "../model/ZooKeeperError.ts"
import { sasl } from "../wire/ops/auth.ts"
import type { Line } from "./Line.ts"
import type { Auth } from "./Options.ts"
import type { SaslMechanism } from "./Sasl.ts"

const refused = (scheme: string, code: number) =>
  new AuthFailed({ scheme, detail: `it answered ${nameOf(code) ?? "an unknown code"} (${code})` })

const saslStep = (link: Line, scheme: string, token: Uint8Array): Effect.Effect<Uint8Array | null, AuthFailed> =>
  Effect.callback((resume) => {
    link.send({
      operation: sasl,
      request: { token },
      succeed: (answer) => resume(Effect.succeed(answer)),
      refuse: (code) => resume(Effect.fail(refused(scheme, code))),
      // The connection broke: the session tries again on the next one, and interrupts this.
      fail: () => {}
    })
  })

const saslLogin = Effect.fnUntraced(function* (link: Line, mechanism: SaslMechanism) {
  const scheme = `sasl ${mechanism.name}`
  // A mechanism may come from outside, and reads what the server made up.
  const step = <A>(run: () => A) =>
    Effect.try({ try: run, catch: (cause) => new AuthFailed({ scheme, detail: String(cause) }) })
  const exchange = yield* step(() => mechanism.start())
  let token = exchange.initial
  while (true) {
    const challenge = yield* saslStep(link, scheme, token)
    if (challenge === null) {
      return yield* new AuthFailed({ scheme, detail: "the server has no SASL, so nobody is logged in" })
    }
    const next = yield* step(() => exchange.answer(challenge))
    if (next === undefined) return
    if (typeof next === "string") return yield* new AuthFailed({ scheme, detail: next })
    token = next
  }
})

/** Logs in with one identity; any text is accepted as digest, other schemes can be refused. */
export const addAuth = (link: Line, { credentials, scheme }: Auth): Effect.Effect<void, AuthFailed> =>
  Effect.callback((resume) => {
    const auth = new TextEncoder().encode(Redacted.value(credentials))
    link.login({ type: 0, scheme, auth }, (code) =>
      // When the connection broke, the next one logs in again.
      resume(code === 0 || code === undefined ? Effect.void : Effect.fail(refused(scheme, code)))
    )
  })

/** All logins of a connection. The identities leave in one write; those that are added meanwhile follow. */
export const logIn = Effect.fnUntraced(function* (
  link: Line,
  mechanism: SaslMechanism | undefined,
  identities: ReadonlyArray<Auth>
) {
  if (mechanism !== undefined) yield* saslLogin(link, mechanism)
  for (let sent = 0; sent < identities.length;) {
    const batch = identities.slice(sent)
    sent += batch.length
    yield* Effect.forEach(batch, (identity) => addAuth(link, identity), { concurrency: "unbounded", discard: true })
  }
})
