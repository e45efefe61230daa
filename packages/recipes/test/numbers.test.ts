import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { excess, mismatch, type Name, type Notation, notations } from "../src/internal/numbers.ts"

const between = (minimum: bigint, maximum: bigint) => Schema.BigInt.check(Schema.isBetweenBigInt({ minimum, maximum }))

const ranges = {
  int32: between(-(2n ** 31n), 2n ** 31n - 1n),
  int64: between(-(2n ** 63n), 2n ** 63n - 1n),
  decimal: between(-(10n ** 60n), 10n ** 60n)
}

const of = (name: Name): Notation => notations[name]

const bytes = (name: Name, value: bigint): Uint8Array => {
  const data = of(name).encode(value)
  return typeof data === "string" ? Buffer.from(data) : data
}

const hex = (name: Name, value: bigint): string => Buffer.from(bytes(name, value)).toString("hex")

describe("a number and its notation", () => {
  for (const name of ["int32", "int64", "decimal"] as const) {
    it.prop(`${name}: read is what was written, wherever the bytes stand`, [ranges[name]], ([value]) => {
      expect(excess(name, value)).toBeUndefined()
      const written = bytes(name, value)
      expect(of(name).decode(written)).toBe(value)
      // As a part of a larger buffer, which answers of servers are.
      const within = Buffer.concat([Buffer.alloc(3, 0xff), written, Buffer.alloc(3, 0xff)])
      expect(of(name).decode(within.subarray(3, 3 + written.length))).toBe(value)
    })
  }

  it.prop("binary ones are as long as they are, and anything else is no number", [Schema.Uint8Array], ([data]) => {
    expect(of("int32").decode(data) === undefined).toBe(data.length !== 4)
    expect(of("int64").decode(data) === undefined).toBe(data.length !== 8)
  })
})

it("is what Curator and kazoo write, measured on 5.7.1 and 2.11.0", () => {
  expect(hex("int64", 7n)).toBe("0000000000000007")
  expect(hex("int64", -2n)).toBe("fffffffffffffffe")
  expect(hex("int32", 7n)).toBe("00000007")
  expect(hex("int32", -(2n ** 31n))).toBe("80000000")
  expect(of("decimal").encode(-12n)).toBe("-12")
})

it.each([
  ["12\n", 12n],
  [" -3 ", -3n],
  ["+4", 4n],
  ["007", 7n],
  ["", undefined],
  ["-", undefined],
  ["1.0", undefined],
  ["1e3", undefined],
  ["0x10", undefined],
  ["1_000", undefined],
  ["12L", undefined],
  ["1 2", undefined],
  ["١٢", undefined],
  ["twelve", undefined]
])("reads decimal %j as %s", (said, value) => {
  expect(of("decimal").decode(Buffer.from(said))).toBe(value)
})

it("says which bound is passed, at both ends", () => {
  expect(excess("int32", 2n ** 31n - 1n)).toBeUndefined()
  expect(excess("int32", 2n ** 31n)).toBe("2147483648 is more than an int32 can be, 2147483647")
  expect(excess("int32", -(2n ** 31n))).toBeUndefined()
  expect(excess("int64", -(2n ** 63n) - 1n)).toBe(
    "-9223372036854775809 is less than an int64 can be, -9223372036854775808"
  )
})

it("says what is there instead of a number, and what it would be one as", () => {
  expect(mismatch("int64", Buffer.from("12"))).toBe(
    `'12' (2 bytes) is no number as "int64"; as "decimal" it would be one`
  )
  expect(mismatch("decimal", Buffer.from([0, 0, 0, 7]))).toBe(
    `00000007 (4 bytes) is no number as "decimal"; as "int32" it would be one`
  )
  expect(mismatch("int32", Buffer.from("x".repeat(30)))).toBe(`'${"x".repeat(24)}…' (30 bytes) is no number as "int32"`)
})
