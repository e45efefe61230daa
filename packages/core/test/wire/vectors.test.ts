/** The codec against bytes exchanged with a real 3.8.0 server: what is decoded and encoded again is the same. */
import { ErrorCode } from "@effect-zookeeper/core/ErrorCode"
import { watcherEvent } from "@effect-zookeeper/core/wire/event"
import { REPLY_HEADER_LENGTH, replyHeader, requestHeader } from "@effect-zookeeper/core/wire/header"
import { Frames } from "@effect-zookeeper/core/wire/Frames"
import { JuteError } from "@effect-zookeeper/core/wire/JuteError"
import { type Codec, nothing } from "@effect-zookeeper/core/wire/Operation"
import { connectRequest, connectResponse } from "@effect-zookeeper/core/wire/ops/connect"
import { sasl, whoAmI } from "@effect-zookeeper/core/wire/ops/auth"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { byCode, operations } from "@effect-zookeeper/core/wire/registry"
import * as Xid from "@effect-zookeeper/core/wire/Xid"
import { describe, expect, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { decode, encode, framesOf } from "./support.ts"

interface Vector {
  readonly name: string
  readonly request_hex: string
  readonly response_hex: string
}

const vectors: ReadonlyArray<Vector> = readFileSync(`${import.meta.dirname}/../fixtures/wire-vectors.jsonl`, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Vector)

/** Requests that no encoder of ours can write, since they are wrong on purpose; each has a test of its own below. */
const malformed = ["marshalling_error", "unknown_opcode"]

/** Answers that we would not write as Java does; each has a test of its own below. */
const javasOwn = ["who_am_i_cesu8"]

/** A header and what follows it, as one record. */
const message = <H, B>(head: Codec<H>, body: Codec<B>): Codec<readonly [H, B]> => ({
  encode: (writer, value) => {
    head.encode(writer, value[0])
    body.encode(writer, value[1])
  },
  decode: (reader) => [head.decode(reader), body.decode(reader)]
})

const isHandshake = (vector: Vector): boolean => /^(connect|session_resume)_/.test(vector.name)

const requestsOf = (vector: Vector) =>
  isHandshake(vector)
    ? []
    : framesOf(Buffer.from(vector.request_hex, "hex")).map((frame) => decode(requestHeader, frame))

const requestCodec = (vector: Vector, frame: Buffer): Codec<any> => {
  if (isHandshake(vector)) return connectRequest
  const { type } = decode(requestHeader, frame)
  const operation = byCode(type)
  if (operation === undefined) throw new Error(`no operation ${type}`)
  return message(requestHeader, operation.request)
}

const responseCodec = (vector: Vector, frame: Buffer): Codec<any> => {
  if (isHandshake(vector) && frame.length !== REPLY_HEADER_LENGTH) return connectResponse
  const { err, xid } = decode(replyHeader, frame)
  if (xid === Xid.NOTIFICATION) return message(replyHeader, watcherEvent)
  const type = requestsOf(vector).find((request) => request.xid === xid)?.type
  // A refused SASL step is the only error with a body (protocol: a null token).
  if (err !== 0 && type !== sasl.code) return message(replyHeader, nothing)
  const operation = byCode(type ?? 0)
  if (operation === undefined) throw new Error(`no request for the answer ${xid}`)
  return message(replyHeader, operation.response)
}

const same = (codec: Codec<any>, frame: Buffer): void => {
  expect(encode(codec, decode(codec, frame)).toString("hex")).toBe(frame.toString("hex"))
}

const framesIn = (hex: string): Array<Buffer> => {
  const bytes = Buffer.from(hex, "hex")
  const frames = framesOf(bytes)
  expect(frames.reduce((sum, frame) => sum + 4 + frame.length, 0)).toBe(bytes.length)
  return frames
}

const requestHex = (name: string): string => vectors.find((vector) => vector.name === name)!.request_hex

describe("captured bytes", () => {
  it.each(vectors.filter(({ name }) => !malformed.includes(name)))("request $name", (vector) => {
    for (const frame of framesIn(vector.request_hex)) same(requestCodec(vector, frame), frame)
  })

  it.each(vectors.filter(({ name }) => !javasOwn.includes(name)))("response $name", (vector) => {
    for (const frame of framesIn(vector.response_hex)) same(responseCodec(vector, frame), frame)
  })

  it("they show every operation", () => {
    const shown = new Set(vectors.flatMap(requestsOf).map(({ type }) => type))
    const missing = operations.filter(({ code }) => !shown.has(code)).map(({ name }) => name)
    expect(missing).toEqual([])
  })
})

describe("captured bytes that are wrong on purpose", () => {
  it("marshalling_error: a path longer than its frame", () => {
    const [frame] = framesIn(requestHex("marshalling_error"))
    expect(() => decode(message(requestHeader, getData.request), frame!)).toThrow(JuteError)
  })

  it("unknown_opcode: 99 is no operation", () => {
    const [frame] = framesIn(requestHex("unknown_opcode"))
    const { type } = decode(requestHeader, frame!)
    expect(type).toBe(99)
    expect(byCode(type)).toBeUndefined()
  })

  it("a frame one byte above the server's limit", () => {
    const header = Buffer.from("00100000", "hex")
    expect(() => new Frames(0xfffff).push(header, () => {})).toThrow("1048576 bytes, limit 1048575")
  })
})

describe("the handshake of 3.4", () => {
  // Captured with the last byte left out of the request; the server then leaves it out of its answer.
  const request = "00000000000000000000000000002710000000000000000000000010" + "00".repeat(16)
  const response = "0000000000002710010000130a870001000000103ed463f77c6812d67600e9f459672250"

  it("a request without readOnly", () => {
    expect(decode(connectRequest, Buffer.from(request, "hex"))).toEqual({
      protocolVersion: 0,
      lastZxidSeen: 0n,
      timeOut: 10_000,
      sessionId: 0n,
      passwd: new Uint8Array(16),
      readOnly: false
    })
  })

  it("a response without readOnly", () => {
    expect(decode(connectResponse, Buffer.from(response, "hex"))).toMatchObject({
      timeOut: 10_000,
      sessionId: 0x010000130a870001n,
      readOnly: false
    })
  })
})

it("who_am_i_cesu8: a character outside the basic plane, written by Java as two surrogates", () => {
  const [frame] = framesIn(vectors.find(({ name }) => name === "who_am_i_cesu8")!.response_hex)
  expect(decode(message(replyHeader, whoAmI.response), frame!)[1]).toEqual([
    { authScheme: "digest", user: "😀" },
    { authScheme: "ip", user: "127.0.0.1" }
  ])
})

describe("a transaction as the server answers it", () => {
  const results = (name: string) => {
    const vector = vectors.find((one) => one.name === name)!
    const [frame] = framesIn(vector.response_hex)
    return decode(message(replyHeader, multi.response), frame!)[1]
  }

  it("each result by its own type: createContainer comes back as create2", () => {
    expect(results("multi_ok").map(({ _tag }) => _tag)).toEqual([
      "create",
      "setData",
      "check",
      "create",
      "delete",
      "create2"
    ])
  })

  it("create2 comes back as create from 3.8.0", () => {
    expect(results("multi_create2")).toEqual([{ _tag: "create", path: "/w/m2" }])
  })

  it("createTTL comes back as create2", () => {
    expect(results("multi_ttl")).toMatchObject([{ _tag: "create2", path: "/w/mt" }])
  })

  it("a failed one: 0 before the culprit, its code, RuntimeInconsistency after it", () => {
    expect(results("multi_fail")).toEqual([
      { _tag: "error", err: 0 },
      { _tag: "error", err: ErrorCode.BadVersion },
      { _tag: "error", err: ErrorCode.RuntimeInconsistency }
    ])
  })

  it("an empty one", () => {
    expect(results("multi_empty")).toEqual([])
  })
})
