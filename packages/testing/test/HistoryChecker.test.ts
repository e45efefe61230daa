/** The checker against histories whose verdict is known, and against all orders tried one by one. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as History from "../src/History.ts"
import * as HistoryChecker from "../src/HistoryChecker.ts"

type Input = HistoryChecker.RegisterInput<number>
type Operation = History.Operation<Input, number | boolean | void>

const op = (process: string, input: Input, invoked: number, at?: number, output?: number | boolean): Operation =>
  at === undefined ? { process, input, invoked } : { process, input, invoked, completed: { at, output } }
const read: Input = { _tag: "read" }
const write = (value: number): Input => ({ _tag: "write", value })
const cas = (expected: number, value: number): Input => ({ _tag: "cas", expected, value })

const model = HistoryChecker.register<number>(0)
const verdict = (...history: ReadonlyArray<Operation>) => HistoryChecker.check(model, history)._tag

/** Every order, without cleverness. */
const isLinearizable = (history: ReadonlyArray<Operation>, state = 0): boolean =>
  history.every(({ completed }) => completed === undefined) ||
  history.some((each) => {
    if (history.some((other) => (other.completed?.at ?? Infinity) < each.invoked)) return false
    const next = model.step(state, each.input, each.completed, each.process)
    return (
      next !== undefined &&
      isLinearizable(
        history.filter((other) => other !== each),
        next
      )
    )
  })

describe("HistoryChecker", () => {
  it("a read may see a write that overlaps it, before or after", () => {
    strictEqual(verdict(op("a", write(1), 0, 3), op("b", read, 1, 2, 0)), "Linearizable")
    strictEqual(verdict(op("a", write(1), 0, 3), op("b", read, 1, 2, 1)), "Linearizable")
  })

  it("a read after a write must see it", () => {
    strictEqual(verdict(op("a", write(1), 0, 1), op("b", read, 2, 3, 0)), "NotLinearizable")
  })

  it("two reads may not see a write come and go", () => {
    strictEqual(verdict(op("a", write(1), 0, 9), op("b", read, 1, 2, 1), op("b", read, 3, 4, 0)), "NotLinearizable")
  })

  it("a write of unknown outcome may have been done late, or never", () => {
    strictEqual(verdict(op("a", write(1), 0), op("b", read, 1, 2, 0), op("b", read, 3, 4, 1)), "Linearizable")
    strictEqual(verdict(op("a", write(1), 0), op("b", read, 1, 2, 0)), "Linearizable")
    strictEqual(verdict(op("b", read, 1, 2, 1), op("a", write(1), 3)), "NotLinearizable")
  })

  it("only one of two compare-and-sets from the same value succeeds", () => {
    strictEqual(verdict(op("a", cas(0, 1), 0, 2, true), op("b", cas(0, 2), 1, 3, true)), "NotLinearizable")
    strictEqual(verdict(op("a", cas(0, 1), 0, 2, true), op("b", cas(0, 2), 1, 3, false)), "Linearizable")
  })

  it("a lock is not held twice", () => {
    const history = (secondAt: number): Array<History.Operation<"acquire" | "release", boolean>> => [
      { process: "a", input: "acquire", invoked: 0, completed: { at: 1, output: true } },
      { process: "b", input: "acquire", invoked: 2, completed: { at: secondAt, output: true } },
      { process: "a", input: "release", invoked: 4, completed: { at: 6, output: true } }
    ]
    strictEqual(HistoryChecker.check(HistoryChecker.lock, history(5))._tag, "Linearizable")
    strictEqual(HistoryChecker.check(HistoryChecker.lock, history(3))._tag, "NotLinearizable")
  })

  it("the counterexample is the part that is wrong", () => {
    const noise = Array.from({ length: 40 }, (_, i) =>
      op("n", i % 2 === 0 ? write(i) : read, i * 2, i * 2 + 1, i % 2 === 0 ? undefined : i - 1)
    )
    const wrong = [op("a", write(7), 100, 101), op("b", read, 102, 103, 4)]
    const after = Array.from({ length: 20 }, (_, i) => op("n", read, 110 + 2 * i, 111 + 2 * i, 7))
    const result = HistoryChecker.check(model, [...noise, ...wrong, ...after])
    strictEqual(result._tag, "NotLinearizable")
    if (result._tag === "NotLinearizable") {
      // 4 was written, then 7, and 4 was read.
      deepStrictEqual(
        result.counterexample.map(({ input, process }) => [process, input]),
        [
          ["n", write(4)],
          ["a", write(7)],
          ["b", read]
        ]
      )
    }
  })

  it("judges histories of any length", () => {
    const history = Array.from({ length: 20_000 }, (_, i) =>
      i % 2 === 0 ? op("a", write(i), 2 * i, 2 * i + 1) : op("b", read, 2 * i, 2 * i + 1, i - 1)
    )
    strictEqual(verdict(...history), "Linearizable")
  })

  it("finds the part that is wrong in a long history whose operations rest on each other", () => {
    const history = Array.from({ length: 60 }, (_, i) => [
      op("writer", write(i), 10 * i, 10 * i + 2),
      op("lost", cas(i, i + 0.25), 10 * i + 1),
      op("chain", cas(i, i + 0.5), 10 * i + 3, 10 * i + 5, i % 10 !== 0),
      op("reader", read, 10 * i + 6, 10 * i + 8, i % 10 === 0 ? i + 0.25 : i + 0.5)
    ]).flat()
    strictEqual(verdict(...history), "Linearizable")
    const result = HistoryChecker.check(model, [...history, op("late", read, 9000, 9001, 7)])
    strictEqual(result._tag, "NotLinearizable")
    if (result._tag === "NotLinearizable") {
      deepStrictEqual(
        result.counterexample.map(({ input, process }) => [process, input]),
        [
          ["writer", write(7)],
          ["writer", write(8)],
          ["late", read]
        ]
      )
    }
  })

  it("null is neither its name nor an empty one", () => {
    const values = HistoryChecker.register<string | null>(null)
    const order = (first: string | null, second: string | null) =>
      HistoryChecker.check(values, [
        { process: "a", input: { _tag: "write", value: first }, invoked: 0 },
        { process: "b", input: { _tag: "write", value: second }, invoked: 1 },
        { process: "c", input: { _tag: "read" }, invoked: 2, completed: { at: 3, output: "null" } },
        { process: "c", input: { _tag: "read" }, invoked: 4, completed: { at: 5, output: null } }
      ])._tag
    strictEqual(order("null", null), "Linearizable")
    strictEqual(order(null, "null"), "Linearizable")
    const nameless: Array<History.Operation<"acquire" | "release", boolean>> = [
      { process: "", input: "acquire", invoked: 0 },
      { process: "b", input: "acquire", invoked: 1, completed: { at: 2, output: false } }
    ]
    strictEqual(HistoryChecker.check(HistoryChecker.lock, nameless)._tag, "Linearizable")
  })

  it("a read that completed with nothing has not read what was written", () => {
    const nothing: Operation = { process: "b", input: read, invoked: 2, completed: { at: 3, output: undefined } }
    strictEqual(verdict(op("a", write(1), 0, 1), nothing), "NotLinearizable")
  })

  it("judges long histories, some of whose outcomes nobody knows", () => {
    const history = (length: number) =>
      Array.from({ length }, (_, i) => [
        op("writer", write(i), 6 * i, 6 * i + 2),
        op("lost", cas(-1, i), 6 * i + 1),
        op("reader", read, 6 * i + 3, 6 * i + 5, i)
      ]).flat()
    strictEqual(verdict(...history(1000)), "Linearizable")
    strictEqual(verdict(...history(60), op("late", read, 9000, 9001, 7)), "NotLinearizable")
  })

  it.prop(
    "agrees with trying every order",
    {
      steps: Schema.Array(
        Schema.Struct({
          kind: Schema.Literals(["read", "write", "cas"]),
          value: Schema.Literals([0, 1, 2]),
          output: Schema.Literals([0, 1, 2]),
          isTrue: Schema.Boolean,
          start: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })),
          length: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 }))
        })
      ).check(Schema.isMaxLength(6))
    },
    ({ steps }) => {
      const history = steps.map(({ isTrue, kind, length, output, start, value }, i) => {
        const input = kind === "read" ? read : kind === "write" ? write(value) : cas(value, output)
        const at = length === 0 ? undefined : start + length + 0.5
        return op(`p${i}`, input, start, at, kind === "cas" ? isTrue : output)
      })
      const { _tag, ...rest } = HistoryChecker.check(model, history)
      strictEqual(_tag === "Linearizable", isLinearizable(history))
      if ("counterexample" in rest) strictEqual(isLinearizable(rest.counterexample), false)
    },
    { arbitrary: { runs: 500 } }
  )

  it.effect("records what happens, failures as what they mean", () =>
    Effect.gen(function* () {
      const history = yield* History.make<Input, number | boolean | void>()
      yield* history.record("a", write(1), Effect.void)
      yield* Effect.ignore(history.record("a", write(2), Effect.fail("lost")))
      yield* Effect.ignore(history.record("a", write(3), Effect.fail("refused"), () => "no"))
      yield* history.record("b", read, Effect.succeed(2))
      const operations = yield* history.operations
      deepStrictEqual(
        operations.map(({ completed, input, invoked }) => [invoked, input._tag, completed?.at]),
        [
          [0, "write", 1],
          [2, "write", undefined],
          [4, "read", 5]
        ]
      )
      strictEqual(HistoryChecker.check(model, operations)._tag, "Linearizable")
    })
  )

  it.effect("histories that share a clock can be put together", () =>
    Effect.gen(function* () {
      let now = 0
      const make = History.make<"acquire" | "release", boolean>({ moment: () => now++ })
      const [a, b] = [yield* make, yield* make]
      yield* a.record("a", "acquire", Effect.succeed(true))
      yield* b.record("b", "acquire", Effect.succeed(true))
      yield* a.record("a", "release", Effect.succeed(true))
      const both = [...(yield* a.operations), ...(yield* b.operations)]
      strictEqual(HistoryChecker.check(HistoryChecker.lock, both)._tag, "NotLinearizable")
    })
  )
})
