/** A run on disk: every cell as JSON, written after each row so that a run can be resumed, and the whole as Markdown. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import type * as growth from "./growth.ts"
import { markdown } from "./markdown.ts"
import type { Measured } from "./report.ts"
import { rows } from "./rows.ts"

const load = (): ReadonlyArray<number> => os.loadavg().map((load) => Number(load.toFixed(2)))

/** The version of a program as it tells it itself; undefined where it is not there. */
const versionOf = (command: string, ...args: ReadonlyArray<string>): string | undefined => {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      .trim()
      .split("\n")[0]
  } catch {
    return undefined
  }
}

const machine = () => ({
  cpu: os.cpus()[0]?.model.trim() ?? "unknown",
  cores: os.cpus().length,
  memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
  system: `${os.type()} ${os.release()}`,
  node: process.version,
  java: versionOf("java", "--version"),
  go: versionOf("go", "version"),
  python: versionOf("python3", "--version")
})

export interface Run {
  readonly started: string
  readonly ended: string
  readonly machine: ReturnType<typeof machine>
  /** Averages over 1, 5 and 15 minutes. */
  readonly load: { readonly start: ReadonlyArray<number>; readonly end: ReadonlyArray<number> }
  readonly server: string | undefined
  readonly rounds: number
  readonly millis: number
  readonly rows: ReadonlyArray<Measured>
  readonly growth: growth.Growth | undefined
}

/** An earlier file, with the rows that there still are and the goals of today. */
const earlier = (file: string): Run | undefined => {
  if (!fs.existsSync(file)) return undefined
  const saved = JSON.parse(fs.readFileSync(file, "utf8")) as Run
  const measured = saved.rows.flatMap((each) => {
    const row = rows.find(({ id }) => id === each.row.id)
    return row === undefined ? [] : [{ ...each, row }]
  })
  return { ...saved, rows: measured }
}

/** `base` is the path without an ending; undefined for a run that is not kept. */
export const open = (options: {
  readonly json: string | undefined
  readonly base: string | undefined
  readonly resume: boolean
  readonly rounds: number
  readonly millis: number
}) => {
  const file = options.base === undefined ? options.json : `${options.base}.json`
  const before = options.resume && file !== undefined ? earlier(file) : undefined
  const started = before?.started ?? new Date().toISOString()
  const loadAtStart = before?.load.start ?? load()
  const described = file === undefined ? undefined : machine()
  const table: Array<Measured> = [...(before?.rows ?? [])]
  let curves = before?.growth
  let server = before?.server
  const write = (): void => {
    if (file === undefined || described === undefined) return
    const run: Run = {
      started,
      ended: new Date().toISOString(),
      machine: described,
      load: { start: loadAtStart, end: load() },
      server,
      rounds: options.rounds,
      millis: options.millis,
      rows: table.toSorted((a, b) => place(a) - place(b)),
      growth: curves
    }
    fs.writeFileSync(file, `${JSON.stringify(run, undefined, 1)}\n`)
    if (options.base !== undefined) fs.writeFileSync(`${options.base}.md`, markdown(run, options.base))
  }
  return {
    has: (id: string): boolean => table.some(({ row }) => row.id === id),
    hasGrowth: curves !== undefined,
    serverIs: (version: string): void => void (server = version),
    add: (measured: Measured): void => {
      table.push(measured)
      write()
    },
    addGrowth: (growth: growth.Growth): void => {
      curves = growth
      write()
    }
  }
}

const place = ({ row }: Measured): number => rows.findIndex(({ id }) => id === row.id)
