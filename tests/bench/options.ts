/** The command line of the bench. */
import { parseArgs } from "node:util"
import { kinds, type Kind } from "./servers/start.ts"

export interface Options {
  readonly quick: boolean
  /** Rows whose name has one of these as a part, `real`, `getData/256`; empty for all. */
  readonly only: ReadonlyArray<string>
  /** Undefined: as many as fit into `minutes`. */
  readonly rounds: number | undefined
  readonly minutes: number
  /** Length of the measured part of a cell. */
  readonly millis: number
  /** Clients to run; undefined for all that are there. */
  readonly clients: ReadonlyArray<string> | undefined
  /** Build the clients in other languages first. */
  readonly peers: boolean
  readonly json: string | undefined
  readonly save: boolean
  readonly folder: string
  /** Take the rows that the file has already from there. */
  readonly resume: boolean
  readonly profile: string | undefined
  /** The curves only. */
  readonly growth: boolean
  readonly serve: Kind | undefined
}

export const usage = `npm run bench -- [options]
  --quick            the main rows only, in under 3 minutes
  --only TEXT        rows of which TEXT is a part (real, getData/256); may be given several times
  --rounds N         rounds of every cell (default: as many as fit into the time, at most 3)
  --minutes N        the time for that (default 24, quick 2.7)
  --millis N         length of the measured part of a cell in ms (default 500, quick 350)
  --clients A,B      of effect, core, nzc, native, java, c, go, kazoo, bare, ...
  --peers            build the clients in other languages that are not there yet
  --growth           time per operation by depth and by number of watches instead of the table
  --json FILE        write every cell of every round to FILE, after each row
  --save             write DATE.md, DATE.json and DATE-growth.svg into the folder of results
  --folder FOLDER    that folder (default tests/bench/results)
  --resume           go on with the file of --json or --save: measure only the rows that it does not have
  --profile FOLDER   run the Node clients under --cpu-prof
  --serve KIND       only start a server (${kinds.join(", ")}), print its address and wait`

const positive = (name: string, text: string | undefined, fallback: number): number => {
  const value = text === undefined ? fallback : Number(text)
  if (!(value > 0)) throw new TypeError(`--${name} must be a number above 0, not '${text}'`)
  return value
}

const whole = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`--${name} must be a whole number, not '${text}'`)
  return value
}

export const parse = (args: ReadonlyArray<string>): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
      minutes: { type: "string" },
      millis: { type: "string" },
      clients: { type: "string" },
      peers: { type: "boolean", default: false },
      json: { type: "string" },
      save: { type: "boolean", default: false },
      folder: { type: "string", default: `${import.meta.dirname}/results` },
      resume: { type: "boolean", default: false },
      profile: { type: "string" },
      growth: { type: "boolean", default: false },
      serve: { type: "string" }
    }
  })
  const serve = kinds.find((kind) => kind === values.serve)
  if (values.serve !== undefined && serve === undefined) throw new TypeError(`--serve must be ${kinds.join(", ")}`)
  if (values.resume && !values.save && values.json === undefined) {
    throw new TypeError("--resume needs --json or --save, to know which file to go on with")
  }
  return {
    quick: values.quick,
    only: values.only,
    rounds: whole("rounds", values.rounds),
    minutes: positive("minutes", values.minutes, values.quick ? 2.7 : 24),
    millis: whole("millis", values.millis) ?? (values.quick ? 350 : 500),
    clients: values.clients?.split(","),
    peers: values.peers,
    json: values.json,
    save: values.save,
    folder: values.folder,
    resume: values.resume,
    profile: values.profile,
    growth: values.growth,
    serve
  }
}
