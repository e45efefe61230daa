/** Counting through faults, and what must come of it: what said that it was done counts once, what nobody knows at most once. */
import { isZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import type * as Counter from "@effect-zookeeper/recipes/Counter"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Random } from "../mutualExclusion/randomOf.ts"

/** What changes said of themselves: from where to where, or how much may have been added. */
export interface Tally {
  readonly done: Array<Counter.Change>
  readonly unknown: Array<bigint>
  /** How many said that they were not done. */
  refused: number
}

const sum = (all: ReadonlyArray<bigint>): bigint => all.reduce((total, each) => total + each, 0n)

/** Adds up to 3, again and again, until it is told to stop. */
export const count = Effect.fnUntraced(function* (
  counter: Counter.Counter,
  random: Random,
  tally: Tally,
  isOver: () => boolean
) {
  while (!isOver()) {
    const n = BigInt(1 + random(3))
    const exit = yield* Effect.exit(counter.add(n))
    if (Exit.isSuccess(exit)) tally.done.push(exit.value)
    else {
      const error = Option.getOrUndefined(Exit.findErrorOption(exit))
      if (isZooKeeperError(error) && error.applied === "no") tally.refused++
      else tally.unknown.push(n)
    }
    yield* Effect.sleep(random(300))
  }
})

/** What is wrong with the sum, from either side. */
export const judge = ({ done, unknown }: Tally, total: bigint): ReadonlyArray<string> => {
  const problems: Array<string> = []
  let at = 0n
  for (const { after, before } of done.toSorted((a, b) => (a.before < b.before ? -1 : 1))) {
    if (before < at) problems.push(`${before} to ${after} was counted twice`)
    at = after
  }
  const least = sum(done.map(({ after, before }) => after - before))
  const most = least + sum(unknown)
  if (total < least || total > most) problems.push(`the number is ${total}, not from ${least} to ${most}`)
  return problems
}
