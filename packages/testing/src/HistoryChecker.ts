/**
 * Decides whether a history of concurrent operations is linearizable: whether one order of them, that keeps what was
 * over before what began later, explains every answer. If not, it shows a small part that none explains.
 *
 * A search over orders after Wing & Gong (1993), with the memory of states that Lowe (2017) adds.
 *
 * @since 0.1.0
 */
import type { Operation } from "./History.ts"

/**
 * How one object behaves when it is used by one process at a time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Model<State, Input, Output> {
  readonly initial: State
  /** The state afterwards; undefined when the output is impossible. Without output (nobody knows it) any will do. */
  readonly step: (state: State, input: Input, output: Output | undefined, process: string) => State | undefined
  /** Equal for equal states. */
  readonly key: (state: State) => string
  /** Operations that never change the state; they can be left out of a counterexample. */
  readonly isRead: (input: Input) => boolean
}

/**
 * The verdict.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict<Input, Output> =
  | {
      readonly _tag: "Linearizable"
      /** One order that explains all. */
      readonly order: ReadonlyArray<Operation<Input, Output>>
    }
  | {
      readonly _tag: "NotLinearizable"
      /** A part of the history that no order explains. Operations without `completed` may or may not have been done. */
      readonly counterexample: ReadonlyArray<Operation<Input, Output>>
    }

interface Search<Input, Output> {
  readonly order: ReadonlyArray<Operation<Input, Output>> | undefined
  /** How many completed operations an order could explain at most. */
  readonly depth: number
}

const search = <State, Input, Output>(
  model: Model<State, Input, Output>,
  history: ReadonlyArray<Operation<Input, Output>>
): Search<Input, Output> => {
  const operations = [...history].sort((a, b) => a.invoked - b.invoked)
  const completed = operations.filter((each) => each.completed !== undefined).length
  const seen = new Set<string>()
  const order: Array<Operation<Input, Output>> = []
  let depth = 0
  // `done` has a bit for each operation from the first one that is not: the search looks at those open at once only.
  const go = (first: number, done: bigint, doneCompleted: number, state: State): boolean => {
    depth = Math.max(depth, doneCompleted)
    if (doneCompleted === completed) return true
    while ((done & 1n) === 1n) {
      done >>= 1n
      first++
    }
    const stateKey = model.key(state)
    const key = `${first} ${done.toString(36)} ${stateKey}`
    if (seen.has(key)) return false
    seen.add(key)
    const isDone = (i: number) => (done & (1n << BigInt(i - first))) !== 0n
    // Whatever began after something else was over has to wait for it.
    let limit = Infinity
    for (let i = first; i < operations.length && operations[i]!.invoked <= limit; i++) {
      const { completed } = operations[i]!
      if (completed !== undefined && !isDone(i)) limit = Math.min(limit, completed.at)
    }
    for (let i = first; i < operations.length && operations[i]!.invoked <= limit; i++) {
      if (isDone(i)) continue
      const each = operations[i]!
      const next = model.step(state, each.input, each.completed?.output, each.process)
      if (next === undefined) continue
      // One that may never have happened explains nothing where it changes nothing.
      if (each.completed === undefined && model.key(next) === stateKey) continue
      order.push(each)
      const count = doneCompleted + (each.completed === undefined ? 0 : 1)
      if (go(first, done | (1n << BigInt(i - first)), count, next)) return true
      order.pop()
    }
    return false
  }
  const isExplained = go(0, 0n, 0, model.initial)
  return { order: isExplained ? order : undefined, depth }
}

const withoutAnswer = <Input, Output>({ input, invoked, process }: Operation<Input, Output>) => ({
  process,
  input,
  invoked
})

/** The history as it was at a moment: later answers unknown, later operations not begun. */
const until = <Input, Output>(history: ReadonlyArray<Operation<Input, Output>>, moment: number) =>
  history
    .filter(({ invoked }) => invoked <= moment)
    .map((each) => (each.completed !== undefined && each.completed.at > moment ? withoutAnswer(each) : each))

/**
 * Every step keeps what is wrong: a prefix of a linearizable history is one, and so is one without a read, or with less
 * known about it. An operation of unknown outcome goes only if nothing could be explained with its help.
 */
const shrink = <State, Input, Output>(
  model: Model<State, Input, Output>,
  history: ReadonlyArray<Operation<Input, Output>>
): ReadonlyArray<Operation<Input, Output>> => {
  const isBad = (part: ReadonlyArray<Operation<Input, Output>>) => search(model, part).order === undefined
  const moments = history
    .flatMap(({ completed }) => (completed === undefined ? [] : [completed.at]))
    .sort((a, b) => a - b)
  let [good, bad] = [-1, moments.length - 1]
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (isBad(until(history, moments[middle]!))) bad = middle
    else good = middle
  }
  let part = until(history, moments[bad]!)
  for (const each of part.filter(({ input }) => model.isRead(input))) {
    const less = part.filter((other) => other !== each)
    if (isBad(less)) part = less
  }
  for (const each of [...part]) {
    const unknown = withoutAnswer(each)
    const looser = part.map((other) => (other === each ? unknown : other))
    if (!isBad(looser)) continue
    part = looser
    const less = part.filter((other) => other !== unknown)
    if (isBad(less) && search(model, less).depth === search(model, part).depth) part = less
  }
  return part
}

/**
 * Checks a history against a model. The time it takes can grow exponentially with the number of operations that are
 * open at once, not with the length of the history.
 *
 * @category checking
 * @since 0.1.0
 */
export const check = <State, Input, Output>(
  model: Model<State, Input, Output>,
  history: ReadonlyArray<Operation<Input, Output>>
): Verdict<Input, Output> => {
  const { order } = search(model, history)
  return order === undefined
    ? { _tag: "NotLinearizable", counterexample: shrink(model, history) }
    : { _tag: "Linearizable", order }
}

/**
 * A value that is read, written, and replaced where it is as expected. A `cas` answers whether it was.
 *
 * @category models
 * @since 0.1.0
 */
export type RegisterInput<A> =
  | { readonly _tag: "read" }
  | { readonly _tag: "write"; readonly value: A }
  | { readonly _tag: "cas"; readonly expected: A; readonly value: A }

/**
 * A register with compare-and-set. Outputs: the value of a `read`, true or false of a `cas`, anything of a `write`.
 *
 * @category models
 * @since 0.1.0
 */
export const register = <A extends string | number | boolean | null>(
  initial: A
): Model<A, RegisterInput<A>, A | boolean | void> => ({
  initial,
  step: (state, input, output) => {
    if (input._tag === "write") return input.value
    if (input._tag === "read") return output === undefined || output === state ? state : undefined
    const isExpected = state === input.expected
    if (output !== undefined && output !== isExpected) return undefined
    return isExpected ? input.value : state
  },
  key: String,
  isRead: ({ _tag }) => _tag === "read"
})

/**
 * A lock that one process holds at a time. `acquire` answers whether it was got; `release` by whoever does not hold it
 * answers false.
 *
 * @category models
 * @since 0.1.0
 */
export const lock: Model<string | null, "acquire" | "release", boolean> = {
  initial: null,
  step: (holder, input, output, process) => {
    const works = input === "acquire" ? holder === null : holder === process
    if (output !== undefined && output !== works) return undefined
    return works ? (input === "acquire" ? process : null) : holder
  },
  key: (holder) => holder ?? "",
  isRead: () => false
}
