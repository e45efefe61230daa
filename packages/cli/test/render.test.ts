import type { Stat } from "@effect-zookeeper/core/Stat"
import { assert, describe, it } from "@effect/vitest"
import { modeOf } from "../src/input/mode.ts"
import { columns } from "../src/render/columns.ts"
import * as RenderStat from "../src/render/stat.ts"

const stat: Stat = {
  czxid: 0x1_0000_0002n,
  mzxid: 0x1_0000_0003n,
  ctime: 0,
  mtime: 1_700_000_000_123,
  version: 12,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: -1n,
  dataLength: 5,
  numChildren: 0,
  pzxid: 0x1_0000_0002n
}

describe("a Stat", () => {
  it("in JSON loses nothing of 64 bits", () => {
    assert.deepStrictEqual(JSON.parse(JSON.stringify(RenderStat.toJson(stat))), {
      czxid: "0x100000002",
      mzxid: "0x100000003",
      ctime: 0,
      mtime: 1_700_000_000_123,
      version: 12,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: "0xffffffffffffffff",
      dataLength: 5,
      numChildren: 0,
      pzxid: "0x100000002"
    })
  })

  it("as text is one field a line, times in ISO 8601", () => {
    const lines = RenderStat.toText(stat).split("\n")
    assert.strictEqual(lines.length, 12)
    assert.strictEqual(lines[0], "czxid          0x100000002")
    assert.strictEqual(lines[3], "mtime          2023-11-14T22:13:20.123Z")
  })
})

describe("columns", () => {
  it("align numbers to the right and names by their width on the screen", () => {
    assert.strictEqual(
      columns([
        ["e", "v1", "10", "字"],
        ["-", "v12", "9", "b"]
      ]),
      "e   v1  10  字\n-  v12   9  b\n"
    )
    assert.strictEqual(columns([]), "")
  })
})

describe("the mode of a new node", () => {
  const mode = (...flags: ReadonlyArray<"ephemeral" | "sequential" | "container" | "ttl">) =>
    modeOf({
      ephemeral: flags.includes("ephemeral"),
      sequential: flags.includes("sequential"),
      container: flags.includes("container"),
      ttl: flags.includes("ttl")
    })

  it("is one of seven, and nothing else", () => {
    assert.strictEqual(mode(), "persistent")
    assert.strictEqual(mode("ephemeral"), "ephemeral")
    assert.strictEqual(mode("sequential"), "persistentSequential")
    assert.strictEqual(mode("ephemeral", "sequential"), "ephemeralSequential")
    assert.strictEqual(mode("container"), "container")
    assert.strictEqual(mode("ttl"), "ttl")
    assert.strictEqual(mode("ttl", "sequential"), "ttlSequential")
    assert.isUndefined(mode("ttl", "ephemeral"))
    assert.isUndefined(mode("container", "ttl"))
    assert.isUndefined(mode("container", "ephemeral"))
    assert.isUndefined(mode("container", "sequential"))
  })
})
