/**
 * The four-letter words without a session: for servers that cannot give one, which is when they are asked most.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as ConnectString from "../model/ConnectString.ts"
import * as Period from "../model/Period.ts"
import { ConnectFailed, InvalidArgument, make as makeError, type ZooKeeperError } from "../model/ZooKeeperError.ts"
import { Dialer } from "../session/Dialer.ts"
import type { TlsOptions } from "../transport/Connection.ts"
import { Lookup } from "../transport/Lookup.ts"
import { Transport } from "../transport/Transport.ts"
import { problem as problemOf } from "../wire/FourLetterWord.ts"

export { type Answer, isWord, parse, type Values, type Word, words } from "../wire/FourLetterWord.ts"

/**
 * How a server is asked.
 *
 * @category options
 * @since 0.1.0
 */
export interface AskOptions {
  /** How long one server may take, for each of its addresses. Default 5 seconds. */
  readonly timeout?: Duration.Input | undefined
  /** Default: plain TCP. */
  readonly tls?: TlsOptions | undefined
}

const failure = (reason: InvalidArgument | ConnectFailed): ZooKeeperError =>
  makeError(() => ({ operation: "fourLetterWord", applied: "no", reason }))

/**
 * What the first server of a connect string that answers has to say to a word, as text; `parse` makes a record of it.
 * Fails with `ConnectFailed`, naming every server and why, when none answers; with `InvalidArgument` for what is no connect
 * string, no four-letter word, or no time to wait.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ask = Effect.fnUntraced(function* (
  connect: string,
  word: string,
  options: AskOptions = {}
): Effect.fn.Return<string, ZooKeeperError> {
  const { hosts } = yield* Effect.mapError(Effect.fromResult(ConnectString.parse(connect)), (problem) =>
    failure(new InvalidArgument({ problem: `the connect string '${connect}' cannot be used: ${problem}` }))
  )
  const problem = problemOf(word)
  if (problem !== undefined) return yield* failure(new InvalidArgument({ problem }))
  const patience = options.timeout ?? "5 seconds"
  const timeout = Period.millisOf(patience)
  if (!(timeout > 0)) {
    const why = `timeout must be a duration above zero, not ${Period.show(patience)}`
    return yield* failure(new InvalidArgument({ problem: why }))
  }
  const dialer = new Dialer(options.tls, yield* Transport, yield* Lookup)
  const attempts: Array<{ readonly host: string; readonly cause: string }> = []
  for (const host of hosts) {
    const answer = yield* Effect.result(dialer.ask(host, word, timeout))
    if (Result.isSuccess(answer)) return answer.success
    attempts.push({ host: ConnectString.formatHost(host), cause: answer.failure.cause })
  }
  return yield* failure(new ConnectFailed({ attempts }))
})
