import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Quota from "../src/quota.ts"

const limit = Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })))
const limits = Schema.Struct({ count: limit, bytes: limit, countHardLimit: limit, byteHardLimit: limit })

describe("the limits of a quota", () => {
  it.prop("are read as they were written", [limits], ([limits]) => {
    assert.deepStrictEqual(Quota.parse(Quota.format(limits)), limits)
  })

  // As 3.8.0 and 3.6 write them.
  it.each([
    ["count=10,bytes=-1=;byteHardLimit=-1;countHardLimit=-1", { count: 10 }],
    ["count=-1,bytes=-1=;byteHardLimit=100;countHardLimit=7", { byteHardLimit: 100, countHardLimit: 7 }],
    ["count=2,bytes=5", { count: 2, bytes: 5 }],
    ["", {}]
  ])("'%s' is read", (data, limits) => {
    assert.deepStrictEqual(Quota.parse(data), limits)
  })
})
