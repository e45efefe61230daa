import * as Period from "../../src/model/Period.ts"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"

describe("a length of time", () => {
  it.each([
    ["2 seconds", 2000, "'2 seconds'"],
    [Duration.minutes(1), 60_000, "1m"],
    [250, 250, "250"],
    ["Infinity", Infinity, "'Infinity'"],
    ["soon" as Duration.Input, Number.NaN, "'soon'"]
  ] as const)("%s", (input, millis, shown) => {
    expect([Period.millisOf(input), Period.show(input)]).toEqual([millis, shown])
  })
})
