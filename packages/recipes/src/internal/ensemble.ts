/** Where clients connect to an ensemble, out of what its servers say of themselves (QuorumPeer.QuorumServer). */
import * as ConnectString from "@effect-zookeeper/core/ConnectString"
import * as Result from "effect/Result"
import { isIP } from "node:net"

/** Stands for every address of its machine, so it names none. */
const isWildcard = (host: string): boolean => isIP(host) !== 0 && /^[0.:]+$/.test(host)

/** The host at the beginning of `host:2888:3888`, in brackets if it came so. */
const hostOf = (address: string): string | undefined => /^(\[[^\]]+\]|[^:]+):/.exec(address)?.[1]

/**
 * The client addresses in `server.1=host:2888:3888|host2:2888:3888:participant;[host:]2181`; older lines have none.
 * A port for TLS may follow, of newer servers, or stand alone (ZOOKEEPER-4276).
 */
const addressesOf = (line: string): ReadonlyArray<string> => {
  const [, servers = "", client = ""] = /^server\.\d+=([^;]*);([^;]*)/.exec(line.trim()) ?? []
  const [, host = "", port] = /^(?:(.*):)?(\d+)$/.exec(client) ?? []
  if (port === undefined) return []
  if (host !== "" && !isWildcard(host.replace(/[[\]]/g, ""))) return [`${host}:${port}`]
  return servers.split("|").flatMap((server) => {
    const own = hostOf(server)
    return own === undefined ? [] : [`${own}:${port}`]
  })
}

/** The hosts of a connect string, in the order of the lines; none where no server says. */
export const hostsOf = (config: string): ReadonlyArray<string> =>
  [...new Set(config.split("\n").flatMap(addressesOf))].filter((host) => Result.isSuccess(ConnectString.parse(host)))
