/** What the other servers say of themselves, asked by four-letter words beside the session. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { formatHost, type Host } from "../model/ConnectString.ts"
import * as Ids from "../model/Ids.ts"
import { ConnectFailed, InvalidArgument } from "../model/ZooKeeperError.ts"
import * as FourLetterWord from "../wire/FourLetterWord.ts"
import type { Dialer } from "./Dialer.ts"

/** Asks one of the hosts, within `timeout` ms for each of its addresses. */
export const ask = (
  dialer: Dialer,
  hosts: ReadonlyArray<Host>,
  named: string,
  word: string,
  timeout: number
): Effect.Effect<string, InvalidArgument | ConnectFailed> => {
  const bad = (problem: string) => Effect.fail(new InvalidArgument({ problem }))
  const problem = FourLetterWord.problem(word)
  if (problem !== undefined) return bad(problem)
  const found = hosts.find((host) => formatHost(host) === named)
  if (found === undefined) return bad(`'${named}' is not one of the hosts ${hosts.map(formatHost).join(", ")}`)
  return Effect.mapError(
    dialer.ask(found, word, timeout),
    ({ cause }) => new ConnectFailed({ attempts: [{ host: named, cause }] })
  )
}

/**
 * Whether the ensemble has lost what we have seen of it: a leader cannot lag (followers, observers and read-only servers
 * can), so when it knows less than we do, it was wiped or restored, and refuses us for ever without a word
 * (ZOOKEEPER-832). But a leader that was deposed may not know it yet, so more than half of the hosts must have answered,
 * and none of them may know more. Gives what each host says, or undefined.
 */
export const findWiped = Effect.fnUntraced(function* (
  dialer: Dialer,
  hosts: ReadonlyArray<Host>,
  lastZxid: bigint,
  timeout: number
) {
  if (lastZxid === 0n) return undefined
  const said = yield* Effect.forEach(
    hosts,
    (host) =>
      Effect.match(dialer.ask(host, "srvr", timeout), {
        onFailure: () => undefined,
        onSuccess: (text) => FourLetterWord.parse("srvr", text)
      }),
    { concurrency: "unbounded" }
  )
  const stats = said.map((answer) => (answer?._tag === "Answered" ? answer.value : undefined))
  const servers = stats.filter((server) => server !== undefined)
  const isWiped =
    servers.length > hosts.length / 2 &&
    servers.some(({ mode }) => mode === "leader" || mode === "standalone") &&
    servers.every(({ zxid }) => zxid < lastZxid)
  if (!isWiped) return undefined
  return stats.map((server) =>
    server === undefined
      ? "no answer"
      : `its newest transaction ${Ids.toHex(server.zxid)} is older than ${Ids.toHex(lastZxid)}, which this session has ` +
        "seen: the ensemble was wiped or restored from a backup"
  )
})

const FIRST_DELAY = 100
const LONGEST_DELAY = 60_000

/**
 * Looks for a server with a quorum while on one without: every host in turn (kazoo only ever asked the first one), each
 * round after twice the time. Gives the host's index.
 */
export const findReadWrite = Effect.fnUntraced(function* (dialer: Dialer, hosts: ReadonlyArray<Host>, timeout: number) {
  for (let delay = FIRST_DELAY; ; delay = Math.min(delay * 2, LONGEST_DELAY)) {
    for (const [index, host] of hosts.entries()) {
      const text = yield* Effect.orElseSucceed(dialer.ask(host, "isro", timeout), () => "")
      if (text.trim() === "rw") return index
    }
    yield* Effect.sleep(Duration.millis(delay))
  }
})
