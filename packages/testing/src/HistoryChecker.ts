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
  /** The state afterwards; undefined when the output is impossible. Nobody knows what did not complete: any will do. */
  readonly step: (
    state: State,
    input: Input,
    completed: { readonly output: Output } | undefined,
    process: string
  ) => State | undefined
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

/** A state that was reached, and what may come next there. */
interface Place<State> {
  readonly state: State
  readonly stateKey: string
  /** The first operation that is not done. */
  readonly first: number
  /** A bit for each operation from `first`: the search looks at those open at once only. */
  readonly done: bigint
  readonly doneCompleted: number
  /** Whatever began after something else was over has to wait for it. */
  readonly limit: number
  /** The next operation to try. */
  next: number
}

const search = <State, Input, Output>(
  model: Model<State, Input, Output>,
  history: ReadonlyArray<Operation<Input, Output>>
): Search<Input, Output> => {
  const operations = [...history].sort((a, b) => a.invoked - b.invoked)
  const completed = operations.filter((each) => each.completed !== undefined).length
  const seen = new Set<string>()
  const order: Array<Operation<Input, Output>> = []
  // As deep as the history is long, which a stack of calls is not.
  const path: Array<Place<State>> = []
  let depth = 0
  const isDone = ({ done, first }: Place<State>, i: number) => (done & (1n << BigInt(i - first))) !== 0n
  const limitOf = (first: number, done: bigint): number => {
    let limit = Infinity
    for (let i = first; i < operations.length && operations[i]!.invoked <= limit; i++) {
      const { completed } = operations[i]!
      const isOpen = (done & (1n << BigInt(i - first))) === 0n
      if (completed !== undefined && isOpen) limit = Math.min(limit, completed.at)
    }
    return limit
  }
  /** Goes where nothing was tried yet; false where it was in vain before. */
  const enter = (first: number, done: bigint, doneCompleted: number, state: State): boolean => {
    while ((done & 1n) === 1n) {
      done >>= 1n
      first++
    }
    const stateKey = model.key(state)
    const key = `${first} ${done.toString(36)} ${stateKey}`
    if (seen.has(key)) return false
    seen.add(key)
    depth = Math.max(depth, doneCompleted)
    path.push({ state, stateKey, first, done, doneCompleted, limit: limitOf(first, done), next: first })
    return true
  }
  /** Tries what is left at the end of the path; false when nothing is. */
  const advance = (place: Place<State>): boolean => {
    while (place.next < operations.length && operations[place.next]!.invoked <= place.limit) {
      const i = place.next++
      if (isDone(place, i)) continue
      const each = operations[i]!
      const state = model.step(place.state, each.input, each.completed, each.process)
      if (state === undefined) continue
      // One that may never have happened explains nothing where it changes nothing.
      if (each.completed === undefined && model.key(state) === place.stateKey) continue
      const count = place.doneCompleted + (each.completed === undefined ? 0 : 1)
      if (!enter(place.first, place.done | (1n << BigInt(i - place.first)), count, state)) continue
      order.push(each)
      return true
    }
    return false
  }
  enter(0, 0n, 0, model.initial)
  for (let place = path.at(-1); place !== undefined; place = path.at(-1)) {
    if (place.doneCompleted === completed) return { order, depth }
    if (advance(place)) continue
    path.pop()
    order.pop()
  }
  return { order: undefined, depth }
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
  step: (state, input, completed) => {
    if (input._tag === "write") return input.value
    if (input._tag === "read") return completed === undefined || completed.output === state ? state : undefined
    const isExpected = state === input.expected
    if (completed !== undefined && completed.output !== isExpected) return undefined
    return isExpected ? input.value : state
  },
  // null and "null" are two values.
  key: (value) => `${typeof value} ${value}`,
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
  step: (holder, input, completed, process) => {
    const works = input === "acquire" ? holder === null : holder === process
    if (completed !== undefined && completed.output !== works) return undefined
    return works ? (input === "acquire" ? process : null) : holder
  },
  key: (holder) => (holder === null ? "free" : `held by ${holder}`),
  isRead: () => false
}
