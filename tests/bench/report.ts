/** The table as text: for each row every client's ratios to node-zookeeper-client, and what was wanted. */
import { type Goal, isRate, type Metric, type Row } from "./rows.ts"
import type { Result } from "./spec.ts"
import { metric, ratios, summarize, type Summary } from "./statistics.ts"

export const BASELINE = "nzc"

export interface Measured {
  readonly row: Row
  /** By client, one entry for each round; undefined where the cell failed. */
  readonly cells: Readonly<Record<string, ReadonlyArray<Result | undefined>>>
  /** Why a client is not in this row. */
  readonly missing: Readonly<Record<string, string>>
}

const number = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

const spread = ({ high, low, median }: Summary): string => `${number(median)} (${number(low)}-${number(high)})`

const metrics = (row: Row): ReadonlyArray<Metric> =>
  row.server === "mute" ? ["heap", "rss"] : row.depth === 1 ? ["cpu", "ops", "p50"] : ["cpu", "ops"]

const units: Readonly<Record<Metric, string>> = {
  ops: "ops/s",
  cpu: "us CPU/op",
  p50: "us p50",
  heap: "bytes heap",
  rss: "bytes RSS"
}

const verdict = ({ aim, must, of }: Goal, { median }: Summary): string => {
  const meets = (limit: number) => (isRate(of) ? median >= limit : median <= limit)
  const sign = isRate(of) ? ">=" : "<="
  const how = meets(aim) ? "aim" : meets(must) ? "must" : "SHORT"
  return `${how} (must ${sign} ${must}, aim ${sign} ${aim})`
}

export const text = ({ cells, missing, row }: Measured): string => {
  const lines = [`${row.id}`]
  const baseline = cells[BASELINE] ?? []
  for (const [client, rounds] of Object.entries(cells)) {
    const results = rounds.filter((result) => result !== undefined)
    const parts = metrics(row).flatMap((of) => {
      const own = summarize(results.flatMap((result) => metric(result, of) ?? []))
      if (own === undefined) return []
      const against = client === BASELINE ? undefined : ratios(rounds, baseline, of)
      const goal = client === "effect" ? row.goals.find((goal) => goal.of === of) : undefined
      const ratio = against === undefined ? "" : ` = ${spread(against)} x ${BASELINE}`
      return [`${number(own.median)} ${units[of]}${ratio}${goal && against ? ` ${verdict(goal, against)}` : ""}`]
    })
    lines.push(`  ${client.padEnd(8)} ${parts.join(", ")} [${results.length} rounds]`)
  }
  for (const [client, why] of Object.entries(missing)) lines.push(`  ${client.padEnd(8)} ${why}`)
  return lines.join("\n")
}
