/** Numbers of several rounds as one: the median, and how far the rounds lie apart. */
import type { Result } from "./spec.ts"

/** `heap` and `rss` are bytes, `cpu` and `fill` us for each operation or node, `p50` us. */
export type Metric = "ops" | "cpu" | "p50" | "heap" | "rss" | "fill"

/** Of these more is better. */
export const isRate = (metric: Metric): boolean => metric === "ops"

export type Rounds = ReadonlyArray<Result | undefined>

export interface Summary {
  readonly median: number
  readonly low: number
  readonly high: number
  readonly rounds: number
}

export const summarize = (values: ReadonlyArray<number>): Summary | undefined => {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return {
    median: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
    low: sorted[0]!,
    high: sorted.at(-1)!,
    rounds: sorted.length
  }
}

/** Operations for each second; us of CPU and of waiting for each operation; bytes for each request. */
export const metric = (result: Result, of: Metric): number | undefined => {
  switch (of) {
    case "ops":
      return (result.ops / result.micros) * 1e6
    case "cpu":
      return result.ops === 0 ? undefined : result.cpuMicros / result.ops
    case "p50":
      return result.p50
    case "heap":
      return result.heapBytes
    case "rss":
      return result.rssBytes
    case "fill":
      return result.fillMicros
  }
}

export const summary = (rounds: Rounds, of: Metric): Summary | undefined =>
  summarize(rounds.flatMap((result) => (result && metric(result, of)) ?? []))

/** Each round against the baseline of the same round: what the machine did to one it mostly did to the other. */
export const compare = (
  rounds: Rounds,
  baseline: Rounds,
  of: Metric,
  relation: "ratio" | "difference" = "ratio"
): Summary | undefined =>
  summarize(
    rounds.flatMap((result, round) => {
      const base = baseline[round]
      const value = result && metric(result, of)
      const unit = base && metric(base, of)
      if (value === undefined || unit === undefined) return []
      if (relation === "difference") return [value - unit]
      return unit === 0 ? [] : [value / unit]
    })
  )
