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

/** A state that was reached, and how. */
interface Place<State, Input, Output> {
  readonly state: State
  readonly stateKey: string
  /** The first completed operation that is not done. */
  readonly first: number
  /** A bit for each completed operation from `first`: the search looks at those open at once only. */
  readonly done: bigint
  readonly doneCompleted: number
  /** A bit for each operation of unknown outcome that was done. */
  readonly spent: bigint
  readonly from: { readonly place: Place<State, Input, Output>; readonly by: Operation<Input, Output> } | undefined
}

const orderTo = <State, Input, Output>(place: Place<State, Input, Output>): Array<Operation<Input, Output>> => {
  const order: Array<Operation<Input, Output>> = []
  for (let { from } = place; from !== undefined; { from } = from.place) order.push(from.by)
  return order.toReversed()
}

/**
 * Does first what completed, the deepest order first, and one more operation of unknown outcome only where that comes to
 * nothing. So a state is reached with the fewest of these, and with more of them there is no more to be had from it.
 */
const search = <State, Input, Output>(
  model: Model<State, Input, Output>,
  history: ReadonlyArray<Operation<Input, Output>>
): Search<Input, Output> => {
  type Here = Place<State, Input, Output>
  const operations = [...history].sort((a, b) => a.invoked - b.invoked)
  const completed = operations.filter((each) => each.completed !== undefined)
  const unknown = operations.filter((each) => each.completed === undefined)
  const seen = new Map<string, Array<bigint>>()
  let depth = 0
  const isOpen = ({ done, first }: Here, i: number) => (done & (1n << BigInt(i - first))) === 0n
  /** Whatever began after something else was over has to wait for it. */
  const limitOf = (place: Here): number => {
    let limit = Infinity
    for (let i = place.first; i < completed.length && completed[i]!.invoked <= limit; i++) {
      if (isOpen(place, i)) limit = Math.min(limit, completed[i]!.completed!.at)
    }
    return limit
  }
  /** Undefined where the operation is impossible, and where nothing new comes of it. */
  const after = (
    place: Here,
    by: Operation<Input, Output>,
    { done, spent }: Pick<Here, "done" | "spent">
  ): Here | undefined => {
    const state = model.step(place.state, by.input, by.completed, by.process)
    if (state === undefined) return undefined
    const stateKey = model.key(state)
    // One that may never have happened explains nothing where it changes nothing.
    if (by.completed === undefined && stateKey === place.stateKey) return undefined
    let { first } = place
    while ((done & 1n) === 1n) {
      done >>= 1n
      first++
    }
    const key = `${first} ${done.toString(36)} ${stateKey}`
    const before = seen.get(key) ?? []
    if (before.some((less) => (less & spent) === less)) return undefined
    seen.set(key, [...before, spent])
    const doneCompleted = place.doneCompleted + (by.completed === undefined ? 0 : 1)
    depth = Math.max(depth, doneCompleted)
    return { state, stateKey, first, done, doneCompleted, spent, from: { place, by } }
  }
  const completedFrom = (place: Here): Array<Here> => {
    const limit = limitOf(place)
    const next: Array<Here> = []
    for (let i = place.first; i < completed.length && completed[i]!.invoked <= limit; i++) {
      if (!isOpen(place, i)) continue
      const done = place.done | (1n << BigInt(i - place.first))
      const found = after(place, completed[i]!, { done, spent: place.spent })
      if (found !== undefined) next.push(found)
    }
    return next
  }
  const unknownFrom = (place: Here): Array<Here> => {
    const limit = limitOf(place)
    const next: Array<Here> = []
    for (let i = 0; i < unknown.length && unknown[i]!.invoked <= limit; i++) {
      const bit = 1n << BigInt(i)
      if ((place.spent & bit) !== 0n) continue
      const found = after(place, unknown[i]!, { done: place.done, spent: place.spent | bit })
      if (found !== undefined) next.push(found)
    }
    return next
  }
  const { initial } = model
  let open: Array<Here> = [
    { state: initial, stateKey: model.key(initial), first: 0, done: 0n, doneCompleted: 0, spent: 0n, from: undefined }
  ]
  while (open.length > 0) {
    const reached: Array<Here> = []
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (place.doneCompleted === completed.length) return { order: orderTo(place), depth }
      reached.push(place)
      open.push(...completedFrom(place).toReversed())
    }
    open = reached.flatMap(unknownFrom)
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
  // Nearly all can go, so many at once are tried first.
  const leaveOut = (reads: ReadonlyArray<Operation<Input, Output>>): void => {
    const out = new Set(reads)
    const less = part.filter((each) => !out.has(each))
    if (isBad(less)) part = less
    else if (reads.length > 1) {
      const half = reads.length >> 1
      leaveOut(reads.slice(0, half))
      leaveOut(reads.slice(half))
    }
  }
  leaveOut(part.filter(({ input }) => model.isRead(input)))
  const loosen = (each: Operation<Input, Output>, keep: "as it is" | "unknown"): void => {
    const unknown = withoutAnswer(each)
    const looser = part.map((other) => (other === each ? unknown : other))
    const found = search(model, looser)
    if (found.order !== undefined) return
    const less = looser.filter((other) => other !== unknown)
    const without = search(model, less)
    if (without.order === undefined && without.depth === found.depth) part = less
    else if (keep === "unknown") part = looser
  }
  // From the first one: what is shown is what came last before it went wrong.
  for (const each of part) loosen(each, "as it is")
  // And back: what others rested on goes after them.
  for (const each of part.toReversed()) loosen(each, "unknown")
  return part
}

/**
 * Checks a history against a model. The time it takes can grow exponentially with the number of operations that are
 * open at once, not with the length of the history. Those whose outcome nobody knows are open for ever, but cost little where
 * few of them are needed to explain the rest. A counterexample takes up to four checks for each operation that writes.
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
