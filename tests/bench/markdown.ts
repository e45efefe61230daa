/** A run as a page: the machine, what was wanted and what is, and every client's figures. */
import * as path from "node:path"
import { judge } from "./goals.ts"
import { points } from "./growth.ts"
import { against, judgement, type Measured, number, value } from "./report.ts"
import type { Run } from "./results.ts"
import { summary } from "./statistics.ts"

const table = (head: ReadonlyArray<string>, lines: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

const goals = (rows: ReadonlyArray<Measured>): string =>
  table(
    ["row", "", "wanted", "found: median (least-most)", "rounds", "verdict"],
    rows.flatMap(({ cells, row }) =>
      row.goals.map((goal) => {
        const { found, rounds, verdict, wanted } = judgement(judge(goal, cells))
        return [row.id, goal.level, wanted, found, String(rounds), verdict === "SHORT" ? "**short**" : verdict]
      })
    )
  )

const cells = (measured: Measured): ReadonlyArray<ReadonlyArray<string>> => {
  const { row } = measured
  return Object.entries(measured.cells).map(([client, rounds], index) => [
    index === 0 ? `${row.id}${row.note === undefined ? "" : `: ${row.note}`}` : "",
    client,
    row.metrics.flatMap((of) => summary(rounds, of) ?? []).length === 0 ? "failed" : figures(measured, client),
    String(rounds.filter((result) => result !== undefined).length)
  ])
}

const figures = (measured: Measured, client: string): string =>
  measured.row.metrics
    .flatMap((of) => {
      const own = summary(measured.cells[client] ?? [], of)
      if (own === undefined) return []
      const compared = against(measured, client, of)
      const unit = measured.row.relation === "ratio" ? "x" : "over"
      return [`${value(of, own)}${compared === undefined ? "" : ` = ${compared} ${unit} ${measured.row.baseline}`}`]
    })
    .join("; ")

const missing = (rows: ReadonlyArray<Measured>): string => {
  const reasons = new Map<string, Array<string>>()
  for (const each of rows) {
    for (const [client, why] of Object.entries(each.missing)) {
      const key = `${client}: ${why}`
      reasons.set(key, [...(reasons.get(key) ?? []), each.row.id])
    }
  }
  return [...reasons].map(([why, where]) => `- ${why} (${where.join(", ")})`).join("\n")
}

const growth = (run: Run, base: string): string => {
  if (run.growth === undefined) return ""
  const lines = points(run.growth).map(({ client, curve, median, most, least, size }) => [
    curve,
    client,
    String(size),
    `${number(median)} (${number(least)}-${number(most)})`
  ])
  return [
    "## Growth",
    "",
    `![CPU time per operation by depth and by number of watches](${path.basename(base)}-growth.svg)`,
    "",
    table(["", "client", "size", "us of CPU: median (least-most)"], lines),
    ""
  ].join("\n")
}

export const markdown = (run: Run, base: string): string => {
  const { cores, cpu, memory, node, system, ...others } = run.machine
  const load = (of: ReadonlyArray<number>) => of.join(", ")
  const absent = missing(run.rows)
  return [
    `# Bench of ${run.started.slice(0, 10)}`,
    "",
    `- Machine: ${cpu}, ${cores} cores, ${memory}, ${system}; Node ${node}${Object.values(others)
      .flatMap((version) => (version === undefined ? [] : [`; ${version}`]))
      .join("")}.`,
    `- Server of the rows \`real\`: ${run.server ?? "not measured"}.`,
    `- From ${run.started} to ${run.ended}; load averages ${load(run.load.start)} at the start, ${load(run.load.end)} at the end.`,
    `- ${run.rounds} rounds, ${run.millis} ms measured in each cell; the last columns count the rounds that succeeded.`,
    "",
    "What the figures mean, and what must not be compared: [the README](../README.md).",
    "",
    "## Goals",
    "",
    goals(run.rows),
    "",
    "## All clients",
    "",
    table(["row", "client", "median = ratio (least-most) to the baseline", "rounds"], run.rows.flatMap(cells)),
    "",
    ...(absent === "" ? [] : ["Not there, or failed (`!`):", "", absent, ""]),
    growth(run, base)
  ].join("\n")
}
