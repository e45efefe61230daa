/** `npm run bench`: the table of ratios, round by round, as text and as JSON. */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as os from "node:os"
import { clients } from "./peers/clients.ts"
import * as growth from "./growth.ts"
import { parse, usage } from "./options.ts"
import { type Measured, text } from "./report.ts"
import { type Row, rows } from "./rows.ts"
import * as servers from "./servers/start.ts"
import { measure } from "./table.ts"

const machine = () => ({
  cpu: os.cpus()[0]?.model.trim() ?? "unknown",
  cores: os.cpus().length,
  memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
  system: `${os.type()} ${os.release()}`,
  node: process.version,
  load: os.loadavg().map((load) => Number(load.toFixed(2)))
})

const wanted = (row: Row, only: ReadonlyArray<string>, quick: boolean): boolean =>
  (only.length === 0 || only.some((part) => `/${row.id}/`.includes(`/${part}/`))) && (!quick || row.quick)

const program = Effect.gen(function* () {
  const options = parse(process.argv.slice(2))
  const started = new Date()
  if (options.serve !== undefined) {
    console.log(yield* servers.start(options.serve))
    // A timer keeps the process alive, which waiting alone does not.
    return yield* Effect.callback<never>(() => void setInterval(() => {}, 1 << 30))
  }
  const running = new Map<servers.Kind, string>()
  const scope = yield* Effect.scope
  const serverFor = (kind: servers.Kind) => {
    const address = running.get(kind)
    if (address !== undefined) return Effect.succeed(address)
    return Effect.tap(Effect.provideService(servers.start(kind), Scope.Scope, scope), (address) =>
      Effect.sync(() => running.set(kind, address))
    )
  }
  if (options.growth) return yield* growth.run(options, serverFor)
  const present = yield* clients(options)
  const table: Array<Measured> = []
  for (const row of rows.filter((row) => wanted(row, options.only, options.quick))) {
    const measured = yield* measure(row, present, options, serverFor)
    table.push(measured)
    console.log(text(measured))
  }
  if (options.json !== undefined) {
    fs.writeFileSync(options.json, `${JSON.stringify({ started, machine: machine(), rows: table }, undefined, 1)}\n`)
  }
})

if (process.argv.includes("--help")) console.log(usage)
else await Effect.runPromise(Effect.scoped(program))
process.exit(0)
