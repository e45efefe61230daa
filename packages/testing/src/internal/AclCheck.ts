/** Who may do what: identities of a connection against the ACL of a node (org.apache.zookeeper.server.auth). */
import { type Acl, Perms } from "@effect-zookeeper/core/Acl"
import { ErrorCode } from "@effect-zookeeper/core/ErrorCode"
import { createHash } from "node:crypto"
import { KeeperException } from "./KeeperException.ts"
import type { Id } from "./Transaction.ts"

/** `user:base64(sha1("user:password"))`. */
export const digestOf = (idPassword: string): string =>
  `${idPassword.split(":", 1)[0]}:${createHash("sha1").update(idPassword).digest("base64")}`

const INT = /^[+-]?\d+$/

const ipv4 = (text: string): number | undefined => {
  const parts = text.split(".")
  if (parts.length !== 4) return undefined
  let address = 0
  for (const part of parts) {
    const value = INT.test(part) ? Number(part) : -1
    if (value < 0 || value > 255) return undefined
    address = address * 256 + value
  }
  return address
}

const splitIp = (id: string): { readonly address: number; readonly bits: number } | undefined => {
  const slash = id.indexOf("/")
  const address = ipv4(slash === -1 ? id : id.slice(0, slash))
  const bits = slash === -1 ? 32 : INT.test(id.slice(slash + 1)) ? Number(id.slice(slash + 1)) : -1
  return address === undefined || bits < 0 || bits > 32 ? undefined : { address, bits }
}

const ipMatches = (id: string, pattern: string): boolean => {
  const wanted = splitIp(pattern)
  const got = ipv4(id)
  if (wanted === undefined || got === undefined) return false
  const size = 2 ** (32 - wanted.bits)
  return Math.floor(got / size) === Math.floor(wanted.address / size)
}

interface Scheme {
  readonly isValid: (id: string) => boolean
  readonly matches: (id: string, pattern: string) => boolean
  /** Whether scheme `auth` expands to it. */
  readonly isAuthenticated: boolean
  readonly userName: (id: string) => string
}

const equal = (id: string, pattern: string): boolean => id === pattern

const digest: Scheme = {
  // Two parts as Java splits them: empty ones at the end do not count.
  isValid: (id) => id.replace(/:+$/, "").split(":").length === 2,
  matches: equal,
  isAuthenticated: true,
  userName: (id) => id.split(":", 1)[0]!
}

const ip: Scheme = {
  isValid: (id) => splitIp(id) !== undefined,
  matches: ipMatches,
  isAuthenticated: false,
  userName: (id) => id
}

const sasl: Scheme = {
  isValid: (id) => id !== "",
  // A SASL user named super matches every entry (measured on 3.8.0).
  matches: (id, pattern) => id === "super" || id === pattern,
  isAuthenticated: true,
  userName: (id) => id
}

/** The schemes that ACLs can name, besides `world` and `auth`. */
export const schemes = (saslEnabled: boolean): ReadonlyMap<string, Scheme> =>
  new Map([["digest", digest], ["ip", ip], ...(saslEnabled ? [["sasl", sasl] as const] : [])])

export class AclCheck {
  private readonly schemes: ReadonlyMap<string, Scheme>

  constructor(saslEnabled: boolean) {
    this.schemes = schemes(saslEnabled)
  }

  allows(acl: ReadonlyArray<Acl>, perms: number, auth: ReadonlyArray<Id>): boolean {
    if (acl.length === 0 || auth.some(({ scheme }) => scheme === "super")) return true
    return acl.some((entry) => {
      if ((entry.perms & perms) === 0) return false
      if (entry.scheme === "world" && entry.id === "anyone") return true
      const scheme = this.schemes.get(entry.scheme)
      return scheme !== undefined && auth.some((id) => id.scheme === entry.scheme && scheme.matches(id.id, entry.id))
    })
  }

  require(acl: ReadonlyArray<Acl>, perms: number, auth: ReadonlyArray<Id>): void {
    if (!this.allows(acl, perms, auth)) throw new KeeperException(ErrorCode.NoAuth)
  }

  /** The ACL that is stored for the one asked for: duplicates gone, `auth` replaced, every id checked. */
  fixup(acl: ReadonlyArray<Acl>, auth: ReadonlyArray<Id>): ReadonlyArray<Acl> {
    const unique = acl.filter(
      (entry, index) =>
        acl.findIndex((e) => e.perms === entry.perms && e.scheme === entry.scheme && e.id === entry.id) === index
    )
    if (unique.length === 0) throw new KeeperException(ErrorCode.InvalidAcl)
    return unique.flatMap((entry) => {
      if (entry.scheme === "world" && entry.id === "anyone") return [entry]
      if (entry.scheme === "auth") {
        const ids = auth.filter(({ scheme }) => this.schemes.get(scheme)?.isAuthenticated === true)
        if (ids.length === 0) throw new KeeperException(ErrorCode.InvalidAcl)
        return ids.map((id) => ({ perms: entry.perms, ...id }))
      }
      if (this.schemes.get(entry.scheme)?.isValid(entry.id) !== true) throw new KeeperException(ErrorCode.InvalidAcl)
      return [entry]
    })
  }

  /** What getACL shows: without ADMIN the hashes are hidden. */
  masked(acl: ReadonlyArray<Acl>, auth: ReadonlyArray<Id>): ReadonlyArray<Acl> {
    if (this.allows(acl, Perms.ADMIN, auth)) return acl
    return acl.map((entry) => (entry.scheme === "digest" ? { ...entry, id: entry.id.replace(/:.*/s, ":x") } : entry))
  }

  userName({ id, scheme }: Id): string {
    return this.schemes.get(scheme)?.userName(id) ?? ""
  }
}
