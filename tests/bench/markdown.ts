/** A run as a page: the machine, what was wanted and what is, and every client's figures. */
import * as path from "node:path"
import { judge } from "./goals.ts"
import { points, rises } from "./growth.ts"
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

/** A table for each curve: sizes down, clients across. */
const growth = (run: Run, base: string): string => {
  if (run.growth === undefined) return ""
  const all = points(run.growth)
  const tables = [...new Set(all.map(({ curve }) => curve))].map((curve) => {
    const own = all.filter((point) => point.curve === curve)
    const clients = [...new Set(own.map(({ client }) => client))]
    const sizes = [...new Set(own.map(({ size }) => size))].sort((a, b) => a - b)
    const at = (size: number, client: string) => own.find((point) => point.size === size && point.client === client)
    const lines = sizes.map((size) => [
      String(size),
      ...clients.map((client) => {
        const point = at(size, client)
        return point === undefined ? "-" : `${number(point.median)} (${number(point.least)}-${number(point.most)})`
      })
    ])
    const found = rises(own)
    const rise = clients.map((client) => number(found.find((each) => each.client === client)?.rise ?? NaN))
    return table([curve, ...clients], [...lines, ["largest : best", ...rise]])
  })
  return [
    "## Growth",
    "",
    `![CPU time per operation by depth and by number of watches](${path.basename(base)}-growth.svg)`,
    "",
    "us of CPU for each operation or event: median (least-most).",
    "",
    tables.join("\n\n"),
    ""
  ].join("\n")
}

const section = (title: string, lines: ReadonlyArray<unknown>, body: string): ReadonlyArray<string> =>
  lines.length === 0 ? [] : [`## ${title}`, "", body, ""]

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
    `- Server of the rows \`real\` and \`tree\`: ${run.server === undefined ? "not used" : `Apache ZooKeeper ${run.server}, ticks of 2 s, data in memory, forceSync=no`}.`,
    `- From ${run.started} to ${run.ended}; load averages ${load(run.load.start)} at the start, ${load(run.load.end)} at the end.`,
    `- ${run.rounds} rounds, ${run.millis} ms measured in each cell; the last columns count the rounds that succeeded.`,
    "",
    "What the figures mean, and what must not be compared: [the README](../README.md).",
    "",
    ...section("Goals", run.rows, goals(run.rows)),
    ...section(
      "All clients",
      run.rows,
      table(["row", "client", "median = ratio (least-most) to the baseline", "rounds"], run.rows.flatMap(cells))
    ),
    ...(absent === "" ? [] : ["Not there, or failed (`!`):", "", absent, ""]),
    growth(run, base)
  ].join("\n")
}
