/**
 * Requests captured from a real 3.8.0, replayed in the order they were captured: the answers must be the same bytes but
 * for times, session ids and what the server leaves unordered. The zxids must agree without any help.
 */
import { openUnsafe } from "@effect-zookeeper/core/Acl"
import { create, create2, createContainer, createTTL } from "@effect-zookeeper/core/wire/ops/create"
import { setACL } from "@effect-zookeeper/core/wire/ops/acl"
import { deleteNode } from "@effect-zookeeper/core/wire/ops/delete"
import { getData } from "@effect-zookeeper/core/wire/ops/data"
import { exists } from "@effect-zookeeper/core/wire/ops/exists"
import { multi } from "@effect-zookeeper/core/wire/ops/multi"
import { closeSession } from "@effect-zookeeper/core/wire/ops/session"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { readFileSync } from "node:fs"
import { passwordOf } from "../src/internal/SessionId.ts"
import * as TestServer from "../src/TestServer.ts"
import { connect, open, type RawClient } from "./RawClient.ts"

interface Vector {
  readonly name: string
  readonly request_hex: string
  readonly response_hex: string
}

const file = new URL("../../core/test/fixtures/wire-vectors.jsonl", import.meta.url)
const vectors = new Map(
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Vector)
    .map((vector) => [vector.name, vector])
)
const vector = (name: string): Vector => {
  const found = vectors.get(name)
  if (found === undefined) throw new Error(`no vector ${name}`)
  return found
}

/** The moment of the capture, so that times look alike; only their first bytes are compared. */
const CAPTURED_AT = 0x1a1ff7a7640

/** Where the server under test begins to count sessions: unlike any time. */
const STARTED_AT = 0x22_2222_2222

/** Ids and passwords differ by run, the last bits of times too. */
const normal = (hex: string): string =>
  hex
    .replaceAll("012222222222", "010000130a87")
    .replaceAll(/(00000010)([0-9a-f]{32})(00)?$/g, (_, length: string, password: string, end: string | undefined) =>
      /^0+$/.test(password) ? length + password + (end ?? "") : `${length}<password>${end ?? ""}`
    )
    .replaceAll(/000001a1ff7a[0-9a-f]{4}/g, "<time>")
    .replaceAll(/010000130a87[0-9a-f]{4}/g, "<session>")

const framesOf = (hex: string): Array<string> => {
  const frames: Array<string> = []
  for (let at = 0; at < hex.length;) {
    const length = parseInt(hex.slice(at, at + 8), 16) * 2
    frames.push(hex.slice(at + 8, at + 8 + length))
    at += 8 + length
  }
  return frames
}

/** Sends a vector's request and takes as many frames as were captured. */
const replay = (client: RawClient, name: string, tidy: (hex: string) => string = (hex) => hex) =>
  Effect.gen(function* () {
    const { request_hex, response_hex } = vector(name)
    if (request_hex !== "") client.write(request_hex)
    const expected = framesOf(response_hex)
    const got: Array<string> = []
    for (const _ of expected) got.push((yield* client.take)?.toString("hex") ?? "closed")
    deepStrictEqual(
      { [name]: got.map((hex) => tidy(normal(hex))) },
      { [name]: expected.map((hex) => tidy(normal(hex))) }
    )
  })

/** The names in a frame in alphabetical order, since the server leaves them in any. */
const sortedNames = (hex: string): string => {
  const names = /(00000008)((?:000000[0-9a-f]{2}(?:[2-7][0-9a-f])+)+)(?=0{8})/.exec(hex)
  return names === null
    ? hex
    : hex.replace(
        names[2]!,
        names[2]!
          .split(/(?=000000[0-1][0-9a-f])/)
          .sort()
          .join("")
      )
}

const none = new Uint8Array(0)
const closed = (client: RawClient) => Effect.map(client.take, (frame) => strictEqual(frame, undefined))

describe("captured exchanges", () => {
  it("passwords are those of a real server", () => {
    const hex = (id: bigint) => Buffer.from(passwordOf(id)).toString("hex")
    strictEqual(hex(0x0100_0013_0a87_0000n), "2bb369f7dc1c339181bd81c985de0d83")
    strictEqual(hex(0x0100_0013_0a87_0001n), "3ed463f77c6812d67600e9f459672250")
    strictEqual(hex(0x0100_0013_0a87_000cn), "104023f75ca8aacb00e158d271480420")
  })

  it.effect("a standalone server", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(STARTED_AT)
      const { transport } = yield* TestServer.make({ listen: "memory" })
      yield* TestClock.setTime(CAPTURED_AT)
      const first = yield* open(transport)
      yield* replay(first, "connect_new")
      const old = yield* open(transport)
      // A peer of 3.4: neither the request nor the answer has the last byte.
      old.write("0000002c00000000000000000000000000002710000000000000000000000010" + "00".repeat(16))
      strictEqual((yield* old.take)?.length, 36)
      yield* replay(first, "close_session")
      yield* closed(first)
      old.send(closeSession, undefined)
      yield* old.take
      yield* closed(old)
      for (const name of ["connect_timeout_below_min", "connect_timeout_above_max", "connect_readonly_flag"]) {
        yield* replay(yield* open(transport), name)
      }
      const main = yield* connect(transport)
      strictEqual(main.session.timeOut, 10_000)
      // One more session than the capture tells of, so that the zxids agree.
      const spare = yield* connect(transport)
      spare.destroy()
      yield* replay(main, "ping")

      const made = (path: string, flags: number) => ({ path, data: none, acl: openUnsafe, flags })
      yield* replay(main, "create_persistent")
      yield* main.call(create2, made("/t/c2", 0))
      yield* replay(main, "create2_ephemeral")
      yield* main.call(create, made("/t/ps-", 2))
      yield* main.call(create, made("/t/es-", 3))
      yield* replay(main, "create_container")
      yield* main.call(createTTL, { ...made("/t/ttl", 5), ttl: 600_000 })
      for (const name of [
        "create_ttl_sequential",
        "create_null_data",
        "create_err_node_exists",
        "create_err_no_node",
        "create_err_ephemeral_child",
        "create_err_bad_path",
        "create_err_relative_path",
        "create_err_bad_flags",
        "create_err_empty_acl",
        "create_err_ttl_zero",
        "get_data",
        "get_data_null",
        "get_data_no_node",
        "exists_missing_with_watch",
        "get_children"
      ]) {
        yield* replay(main, name)
      }
      yield* replay(main, "get_children2", sortedNames)
      for (const name of ["get_acl", "get_ephemerals", "who_am_i", "get_config", "set_data", "set_data_bad_version"]) {
        yield* replay(main, name)
      }
      yield* main.call(deleteNode, { path: "/t", version: 7 })
      for (const name of ["delete_not_empty", "delete_no_node", "delete_root", "exists_watch_fires_on_own_create"]) {
        yield* replay(main, name)
      }
      for (const name of ["get_data_with_watch", "data_watch_fires_own_set", "watches_for_delete"]) {
        yield* replay(main, name)
      }
      const other = yield* connect(transport)
      yield* other.call(getData, { path: "/t/later", watch: true })
      yield* replay(main, "delete_ok")
      yield* replay(other, "watch_event_other_connection")
      for (const name of ["multi_ok", "multi_fail", "multi_empty"]) yield* replay(main, name)
      const second = yield* main.call(multi, [{ _tag: "create2", ...made("/m/c2", 0) }])
      deepStrictEqual(second.body, [{ _tag: "create", path: "/m/c2" }])
      yield* main.call(deleteNode, { path: "/none", version: -1 })
      yield* replay(main, "multi_read")
      const watching = yield* connect(transport)
      yield* replay(watching, "set_watches2_fires")
      yield* replay(watching, "persistent_from_setwatches2_fires")

      const recursive = yield* connect(transport)
      yield* replay(recursive, "add_watch_persistent")
      yield* replay(recursive, "add_watch_recursive")
      yield* recursive.call(create, made("/rw", 0))
      for (const name of [
        "recursive_event_child_create",
        "recursive_event_child_set",
        "recursive_event_child_delete",
        "check_watches_ok"
      ]) {
        yield* replay(recursive, name)
      }
      // remove_watches_ok of the reference
      recursive.write("000000130000000900000012000000032f727700000003")
      strictEqual((yield* recursive.take)?.toString("hex"), "00000009000000000000003000000000")
      yield* replay(recursive, "remove_watches_none")

      const bob = yield* connect(transport)
      yield* replay(bob, "auth_digest_ok")
      yield* replay(bob, "create_auth_acl")
      yield* replay(bob, "get_acl_digest_owner")
      yield* replay(main, "get_data_no_auth")
      const shared = [
        { perms: 31, scheme: "auth", id: "" },
        { perms: 1, scheme: "world", id: "anyone" }
      ]
      yield* bob.call(setACL, { path: "/sec", acl: shared, version: -1 })
      main.write("000000100000003300000006000000042f736563")
      strictEqual(
        (yield* main.take)?.toString("hex").slice(0, 132),
        "0000003300000000000000330000000000000002" +
          "0000001f0000000664696765737400000005626f623a78" +
          "0000000100000005776f726c6400000006616e796f6e65"
      )
      yield* main.call(deleteNode, { path: "/none", version: -1 })
      yield* replay(main, "reconfig_disabled")
      yield* replay(main, "marshalling_error")
      const unknown = yield* connect(transport)
      yield* replay(unknown, "unknown_opcode")
      yield* closed(unknown)
      const ahead = yield* open(transport)
      yield* replay(ahead, "connect_zxid_ahead")
      yield* closed(ahead)
      yield* main.call(createContainer, made("/last", 4))
      yield* main.call(exists, { path: "/last", watch: false })
      yield* replay(main, "pipelined_three_exists", (hex) => hex.replace(/^(.{8}).{16}/, "$1<zxid>"))
    })
  )

  it.effect("a resumed, a stolen and an expired session", () =>
    Effect.gen(function* () {
      const { expireSession, transport } = yield* TestServer.make({ listen: "memory" })
      const first = yield* connect(transport, { timeOut: 2000 })
      const { passwd, sessionId } = first.session
      const second = yield* open(transport)
      const again = yield* second.handshake({ sessionId, passwd, timeOut: 3000 })
      deepStrictEqual(again, { ...first.session, timeOut: 3000 })
      yield* closed(first)
      const thief = yield* open(transport)
      const refused = yield* thief.handshake({ sessionId, passwd: new Uint8Array(16).fill(1) })
      deepStrictEqual(refused, { ...first.session, timeOut: 0, sessionId: 0n, passwd: new Uint8Array(16) })
      yield* closed(thief)
      yield* closed(second)
      const third = yield* open(transport)
      strictEqual((yield* third.handshake({ sessionId, passwd }))?.sessionId, sessionId)
      yield* expireSession(sessionId)
      yield* closed(third)
      const late = yield* open(transport)
      strictEqual((yield* late.handshake({ sessionId, passwd }))?.timeOut, 0)
      yield* closed(late)
    })
  )
})
