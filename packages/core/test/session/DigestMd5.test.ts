import * as DigestMd5 from "@effect-zookeeper/core/DigestMd5"
import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (answer: Uint8Array | string | undefined): string => {
  assert.instanceOf(answer, Uint8Array)
  return new TextDecoder().decode(answer as Uint8Array)
}
const field = (answer: string, name: string): string => new RegExp(`${name}="?([^",]*)`).exec(answer)?.[1] ?? ""

/** The server's side of RFC 2831, 2.1.2.1, written down a second time from the text. */
const md5 = (value: string | Buffer) => createHash("md5").update(value).digest()
const expected = (user: string, realm: string, password: string, nonce: string, cnonce: string, a2: string): string => {
  const a1 = Buffer.concat([md5(`${user}:${realm}:${password}`), Buffer.from(`:${nonce}:${cnonce}`)])
  return md5(`${md5(a1).toString("hex")}:${nonce}:00000001:${cnonce}:auth:${md5(a2).toString("hex")}`).toString("hex")
}

// As a real 3.8.0 sends it (wire-vectors: sasl_digest_md5_1_initial).
const challenge =
  'realm="zk-sasl-md5",nonce="V2RvmQyVKtKiQtzhfAhpcGG6+AjYlR8MU6lj4hwn",charset=utf-8,algorithm=md5-sess'
const nonce = "V2RvmQyVKtKiQtzhfAhpcGG6+AjYlR8MU6lj4hwn"
const uri = "zookeeper/zk-sasl-md5"

describe("DIGEST-MD5", () => {
  const begin = () => DigestMd5.make({ username: "bob", password: Redacted.make("bobpw") }).start()

  it("answers the challenge of a real server and checks that the server knows the password", () => {
    const exchange = begin()
    assert.strictEqual(exchange.initial.length, 0)
    const answer = text(exchange.answer(bytes(challenge)))
    const cnonce = field(answer, "cnonce")
    assert.strictEqual(field(answer, "username"), "bob")
    assert.strictEqual(field(answer, "digest-uri"), uri)
    assert.strictEqual(
      field(answer, "response"),
      expected("bob", "zk-sasl-md5", "bobpw", nonce, cnonce, `AUTHENTICATE:${uri}`)
    )
    const rspauth = expected("bob", "zk-sasl-md5", "bobpw", nonce, cnonce, `:${uri}`)
    assert.isUndefined(exchange.answer(bytes(`rspauth=${rspauth}`)))
  })

  it("does not trust a server that does not know the password", () => {
    const exchange = begin()
    exchange.answer(bytes(challenge))
    assert.match(String(exchange.answer(bytes("rspauth=00000000000000000000000000000000"))), /rspauth/)
  })

  it("begins with a fresh nonce of its own each time", () => {
    const nonces = [begin(), begin()].map((exchange) => field(text(exchange.answer(bytes(challenge))), "cnonce"))
    assert.notStrictEqual(nonces[0], nonces[1])
  })

  it("refuses what is not DIGEST-MD5 with authentication only", () => {
    assert.isString(begin().answer(bytes("v=1")))
    assert.isString(begin().answer(bytes(`${challenge},qop="auth-conf"`)))
    assert.instanceOf(begin().answer(bytes(`${challenge},qop="auth,auth-conf"`)), Uint8Array)
  })

  it("quotes names that need it", () => {
    const exchange = DigestMd5.make({ username: 'b"o\\b', password: Redacted.make("p") }).start()
    assert.include(text(exchange.answer(bytes(challenge))), 'username="b\\"o\\\\b"')
  })
})
