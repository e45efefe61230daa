/** The server's side of SASL DIGEST-MD5 (RFC 2831, md5-sess, no authzid), as ZooKeeper speaks it over op 102. */
import { createHash, randomBytes } from "node:crypto"

const REALM = "zk-sasl-md5"

const md5 = (...parts: ReadonlyArray<string | Buffer>): Buffer => {
  const hash = createHash("md5")
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const hex = (...parts: ReadonlyArray<string | Buffer>): string => md5(...parts).toString("hex")

const directives = (token: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const [, key, quoted, plain] of token.matchAll(/([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^,]*))/g)) {
    found.set(key!, quoted === undefined ? plain! : quoted.replace(/\\(.)/g, "$1"))
  }
  return found
}

/** What the server says next: a token to send, and who the client is once that is settled; undefined refuses. */
export interface Step {
  readonly token: Buffer
  readonly user?: string
}

export class SaslDigestMd5 {
  private readonly users: Readonly<Record<string, string>>
  private readonly nonce = randomBytes(30).toString("base64")
  private isChallenged = false

  constructor(users: Readonly<Record<string, string>>) {
    this.users = users
  }

  next(token: Uint8Array | null): Step | undefined {
    if (!this.isChallenged) {
      this.isChallenged = true
      return { token: Buffer.from(`realm="${REALM}",nonce="${this.nonce}",charset=utf-8,algorithm=md5-sess`) }
    }
    return this.verify(directives(Buffer.from(token ?? []).toString()))
  }

  private verify(given: ReadonlyMap<string, string>): Step | undefined {
    const user = given.get("username") ?? ""
    const password = Object.hasOwn(this.users, user) ? this.users[user] : undefined
    const cnonce = given.get("cnonce")
    const uri = given.get("digest-uri")
    if (password === undefined || cnonce === undefined || uri === undefined) return undefined
    if (given.get("realm") !== REALM || given.get("nonce") !== this.nonce || given.get("nc") !== "00000001") {
      return undefined
    }
    const a1 = hex(md5(`${user}:${REALM}:${password}`), `:${this.nonce}:${cnonce}`)
    const response = (a2: string): string => hex(`${a1}:${this.nonce}:00000001:${cnonce}:auth:${hex(a2)}`)
    if (given.get("response") !== response(`AUTHENTICATE:${uri}`)) return undefined
    return { token: Buffer.from(`rspauth=${response(`:${uri}`)}`), user }
  }
}
