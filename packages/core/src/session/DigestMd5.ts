/**
 * The SASL mechanism DIGEST-MD5 (RFC 2831), as pure steps: what ZooKeeper servers offer without Kerberos.
 *
 * MD5 protects nothing by today's standards; use it on a trusted network or inside TLS.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import { createHash, randomBytes } from "node:crypto"
import type { SaslExchange, SaslMechanism } from "./Sasl.ts"

/**
 * Whom to log in as; the id in ACLs is `sasl:username`.
 *
 * @category options
 * @since 0.1.0
 */
export interface DigestMd5Options {
  readonly username: string
  readonly password: Redacted.Redacted
  /** The service's name in the digest-uri, `zookeeper.sasl.client.username` of Java clients. Default `zookeeper`. */
  readonly service?: string | undefined
  /** The host's name in the digest-uri. Default `zk-sasl-md5`, which is what ZooKeeper servers expect. */
  readonly host?: string | undefined
}

const md5 = (...parts: ReadonlyArray<string | Uint8Array>): Buffer => {
  const hash = createHash("md5")
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** `key=value` and `key="value"` separated by commas; inside quotes a backslash takes what follows literally. */
const parseDirectives = (text: string): ReadonlyMap<string, string> => {
  const directives = new Map<string, string>()
  for (const match of text.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,\s]*))/g)) {
    directives.set(match[1]!, match[2]?.replaceAll(/\\(.)/g, "$1") ?? match[3]!)
  }
  return directives
}

const quote = (text: string): string => `"${text.replaceAll(/[\\"]/g, "\\$&")}"`

/** What both sides prove to know (RFC 2831, 2.1.2.1): the second hash differs by who speaks. */
const digest = (ha1: string, nonce: string, cnonce: string, method: "AUTHENTICATE" | "", uri: string): string => {
  const ha2 = md5(`${method}:${uri}`).toString("hex")
  return md5(`${ha1}:${nonce}:${NONCE_COUNT}:${cnonce}:auth:${ha2}`).toString("hex")
}

const NONCE_COUNT = "00000001"

const start = (options: DigestMd5Options, cnonce: string): SaslExchange => {
  const uri = `${options.service ?? "zookeeper"}/${options.host ?? "zk-sasl-md5"}`
  let expected: string | undefined
  return {
    // There is no initial response in this mechanism (RFC 2831, 2.1).
    initial: new Uint8Array(0),
    answer: (challenge) => {
      const said = parseDirectives(new TextDecoder().decode(challenge))
      if (expected !== undefined) {
        return said.get("rspauth") === expected ? undefined : "it does not know the password either: rspauth is wrong"
      }
      const nonce = said.get("nonce")
      const qop = said.get("qop")
      if (nonce === undefined || said.get("algorithm") !== "md5-sess") return "its challenge is none of DIGEST-MD5"
      if (qop !== undefined && !qop.split(/\s*,\s*/).includes("auth")) return `it insists on the protection '${qop}'`
      const realm = said.get("realm") ?? ""
      const secret = md5(`${options.username}:${realm}:${Redacted.value(options.password)}`)
      const ha1 = md5(secret, `:${nonce}:${cnonce}`).toString("hex")
      expected = digest(ha1, nonce, cnonce, "", uri)
      const fields = [
        "charset=utf-8",
        `username=${quote(options.username)}`,
        `realm=${quote(realm)}`,
        `nonce=${quote(nonce)}`,
        `nc=${NONCE_COUNT}`,
        `cnonce=${quote(cnonce)}`,
        `digest-uri=${quote(uri)}`,
        "maxbuf=65536",
        `response=${digest(ha1, nonce, cnonce, "AUTHENTICATE", uri)}`,
        "qop=auth"
      ]
      return new TextEncoder().encode(fields.join(","))
    }
  }
}

/**
 * Logs in with DIGEST-MD5 on every connection, with a fresh nonce each time. The server proves that it knows the password
 * too; one that cannot is refused.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: DigestMd5Options): SaslMechanism => ({
  name: "DIGEST-MD5",
  start: () => start(options, randomBytes(24).toString("base64"))
})
