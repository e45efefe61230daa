/**
 * Writes and reads in the background of a fault, each with what the client was told of it, and the judgement afterwards:
 * what was done is there, what was not done is not there, and nothing else is unaccounted for.
 */
import type { ZooKeeperError } from "@effect-zookeeper/core/ZooKeeperError"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { awaitState } from "../support/awaitState.ts"
import { sleep, type TimedOut } from "../support/realTime.ts"
import { type Client, text } from "./clients.ts"

type Outcome =
  | { readonly is: "done"; readonly path: string }
  | { readonly is: "not done" | "unknown"; readonly why: string }

interface Write {
  /** Unique among the writes: the node's data. */
  readonly mark: string
  readonly kind: "plain" | "protected" | "ephemeral"
  readonly path: string
  readonly outcome: Outcome
}

export interface Load {
  /** How many writes of each outcome there were so far. */
  readonly counts: () => Readonly<Record<Outcome["is"], number>>
  /** Waits until so many more writes were done. */
  readonly progress: (more?: number) => Effect.Effect<void, TimedOut>
  /** Ends the load, waits for the last answers, and looks at what is there through another client. */
  readonly judge: (other: Client) => Effect.Effect<void, ZooKeeperError | TimedOut>
}

/** Enough to have writes under way at any time, few enough to look at all of them later. */
const PAUSE = "4 millis"

const outcomeOf = (exit: Exit.Exit<string, ZooKeeperError>): Outcome => {
  if (Exit.isSuccess(exit)) return { is: "done", path: exit.value }
  const failure = exit.cause.reasons.find((reason) => reason._tag === "Fail")
  if (failure === undefined) throw new Error(`a write died: ${String(exit.cause)}`)
  const { applied, message } = failure.error
  return { is: applied === "no" ? "not done" : "unknown", why: message }
}

/** Starts writers and a reader below `/load`, which is made. */
export const start = Effect.fnUntraced(function* (zk: Client): Effect.fn.Return<Load, ZooKeeperError, Scope.Scope> {
  const writes: Array<Write> = []
  const complaints: Array<string> = []
  const load = { isRunning: true }
  let counter = { done: 0, tried: 0 }
  yield* zk.ensurePath("/load/protected")
  yield* zk.ensurePath("/load/plain")
  yield* zk.create("/load/counter", "0")

  const repeat = <E>(once: (i: number) => Effect.Effect<void, E>) =>
    Effect.forkScoped(
      Effect.gen(function* () {
        for (let i = 1; load.isRunning; i++) {
          yield* once(i)
          yield* sleep(PAUSE)
        }
      })
    )

  const write = (kind: Write["kind"], mark: string, path: string, create: Effect.Effect<string, ZooKeeperError>) =>
    Effect.map(Effect.exit(create), (exit) => {
      writes.push({ mark, kind, path, outcome: outcomeOf(exit) })
    })

  const fibers = yield* Effect.all([
    ...[1, 2, 3].map((writer) =>
      repeat((i) => {
        const path = `/load/plain/${writer}-${i}`
        return write("plain", path, path, zk.create(path, path))
      })
    ),
    repeat((i) => {
      const mode = i % 2 === 0 ? "persistentSequential" : "ephemeralSequential"
      const created = zk.create("/load/protected/n-", `p${i}`, { mode, protected: true })
      return write(i % 2 === 0 ? "protected" : "ephemeral", `p${i}`, "/load/protected/n-", created)
    }),
    // One writer, so that its values stand in order whatever happens.
    repeat((i) => {
      counter = { ...counter, tried: i }
      return Effect.match(zk.set("/load/counter", `${i}`), {
        onSuccess: () => {
          counter = { ...counter, done: i }
        },
        onFailure: () => {}
      })
    }),
    repeat(() => {
      const atLeast = counter.done
      return Effect.match(zk.getString("/load/counter"), {
        onSuccess: (value) => {
          if (Number(value) < atLeast) complaints.push(`${value} was read after ${atLeast} had been written`)
        },
        onFailure: ({ applied, message }) => {
          if (applied !== "no") complaints.push(`a read may have been applied: ${message}`)
        }
      })
    })
  ])

  const counts = () => {
    const number = { done: 0, "not done": 0, unknown: 0 }
    for (const { outcome } of writes) number[outcome.is]++
    return number
  }

  const judge = Effect.fnUntraced(function* (other: Client) {
    load.isRunning = false
    yield* Fiber.joinAll(fibers)
    yield* other.sync()
    const plain = new Set(yield* other.children("/load/plain"))
    const names = yield* other.children("/load/protected")
    const nodes = yield* Effect.forEach(names, (name) => other.getOption(`/load/protected/${name}`), {
      concurrency: 100
    })
    const found = new Map<string, Array<string>>()
    names.forEach((name, i) => {
      const node = nodes[i]!
      if (node._tag === "None") return
      const mark = text(node.value.data)
      found.set(mark, [...(found.get(mark) ?? []), `/load/protected/${name}`])
    })
    const seen = JSON.stringify(counts())
    for (const { kind, mark, outcome, path } of writes) {
      const there =
        kind === "plain" ? (plain.has(path.slice("/load/plain/".length)) ? [path] : []) : (found.get(mark) ?? [])
      const says = `${mark}: ${JSON.stringify(outcome)}, found ${there.join(", ") || "nowhere"}; all: ${seen}`
      assert.isAtMost(there.length, 1, says)
      // An ephemeral that was made goes with its session.
      const mayBeGone = kind === "ephemeral" && (zk.session.epoch > 1 || zk.session.state._tag === "Expired")
      if (outcome.is === "done" && !mayBeGone) assert.deepStrictEqual(there, [outcome.path], says)
      if (outcome.is === "not done") assert.deepStrictEqual(there, [], says)
    }
    const known = new Set(writes.map(({ mark }) => mark))
    for (const mark of found.keys()) assert.isTrue(known.has(mark), `${mark} was found and never reported`)
    assert.strictEqual([...plain].filter((name) => !known.has(`/load/plain/${name}`)).length, 0)
    const value = Number(yield* other.getString("/load/counter"))
    assert.isTrue(value >= counter.done && value <= counter.tried, `${value} of ${JSON.stringify(counter)}`)
    assert.deepStrictEqual(complaints, [])
  })

  const progress = (more = 20) => {
    const wanted = counts().done + more
    return Effect.asVoid(
      awaitState(Effect.sync(counts), ({ done }) => done >= wanted, {
        describe: `${wanted} writes are done`,
        within: "60 seconds"
      })
    )
  }
  return { counts, progress, judge }
})
