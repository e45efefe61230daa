/** `npm run bench`: the table of ratios, round by round, as text, as JSON and as a page. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { root } from "../support/zookeeper/cache.ts"
import * as growth from "./growth.ts"
import { type Options, parse, usage } from "./options.ts"
import { clients } from "./peers/clients.ts"
import { svg } from "./plot.ts"
import * as progress from "./progress.ts"
import { text } from "./report.ts"
import * as results from "./results.ts"
import { type Row, rows } from "./rows.ts"
import * as servers from "./servers/start.ts"
import { estimate, measure } from "./table.ts"

const wanted = (row: Row, { growth, only, quick }: Options): boolean =>
  !growth && (only.length === 0 || only.some((part) => `/${row.id}/`.includes(`/${part}/`))) && (!quick || row.quick)

/** The whole run has the curves too. */
const wantsGrowth = ({ growth, only, quick }: Options): boolean => growth || (!quick && only.length === 0)

/** The path of the files of a run, without their endings. */
const baseOf = ({ folder, json, save }: Options): string | undefined => {
  if (!save) return undefined
  fs.mkdirSync(folder, { recursive: true })
  return json?.replace(/\.json$/, "") ?? path.join(folder, new Date().toISOString().slice(0, 10))
}

const program = Effect.gen(function* () {
  const options = parse(process.argv.slice(2))
  if (options.serve !== undefined) {
    console.log(yield* servers.start(options.serve))
    // A timer keeps the process alive, which waiting alone does not.
    return yield* Effect.callback<never>(() => void setInterval(() => {}, 1 << 30))
  }
  const serverFor = yield* servers.shared
  const present = yield* clients(options)
  const base = baseOf(options)
  const all = rows.filter((row) => wanted(row, options))
  const curves = wantsGrowth(options) ? growth.estimate(present, options.millis) : 0
  const costs = all.map((row) => estimate(row, present, options.millis))
  const round = costs.reduce((sum, cost) => sum + cost, curves)
  const rounds = options.rounds ?? progress.roundsWithin(options.minutes, round)
  const run = results.open({ ...options, base, rounds })
  const parts = [...all.map((row) => (run.has(row.id) ? 0 : 1)), ...(curves > 0 && !run.hasGrowth ? [1] : [])]
  const shown = progress.start(
    [...costs, curves].flatMap((cost, index) => (parts[index] === 1 ? [cost * rounds] : [])),
    rounds
  )
  for (const [index, row] of all.entries()) {
    if (run.has(row.id)) continue
    const measured = yield* measure(row, present, { millis: options.millis, rounds }, serverFor)
    if (row.server === "real") run.serverIs(yield* servers.version(yield* serverFor("real")))
    run.add(measured)
    console.log(text(measured))
    shown.finished(costs[index]! * rounds)
  }
  if (curves > 0 && !run.hasGrowth) {
    const grown = yield* growth.run(present, { millis: options.millis, rounds }, serverFor)
    const file = `${base ?? options.json?.replace(/\.json$/, "") ?? path.join(root(), "bench")}-growth.svg`
    fs.writeFileSync(file, svg(grown))
    run.addGrowth(grown)
    console.log(`${growth.text(grown)}\n${file}`)
    shown.finished(curves * rounds)
  }
})

if (process.argv.includes("--help")) console.log(usage)
else await Effect.runPromise(Effect.scoped(program))
process.exit(0)
