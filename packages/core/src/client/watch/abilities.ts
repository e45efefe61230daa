/** What a server can do about watches, by what it says of its version. */
import * as Effect from "effect/Effect"
import type { Session } from "../../session/Session.ts"
import * as FourLetterWord from "../../wire/FourLetterWord.ts"

export interface Abilities {
  /** Watches that stay (3.6). */
  readonly lasting: boolean
  /** Several modes on one path (3.9); before, the last one takes the others' place (measured on 3.8.0). */
  readonly sideBySide: boolean
}

const NONE: Abilities = { lasting: false, sideBySide: false }

/** Undefined when the server does not say. */
export const abilities = (session: Session): Effect.Effect<Abilities | undefined> =>
  session.unsupported("addWatch") !== undefined
    ? Effect.succeed(NONE)
    : Effect.match(session.fourLetterWord("srvr"), {
        onFailure: () => undefined,
        onSuccess: (text) => {
          const answer = FourLetterWord.parse("srvr", text)
          if (answer._tag !== "Answered" || answer.value.version === undefined) return undefined
          const [major = 0, minor = 0] = answer.value.version.split(".").map(Number)
          return { lasting: major > 3 || (major === 3 && minor >= 6), sideBySide: major > 3 || minor >= 9 }
        }
      })
