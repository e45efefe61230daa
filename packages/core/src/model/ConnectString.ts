/**
 * The text that says where an ensemble is: `host:port,host:port/chroot`.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { isIPv6 } from "node:net"
import * as Path from "./Path.ts"

/**
 * One server's address. IPv6 literals stand here without their brackets.
 *
 * @category models
 * @since 0.1.0
 */
export interface Host {
  readonly host: string
  readonly port: number
}

/**
 * The servers in the order given, and the path under which everything happens ("" for none).
 *
 * @category models
 * @since 0.1.0
 */
export interface ConnectString {
  readonly hosts: ReadonlyArray<Host>
  readonly chroot: string
}

const DEFAULT_PORT = 2181

/**
 * A host as it stands in a connect string, IPv6 literals in brackets.
 *
 * @category formatting
 * @since 0.1.0
 */
export const formatHost = ({ host, port }: Host): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`

const parseHost = (text: string): Result.Result<Host, string> => {
  if (text === "") return Result.fail("there is an empty host")
  const hasColons = text.indexOf(":") !== text.lastIndexOf(":")
  if (hasColons && isIPv6(text))
    return Result.fail(`the IPv6 address '${text}' needs brackets: [${text}]:${DEFAULT_PORT}`)
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text)
  if (bracketed !== null && !isIPv6(bracketed[1]!)) return Result.fail(`'${bracketed[1]}' is not an IPv6 address`)
  const match = bracketed ?? /^([^:[\]\s]+)(?::(.*))?$/.exec(text)
  if (match === null) return Result.fail(`'${text}' is not host:port`)
  const [, host = "", digits] = match
  if (digits === undefined) return Result.succeed({ host, port: DEFAULT_PORT })
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0
  return port >= 1 && port <= 65535
    ? Result.succeed({ host, port })
    : Result.fail(`the port in '${text}' is not 1 to 65535`)
}

const parseChroot = (text: string, index: number): Result.Result<string, string> => {
  if (text.includes(",")) {
    const early = text.slice(0, text.indexOf(","))
    return Result.fail(`the chroot '${early}' at index ${index} must stand once, after the last host`)
  }
  const problem = text === "" || text === "/" ? undefined : Path.problem(text)
  if (problem !== undefined) return Result.fail(`the chroot '${text}' is not a path: ${problem}`)
  return Result.succeed(text === "/" ? "" : text)
}

/**
 * Reads a connect string; the failure says what is wrong with it and where. The chroot stands once, at the end:
 * `h1,h2/app`. A port that is left out is 2181.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (text: string): Result.Result<ConnectString, string> => {
  const slash = text.indexOf("/")
  const [hosts, chroot] = slash === -1 ? [text, ""] : [text.slice(0, slash), text.slice(slash)]
  return Result.all({
    chroot: parseChroot(chroot, slash),
    hosts: Result.all(hosts.split(",").map((part) => parseHost(part.trim())))
  })
}
