/** `npm run bench`: the table of ratios, round by round, as text, as JSON and as a page. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { root } from "../support/zookeeper/cache.ts"
import { awake } from "./cores.ts"
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
  yield* awake
  const present = yield* clients(options)
  const base = baseOf(options)
  const all = rows.filter((row) => wanted(row, options))
  const grows = wantsGrowth(options)
  const cost = (row: Row, rounds: number) => estimate(row, present, options, rounds)
  const growthCost = (rounds: number) => (grows ? growth.estimate(present, options.millis, rounds) : 0)
  const rounds =
    options.rounds ??
    progress.roundsWithin(options.minutes, (rounds) =>
      all.reduce((sum, row) => sum + cost(row, rounds), growthCost(rounds))
    )
  const settings = { millis: options.millis, quick: options.quick, rounds }
  const run = results.open({ ...options, ...settings, base })
  const toDo = all.filter((row) => !run.has(row.id))
  const growsYet = grows && !run.hasGrowth
  const shown = progress.start(
    [...toDo.map((row) => cost(row, rounds)), ...(growsYet ? [growthCost(rounds)] : [])],
    rounds
  )
  // On a busy machine rounds are left out rather than rows; each row says how many it had.
  const now = () =>
    options.rounds === undefined && shown.isLate(options.minutes) ? { ...settings, rounds: 1 } : settings
  for (const row of toDo) {
    const measured = yield* measure(row, present, now(), serverFor)
    if (row.server === "real") run.serverIs(yield* servers.version(yield* serverFor("real")))
    run.add(measured)
    console.log(text(measured))
    shown.finished(cost(row, rounds))
  }
  if (growsYet) {
    const grown = yield* growth.run(present, now(), serverFor)
    const file = `${base ?? options.json?.replace(/\.json$/, "") ?? path.join(root(), "bench")}-growth.svg`
    fs.writeFileSync(file, svg(grown))
    run.addGrowth(grown)
    console.log(`${growth.text(grown)}\n${file}`)
    shown.finished(growthCost(rounds))
  }
})

if (process.argv.includes("--help")) console.log(usage)
else await Effect.runPromise(Effect.scoped(program))
process.exit(0)
