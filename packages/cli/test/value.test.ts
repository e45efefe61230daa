import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Value from "../src/input/value.ts"
import { observe, type World } from "./support.ts"

const plain = { base64: false, hex: false }
const world: World = { stdin: new Uint8Array([0, 255, 10]), files: { "some file": new Uint8Array([1, 2, 3]) } }

const read = (source: string, encoding: Value.Encoding = plain, from: World = world) =>
  Effect.map(observe(Value.read(source, encoding), from), ({ result }) => [...result])

describe("a value", () => {
  it.effect("is the argument, standard input or a file, byte by byte", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read("aä"), [0x61, 0xc3, 0xa4])
      assert.deepStrictEqual(yield* read(""), [])
      assert.deepStrictEqual(yield* read("-"), [0, 255, 10])
      assert.deepStrictEqual(yield* read("@some file"), [1, 2, 3])
    })
  )

  it.effect("may be written in digits, wherever it comes from", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read("00fF", { base64: false, hex: true }), [0, 255])
      assert.deepStrictEqual(yield* read("AP8=", { base64: true, hex: false }), [0, 255])
      const stdin = { stdin: Buffer.from("00\nff\n") }
      assert.deepStrictEqual(yield* read("-", { base64: false, hex: true }, stdin), [0, 255])
    })
  )

  it.effect.each([
    ["0", { base64: false, hex: true }],
    ["0g", { base64: false, hex: true }],
    ["A", { base64: true, hex: false }],
    ["AP8=AP8=", { base64: true, hex: false }],
    ["@nowhere", plain]
  ] as const)("%s cannot be read", ([source, encoding]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(observe(Value.read(source, encoding), world))
      assert.strictEqual(error._tag, "InputError")
    })
  )
})
