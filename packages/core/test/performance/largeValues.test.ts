/** What the collector does about values that lie outside of its heap. */
import { expect, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"

/** Gets values of 100 KB, 1 GB in all, in a process whose heap is still small; prints the collections by their kind. */
const program = `
  import { GCProfiler } from "node:v8"
  import { Frames } from ${JSON.stringify(`${import.meta.dirname}/../../src/wire/Frames.ts`)}
  const frames = new Frames(1_000_000)
  const start = Buffer.alloc(60_004)
  start.writeInt32BE(100_000)
  const rest = Buffer.alloc(40_000)
  const profiler = new GCProfiler()
  profiler.start()
  for (let i = 0; i < 10_000; i++) {
    for (const chunk of [start, rest]) frames.push(chunk, () => {})
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  console.log(JSON.stringify(profiler.stop().statistics.map(({ gcType }) => gcType)))`

it("large values that nobody keeps are freed without marking the heap", () => {
  const collections: ReadonlyArray<string> = JSON.parse(
    execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" })
  )
  // 1 was found, and 12 to 14 for memory that comes without garbage of its own.
  expect(collections.filter((kind) => kind === "MarkSweepCompact").length).toBeLessThan(5)
  expect(collections.filter((kind) => kind === "Scavenge").length).toBeGreaterThan(10)
})
