/** Judges what contenders saw: who held when, whose writes were accepted in which order, and what they read. */
import type * as History from "@effect-zookeeper/testing/History"
import * as HistoryChecker from "@effect-zookeeper/testing/HistoryChecker"
import type { HoldOperation, Testimony, Uncovered } from "./testimony.ts"

/** So many at a time; one of them is what HistoryChecker's lock is. */
const holders = (atATime: number): HistoryChecker.Model<ReadonlyArray<string>, "acquire" | "release", boolean> => ({
  initial: [],
  step: (holding, input, completed, process) => {
    const holds = holding.includes(process)
    const works = input === "acquire" ? !holds && holding.length < atATime : holds
    if (completed !== undefined && completed.output !== works) return undefined
    if (!works) return holding
    return input === "acquire" ? [...holding, process].sort() : holding.filter((other) => other !== process)
  },
  key: String,
  isRead: () => false
})

const meets = (uncovered: Uncovered, process: string, from: number, to: number): boolean =>
  uncovered.process === process && uncovered.from <= to && from <= uncovered.to

/** The operations of holds that met nothing uncovered, and how many holds those are. */
const covered = ({ holds, uncovered }: Testimony): ReadonlyArray<HoldOperation> => {
  const open = new Map<string, HoldOperation>()
  const kept: Array<HoldOperation> = []
  const keep = (begin: HoldOperation, end: HoldOperation | undefined) => {
    const to = end?.completed?.at ?? Infinity
    if (uncovered.some((each) => meets(each, begin.process, begin.invoked, to))) return
    kept.push(begin, ...(end === undefined ? [] : [end]))
  }
  for (const each of holds.toSorted((a, b) => a.invoked - b.invoked)) {
    const begin = open.get(each.process)
    if (each.input === "acquire") open.set(each.process, each)
    else if (begin !== undefined) {
      open.delete(each.process)
      keep(begin, each)
    }
  }
  for (const begin of open.values()) keep(begin, undefined)
  return kept
}

export type TimeOf = (moment: number) => string

/** One line for each operation, in the order in which they began. */
const table = <I, O>(
  operations: ReadonlyArray<History.Operation<I, O>>,
  timeOf: TimeOf,
  show: (input: I) => string
): string =>
  operations
    .toSorted((a, b) => a.invoked - b.invoked)
    .map(({ completed, input, invoked, process }) => {
      const end = completed === undefined ? "nobody knows" : `${timeOf(completed.at)}: ${String(completed.output)}`
      return `    ${process} at ${timeOf(invoked)} ${show(input)} .. ${end}`
    })
    .join("\n")

export interface Verdict {
  /** Empty when all is well. */
  readonly problems: ReadonlyArray<string>
  /** How many holds were judged by the wall clock, of how many. */
  readonly judged: number
  readonly held: number
}

export const judge = (testimony: Testimony, atATime: number, timeOf: TimeOf): Verdict => {
  const problems = [...testimony.problems]
  const holds = covered(testimony)
  const overlap =
    atATime === 1 ? HistoryChecker.check(HistoryChecker.lock, holds) : HistoryChecker.check(holders(atATime), holds)
  if (overlap._tag === "NotLinearizable") {
    problems.push(`more than ${atATime} at a time:\n${table(overlap.counterexample, timeOf, String)}`)
  }
  const register = HistoryChecker.check(HistoryChecker.register<string>(""), testimony.register)
  if (register._tag === "NotLinearizable") {
    const show = (input: (typeof testimony.register)[number]["input"]) => JSON.stringify(input)
    problems.push(`the register fits no order:\n${table(register.counterexample, timeOf, show)}`)
  }
  const inOrder = testimony.accepted
    .map(({ mzxid, process, token }) => ({ process, mzxid: BigInt(mzxid), token: BigInt(token) }))
    .sort((a, b) => (a.mzxid < b.mzxid ? -1 : 1))
  for (const [index, write] of inOrder.entries()) {
    const before = inOrder[index - 1]
    if (before === undefined || before.token <= write.token) continue
    const tell = ({ mzxid, process, token }: typeof write) => `${process} wrote ${mzxid} with token ${token}`
    problems.push(`tokens went back: ${tell(before)}, then ${tell(write)}`)
  }
  const begun = testimony.holds.filter(({ input }) => input === "acquire").length
  return { problems, held: begun, judged: holds.filter(({ input }) => input === "acquire").length }
}
