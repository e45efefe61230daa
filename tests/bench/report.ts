/** A row as text: every client's figures, its ratio to the baseline with the spread of the rounds, and the goals. */
import { type Judged, judge } from "./goals.ts"
import type { Row } from "./rows.ts"
import { compare, isRate, type Metric, type Rounds, summary, type Summary } from "./statistics.ts"

export interface Measured {
  readonly row: Row
  /** By client, one entry for each round; undefined where the cell failed. */
  readonly cells: Readonly<Record<string, Rounds>>
  /** Why a client is not in this row. */
  readonly missing: Readonly<Record<string, string>>
}

export const number = (value: number): string => {
  const size = Math.abs(value)
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2)
}

const bytes = (value: number): string =>
  Math.abs(value) >= 2 ** 20 ? `${number(value / 2 ** 20)} MiB` : `${number(value)} bytes`
const micros = (value: number): string => (value >= 10_000 ? `${number(value / 1000)} ms` : `${number(value)} us`)

const micro = (value: number): string => `${number(value)} us`

const plain: Readonly<Record<Metric, (value: number) => string>> = {
  ops: number,
  cpu: micro,
  p50: micros,
  heap: bytes,
  rss: bytes,
  fill: micros
}

const names: Readonly<Record<Metric, string>> = {
  ops: "ops/s",
  cpu: "CPU/op",
  p50: "p50",
  heap: "heap",
  rss: "RSS",
  fill: "to read a node"
}

export const spread = ({ high, low, median }: Summary, text: (value: number) => string = number): string =>
  `${text(median)} (${text(low)}-${text(high)})`

export const value = (of: Metric, { median }: Summary): string => `${plain[of](median)} ${names[of]}`

/** A client's figure against the row's baseline. */
export const against = ({ cells, row }: Measured, client: string, of: Metric): string | undefined => {
  const baseline = cells[row.baseline]
  if (client === row.baseline || baseline === undefined) return undefined
  const compared = compare(cells[client] ?? [], baseline, of, row.relation)
  if (compared === undefined) return undefined
  return row.relation === "ratio" ? spread(compared) : `+${spread(compared, bytes)}`
}

const signs: Readonly<Record<Judged["verdict"], string>> = {
  met: "met",
  noise: "met within noise",
  short: "SHORT",
  "not measured": "not measured"
}

/** What was wanted, what is, and the verdict. */
export const judgement = ({ against, goal, value, verdict }: Judged) => {
  const sign = isRate(goal.of) ? ">=" : "<="
  const [text, wanted] =
    goal.against === "nothing"
      ? [plain[goal.of], `${goal.of} ${sign} ${plain[goal.of](goal.limit)}`]
      : goal.against === "bare"
        ? [bytes, `${goal.of} ${sign} ${bytes(goal.limit)} over bare`]
        : [number, `${goal.of} ${sign} ${number(goal.limit)} x ${against ?? goal.against}`]
  return {
    wanted: goal.against === "best peer" && against !== undefined ? `${wanted}, the best peer` : wanted,
    found: value === undefined ? "-" : spread(value, text),
    rounds: value?.rounds ?? 0,
    verdict: signs[verdict]
  }
}

export const text = (measured: Measured): string => {
  const { cells, missing, row } = measured
  const lines = [row.note === undefined ? row.id : `${row.id}: ${row.note}`]
  for (const [client, rounds] of Object.entries(cells)) {
    const parts = row.metrics.flatMap((of) => {
      const own = summary(rounds, of)
      if (own === undefined) return []
      const compared = against(measured, client, of)
      const unit = row.relation === "ratio" ? ` = ${compared} x ${row.baseline}` : ` = ${compared} over ${row.baseline}`
      return [`${value(of, own)}${compared === undefined ? "" : unit}`]
    })
    const count = rounds.filter((result) => result !== undefined).length
    lines.push(`  ${client.padEnd(8)} ${parts.join(", ")} [${count} rounds]`)
  }
  for (const [client, why] of Object.entries(missing)) lines.push(`  ${client.padEnd(8)} ${why}`)
  for (const each of row.goals) {
    const judged = judge(each, cells)
    const { found, verdict, wanted } = judgement(judged)
    if (judged.verdict !== "not measured") lines.push(`    ${each.level} ${wanted}: ${found} ${verdict}`)
  }
  return lines.join("\n")
}
