import * as Op from "@effect-zookeeper/core/Op"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Operation from "../src/input/operation.ts"
import * as Value from "../src/input/value.ts"
import { split } from "../src/input/words.ts"
import { observe } from "./support.ts"

describe("words", () => {
  it.each([
    ["", []],
    ["  a\tb ", ["a", "b"]],
    ["a'b c'd", ["ab cd"]],
    [`'a "b"' "c 'd'"`, ['a "b"', "c 'd'"]],
    [`'' ""`, ["", ""]],
    [String.raw`a\ b "c\"d" 'e\f'`, ["a b", 'c"d', String.raw`e\f`]]
  ])("%j", (text, words) => {
    assert.deepStrictEqual(Result.getOrThrow(split(text)), words)
  })

  it.each(["'a", '"a', "a\\"])("%j is refused", (text) => {
    assert.isTrue(Result.isFailure(split(text)))
  })
})

const bytes = (text: string) => new TextEncoder().encode(text)

const read = (text: string, encoding = Value.plain) =>
  Effect.map(
    observe(Effect.result(Operation.read(text, encoding)), { files: { f: bytes("file") } }),
    ({ result }) => result
  )

describe("an operation of zk txn", () => {
  const world = [{ scheme: "world", id: "anyone", perms: 1 }]
  const accepted: ReadonlyArray<readonly [string, Op.Op<unknown>]> = [
    ["create /a", Op.create("/a", bytes(""))],
    ["create /a 'x y'", Op.create("/a", bytes("x y"))],
    ["create -e -s /a/ x", Op.create("/a/", bytes("x"), { mode: "ephemeralSequential" })],
    ["create -es /a/ x", Op.create("/a/", bytes("x"), { mode: "ephemeralSequential" })],
    ["create --container /a", Op.create("/a", bytes(""), { mode: "container" })],
    ["create --ttl 2s /a", Op.create("/a", bytes(""), { mode: "ttl", ttl: Duration.seconds(2) })],
    ["create --acl world:anyone:r /a", Op.create("/a", bytes(""), { acl: world })],
    ["create /a @f", Op.create("/a", bytes("file"))],
    ["set /a x", Op.set("/a", bytes("x"))],
    ["set --version 0 /a -- -x", Op.set("/a", bytes("-x"), { version: 0 })],
    ["rm /a", Op.delete("/a")],
    ["rm --version=3 /a", Op.delete("/a", { version: 3 })],
    ["check /a", Op.check("/a", "any")],
    ["check /a --version 2", Op.check("/a", 2)]
  ]
  it.effect.each(accepted.map(([text, op]) => ({ text, op })))("$text", ({ op, text }) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(Result.getOrThrow(yield* read(text)), op)
    })
  )

  it.effect("has its value in digits where all have", () =>
    Effect.gen(function* () {
      const op = yield* read("set /a 00ff", { base64: false, hex: true })
      assert.deepStrictEqual(Result.getOrThrow(op), Op.set("/a", new Uint8Array([0, 255])))
    })
  )

  const refused: ReadonlyArray<readonly [string, string]> = [
    ["delete /a", "'delete' is none of create, set, rm, check"],
    ["create", "usage: create [-e]"],
    ["create /a b c", "usage: create [-e]"],
    ["create --version 1 /a", "usage: create [-e]"],
    ["set /a", "usage: set [--version N] PATH VALUE"],
    ["set -e /a x", "usage: set"],
    ["rm /a --force", "usage: rm"],
    ["check a", "'a' is not a path"],
    ["create /a/", "'/a/' is not a path"],
    ["check --version -1 /a", "usage: check"],
    ["check --version x /a", "'x' is not a version"],
    ["create -e --ttl 1s /a", "--ttl and -e exclude each other"],
    ["create --ttl 1 /a", "'1' is not a duration"],
    ["create --acl a:b:x /a", "the ACL cannot be used"],
    ["set /a -", "no value comes from standard input here"],
    ["set /a 'x", "a ' is not closed"]
  ]
  it.effect.each(refused.map(([text, says]) => ({ text, says })))("$text is refused", ({ says, text }) =>
    Effect.gen(function* () {
      const error = Result.getOrThrow(Result.flip(yield* read(text)))
      assert.strictEqual(error._tag, "InputError")
      assert.include(error.message, `'${text}' is no operation: `)
      assert.include(error.message, says)
    })
  )
})
