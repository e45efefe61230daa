/** CPU per operation by depth, and per event by number of watches: what rises grows with what is outstanding or watched. */
import * as Effect from "effect/Effect"
import * as cell from "./cell.ts"
import type { ServerFor } from "./servers/start.ts"
import type { Result, Spec } from "./spec.ts"
import { summary } from "./statistics.ts"
import type { Client } from "./table.ts"

const curves = {
  "getData by depth": { workload: "getData", sizes: [1, 4, 16, 64, 256, 1024, 4096, 10_000] },
  "event by watches": { workload: "watches", sizes: [1, 10, 100, 1000, 10_000, 100_000] }
} as const satisfies Record<string, Pick<Spec, "workload"> & { readonly sizes: ReadonlyArray<number> }>

export type Curve = keyof typeof curves
const names = Object.keys(curves) as ReadonlyArray<Curve>

const clients = ["effect", "core", "nzc", "go"]

export interface Growth {
  readonly curves: Readonly<Record<Curve, Readonly<Record<string, Readonly<Record<number, ReadonlyArray<Result>>>>>>>
}

export interface Point {
  readonly curve: Curve
  readonly client: string
  readonly size: number
  /** us of CPU for each operation. */
  readonly median: number
  readonly least: number
  readonly most: number
}

export const points = (growth: Growth): ReadonlyArray<Point> =>
  names.flatMap((curve) =>
    Object.entries(growth.curves[curve]).flatMap(([client, sizes]) =>
      Object.entries(sizes).flatMap(([size, results]) => {
        const found = summary(results, "cpu")
        // On a busy machine a cell may end without any time of its own; there is no place for 0 on these axes.
        if (found === undefined || found.low === 0) return []
        return [{ curve, client, size: Number(size), median: found.median, least: found.low, most: found.high }]
      })
    )
  )

/** How much more an operation costs at the largest size than at the best one: 1 is flat. */
export const rises = (all: ReadonlyArray<Point>): ReadonlyArray<Pick<Point, "curve" | "client"> & { rise: number }> =>
  names.flatMap((curve) =>
    clients.flatMap((client) => {
      const own = all
        .filter((point) => point.curve === curve && point.client === client)
        .toSorted((a, b) => a.size - b.size)
      const largest = own.at(-1)
      if (largest === undefined) return []
      return [{ curve, client, rise: largest.median / Math.min(...own.map(({ median }) => median)) }]
    })
  )

const WARM = 500
/** With a hundred thousand watches a round takes long. */
const MOST_ROUNDS = 2
const START = 400
/** What setting a watch takes, in ms. */
const SETTING = 0.06

/** How long the curves take, in ms. */
export const estimate = (present: ReadonlyArray<Client>, millis: number, rounds: number): number => {
  const count = present.filter(({ name }) => clients.includes(name)).length
  const watches = curves["event by watches"].sizes
  const cells = curves["getData by depth"].sizes.length + watches.length
  return (
    Math.min(rounds, MOST_ROUNDS) *
    count *
    (cells * (START + WARM + millis) + watches.reduce((sum, size) => sum + size, 0) * SETTING)
  )
}

export const run = Effect.fnUntraced(function* (
  present: ReadonlyArray<Client>,
  { millis, rounds }: { readonly millis: number; readonly rounds: number },
  serverFor: ServerFor
): Effect.fn.Return<Growth, unknown> {
  const connect = yield* serverFor("canned")
  const found: Record<Curve, Record<string, Record<number, Array<Result>>>> = {
    "getData by depth": {},
    "event by watches": {}
  }
  for (let round = 0; round < Math.min(rounds, MOST_ROUNDS); round++) {
    for (const curve of names) {
      const { sizes, workload } = curves[curve]
      for (const depth of sizes) {
        for (const client of present.filter(({ name }) => clients.includes(name))) {
          if (!("program" in client) || !client.workloads.includes(workload)) continue
          const spec = { client: client.name, workload, depth, connect, warmMillis: WARM, millis, maxOps: 5_000_000 }
          const result = yield* Effect.orElseSucceed(cell.run(client.program, spec), () => undefined)
          if (result !== undefined) ((found[curve][client.name] ??= {})[depth] ??= []).push(result)
        }
      }
    }
  }
  return { curves: found }
})

export const text = (growth: Growth): string => {
  const all = points(growth)
  const figures = all.map(
    ({ client, curve, least, median, most, size }) =>
      `${curve.padEnd(17)} ${client.padEnd(8)} ${String(size).padStart(7)}  ${median.toFixed(2)} us of CPU (${least.toFixed(2)}-${most.toFixed(2)})`
  )
  const found = rises(all).map(
    ({ client, curve, rise }) => `${curve.padEnd(17)} ${client.padEnd(8)} at the largest ${rise.toFixed(1)} x the best`
  )
  return [...figures, ...found].join("\n")
}
