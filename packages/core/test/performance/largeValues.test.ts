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

it("large values that nobody keeps are freed by collections of the young generation", () => {
  const collections: ReadonlyArray<string> = JSON.parse(
    execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" })
  )
  // 90 to 123 were found, and 2 for memory that comes without garbage of its own. How often the whole heap is marked beside
  // them depends on when V8's other threads get to run: 1 to 6 times, and 12 to 14 times without.
  expect(collections.filter((kind) => kind === "Scavenge").length).toBeGreaterThan(40)
})
