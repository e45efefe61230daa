/** Numbers of several rounds as one: the median, and how far the rounds lie apart. */
import type { Metric } from "./rows.ts"
import type { Result } from "./spec.ts"

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
      return result.cpuMicros / result.ops
    case "p50":
      return result.p50
    case "heap":
      return result.heapBytes
    case "rss":
      return result.rssBytes
  }
}

/** Each round's ratio to the baseline of the same round: what the machine did to one it mostly did to the other. */
export const ratios = (
  rounds: ReadonlyArray<Result | undefined>,
  baseline: ReadonlyArray<Result | undefined>,
  of: Metric
): Summary | undefined =>
  summarize(
    rounds.flatMap((result, round) => {
      const base = baseline[round]
      const value = result && metric(result, of)
      const unit = base && metric(base, of)
      return value === undefined || unit === undefined || unit === 0 ? [] : [value / unit]
    })
  )
