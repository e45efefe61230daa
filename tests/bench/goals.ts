/** What is wanted of the rows, and whether it is met. Goals are for `effect` alone: the public API, default options. */
import { compare, isRate, type Metric, type Rounds, summary, type Summary } from "./statistics.ts"

/** A limit on ours, as a ratio to another client's in the same round, as a difference to `bare`, or as it stands. */
export interface Goal {
  readonly level: "must" | "aim"
  readonly of: Metric
  readonly limit: number
  readonly against: "nzc" | "core" | "go" | "best peer" | "bare" | "nothing"
}

const of =
  (level: Goal["level"]) =>
  (metric: Metric, limit: number, against: Goal["against"]): Goal => ({ level, of: metric, limit, against })

export const goal = { must: of("must"), aim: of("aim") }

const peers = ["nzc", "native", "java", "c", "go", "kazoo"]

export interface Judged {
  readonly goal: Goal
  /** The client that it was compared with. */
  readonly against: string | undefined
  readonly value: Summary | undefined
  /** `noise`: the median falls short of another's best, but the spread of the rounds reaches it. */
  readonly verdict: "met" | "noise" | "short" | "not measured"
}

/** The peer with the best median. */
const best = (cells: Readonly<Record<string, Rounds>>, metric: Metric): string | undefined => {
  const found = peers.flatMap((name) => {
    const median = summary(cells[name] ?? [], metric)?.median
    return median === undefined ? [] : [{ name, median }]
  })
  return found.sort((a, b) => (isRate(metric) ? b.median - a.median : a.median - b.median))[0]?.name
}

export const judge = (goal: Goal, cells: Readonly<Record<string, Rounds>>): Judged => {
  const { limit, of } = goal
  const against = goal.against === "best peer" ? best(cells, of) : goal.against === "nothing" ? undefined : goal.against
  const ours = cells["effect"] ?? []
  const value =
    goal.against === "nothing"
      ? summary(ours, of)
      : compare(ours, cells[against ?? ""] ?? [], of, goal.against === "bare" ? "difference" : "ratio")
  const meets = (value: number) => (isRate(of) ? value >= limit : value <= limit)
  const verdict = (): Judged["verdict"] => {
    if (value === undefined) return "not measured"
    if (meets(value.median)) return "met"
    // "Not below the best peer beyond noise" (the other limits leave room for it).
    return goal.against === "best peer" && meets(isRate(of) ? value.high : value.low) ? "noise" : "short"
  }
  return { goal, against, value, verdict: verdict() }
}
