import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as RenderBytes from "../src/render/bytes.ts"
import * as Value from "../src/input/value.ts"

const bytes = (...values: ReadonlyArray<number>) => new Uint8Array(values)
const utf8 = (text: string) => new TextEncoder().encode(text)

describe("bytes in JSON", () => {
  it.prop("stand for exactly these bytes", [Schema.Uint8Array], ([data]) => {
    for (const form of ["auto", "base64"] as const) {
      const json = RenderBytes.toJson(data, form)
      assert.deepStrictEqual(new Uint8Array(Buffer.from(json.data, json.encoding)), data)
    }
  })

  it.prop("are text when they are UTF-8", [Schema.String.check(Schema.isPattern(/^[a-zäß€字\t\n]*$/))], ([text]) => {
    assert.deepStrictEqual(RenderBytes.toJson(utf8(text)), { data: text, encoding: "utf8" })
  })

  it("keep a byte order mark and refuse what is no UTF-8", () => {
    assert.deepStrictEqual(RenderBytes.toJson(bytes(0xef, 0xbb, 0xbf, 0x61)), { data: "\ufeffa", encoding: "utf8" })
    assert.deepStrictEqual(RenderBytes.toJson(bytes(0xff)), { data: "/w==", encoding: "base64" })
    assert.deepStrictEqual(RenderBytes.toJson(bytes(0x61), "base64"), { data: "YQ==", encoding: "base64" })
  })
})

describe("bytes on standard output", () => {
  it.effect.prop("in a pipe are the bytes and nothing else", [Schema.Uint8Array], ([data]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* RenderBytes.render(data, "auto", false), data)
      assert.strictEqual(yield* RenderBytes.render(data, "text", false), data)
    })
  )

  it.effect("on a terminal are pretty", () =>
    Effect.gen(function* () {
      const show = (data: Uint8Array) => RenderBytes.render(data, "auto", true)
      assert.strictEqual(yield* show(utf8("hello")), "hello\n")
      assert.strictEqual(yield* show(utf8("hello\n")), "hello\n")
      assert.strictEqual(yield* show(utf8("")), "")
      assert.strictEqual(yield* show(utf8("42")), "42\n")
      assert.strictEqual(yield* show(utf8(`{"a":[1]}`)), `{\n  "a": [\n    1\n  ]\n}\n`)
      assert.strictEqual(yield* show(utf8("\u001b[2Jboo\u0007")), "\\x1b[2Jboo\\x07\n")
      assert.strictEqual(
        yield* show(bytes(0xac, 0xed, 0x00, 0x05, 0x41)),
        "00000000  ac ed 00 05 41                                    |....A|\n"
      )
    })
  )

  it("a full row and a begun one of a hexdump", () => {
    const data = Uint8Array.from({ length: 17 }, (_, i) => 0x41 + i)
    assert.strictEqual(
      RenderBytes.hexdump(data),
      "00000000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  |ABCDEFGHIJKLMNOP|\n" +
        "00000010  51                                                |Q|\n"
    )
  })

  it.effect("as JSON are refused when they are not", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* RenderBytes.render(utf8(" [1]"), "json", false), "[\n  1\n]\n")
      const error = yield* Effect.flip(RenderBytes.render(utf8("nope"), "json", false))
      assert.strictEqual(error._tag, "InputError")
    })
  )
})

describe("values", () => {
  it.effect.prop("written in hex or base64 are read back", [Schema.Uint8Array], ([data]) =>
    Effect.gen(function* () {
      for (const form of ["hex", "base64"] as const) {
        const written = yield* RenderBytes.render(data, form, false)
        const encoding = { hex: form === "hex", base64: form === "base64" }
        assert.deepStrictEqual(yield* Value.decode(Buffer.from(written), encoding), data)
      }
    })
  )
})
