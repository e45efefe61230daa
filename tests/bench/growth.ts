/** Time per operation by depth: a line that rises is something that grows with what is outstanding. */
import * as Effect from "effect/Effect"
import * as cell from "./cell.ts"
import type { Options } from "./options.ts"
import { growthDepths } from "./rows.ts"
import type { Kind } from "./servers/start.ts"
import type { Result } from "./spec.ts"
import { metric, summarize } from "./statistics.ts"

const clients = ["effect", "core"]

export const run = Effect.fnUntraced(function* (
  options: Options,
  serverFor: (kind: Kind) => Effect.Effect<string, unknown>
): Effect.fn.Return<void, unknown> {
  const connect = yield* serverFor("canned")
  const cells = new Map<string, Array<Result>>()
  for (let round = 0; round < options.rounds; round++) {
    for (const depth of growthDepths) {
      for (const client of clients) {
        const key = `${client} ${depth}`
        const spec = { client, workload: "getData", depth, connect, warmMillis: 600, millis: options.millis } as const
        const result = yield* cell.run(cell.ours(options.profile), { ...spec, maxOps: 5_000_000 })
        cells.set(key, [...(cells.get(key) ?? []), result])
      }
    }
  }
  console.log(`canned/getData, us of CPU per operation (${options.rounds} rounds: median, least and most)`)
  for (const depth of growthDepths) {
    const columns = clients.map((client) => {
      const summary = summarize((cells.get(`${client} ${depth}`) ?? []).flatMap((each) => metric(each, "cpu") ?? []))
      if (summary === undefined) return `${client} -`
      const [median, low, high] = [summary.median, summary.low, summary.high].map((value) => value.toFixed(2))
      return `${client} ${median} (${low}-${high})`
    })
    console.log(`  W=${String(depth).padEnd(6)} ${columns.join("   ")}`)
  }
})
