/** The command line of the bench. */
import { parseArgs } from "node:util"
import { kinds, type Kind } from "./servers/start.ts"

export interface Options {
  readonly quick: boolean
  /** Rows whose name has one of these as a part, `real`, `getData/256`; empty for all. */
  readonly only: ReadonlyArray<string>
  readonly rounds: number
  /** Length of the measured part of a cell. */
  readonly millis: number
  /** Clients to run; undefined for all that are there. */
  readonly clients: ReadonlyArray<string> | undefined
  /** Build the clients in other languages first. */
  readonly peers: boolean
  readonly json: string | undefined
  readonly profile: string | undefined
  readonly growth: boolean
  readonly serve: Kind | undefined
}

export const usage = `npm run bench -- [options]
  --quick            the main rows only, in under 3 minutes
  --only TEXT        rows of which TEXT is a part (real, getData/256); may be given several times
  --rounds N         rounds of every cell (default 5, quick 3)
  --millis N         length of the measured part of a cell in ms (default 1500, quick 600)
  --clients A,B      of effect, core, nzc, native, java, c, go, kazoo, bare
  --peers            build the clients in other languages that are not there yet
  --growth           time per operation by depth instead of the table
  --json FILE        write every cell of every round to FILE
  --profile FOLDER   run the Node clients under --cpu-prof
  --serve KIND       only start a server (canned, mute, real), print its address and wait`

const whole = (name: string, text: string | undefined, fallback: number): number => {
  if (text === undefined) return fallback
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
      millis: { type: "string" },
      clients: { type: "string" },
      peers: { type: "boolean", default: false },
      json: { type: "string" },
      profile: { type: "string" },
      growth: { type: "boolean", default: false },
      serve: { type: "string" }
    }
  })
  const serve = kinds.find((kind) => kind === values.serve)
  if (values.serve !== undefined && serve === undefined) throw new TypeError(`--serve must be ${kinds.join(", ")}`)
  return {
    quick: values.quick,
    only: values.only,
    rounds: whole("rounds", values.rounds, values.quick ? 3 : 5),
    millis: whole("millis", values.millis, values.quick ? 600 : 1500),
    clients: values.clients?.split(","),
    peers: values.peers,
    json: values.json,
    profile: values.profile,
    growth: values.growth,
    serve
  }
}
