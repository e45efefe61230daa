import * as Ids from "@effect-zookeeper/core/Ids"
import { expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

const long = Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n }))

it.prop("hexadecimal and back", [long], ([id]) => {
  expect(Ids.fromHex(Ids.toHex(id))).toBe(id)
})

it("is unsigned, as the server's logs are", () => {
  expect([Ids.toHex(0n), Ids.toHex(-1n), Ids.toHex(0x10000149fdb0000n)]).toEqual([
    "0x0",
    "0xffffffffffffffff",
    "0x10000149fdb0000"
  ])
})

it.each(["", "0x", "10", "0xg", "0x11112222333344445", " 0x1", "-0x1"])("%j is no id", (text) => {
  expect(Ids.fromHex(text)).toBeUndefined()
})
