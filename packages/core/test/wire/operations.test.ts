/** Every operation, both records, both directions: round trips, and bytes that are not what they should be. */
import { acl } from "@effect-zookeeper/core/wire/acl"
import { watcherEvent } from "@effect-zookeeper/core/wire/event"
import { replyHeader, requestHeader } from "@effect-zookeeper/core/wire/header"
import { JuteError } from "@effect-zookeeper/core/wire/JuteError"
import { JuteReader } from "@effect-zookeeper/core/wire/JuteReader"
import type { Codec } from "@effect-zookeeper/core/wire/Operation"
import { CHECK } from "@effect-zookeeper/core/wire/ops/check"
import { connectRequest, connectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import { byCode, operations } from "@effect-zookeeper/core/wire/registry"
import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { cases, data, int, long, text } from "./cases.ts"
import { encode } from "./support.ts"

const handshake = { protocolVersion: int, timeOut: int, sessionId: long, passwd: data, readOnly: Schema.Boolean }

const records: ReadonlyArray<readonly [name: string, codec: Codec<any>, schema: Schema.Schema<any>]> = [
  ["ConnectRequest", connectRequest, Schema.Struct({ ...handshake, lastZxidSeen: long })],
  ["ConnectResponse", connectResponse, Schema.Struct(handshake)],
  ["RequestHeader", requestHeader, Schema.Struct({ xid: int, type: int })],
  ["ReplyHeader", replyHeader, Schema.Struct({ xid: int, zxid: long, err: int })],
  ["WatcherEvent", watcherEvent, Schema.Struct({ type: int, state: int, path: text })],
  ["ACL", acl, Schema.Struct({ perms: int, scheme: text, id: text })],
  ...cases.flatMap(({ operation, request, response }) => [
    [`${operation.name} request`, operation.request, request] as const,
    [`${operation.name} response`, operation.response, response] as const
  ])
]

/** The last byte of both may be missing: peers up to 3.4 do not send it. */
const mayEndEarly = (name: string, cut: number, length: number): boolean =>
  name.startsWith("Connect") && cut === length - 1

/** What decoding `bytes[0, end)` comes to, when the bytes around it are all `filler`. */
const outcome = (codec: Codec<any>, bytes: Uint8Array, end: number, filler: number): unknown => {
  const around = Buffer.alloc(bytes.length + 64, filler)
  around.set(bytes.subarray(0, end), 16)
  const reader = new JuteReader().reset(around, 16, 16 + end)
  try {
    const value = codec.decode(reader)
    return reader.remaining < 0 ? "read beyond its end" : { value }
  } catch (error) {
    if (!(error instanceof JuteError)) throw error
    return "JuteError"
  }
}

describe("the registry", () => {
  it("has every operation of the cases and no other", () => {
    const codes = (list: ReadonlyArray<{ readonly code: number }>) => list.map(({ code }) => code).sort((a, b) => a - b)
    expect(codes(operations)).toEqual(codes(cases.map(({ operation }) => operation)))
    expect(new Set(codes(operations)).size).toBe(operations.length)
  })

  it("has no check: sent alone it is never answered", () => {
    expect(byCode(CHECK)).toBeUndefined()
  })

  it.each(operations)("finds $name by its number", (operation) => {
    expect(byCode(operation.code)).toBe(operation)
  })
})

describe.each(records)("%s", (name, codec, schema) => {
  it.prop("comes back as it was, and is read to its last byte", [schema], ([value]) => {
    const reader = new JuteReader().reset(encode(codec, value))
    expect(codec.decode(reader)).toEqual(value)
    expect(reader.remaining).toBe(0)
  })

  it.prop(
    "cut off anywhere is refused, whatever lies behind",
    [schema],
    ([value]) => {
      const bytes = encode(codec, value)
      const accepted = Array.from(bytes.keys()).filter(
        (cut) =>
          !mayEndEarly(name, cut, bytes.length) &&
          [0x00, 0xff].some((filler) => outcome(codec, bytes, cut, filler) !== "JuteError")
      )
      expect(accepted).toEqual([])
    },
    { arbitrary: { runs: 40 } }
  )

  it.prop("with four bytes overwritten throws nothing but JuteError", [schema, int, int], ([value, at, rubbish]) => {
    const bytes = encode(codec, value)
    if (bytes.length < 4) return
    bytes.writeInt32BE(rubbish, (at >>> 0) % (bytes.length - 3))
    expect(outcome(codec, bytes, bytes.length, 0x00)).toEqual(outcome(codec, bytes, bytes.length, 0xff))
  })

  it.prop("made of rubbish throws nothing but JuteError", [Schema.Uint8Array], ([bytes]) => {
    expect(outcome(codec, bytes, bytes.length, 0x00)).toEqual(outcome(codec, bytes, bytes.length, 0xff))
  })
})
