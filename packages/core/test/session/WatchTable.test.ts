/** The watches that are registered again, and what spends them. */
import { encode } from "../wire/support.ts"
import { setWatches2 } from "@effect-zookeeper/core/wire/ops/watches"
import type { WatchEvent } from "@effect-zookeeper/core/WatchEvent"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Kind, WatchTable } from "../../src/session/WatchTable.ts"

const kinds = Object.keys(Kind) as Array<Kind>
const types = ["NodeCreated", "NodeDataChanged", "NodeChildrenChanged", "NodeDeleted"] as const

const entry = Schema.Struct({
  kind: Schema.Literals(kinds),
  length: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40_000 })),
  wide: Schema.Boolean
})

const left = (table: WatchTable, path: string): ReadonlyArray<Kind> => kinds.filter((kind) => table.has(path, kind))

describe("batches", () => {
  it.prop(
    "hold every watch once, and no more than 128 KB of paths and one node's",
    [Schema.Array(entry)],
    ([entries]) => {
      const table = new WatchTable()
      const wanted = new Set<string>()
      for (const [index, { kind, length, wide }] of entries.entries()) {
        // Some paths in several lists, some outside ASCII.
        const path = `/${index >> 1}-${(wide ? "ü" : "x").repeat(length >> (wide ? 1 : 0))}`
        table.add(path, kind)
        wanted.add(`${kind} ${path}`)
      }
      const batches = table.batches(77n)
      const found = batches.flatMap((batch) => [
        ...batch.dataWatches.map((path) => `data ${path}`),
        ...batch.existWatches.map((path) => `exist ${path}`),
        ...batch.childWatches.map((path) => `child ${path}`),
        ...batch.persistentWatches.map((path) => `persistent ${path}`),
        ...batch.persistentRecursiveWatches.map((path) => `recursive ${path}`)
      ])
      assert.deepStrictEqual([...found].sort(), [...wanted].sort())
      for (const batch of batches) {
        assert.strictEqual(batch.relativeZxid, 77n)
        assert.isAtMost(encode(setWatches2.request, batch).length, 128 * 1024 + 2 * 40_100 + 100)
      }
      const bytes = found.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
      // Nor are they needlessly small.
      assert.isAtMost(batches.length, 1 + bytes / (128 * 1024 - 40_100))
    },
    { arbitrary: { runs: 50 } }
  )

  it("none for no watches", () => {
    const table = new WatchTable()
    assert.deepStrictEqual(table.batches(1n), [])
    table.add("/a", "data")
    table.remove("/a", "data")
    table.remove("/b", "child")
    assert.deepStrictEqual(table.batches(1n), [])
    assert.strictEqual(table.size, 0)
  })
})

describe("an event spends", () => {
  const spent: Record<WatchEvent["type"], ReadonlyArray<Kind>> = {
    NodeCreated: ["child"],
    NodeDataChanged: ["child"],
    NodeChildrenChanged: ["data", "exist"],
    NodeDeleted: []
  }
  for (const type of types) {
    it(`${type}: leaves of the one-shot watches ${spent[type].join(" and ") || "none"}`, () => {
      const table = new WatchTable()
      for (const kind of ["data", "exist", "child"] as const) table.add("/a", kind)
      table.add("/b", "data")
      table.spend({ type, path: "/a" })
      assert.deepStrictEqual(left(table, "/a"), spent[type])
      assert.deepStrictEqual(left(table, "/b"), ["data"])
    })
  }

  for (const kind of ["persistent", "recursive"] as const) {
    it(`nothing on a path with a ${kind} watch`, () => {
      const table = new WatchTable()
      table.add("/a", "data")
      table.add("/a", kind)
      for (const type of types) table.spend({ type, path: "/a" })
      assert.deepStrictEqual(left(table, "/a"), ["data", kind])
    })
  }
})
